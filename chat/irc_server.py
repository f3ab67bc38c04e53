"""IRC over TCP, for bots and IRC clients: `./manage.py serve_irc`. TLS ends before it."""

import asyncio
import logging
import signal
from contextlib import suppress

from django.conf import settings

from chat.draining import drain
from chat.gateway import process_gateway, stop_process_gateway
from chat.irc_connection import IrcConnection
from chat.limits import IRC_CONNECTIONS_MAX, IRC_DRAIN_SECONDS, IRC_LINE_MAX

log = logging.getLogger(__name__)
READ_BYTES = 65_536


class IrcServer:
    """Accepts clients until it is told to stop; then asks them to reconnect."""

    def __init__(self) -> None:
        self._connections: set[IrcConnection] = set()

    async def serve(self, host: str, port: int) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, stop.set)
        process_gateway()
        server = await asyncio.start_server(self._accept, host, port, limit=READ_BYTES)
        log.info("IRC on %s:%d", host, port)
        await stop.wait()
        server.close()
        await drain(process_gateway(), settings.CHAT_DRAIN_SECONDS)
        for connection in list(self._connections):
            connection.drain()  # who is in no room, and who came meanwhile
        await asyncio.sleep(IRC_DRAIN_SECONDS if self._connections else 0)
        for connection in list(self._connections):
            connection.close()
        await stop_process_gateway()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= IRC_CONNECTIONS_MAX:
            writer.close()
            return
        transport = writer.transport
        connection = IrcConnection(
            process_gateway(),
            write=lambda text: writer.write(text.encode()),
            buffered=transport.get_write_buffer_size,
            close=transport.close,
        )
        self._connections.add(connection)
        try:
            await self._read(reader, connection)
        finally:
            self._connections.discard(connection)
            connection.stop()
            transport.close()

    async def _read(self, reader: asyncio.StreamReader, connection: IrcConnection) -> None:
        """Whole lines, however the bytes are cut. Who sends a line without an end is cut off."""
        rest = b""
        with suppress(ConnectionError):
            while data := await reader.read(READ_BYTES):
                lines, newline, rest = (rest + data).rpartition(b"\n")
                if newline:
                    await connection.receive((lines + newline).decode(errors="replace"))
                if len(rest) > IRC_LINE_MAX * 4:
                    return
