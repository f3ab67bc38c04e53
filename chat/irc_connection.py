"""Carries an IRC session between one client and the rooms he is in, over whatever transport."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from chat.core.events import Person
from chat.core.frames import Batch
from chat.core.irc import LINE_END, Hang, IrcSession, Join, Leave, Recolor, SayIn, SignIn, Wish
from chat.core.irc_rooms import IrcRoom
from chat.core.requests import Say
from chat.core.token_bucket import TokenBucket
from chat.errors import BadTokenError, DirectoryUnavailableError, RoomNotFoundError
from chat.gateway import Gateway
from chat.identities import Credential
from chat.limits import (
    CONNECTION_BURST,
    CONNECTION_FRAMES_PER_SECOND,
    CONNECTION_STRIKES,
    IRC_BUFFER_BYTES,
    IRC_JOINS_PER_SECOND,
    IRC_PING_SECONDS,
    IRC_PONG_SECONDS,
    IRC_ROOMS_MAX,
)
from chat.local_room import LocalRoom
from chat.looks import set_color
from chat.participant import READS_ONLY, Participant
from chat.viewer import Viewer
from common.errors import InvalidInput

log = logging.getLogger(__name__)


class IrcConnection:
    """One client. `write` and `close` are the transport's, `buffered` says how much of what was written waits there."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        write: Callable[[str], None],
        buffered: Callable[[], int],
        close: Callable[[], None],
    ) -> None:
        self.session = IrcSession()
        self._gateway, self._write, self.buffered, self.close = gateway, write, buffered, close
        self._token = ""
        self._places: dict[str, _Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_at = now = gateway.hub.now()
        self._lines = TokenBucket(per_second=CONNECTION_FRAMES_PER_SECOND, burst=CONNECTION_BURST, now=now)
        self._joins = TokenBucket(per_second=IRC_JOINS_PER_SECOND, burst=IRC_ROOMS_MAX, now=now)
        self._strikes = 0
        self._draining = False
        self._keepalive = asyncio.create_task(self._keep_alive())

    async def receive(self, text: str) -> None:
        """What the client sent, in pieces of whole lines. A flood is passed over, and then cut off."""
        self._heard_at = self._gateway.hub.now()
        for line in filter(None, LINE_END.split(text)):
            if self._lines.take(self._gateway.hub.now()):
                self._strikes += 1
                if self._strikes > CONNECTION_STRIKES:
                    self.close()
                    return
                continue
            self._strikes = 0
            for wish in self.session.feed(line):
                self.flush()
                await self._grant(wish)
        self.flush()

    def flush(self) -> None:
        text = self.session.take()
        if not text:
            return
        if self.buffered() > IRC_BUFFER_BYTES:
            log.info("an IRC client does not read and is dropped")
            self.close()
        else:
            self._write(text)

    def stop(self) -> None:
        """The client is gone."""
        self._keepalive.cancel()
        for task in self._tasks:
            task.cancel()
        for login in list(self._places):
            self._leave(login)

    def drain(self) -> None:
        """Ask the client to come back elsewhere; once, however many rooms he is in."""
        if not self._draining:
            self._draining = True
            self.session.reconnect()
            self.flush()

    # --- wishes

    async def _grant(self, wish: Wish) -> None:
        match wish:
            case SignIn(token):
                await self._sign_in(token)
            case Join(login):
                await self._join(login)
            case Leave(login):
                self._leave(login)
            case SayIn():
                await self._say(wish)
            case Recolor():
                await self._recolor(wish)
            case Hang():
                self.close()

    async def _sign_in(self, token: str) -> None:
        try:
            user = (await self._gateway.directory.find_token(token)).user
        except (BadTokenError, DirectoryUnavailableError):
            for wish in self.session.sign_in_failed():
                self.flush()
                await self._grant(wish)
            return
        self._token = token
        person = Person(user.pk, user.login, user.display_name or user.login)
        self.session.signed_in(_json(person))

    async def _join(self, login: str) -> None:
        if self._joins.take(self._gateway.hub.now()):
            self.session.joins_too_fast(login)
            return
        try:
            place = await self._take_place(login)
        except (BadTokenError, RoomNotFoundError, DirectoryUnavailableError):
            self.session.no_such_channel(login)
            return
        self._places[login] = place
        person = place.participant.person
        modes = asdict(place.participant.facts.policy)
        self.session.joined(IrcRoom(place.room.room_id, login, modes), _json(person) if person else None)
        place.enter()

    async def _take_place(self, login: str) -> "_Place":
        facts = await self._gateway.directory.find_room_of(login)
        room = await self._gateway.hub.open_room(facts.room_id)
        room.delay_line.learn_policy(facts.policy)
        participant = Participant(self._gateway, facts)
        if self._token:
            await participant.sign_in(Credential(token=self._token))
        return _Place(self, login, room, participant, self._gateway)

    def _leave(self, login: str) -> None:
        place = self._places.pop(login, None)
        if place is not None:
            place.leave()

    async def _say(self, wish: SayIn) -> None:
        place = self._places[wish.login]
        answer = await place.participant.say(Say(wish.text, None, plain=wish.plain, reply_to=wish.reply_to))
        person = place.participant.person
        self.session.answered(wish, {"type": answer.type, **asdict(answer)}, _json(person) if person else None)

    async def _recolor(self, wish: Recolor) -> None:
        directory = self._gateway.directory
        try:
            token = await directory.find_token(self._token)
            if not token.may_write:
                raise InvalidInput(READS_ONLY.text)
            color = await directory.run(lambda: set_color(user=token.user, color=wish.color))
        except InvalidInput as error:
            self.session.recolored(wish, error.text, done=False)
        except (BadTokenError, DirectoryUnavailableError):
            self.session.recolored(wish, "That does not work right now.", done=False)
        else:
            self.session.recolored(wish, f"Your colour is {color or 'the page’s choice'} now.", done=True)

    # --- from the rooms

    def happened(self, login: str, batch: Batch) -> None:
        now_ms = round(time.time() * 1000)
        for payload in batch.payloads:
            self.session.happened(login, payload, now_ms)
        self.flush()

    def ask_again(self, login: str) -> None:
        """His role or his standing has changed in a room, or his right to be anybody."""
        task = asyncio.create_task(self._take_place_again(login))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_place_again(self, login: str) -> None:
        """He stays where he is until the new place is ready: nothing is missed and nothing told twice."""
        try:
            place = await self._take_place(login)
        except (BadTokenError, RoomNotFoundError, DirectoryUnavailableError):
            self.close()
            return
        if login in self._places:  # he may have left meanwhile
            self._leave(login)
            self._places[login] = place
            place.enter()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(IRC_PING_SECONDS)
            if self._gateway.hub.now() - self._heard_at > IRC_PING_SECONDS + IRC_PONG_SECONDS:
                self.close()
                return
            self.session.ping()
            self.flush()


class _Place:
    """The client in one room: the hub's viewer, whose sink is this."""

    def __init__(
        self, connection: IrcConnection, login: str, room: LocalRoom, participant: Participant, gateway: Gateway
    ) -> None:
        self.room, self.participant = room, participant
        self._connection, self._login, self._gateway = connection, login, gateway
        self._viewer = Viewer(self, participant.person)

    def enter(self) -> None:
        """From here on, without history: what a bot hears it may answer."""
        self.room.join(self._viewer, self.room.last_seq, [])
        self.room.tell_sampling(self._viewer)
        self._gateway.hub.enter(self.room, self._viewer, self.participant.known_since)

    def leave(self) -> None:
        self._gateway.hub.leave(self.room, self._viewer)

    # --- the sink

    def write(self, batch: Batch) -> None:
        self._connection.happened(self._login, batch)

    def buffered(self) -> int:
        return self._connection.buffered()

    def ping(self) -> None:
        """The connection pings by itself, once for all rooms."""

    def last_heard(self) -> float | None:
        return None

    def close(self, code: int, reason: str) -> None:
        if self._viewer.slow_since is not None:
            self._connection.close()
        else:
            self._connection.ask_again(self._login)

    def reconnect(self) -> None:
        self._connection.drain()


def _json(person: Person) -> dict[str, Any]:
    return {**person.fields(), "badges": list(person.badges)}
