"""Looks rooms and people up in the database, off the event loop, with memory and a fuse for outages."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from channels.db import DatabaseSyncToAsync
from django.db import InterfaceError, OperationalError

from accounts.models import ApiToken
from accounts.services import find_token
from chat.batching import Batcher
from chat.core.blocked_terms import NO_TERMS, BlockedTerms
from chat.core.emotes import NO_EMOTES, EmoteTable
from chat.core.policy import OPEN, RoomPolicy
from chat.errors import BadTokenError, DirectoryUnavailableError, RoomNotFoundError
from chat.identities import Credential, Identity, Introduction, identify
from chat.limits import (
    CHANGED_USERS_KEPT,
    DIRECTORY_FUSE_SECONDS,
    DIRECTORY_THREADS,
    DIRECTORY_WAIT_SECONDS,
    IDENTITIES_AT_ONCE,
    ROOM_FACTS_KEPT,
    ROOM_FACTS_SECONDS,
)
from chat.models import BlockedTerm, Emote, SubscriberBadge
from chat.moderation import read_bans
from chat.orders import ForgetRooms, ForgetUser, Order
from streaming.models import Channel

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What a gateway has to know of a room."""

    room_id: int
    owner_id: int | None  # None: unknown, because the database is away
    policy: RoomPolicy = OPEN
    terms: BlockedTerms = NO_TERMS
    emotes: EmoteTable = NO_EMOTES
    badges: dict[str, str] = field(default_factory=dict)  # subscribers': name to picture


class Directory:
    """One per process. Its own threads, so that a database that hangs holds up nobody else's."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(DIRECTORY_THREADS, thread_name_prefix="chat-directory")
        self._rooms: dict[int, tuple[float, RoomFacts | None]] = {}
        self._changed: dict[int, int] = {}  # user -> the number of the change, as this process counts them
        self.changes = 0
        self._common = _CommonEmotes()
        self._blown_until = 0.0
        self._identities = Batcher(lambda asked: self._look_up(identify, asked), most=IDENTITIES_AT_ONCE)

    async def find_room(self, room_id: int) -> RoomFacts:
        """The room's facts, at most ROOM_FACTS_SECONDS old, older only while the database is away."""
        known_at, facts = self._rooms.get(room_id, (0.0, None))
        if time.monotonic() - known_at >= ROOM_FACTS_SECONDS or not known_at:
            try:
                facts = await self._look_up(self._room_facts, room_id)
            except DirectoryUnavailableError:
                if facts is None:
                    raise
            else:
                self._remember(room_id, facts)
        if facts is None:
            raise RoomNotFoundError(f"There is no room {room_id}.")
        return facts

    async def find_room_of(self, login: str) -> RoomFacts:
        """The room of the channel with this name."""
        room_id = await self._look_up(_room_id, login)
        if room_id is None:
            raise RoomNotFoundError(f"There is no channel {login}.")
        return await self.find_room(room_id)

    def forget_room(self, room_id: int) -> None:
        """Someone said that it has changed."""
        self._rooms.pop(room_id, None)

    def obey(self, order: Order) -> None:
        """Someone said what is true no longer."""
        match order:
            case ForgetUser(user_id):
                self.changes += 1
                self._changed.pop(user_id, None)
                self._changed[user_id] = self.changes
                if len(self._changed) > CHANGED_USERS_KEPT:
                    del self._changed[next(iter(self._changed))]
            case ForgetRooms():
                self._common.forget()
                self._rooms.clear()

    def has_changed_since(self, user_id: int, changes: int) -> bool:
        """Whether he has to be looked up anew: `changes` is how many had been counted when that was done."""
        return self._changed.get(user_id, 0) > changes

    async def identify(self, credential: Credential, room_id: int) -> Identity | None:
        """Who shows this in the room, read after he showed it; None: nobody. Raises BadTokenError for a bad token."""
        identity = await self._identities.ask(Introduction(credential, room_id))
        if identity is None and credential.token is not None:
            raise BadTokenError("That API token is unknown or revoked, or not for chat.")
        return identity

    async def bans(self, room_id: int) -> dict[int, int]:
        """Who may not speak there, until when (Unix milliseconds, 0: for good)."""
        return await self._look_up(lambda room_id: read_bans(room_id=room_id), room_id)

    async def run(self, query: Callable[[], Found]) -> Found:
        """Run what a moderator ordered, where the database may be used."""
        return await self._look_up(lambda _: query(), None)

    async def find_token(self, token: str) -> ApiToken:
        """The token with its owner. Raises BadTokenError."""
        found = await self._look_up(find_token, token)
        if found is None or not found.may_chat:
            raise BadTokenError("That API token is unknown or revoked, or not for chat.")
        return found

    async def _look_up(self, query: Callable[[Any], Found], argument: object) -> Found:
        """Run the query in a thread. After a failure the next ones fail at once for a moment, instead of queueing."""
        if time.monotonic() < self._blown_until:
            raise DirectoryUnavailableError("The database was away a moment ago.")
        in_thread = DatabaseSyncToAsync(query, thread_sensitive=False, executor=self._threads)
        try:
            found: Found = await asyncio.wait_for(in_thread(argument), DIRECTORY_WAIT_SECONDS)
        except (OperationalError, InterfaceError, TimeoutError) as error:
            self._blown_until = time.monotonic() + DIRECTORY_FUSE_SECONDS
            raise DirectoryUnavailableError("The database is away.") from error
        return found

    def _room_facts(self, room_id: int) -> RoomFacts | None:
        """Called in a thread."""
        room = Channel.objects.filter(pk=room_id).select_related("chat_modes").first()
        if room is None:
            return None
        modes = getattr(room, "chat_modes", None)
        terms = BlockedTerms.of(BlockedTerm.objects.filter(room_id=room_id).values_list("text", flat=True))
        emotes = EmoteTable(own=Emote.objects.filter(room_id=room_id).pictures(), common=self._common.codes())
        badges = SubscriberBadge.objects.filter(room_id=room_id).values_list("months", "picture")
        names = {f"subscriber/{months}": picture for months, picture in badges}
        return RoomFacts(room_id, room.owner_id, modes.policy() if modes else OPEN, terms, emotes, names)

    def _remember(self, room_id: int, facts: RoomFacts | None) -> None:
        if len(self._rooms) >= ROOM_FACTS_KEPT:
            self._rooms.clear()
        self._rooms[room_id] = (time.monotonic(), facts)


class _CommonEmotes:
    """Those of all rooms: read once for all, and shared by their tables."""

    def __init__(self) -> None:
        self._read_at, self._codes = 0.0, dict[str, str]()

    def codes(self) -> dict[str, str]:
        now = time.monotonic()
        if not self._read_at or now - self._read_at >= ROOM_FACTS_SECONDS:
            self._read_at, self._codes = now, Emote.objects.common().pictures()
        return self._codes

    def forget(self) -> None:
        self._read_at = 0.0


def _room_id(login: str) -> int | None:
    return Channel.objects.filter(owner__login=login, owner__is_active=True).values_list("pk", flat=True).first()
