"""One page's socket on a channel: state and viewers for everyone, health and notices for the owner."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Coroutine
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.sessions import session_is_current
from common.errors import NotThere
from common.outage import OUTAGE
from common.redis import async_redis_client
from common.websockets import CLOSE_MALFORMED, CLOSE_OUTAGE, CLOSE_SIGNED_OUT, CLOSE_TOO_MANY, SocketConsumer
from streaming import events, limits
from streaming.audience.heartbeat import audience
from streaming.audience.names import Viewer, viewer_of_scope
from streaming.coalescing import Coalescer
from streaming.lookup import get_channel
from streaming.models import Channel
from streaming.raid_states import RaidState
from streaming.raids import arrivals
from streaming.watch_states import WatchState, watch_state_of
from transcode import services as media

KNOWN = ("watching", "stopped", "arrived")
RAID_ID_MAX = 2**53


class ChannelEventsConsumer(SocketConsumer):
    """Carries what `events` sends to one page, and to the audience that this page watches."""

    channel: Channel
    viewer: Viewer | None = None  # once the page says that it watches
    watched: str | None = None  # the broadcast it shows to its viewer
    counted_as: Viewer | None = None  # None: too many come from where it does
    has_watched: Viewer | None = None  # as whom it was counted last, also when it is over
    invited_to: int | None = None  # the raid that it was sent on
    messages_left = limits.SOCKET_MESSAGES_PER_MINUTE
    minute_began = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.joined: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.shown: dict[str, Any] = {}  # the state the page was told last
        self.shown_anew = asyncio.Event()

    async def connect(self) -> None:
        try:
            login = self.scope["url_route"]["kwargs"]["login"].lower()
            self.channel = await _reads().channels.ask(login, lambda: database_sync_to_async(get_channel)(login))
            # Join first, read then: a change in between is sent twice rather than never.
            await self._join(events.everyone(self.channel.pk))
            await self._join(events.EVERY_PAGE)
            await self.accept()
            await self._send_state()
            user = self.scope["user"]
            if user.pk == self.channel.owner_id:
                await self._join(events.owner_only(self.channel.pk))
                self._start(self._report_health())
                self._start(self._watch_session(user.pk))
        except NotThere:
            await self.close()
        except OUTAGE:
            await self.close(CLOSE_OUTAGE)
        else:
            self._start(self._renew_playback())

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        with contextlib.suppress(*OUTAGE):
            for group in self.joined:
                await self.channel_layer.group_discard(group, self.channel_name)
            await self._watch(None)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """All that a page says is that it is watching, that it no longer does, and that a raid has sent it."""
        if not self._within_rate():
            await self.close(CLOSE_TOO_MANY)
            return
        message = _parse(text_data)
        if message is None:
            await self.close(CLOSE_MALFORMED)
            return
        if message["type"] == "arrived":
            await self._arrive(message.get("raid"))
        elif message["type"] == "watching":
            self.viewer = self.viewer or viewer_of_scope(self.scope)
            await self._watch(self._shown_stream())
        else:
            self.viewer = None
            await self._watch(None)

    async def channel_event(self, event: dict[str, Any]) -> None:
        """Something was sent to one of our groups."""
        await self._show(event["payload"])

    async def channel_ask_anew(self, event: dict[str, Any]) -> None:
        """What was sent lately may be lost. Not all pages at once; those of one channel share what is read."""
        self._start(self._read_anew(random.uniform(0, limits.ASK_ANEW_SECONDS)))  # noqa: S311  no secret

    async def _read_anew(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(*OUTAGE):
            await self._send_state()

    async def _show(self, payload: dict[str, Any]) -> None:
        if payload["type"] == "state":
            self.shown = payload
            self.shown_anew.set()
            self.shown_anew.clear()
            await self._invite(payload["raid"])
            if self.viewer:
                await self._watch(self._shown_stream())
        await self.send(json.dumps(payload))

    async def _send_state(self) -> None:
        pk = self.channel.pk
        state = await _reads().states.ask(pk, lambda: database_sync_to_async(watch_state_of)(channel_id=pk))
        await self._show(state.as_event())

    async def _join(self, group: str) -> None:
        await self.channel_layer.group_add(group, self.channel_name)
        self.joined.append(group)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _within_rate(self) -> bool:
        now = time.monotonic()
        if now - self.minute_began > 60:
            self.minute_began, self.messages_left = now, limits.SOCKET_MESSAGES_PER_MINUTE
        self.messages_left -= 1
        return self.messages_left >= 0

    def _shown_stream(self) -> str | None:
        return self.shown["stream_id"] if self.shown.get("playback") else None

    async def _watch(self, stream_id: str | None) -> None:
        """Be counted for this broadcast and no other. Set first: a page that changes its mind meanwhile finds it so."""
        left, viewer = self.watched, self.counted_as
        if stream_id == left:
            return
        self.watched, self.counted_as = stream_id, self.viewer
        if left and viewer:
            await audience().leave(left, viewer)
        if stream_id and self.viewer:
            if await audience().join(stream_id, self.viewer):
                self.has_watched = self.viewer
            else:
                self.counted_as = None

    async def _invite(self, raid: dict[str, Any] | None) -> None:
        """Only who has watched is sent on a raid; noted before the page hears of it, as it may be there at once."""
        if raid and raid["state"] == RaidState.MOVING and self.has_watched and raid["id"] != self.invited_to:
            self.invited_to = raid["id"]
            target, name = raid["target_id"], self.has_watched.name
            with contextlib.suppress(*OUTAGE):
                await arrivals.invite(async_redis_client(), raid_id=raid["id"], target_id=target, name=name)

    async def _arrive(self, raid_id: object) -> None:
        """A page that a raid has sent here. Who was not sent is not counted."""
        if isinstance(raid_id, int) and 0 < raid_id < RAID_ID_MAX:
            name, target = viewer_of_scope(self.scope).name, self.channel.pk
            with contextlib.suppress(*OUTAGE):
                await arrivals.note_arrival(async_redis_client(), raid_id=raid_id, target_id=target, name=name)

    async def _renew_playback(self) -> None:
        """Whoever watches for longer than an address lives gets the next one in time."""
        while True:
            if not self.shown["playback"]:
                await self.shown_anew.wait()
                continue
            left = (datetime.fromisoformat(self.shown["playback"]["expires_at"]) - timezone.now()).total_seconds()
            if not await self._new_state_within(max(1.0, left - min(limits.PLAYBACK_RENEW_SECONDS, left / 2))):
                with contextlib.suppress(*OUTAGE):
                    await self._send_state()

    async def _new_state_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.shown_anew.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _report_health(self) -> None:
        while True:
            if self.shown["stream_id"]:
                with contextlib.suppress(*OUTAGE):
                    status = await asyncio.to_thread(media.live_status, stream_id=self.shown["stream_id"])
                    if status is not None:
                        await self._show({"type": "health", **status})
            await asyncio.sleep(limits.HEALTH_SECONDS)

    async def _watch_session(self, user_id: int) -> None:
        """What only the owner may see stops when the owner signs out or is suspended."""
        while True:
            await asyncio.sleep(limits.SESSION_CHECK_SECONDS)
            with contextlib.suppress(*OUTAGE):
                key = self.scope["session"].session_key
                if not await database_sync_to_async(session_is_current)(session_key=key, user_id=user_id):
                    await self.close(CLOSE_SIGNED_OUT)
                    return


class _Reads:
    """What many pages ask at the same moment: after a restart, and when a raid arrives."""

    def __init__(self) -> None:
        self.channels: Coalescer[Channel] = Coalescer()
        self.states: Coalescer[WatchState] = Coalescer()


_reads_of: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Reads]" = WeakKeyDictionary()


def _reads() -> _Reads:
    """The running event loop's; a server process has one."""
    loop = asyncio.get_running_loop()
    if loop not in _reads_of:
        _reads_of[loop] = _Reads()
    return _reads_of[loop]


def _parse(text: str | None) -> dict[str, Any] | None:
    """A message that a page may send, or None for anything else."""
    if text is None or len(text) > limits.MAX_SOCKET_MESSAGE:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and message.get("type") in KNOWN else None
