"""The origin: answers playlists with blocking reload, and media that nginx does not have.

No database, no session: a signed token in the path is all the permission there is (`playback_tokens`), until it is
taken back (`revocations`). Whoever answers in place of this module only needs `LiveEdge` and the pure rules in `hls/`.
"""

import logging
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from django.conf import settings

from transcode import playback_tokens
from transcode.hls import names
from transcode.hls.blocking import (
    HOLD_TARGET_DURATIONS,
    BadDirectives,
    Decision,
    Directives,
    decide,
    decide_whole,
    parse_directives,
)
from transcode.http_answer import Answer
from transcode.http_server import Hold, Outcome, Request
from transcode.listings import Listing
from transcode.live_edge import STATE, FollowedBroadcast, LiveEdge
from transcode.live_store import REDIS_DOWN
from transcode.origin_stored import NOT_FOUND, is_large, is_stored, piece, preview, stored
from transcode.playback_tokens import Permission
from transcode.revocations import Generations

log = logging.getLogger(__name__)

START_HOLD_SECONDS = 10.0  # how long the multivariant playlist of a starting broadcast is held
# Cache lifetimes in target durations (RFC 8216bis appendix B.1); a plain playlist lives half of one.
BLOCKED_LIFE, BLOCKED_ERROR_LIFE = 6, 4
MAX_ADDRESS_BYTES = 1_200  # path and query below the stream id
REMEMBERED = 8_192  # addresses, without the token: at the live edge all viewers ask the same few
REMEMBERED_TOKENS = 65_536
SENDFILE_HEADER = b"x-sendfile-prefix"  # from our nginx: where it has the live edge's files
_MEDIA_PATH = re.compile(r"[A-Za-z0-9._/-]{1,120}")
_STREAM_ID = re.compile(r"[0-9a-f]{24}")
_MEDIA_OBJECT = re.compile(r"(?P<rendition>[a-z0-9]{1,16})/(?P<name>[0-9][0-9.-]{0,30}(init\.mp4|\.?m4s))")
_LISTING = re.compile(r"(?P<dvr>dvr/)?(?P<rendition>[a-z0-9]{1,16})/(?P<name>index|iframes)\.m3u8")
_PREVIEW = re.compile(rb"/(previews/[0-9a-f]{24}/[0-9]{1,15}\.jpg)")  # where the edge has no storage of its own

FORBIDDEN = Answer(403, b"This playback address is not valid or has expired. Reload the page.")
NO_RENDITION = Answer(404, b"There is no such rendition.", max_age=settings.TARGET_DURATION_SECONDS)
NOT_READY = Answer(404, b"This broadcast has no picture yet.", headers=((b"Retry-After", b"2"),))
NO_REDIS = Answer(503, b"Live media is not available right now.", headers=((b"Retry-After", b"1"),))
ONLY_GET = Answer(405, b"Only GET.", max_age=None, headers=((b"Allow", b"GET, HEAD"),))
TOO_LONG = Answer(414, b"The address is too long.")
ALLOWED = Answer(200, max_age=None)
ALIVE = Answer(200, b"ok", max_age=None)
PREFLIGHT = Answer(
    204,
    max_age=86_400,
    headers=(
        (b"Access-Control-Allow-Methods", b"GET, HEAD"),
        (b"Access-Control-Allow-Headers", b"Range, If-None-Match"),
        (b"Access-Control-Max-Age", b"86400"),
    ),
)


# --- What requests can wait for


class PlaylistQuestion(NamedTuple):
    """A media playlist, perhaps a later one than there is now. A tuple, as most viewers ask it: its hash is C's."""

    topic: str  # the rendition
    directives: Directives

    def answer(self, followed: FollowedBroadcast) -> Answer | None:
        """As the pure rules decide."""
        window = followed.windows.get(self.topic)
        if window is None or followed.state is None:
            return NO_RENDITION
        decision = decide(window, self.directives)
        if decision is Decision.HOLD:
            return None
        if decision is Decision.REFUSE:
            return refused(self.directives, window.target_duration)
        max_age = playlist_life(self.directives, window.target_duration)
        return followed.playlist(self.topic, skip=self.directives.skip, max_age=max_age)

    def too_late(self, followed: FollowedBroadcast) -> Answer:
        return not_sent_yet(followed.windows[self.topic].target_duration)


@dataclass(frozen=True)
class ListingQuestion:
    """A playlist of whole segments, perhaps a later one than there is now."""

    listing: Listing
    directives: Directives

    @property
    def topic(self) -> str:
        return self.listing.rendition

    def answer(self, followed: FollowedBroadcast) -> Answer | None:
        listed = followed.listings.get(self.listing)
        if listed is None or followed.state is None or (self.listing.iframes and not followed.has_pictures(self.topic)):
            return NO_RENDITION
        decision = decide_whole(self.directives, last_msn=listed.last_msn, ended=listed.ended)
        if decision is Decision.HOLD:
            return None
        if decision is Decision.REFUSE:
            return refused(self.directives, followed.state.target_duration)
        max_age = playlist_life(self.directives, followed.state.target_duration)
        return followed.listings.answer(self.listing, skip=self.directives.skip, max_age=max_age)

    def too_late(self, followed: FollowedBroadcast) -> Answer:
        return not_sent_yet(followed.windows[self.topic].target_duration)


def playlist_life(directives: Directives, target_duration: int) -> int:
    return BLOCKED_LIFE * target_duration if directives.msn is not None else max(target_duration // 2, 1)


def refused(directives: Directives, target_duration: int) -> Answer:
    """RFC 8216bis §6.2.5.2"""
    reason = directives.problem or "The requested segment or part is too far ahead."
    life = BLOCKED_ERROR_LIFE if directives.asks_for_later else 1
    return Answer(400, reason.encode(), max_age=life * target_duration)


def not_sent_yet(target_duration: int) -> Answer:
    """RFC 8216bis §6.2.5.2"""
    return Answer(503, b"The encoder has not sent this yet.", max_age=BLOCKED_ERROR_LIFE * target_duration)


@dataclass(frozen=True)
class StartQuestion:
    """The multivariant playlist: a player that already waits when the broadcast starts shows it soonest."""

    topic: str = STATE

    def answer(self, followed: FollowedBroadcast) -> Answer | None:
        state = followed.state
        if state is not None and state.ready:
            return followed.multivariant(max_age=2)
        return NOT_READY if state is not None and state.ended else None

    def too_late(self, followed: FollowedBroadcast) -> Answer:
        return NOT_READY


@dataclass(frozen=True)
class DashQuestion(StartQuestion):
    """The DASH manifest: the same for players that do not speak HLS. They ask again by themselves."""

    def answer(self, followed: FollowedBroadcast) -> Answer | None:
        state = followed.state
        if state is not None and state.ready:
            return followed.dash(max_age=max(state.target_duration // 2, 1))
        return super().answer(followed)


@dataclass(frozen=True)
class PartQuestion:
    """The hinted part, whole or not at all (§6.2.6). `sendfile`: nginx takes it from memory itself."""

    topic: str  # the rendition
    name: str
    sendfile: bytes

    def answer(self, followed: FollowedBroadcast) -> Answer | None:
        if followed.is_hinted(self.topic, self.name):
            return None
        return followed.file(self.topic, self.name, sendfile=self.sendfile) or NOT_FOUND

    def too_late(self, followed: FollowedBroadcast) -> Answer:
        return NOT_FOUND


LiveQuestion = PlaylistQuestion | ListingQuestion | StartQuestion


# --- The application


@dataclass(frozen=True)
class Address:
    """A media path below the stream id, and what was wanted of it."""

    path: str
    question: "LiveQuestion | None" = None  # a playlist that changes
    rendition: str = ""
    name: str = ""  # a media file

    @cached_property
    def kind(self) -> str:
        """Which tokens open it."""
        return playback_tokens.media_kind(self.path)


class Origin:
    """Answers for `http_server.Server`."""

    def __init__(self, edge: LiveEdge, generations: Generations) -> None:
        self._edge, self._generations = edge, generations
        self.answered = dict.fromkeys(("playlist", "media", "authorise", "other"), 0)

    def respond(self, request: Request) -> "Outcome | Coroutine[Any, Any, Outcome]":
        """At once where everything is in memory; a coroutine where Redis or storage must be asked."""
        if request.method not in {b"GET", b"HEAD"}:
            return PREFLIGHT if request.method == b"OPTIONS" else ONLY_GET
        pieces = request.target.split(b"/", 4)
        if len(pieces) != 5 or pieces[1] != b"media":
            return self._plain_page(request.target)
        token, stream_id = pieces[2].decode("latin-1"), pieces[3].decode("latin-1")
        address = read_address(pieces[4]) if len(pieces[4]) <= MAX_ADDRESS_BYTES else TOO_LONG
        if isinstance(address, Answer):
            return address
        permission = read_permission(token, stream_id, address.kind)
        if permission is None:
            return FORBIDDEN
        generation = self._generations.known(stream_id)
        if generation is None:
            return self._ask_before(stream_id, permission, partial(self._media, stream_id, address, request))
        return self._media(stream_id, address, request) if permission.generation >= generation else FORBIDDEN

    async def _ask_before(
        self, stream_id: str, permission: Permission, go_on: "Callable[[], Outcome | Coroutine[Any, Any, Outcome]]"
    ) -> Outcome:
        if permission.generation < await self._generations.ask(stream_id):
            return FORBIDDEN
        outcome = go_on()
        return await outcome if isinstance(outcome, Coroutine) else outcome

    def _media(self, stream_id: str, address: Address, request: Request) -> "Outcome | Coroutine[Any, Any, Outcome]":
        if address.name:
            self.answered["media"] += 1
            return self._object(stream_id, address, request.headers.get(SENDFILE_HEADER, b""))
        if is_large(address.path):
            self.answered["media"] += 1
            return piece(stream_id, address.path, request.headers.get(b"range", b""))
        self.answered["playlist"] += 1
        if address.question is None:
            return stored(stream_id, address.path)
        followed = self._edge.followed(stream_id)
        if followed is None or _lacks_past(followed, address.question):
            return self._follow(stream_id, address.question)
        return ask(followed, address.question)

    async def _follow(self, stream_id: str, question: LiveQuestion) -> Outcome:
        try:
            followed = await self._edge.follow(stream_id)
            if isinstance(question, ListingQuestion) and _lacks_past(followed, question):
                await self._edge.load_past(followed, question.listing)
            return ask(followed, question)
        except REDIS_DOWN:
            return NO_REDIS

    async def _object(self, stream_id: str, address: Address, sendfile: bytes) -> Outcome:
        """A file nginx found neither at the live edge nor in storage."""
        try:
            followed = await self._edge.follow(stream_id)
            if followed.is_hinted(address.rendition, address.name):
                return ask(followed, PartQuestion(address.rendition, address.name, sendfile))
            brought = await self._edge.bring(followed, address.rendition, address.name)
        except REDIS_DOWN:
            return NO_REDIS
        if brought and (answer := followed.file(address.rendition, address.name, sendfile=sendfile)):
            return answer
        if names.is_part(address.name):
            return NOT_FOUND  # parts are never stored
        return await stored(stream_id, address.path)

    def _plain_page(self, target: bytes) -> "Outcome | Coroutine[Any, Any, Outcome]":
        path, _, query = target.partition(b"?")
        if found := _PREVIEW.fullmatch(path):
            return preview(found[1].decode())
        if path == b"/authorise":
            self.answered["authorise"] += 1
            return self._authorise(dict(parse_qsl(query.decode("latin-1"))))
        self.answered["other"] += 1
        if path == b"/healthz/live":
            return ALIVE
        return self._metrics() if path == b"/metrics" else NOT_FOUND

    def _authorise(self, query: dict[str, str]) -> "Outcome | Coroutine[Any, Any, Outcome]":
        """nginx's auth_request before it looks for a media file."""
        stream_id = query.get("stream_id", "")
        permission = read_permission(query.get("token", ""), stream_id, query.get("kind", ""))
        if permission is None:
            return FORBIDDEN
        generation = self._generations.known(stream_id)
        if generation is None:
            return self._ask_before(stream_id, permission, lambda: ALLOWED)
        return ALLOWED if permission.generation >= generation else FORBIDDEN

    def _metrics(self) -> Answer:
        """For Prometheus; the edge does not pass this address on."""
        lines = [
            f"millrace_origin_broadcasts {self._edge.broadcasts}",
            f"millrace_origin_held_requests {self._edge.held}",
            f"millrace_origin_upstream_fetches_total {self._edge.fetches}",
            *(f'millrace_origin_requests_total{{kind="{kind}"}} {count}' for kind, count in self.answered.items()),
        ]
        return Answer(200, "\n".join([*lines, ""]).encode(), b"text/plain; version=0.0.4", max_age=None)


def _lacks_past(followed: FollowedBroadcast, question: LiveQuestion) -> bool:
    if not isinstance(question, ListingQuestion) or not question.listing.dvr:
        return False
    return followed.listings.get(question.listing) is None


def ask(followed: FollowedBroadcast, question: LiveQuestion | PartQuestion) -> Outcome:
    """The answer, or the place to wait for it."""
    if isinstance(question, PlaylistQuestion | PartQuestion):
        followed.want(question.topic)
    if question not in followed.held and (answer := question.answer(followed)) is not None:
        return answer
    if isinstance(question, StartQuestion) or followed.state is None:
        return Hold(followed.held, question, START_HOLD_SECONDS)
    return Hold(followed.held, question, HOLD_TARGET_DURATIONS * followed.state.target_duration)


@lru_cache(REMEMBERED)
def read_address(below: bytes) -> Address | Answer:
    """Path and query below the stream id; an Answer when there can be nothing."""
    raw_path, _, query = below.partition(b"?")
    path = unquote(raw_path.decode("latin-1"))
    if not _MEDIA_PATH.fullmatch(path):
        return NOT_FOUND
    if path == names.MULTIVARIANT or (path == names.DVR_MULTIVARIANT and settings.DVR_SECONDS):
        return Address(path, StartQuestion())
    if path == names.DASH_MANIFEST:
        return Address(path, DashQuestion())
    if is_stored(path):
        return Address(path)
    if playlist := _LISTING.fullmatch(path):
        return _media_playlist(path, playlist, query)
    if media := _MEDIA_OBJECT.fullmatch(path):
        return Address(path, rendition=media["rendition"], name=media["name"])
    return NOT_FOUND


def _media_playlist(path: str, found: re.Match[str], query: bytes) -> Address | Answer:
    try:
        directives = parse_directives(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    except BadDirectives as problem:
        directives = Directives(problem=str(problem))
    listing = Listing(found["rendition"], dvr=bool(found["dvr"]), iframes=found["name"] == "iframes")
    if listing.dvr and not settings.DVR_SECONDS:
        return NOT_FOUND
    if listing.dvr or listing.iframes:
        return Address(path, ListingQuestion(listing, directives))
    return Address(path, PlaylistQuestion(listing.rendition, directives))


def read_permission(token: str, stream_id: str, kind: str) -> Permission | None:
    """What the token allows, if it was signed for this broadcast and for this kind of its media, and is still valid."""
    if len(token) > playback_tokens.MAX_TOKEN_LENGTH:
        return None
    permission = _read(token, stream_id)
    valid = permission is not None and permission.expires_at >= time.time() and permission.opens(kind)
    return permission if valid else None


@lru_cache(REMEMBERED_TOKENS)
def _read(token: str, stream_id: str) -> Permission | None:
    """A signature never changes; only the clock must be looked at each time."""
    if not _STREAM_ID.fullmatch(stream_id):
        return None
    return playback_tokens.read(key=settings.PLAYBACK_SIGNING_KEY, token=token, stream_id=stream_id)
