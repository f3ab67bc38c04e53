"""IRC over WebSocket at the root, where tmi.js looks for it. The token is all that counts: any page may connect."""

from typing import Any

from channels.exceptions import StopConsumer

from chat.consumers import DENIALS, deny
from chat.core.frames import Batch
from chat.errors import GoingAwayError
from chat.gateway import process_gateway
from chat.irc_connection import IrcConnection
from chat.sinks import QueueSink, sink_for
from common.websockets import SocketConsumer

SUBPROTOCOL = "irc"
NORMAL_CLOSURE = 1000


class IrcConsumer(SocketConsumer):
    """Text frames of lines, both ways."""

    channel_layer_alias = None
    connection: IrcConnection | None = None

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """The sub-protocol is echoed to who offers it, and only then: both kinds of clients insist."""
        if process_gateway().draining:
            await deny(self, *DENIALS[GoingAwayError])
            return
        await self.accept(SUBPROTOCOL if SUBPROTOCOL in self.scope["subprotocols"] else None)
        self.sink = sink_for(self.scope, self.base_send)
        self.connection = IrcConnection(
            process_gateway(),
            write=lambda text: self.sink.write(Batch((text.encode(),))),
            buffered=self.sink.buffered,
            close=lambda: self.sink.close(NORMAL_CLOSURE, ""),
        )

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.connection is not None:
            await self.connection.receive(message.get("text") or "")

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        if self.connection is not None:
            self.connection.stop()
            if isinstance(self.sink, QueueSink):
                self.sink.stop()
        raise StopConsumer
