"""Chat without a WebSocket, from the same hub: an event stream, requests that wait for news, and saying by POST.

Plain ASGI applications. Reading is for everyone and from any page, as over a WebSocket without a cookie; saying takes a
token, or the cookie and the Origin of our own pages (chat.handshake).
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from redis.exceptions import RedisError

from chat.consumers import DENIALS, JSON_HEADER, SIGN_IN_AWAY, as_batch, hello_of
from chat.core.events import Ack, Done, Event, Refused
from chat.core.frames import place_of
from chat.core.removals import Entry
from chat.core.requests import Say, parse_say
from chat.core.rules import Refusal, Rule
from chat.directory import RoomFacts
from chat.errors import DirectoryUnavailableError, ForeignOriginError, GoingAwayError, MalformedRequestError
from chat.gateway import Gateway, process_gateway
from chat.handshake import Handshake
from chat.limits import (
    EVENT_STREAM_RETRY_MS,
    FRAME_MAX_BYTES,
    LONG_POLL_SECONDS,
    REFUSED_RETRY_SECONDS,
    SIGN_IN_AGAIN_SECONDS,
)
from chat.local_room import LocalRoom
from chat.participant import Participant
from chat.services import refused
from chat.sinks import EventStreamSink, PollSink, Receive, Send, Sink
from chat.viewer import Viewer

Scope = dict[str, Any]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]
NO_STORE: Header = (b"cache-control", b"no-store")
ANY_PAGE: Header = (b"access-control-allow-origin", b"*")
EVENT_STREAM: Header = (b"content-type", b"text/event-stream")
HELLO = b"hello=1"
UNBUFFERED: Header = (b"x-accel-buffering", b"no")  # nginx and its kin pass it on as it comes
# What a refusal is in HTTP; every other rule is something wrong with the text: 400.
STATUS_OF_RULE = {
    Rule.SIGN_IN: 401,
    Rule.TOKEN: 401,
    Rule.BANNED: 403,
    Rule.PERMISSION: 403,
    Rule.FOLLOWERS_ONLY: 403,
    Rule.SUBSCRIBERS_ONLY: 403,
    Rule.VERIFIED_EMAIL: 403,
    Rule.ACCOUNT_AGE: 403,
    Rule.SHIELD: 403,
    Rule.TIMEOUT: 429,
    Rule.SLOW: 429,
    Rule.UNIQUE_CHAT: 429,
    Rule.RATE_USER: 429,
    Rule.RATE_ROOM: 429,
    Rule.RATE_GATEWAY: 429,
    Rule.RATE_CONNECTION: 429,
    Rule.UNAVAILABLE: 503,
}


class WrongMethodError(Exception):
    """The address is right, the method is not."""


class TooLongError(Exception):
    """The body is longer than any message."""


def refusing(method: str, application: Application) -> Application:
    """The application, for this method only, with an answer for everything that may refuse a request."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] != method:
                raise WrongMethodError
            if process_gateway().draining:
                raise GoingAwayError
            await application(scope, receive, send)
        except WrongMethodError:
            await _answer(send, 405, {"detail": f"Ask with {method}."}, (b"allow", method.encode()))
        except TooLongError:
            await _answer(send, 413, {"detail": f"A message can have {FRAME_MAX_BYTES} bytes."})
        except tuple(DENIALS) as error:
            status, text = DENIALS[type(error)]
            retry = [(b"retry-after", str(REFUSED_RETRY_SECONDS).encode())] if status == 503 else []
            await _answer(send, status, {"detail": text}, *retry)

    return answering


async def _events(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET …/events`: server-sent events, resumed by `Last-Event-ID` or `?since=`.

    With `?hello=1` it is for our own pages: it begins with the hello of a WebSocket, for whom the cookie or the token
    names, and tells him what a WebSocket would.
    """
    gateway = process_gateway()
    room, since = await _open_room(gateway, scope), _last_event_id(scope)
    greeted = HELLO in scope.get("query_string", b"").split(b"&")
    participant, notices = await _recognise(gateway, scope) if greeted else (None, [])
    older = await _read_older(room, since)
    headers = [EVENT_STREAM, NO_STORE, UNBUFFERED, *([] if greeted else [ANY_PAGE])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % EVENT_STREAM_RETRY_MS, "more_body": True})
    sink = EventStreamSink(send)
    if participant is not None:
        sink.write(as_batch(hello_of(room, participant), *notices))
    viewer = _enter(gateway, room, sink, since, older, participant)
    room.tell_sampling(viewer)
    try:
        if SIGN_IN_AWAY in notices:
            await _end_soon(sink, receive)
        await _disconnected(receive)
    finally:
        gateway.hub.leave(room, viewer)
        sink.stop()


async def _poll(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET …/poll?since=`: what came since, as soon as there is something; nothing after LONG_POLL_SECONDS."""
    gateway = process_gateway()
    room, since = await _open_room(gateway, scope), Handshake.from_scope(scope).since
    sink, start = PollSink(), room.last_seq if since is None else since
    viewer = _enter(gateway, room, sink, since, await _read_older(room, since))
    gone = asyncio.create_task(_disconnected(receive))
    gone.add_done_callback(lambda _: sink.close(0, ""))  # nobody waits any more
    try:
        await asyncio.wait({sink.answer}, timeout=LONG_POLL_SECONDS)
    finally:
        gone.cancel()
        gateway.hub.leave(room, viewer)
    payloads = sink.answer.result() if sink.answer.done() else ()
    last = max((place for payload in payloads if (place := place_of(payload)) is not None), default=start)
    body = b'{"channel_id":%d,"seq":%d,"events":[%b]}' % (room.room_id, last, b",".join(payloads))
    await _send(send, 200, body, ANY_PAGE)


async def _say(scope: Scope, receive: Receive, send: Send) -> None:
    """`POST …/messages` with `{"text", "nonce"}`: says it as a WebSocket's `say` would."""
    gateway = process_gateway()
    handshake = Handshake.from_scope(scope)
    if not handshake.is_from_our_pages():
        raise ForeignOriginError
    room_id = _room_id(scope)
    facts = await gateway.directory.find_room(room_id)
    try:
        request = parse_say(await _body(receive))
    except MalformedRequestError as error:
        await _tell(send, refused(Refusal(Rule.FORMAT, str(error)), None))
        return
    await _tell(send, await _participate(gateway, facts, handshake, request))


async def _participate(gateway: Gateway, facts: RoomFacts, handshake: Handshake, request: Say) -> Ack | Done | Refused:
    participant = Participant(gateway, facts)
    if handshake.credential is not None:
        await participant.sign_in(handshake.credential)
    return await participant.say(request)


events, poll, say = refusing("GET", _events), refusing("GET", _poll), refusing("POST", _say)


async def _open_room(gateway: Gateway, scope: Scope) -> LocalRoom:
    await gateway.directory.find_room(_room_id(scope))
    return await gateway.hub.open_room(_room_id(scope))


async def _read_older(room: LocalRoom, since: int | None) -> list[Entry]:
    """What a reader who comes back missed longer ago. Raises DirectoryUnavailableError: it cannot be had right now."""
    try:
        return await room.read_before_ring(since) if since is not None else []
    except (RedisError, OSError) as error:
        raise DirectoryUnavailableError("The history is away.") from error


async def _recognise(gateway: Gateway, scope: Scope) -> tuple[Participant, list[Event]]:
    """Who reads, and what to tell him if that cannot be found out right now. Raises BadTokenError.

    A browser names the Origin of every page that could read the answer, but for one of the same origin.
    """
    handshake = Handshake.from_scope(scope)
    participant = Participant(gateway, await gateway.directory.find_room(_room_id(scope)))
    ours = handshake.token is not None or handshake.origin is None or handshake.is_from_our_pages()
    try:
        if ours and handshake.credential is not None:
            await participant.sign_in(handshake.credential)
    except DirectoryUnavailableError:
        return participant, [SIGN_IN_AWAY]
    return participant, []


def _enter(
    gateway: Gateway,
    room: LocalRoom,
    sink: Sink,
    since: int | None,
    older: list[Entry],
    participant: Participant | None = None,
) -> Viewer:
    viewer = Viewer(sink, participant.person if participant else None)
    room.join(viewer, since, older)
    gateway.hub.enter(room, viewer, participant.known_since if participant else gateway.hub.moment())
    return viewer


def _room_id(scope: Scope) -> int:
    return int(scope["url_route"]["kwargs"]["room_id"])


def _last_event_id(scope: Scope) -> int | None:
    """The header is what a browser sends by itself when it comes back; it is newer than what the address says."""
    for name, value in scope["headers"]:
        if name == b"last-event-id" and value.isdigit() and len(value) <= 16:
            return int(value)
    return Handshake.from_scope(scope).since


async def _end_soon(sink: EventStreamSink, receive: Receive) -> None:
    """He reads along while nobody can say who he is. His browser comes back by itself, and is asked again."""
    try:
        seconds = random.uniform(0.5, 1) * SIGN_IN_AGAIN_SECONDS[0]  # noqa: S311  jitter, not a secret
        await asyncio.wait_for(_disconnected(receive), seconds)
    except TimeoutError:
        sink.close(0, "")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > FRAME_MAX_BYTES:
            raise TooLongError
    return body


async def _tell(send: Send, event: Ack | Done | Refused) -> None:
    match event:
        case Ack():
            await _answer(send, 201, {"id": event.id, "seq": event.seq, "nonce": event.nonce})
        case Done():
            await _answer(send, 200, {"text": event.text, "nonce": event.nonce})
        case Refused():
            status = STATUS_OF_RULE.get(Rule(event.rule), 400)
            wait = None if event.retry_after is None else str(max(1, round(event.retry_after + 0.5))).encode()
            headers = [(b"retry-after", wait)] if wait else []
            headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
            await _answer(send, status, {"detail": event.text, **asdict(event)}, *headers)


async def _answer(send: Send, status: int, body: dict[str, Any], *headers: Header) -> None:
    await _send(send, status, json.dumps(body, ensure_ascii=False).encode(), *headers)


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    start = {"type": "http.response.start", "status": status, "headers": [JSON_HEADER, NO_STORE, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
