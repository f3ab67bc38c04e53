"""Carry frames between one connection and the room; they decide nothing."""

import asyncio
import json
import random
import time
from contextlib import suppress
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from redis.exceptions import RedisError

from chat.core.events import Event, Hello, Notice, Refused, SignedIn, Standing
from chat.core.frames import Batch
from chat.core.requests import Say, nonce_of, parse_request
from chat.core.rules import Refusal, Rule, refuse_rate
from chat.core.token_bucket import TokenBucket
from chat.directory import RoomFacts
from chat.errors import (
    BadTokenError,
    DirectoryUnavailableError,
    ForeignOriginError,
    GoingAwayError,
    MalformedRequestError,
    RoomNotFoundError,
)
from chat.gateway import Gateway, process_gateway
from chat.handshake import Handshake
from chat.identities import Credential
from chat.limits import (
    CONNECTION_BURST,
    CONNECTION_FRAMES_PER_SECOND,
    CONNECTION_STRIKES,
    REFUSED_RETRY_SECONDS,
    SIGN_IN_AGAIN_SECONDS,
    TEXT_MAX_GRAPHEMES,
)
from chat.local_room import LocalRoom
from chat.participant import Participant
from chat.services import refused
from chat.sinks import QueueSink, Receive, Send, sink_for
from chat.viewer import Viewer
from common.websockets import SocketConsumer

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
OUTAGE = (RedisError, OSError)
JSON_HEADER = (b"content-type", b"application/json")
RETRY_HEADER = (b"retry-after", str(REFUSED_RETRY_SECONDS).encode())
# Why a connection is refused: HTTP status and what to say.
DENIALS: dict[type[Exception], tuple[int, str]] = {
    ForeignOriginError: (403, "Connect from this site's own pages, or with an API token and no cookie."),
    RoomNotFoundError: (404, "There is no such chat."),
    BadTokenError: (401, "That API token is unknown or revoked, or not for chat."),
    DirectoryUnavailableError: (503, "Chat cannot look this up right now. Try again in a moment."),
    GoingAwayError: (503, "This part of chat is restarting. Try again in a few seconds."),
}
SIGN_IN_AWAY = Notice("sign_in_unavailable", "Signing in does not work right now. You can read along.")


class RoomConsumer(SocketConsumer):
    """One viewer in one room. The hub writes the room's events to his sink without waking this consumer."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Without the task for every message by which Channels waits for several sources: there is one."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.viewer: Viewer | None = None
        self.signing_in: asyncio.Task[None] | None = None  # of one who came while nobody could say who he is
        self.gateway: Gateway = process_gateway()
        handshake = Handshake.from_scope(self.scope)
        try:
            notices = await self._check(handshake)
        except tuple(DENIALS) as error:
            await deny(self, *DENIALS[type(error)])
        else:
            await self.accept()
            await self._join(handshake.since, notices)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        if self.viewer is None:  # refused, and he talks on without having heard it
            return
        wait = self.rate.take(self.gateway.hub.now())
        if wait:
            self._strike(refuse_rate(Rule.RATE_CONNECTION, wait))
            return
        self.strikes = 0
        frame = message.get("text")
        try:
            request = parse_request(frame)
        except MalformedRequestError as error:
            self._write(Refused(nonce_of(frame), Rule.FORMAT, str(error)))
            return
        if isinstance(request, Say):
            await self._say(request)
        else:
            self._write(await self._authenticate(Credential(token=request.token)))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        if self.signing_in is not None:
            self.signing_in.cancel()
        if self.viewer is not None:
            self.gateway.hub.leave(self.room, self.viewer)
            if isinstance(self.viewer.sink, QueueSink):
                self.viewer.sink.stop()
        raise StopConsumer

    async def _check(self, handshake: Handshake) -> list[Event]:
        """Everything that may refuse the connection; what to tell the viewer first."""
        if self.gateway.draining:
            raise GoingAwayError
        if not handshake.is_from_our_pages():
            raise ForeignOriginError
        facts, self.room = await self._open_room(int(self.scope["url_route"]["kwargs"]["room_id"]))
        self.participant = Participant(self.gateway, facts)
        return await self._identify(handshake)

    async def _open_room(self, room_id: int) -> tuple[RoomFacts, LocalRoom]:
        """The room; one that the database cannot confirm right now is open for reading if Redis remembers it."""
        try:
            facts = await self.gateway.directory.find_room(room_id)
            room = await self.gateway.hub.open_room(room_id)
            if room.delay_line.version > facts.policy.version:  # the room was told of a change since
                self.gateway.directory.forget_room(room_id)
                facts = await self.gateway.directory.find_room(room_id)
            return facts, room
        except DirectoryUnavailableError:
            room = await self.gateway.hub.open_room(room_id)
            if not room.last_seq:
                raise
            return RoomFacts(room_id, owner_id=None), room

    async def _identify(self, handshake: Handshake) -> list[Event]:
        """Set who speaks here; what to tell him if that could not be found out."""
        credential = handshake.credential
        try:
            if credential is not None:
                await self.participant.sign_in(credential)
        except DirectoryUnavailableError:
            self.signing_in = asyncio.create_task(self._sign_in_later(handshake))
            return [SIGN_IN_AWAY]
        return []

    async def _sign_in_later(self, handshake: Handshake) -> None:
        """In a storm of reconnects some wait longer than anybody lets them stand at the door: they read along, and are
        told who they are as soon as that can be found out."""
        for seconds in SIGN_IN_AGAIN_SECONDS:
            await asyncio.sleep(random.uniform(0.5, 1) * seconds)  # noqa: S311  jitter, not a secret
            if handshake.credential is None or self.participant.speaker is not None:
                return
            answer = await self._authenticate(handshake.credential)
            if answer is not SIGN_IN_AWAY:
                if isinstance(answer, SignedIn):  # else the session has ended meanwhile: he goes on reading
                    self._write(answer)
                return

    async def _join(self, since: int | None, notices: list[Event]) -> None:
        self.rate = TokenBucket(
            per_second=CONNECTION_FRAMES_PER_SECOND, burst=CONNECTION_BURST, now=self.gateway.hub.now()
        )
        self.strikes = 0
        viewer = Viewer(sink_for(self.scope, self.base_send), self.participant.person)
        try:
            older = await self.room.read_before_ring(since) if since is not None else []
        except OUTAGE:  # what he missed is there, but cannot be had: a gap would say that it is lost
            viewer.sink.close(TRY_AGAIN_LATER, "history unavailable")
            return
        viewer.sink.write(as_batch(hello_of(self.room, self.participant), *notices))
        self.room.join(viewer, since, older)
        self.room.tell_sampling(viewer)
        self.viewer = viewer
        self.gateway.hub.enter(self.room, viewer, self.participant.known_since)

    async def _say(self, request: Say) -> None:
        before = self.participant.person
        self._write(await self.participant.say(request))
        you = self.participant.person
        if you is not None and you != before:
            self._write(SignedIn(you=you))

    async def _authenticate(self, credential: Credential) -> Event:
        try:
            await self.participant.sign_in(credential)
        except BadTokenError:
            return refused(Refusal(Rule.TOKEN, DENIALS[BadTokenError][1]), None)
        except DirectoryUnavailableError:
            return SIGN_IN_AWAY
        you = self.participant.person
        if you is None or self.viewer is None:
            return refused(Refusal(Rule.TOKEN, DENIALS[BadTokenError][1]), None)
        self.viewer.become(you)
        self.gateway.hub.check(self.room, self.viewer, self.participant.known_since)
        return SignedIn(you=you)

    def _write(self, event: Event) -> None:
        """Answers go through the sink too: one way out, one order."""
        if self.viewer is not None and not self.viewer.gone:
            self.viewer.sink.write(as_batch(event))

    def _strike(self, refusal: Refusal) -> None:
        self.strikes += 1
        if self.strikes > CONNECTION_STRIKES and self.viewer is not None:
            self.viewer.sink.close(POLICY_VIOLATION, "flood")
        else:
            self._write(refused(refusal, None))


class NoRoomConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels is untyped
    """A WebSocket to any other path."""

    channel_layer_alias = None

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        await deny(self, *DENIALS[RoomNotFoundError])


class HistoryConsumer(AsyncHttpConsumer):  # type: ignore[misc]  # channels is untyped
    """`GET …/history`: the latest events as JSON, for pages without JavaScript tools and for bots."""

    channel_layer_alias = None

    async def handle(self, body: bytes) -> None:
        gateway = process_gateway()
        room_id = int(self.scope["url_route"]["kwargs"]["room_id"])
        try:
            await gateway.directory.find_room(room_id)
        except (RoomNotFoundError, DirectoryUnavailableError) as error:
            status, text = DENIALS[type(error)]
            await answer(self, status, json.dumps({"detail": text}).encode())
        else:
            room = await gateway.hub.open_room(room_id)
            messages = b",".join(room.latest())
            body = b'{"channel_id":%d,"seq":%d,"messages":[%b]}' % (room_id, room.last_seq, messages)
            await answer(self, 200, body)


class HealthConsumer(AsyncHttpConsumer):  # type: ignore[misc]  # channels is untyped
    """`GET /healthz`: 200 while this gateway hears Redis and takes people in, else 503."""

    channel_layer_alias = None

    async def handle(self, body: bytes) -> None:
        gateway = process_gateway()
        connected, draining = gateway.hub.connected, gateway.draining
        body = json.dumps({"redis": connected, "draining": draining}).encode()
        await answer(self, 200 if connected and not draining else 503, body)


class NotFoundConsumer(AsyncHttpConsumer):  # type: ignore[misc]  # channels is untyped
    """Everything else over HTTP."""

    channel_layer_alias = None

    async def handle(self, body: bytes) -> None:
        await answer(self, 404, b'{"detail":"Nothing here."}')


async def deny(consumer: AsyncWebsocketConsumer, status: int, text: str) -> None:
    """Refuse a connection with an HTTP status, where the server can; else it becomes a plain 403."""
    if "websocket.http.response" not in consumer.scope.get("extensions", {}):
        await consumer.close()
        return
    headers = [JSON_HEADER, *([RETRY_HEADER] if status == 503 else [])]
    start = {"type": "websocket.http.response.start", "status": status, "headers": headers}
    await consumer.base_send(start)
    body = json.dumps({"detail": text}).encode()
    with suppress(AssertionError):  # so uvicorn's protocol says that the client has hung up meanwhile
        await consumer.base_send({"type": "websocket.http.response.body", "body": body})


async def answer(consumer: AsyncHttpConsumer, status: int, body: bytes) -> None:
    """A JSON response that nobody keeps."""
    await consumer.send_response(status, body, headers=[JSON_HEADER, (b"cache-control", b"no-store")])


def hello_of(room: LocalRoom, participant: Participant) -> Hello:
    """What someone is told first in a room."""
    room.delay_line.learn_policy(participant.facts.policy)
    return Hello(
        channel_id=room.room_id,
        you=participant.person,
        seq=room.last_seq,
        connected=room.connected,
        text_max=TEXT_MAX_GRAPHEMES,
        modes=participant.facts.policy,
        standing=_as_standing(participant.standing),
        badges=participant.facts.badges,
        pin=room.board.pin(time.time()),
        poll=room.board.poll(),
    )


def _as_standing(refusal: Refusal | None) -> Standing | None:
    return None if refusal is None else Standing(refusal.rule, refusal.text, refusal.retry_after)


def as_batch(*events: Event) -> Batch:
    return Batch(tuple(event.to_json().encode() for event in events))
