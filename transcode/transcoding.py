"""The encoded renditions of one run: made by one FFmpeg at a time, whose set of rungs may change while it goes on.

There are two ways from one FFmpeg to the next, and both lose no frame of a rendition that stays:

* *At a key frame* that begins a segment, when nothing hurries (a slot was gained, a rung comes back): the next FFmpeg
  is started ahead, gets the source from there on, and is heard once the one before it has written all and ended.
* *From the spool*, when it crashed, hangs, or is too slow for all its rungs: the next one is fed again from the key
  frame that began the open segments, for as many rungs as shall be made now.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Protocol

from transcode import flv
from transcode.encoder_trials import chosen_pipeline
from transcode.encoders import after_failure
from transcode.ffmpeg import transcode_argv
from transcode.flv import MediaTag
from transcode.ladder import VideoPlan
from transcode.limits import FROZEN_SECONDS, TRANSCODER_BACKLOG_MS
from transcode.process import Transcoder, ffmpeg_timing_option
from transcode.rung_policy import RungPolicy
from transcode.source import VideoFrame

log = logging.getLogger(__name__)

CHECK_SECONDS = 0.5
COLLECT_MS = 200  # what a pipe holds (process.PIPE_BYTES) is 10 Mbit/s for so long
SILENT_SECONDS = 1.0
DRAIN_SECONDS = 2.0  # how long an FFmpeg that gets no more source may write nothing of what it holds
DRAIN_SECONDS_MAX = 6.0  # and how long one that is too slow may take for all of it


class Renditions(Protocol):
    """What takes the encoded renditions: LiveRun."""

    def take_tags(self, rung: str, tags: list[MediaTag]) -> None:
        """What FFmpeg wrote next for this rung."""

    def join(self, rung: str, from_ms: float) -> None:
        """From this moment of the source on the rung is made."""

    def leave(self, rung: str, *, whole: bool) -> None:
        """The rung is not made any more; `whole`: everything up to a key frame of the source has been taken."""

    def resume_ms(self, rung: str) -> float:
        """Where a new FFmpeg has to begin for this rung to lose nothing; forgets what is not published yet."""


class Generation:
    """One FFmpeg, and the rungs it was started for. Held, it is heard only when released."""

    def __init__(self, plans: Iterable[VideoPlan], take: Callable[[str, list[MediaTag]], None], now: float) -> None:
        self._spacing_ms = {plan.name: _spacing_ms(plan) for plan in plans}
        self.rungs = frozenset(self._spacing_ms)
        self.transcoder = Transcoder(self._on_tags)
        self.ended: asyncio.Task[int] | None = None
        self.began_ms = 0.0
        self._written_ms: dict[str, float] = {}
        self.started_at = self.heard_at = now
        self._take = take
        self._held: list[tuple[str, list[MediaTag]]] | None = None

    @property
    def has_ended(self) -> bool:
        return self.ended is not None and self.ended.done()

    @property
    def position_ms(self) -> float:
        """How far its slowest rung has come."""
        return min((max(self._written_ms.get(rung, 0), self.began_ms) for rung in self.rungs), default=self.began_ms)

    def feed(self, frame: VideoFrame) -> None:
        self.transcoder.feed(flv.flv_tag(frame.tag))

    def await_part(self, time_ms: float) -> None:
        """The source's picture of this time ends a part."""
        self.transcoder.await_part({rung: time_ms - spacing for rung, spacing in self._spacing_ms.items()})

    def hold(self) -> None:
        self._held = []

    def release(self) -> None:
        held, self._held = self._held or [], None
        for rung, tags in held:
            self._take(rung, tags)

    async def stop(self) -> None:
        await self.transcoder.stop()
        if self.ended is not None:
            self.ended.cancel()
            await asyncio.gather(self.ended, return_exceptions=True)

    def _on_tags(self, rung: str, tags: list[MediaTag]) -> None:
        if tags:
            self.heard_at = asyncio.get_running_loop().time()
            self._written_ms[rung] = tags[-1].timestamp_ms
        if self._held is None:
            self._take(rung, tags)
        else:
            self._held.append((rung, tags))


def _spacing_ms(plan: VideoPlan) -> float:
    """How much earlier than any picture of the source the rung's latest may be."""
    if plan.frame_step == 1 or not plan.frame_rate:
        return 0.0
    return 1000 / plan.frame_rate * (1 - 1 / plan.frame_step) + 1  # its times are rounded


async def drain(generation: Generation) -> None:
    """Wait until it has ended, as long as it goes on writing: what it holds are a broadcast's last pictures."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while generation.ended is not None and not generation.has_ended:
        patience = min(max(generation.heard_at, began) + DRAIN_SECONDS, began + DRAIN_SECONDS_MAX) - loop.time()
        if patience <= 0:
            return
        await asyncio.wait({generation.ended}, timeout=patience)


class Transcoding:
    """Feed it the source's pictures. `policy` says which rungs to make; `spool` is the recent past of the source."""

    def __init__(
        self,
        policy: RungPolicy,
        spool: deque[VideoFrame],
        header: MediaTag,
        output: Renditions,
        *,
        follow_source_key_frames: bool,
        begin_ms: float = 0.0,
        constant_rate: float = 0.0,
    ) -> None:
        """Of pictures before `begin_ms` nothing is made; `constant_rate` repeats or leaves out pictures for it."""
        self.policy, self._begin_ms, self._constant_rate = policy, begin_ms, constant_rate
        self._spool, self._header, self._output = spool, header, output
        self._pipeline = chosen_pipeline()
        self._follow = follow_source_key_frames
        self._current: Generation | None = None
        self._next: Generation | None = None
        self._leaving: Generation | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._switched_at = 0.0
        self._collected_ms = 0
        self._look = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def begin(self, first_ms: float) -> None:
        """Start FFmpeg for what is wanted at once; the first picture, at `first_ms`, is fed next."""
        if not self.policy.rungs:
            return
        wanted = self.policy.wanted(self._loop.time())
        if wanted:
            self._current = await self._spawn(wanted, first_ms)
        self._keeper = asyncio.create_task(self._keep())

    def feed(self, frame: VideoFrame, *, begins_segment: bool) -> None:
        """The next picture of the source, which the spool has already."""
        if begins_segment:
            self._switch(frame.time_ms)
        if self._current is not None:
            self._current.feed(frame)
            if abs(frame.time_ms - self._collected_ms) >= COLLECT_MS:
                self._collected_ms = frame.time_ms
                self._current.transcoder.collect()

    def collect(self) -> None:
        """Hand over what has been encoded so far."""
        if self._current is not None:
            self._current.transcoder.collect()

    def expect(self) -> None:
        """Hand over what is encoded as soon as it is."""
        if self._current is not None:
            self._current.transcoder.expect(inf)

    def await_part(self, time_ms: float) -> None:
        """A part ends with this picture of the source: hand it over soon after it is encoded. The rest may wait."""
        if self._current is not None:
            self._current.await_part(time_ms)

    @property
    def awaits_part(self) -> bool:
        """Whether what was asked for is still to come."""
        return self._current is not None and self._current.transcoder.awaits_part

    def set_slot(self, has_slot: bool) -> None:
        """Whether the rungs may be encoded at all."""
        if self.policy.has_slot != has_slot:
            self.policy.has_slot = has_slot
            self._look.set()

    @property
    def wanted(self) -> frozenset[str]:
        """The rungs that shall be made now."""
        return frozenset(rung.name for rung in self.policy.wanted(self._loop.time()))

    @property
    def can_encode(self) -> bool:
        """Whether there are rungs to make, and FFmpeg was not given up for now."""
        return self.policy.has_rungs and not self.policy.is_resting(self._loop.time())

    @property
    def made(self) -> frozenset[str]:
        """The rungs that are being made."""
        return self._current.rungs if self._current else frozenset()

    @property
    def pid(self) -> int | None:
        return self._current.transcoder.pid if self._current else None

    @property
    def lag_ms(self) -> float:
        """How far the slowest rung is behind the source."""
        if self._current is None or not self._spool:
            return 0.0
        return max(self._spool[-1].time_ms - self._current.position_ms, 0.0)

    async def finish(self) -> None:
        """The source has ended: let FFmpeg write what it holds."""
        await self._stop_keeper()
        if self._leaving is not None:
            await drain(self._leaving)
            self._finish_leaving()
        if self._current is not None:
            self._current.transcoder.finish_input()
            await drain(self._current)
        await self.abort()

    async def abort(self) -> None:
        """Stop at once."""
        await self._stop_keeper()
        await self._stop_all()

    # --- Between two FFmpegs -------------------------------------------------------------------------------------

    def _switch(self, key_ms: float) -> None:
        """At a key frame of the source: from here on the next FFmpeg gets it."""
        current, wanted = self._current, self.wanted
        if self._leaving is not None or wanted == self.made:
            return
        if wanted and (self._next is None or self._next.rungs != wanted or self._next.has_ended):
            return  # not ready yet: at the next key frame then
        self._leaving, self._switched_at = current, self._loop.time()
        self._current, self._next = (self._next, None) if wanted else (None, self._next)
        if current is not None:
            current.transcoder.finish_input()
        if self._current is not None:
            self._current.began_ms = key_ms
            self._current.started_at = self._current.heard_at = self._switched_at
            if current is not None:
                self._current.hold()
            for rung in self._current.rungs - (current.rungs if current else frozenset()):
                self._output.join(rung, key_ms)
        self.policy.changed(self._switched_at)
        self._look.set()

    def _finish_leaving(self) -> None:
        """The FFmpeg before this one has written everything: hear its successor."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            for rung in leaving.rungs - self.made:
                self._output.leave(rung, whole=True)
        if self._current is not None:
            self._current.release()

    async def _restart(self, now: float) -> None:
        """Begin again from the spool, with what is wanted of the rungs that are being made."""
        before = self.made | (self._leaving.rungs if self._leaving else frozenset())
        known = {rung: self._began_ms(rung) for rung in before}
        await self._stop_all()
        self.policy.changed(now)
        wanted = [rung for rung in self.policy.wanted(now) if rung.name in before]
        for rung in before - {plan.name for plan in wanted}:
            self._output.leave(rung, whole=False)
        if not wanted:
            return
        generation = await self._spawn(wanted, min(known[plan.name] for plan in wanted))
        resume = min(max(self._output.resume_ms(plan.name), known[plan.name]) for plan in wanted)
        keys = [entry.time_ms for entry in self._spool if entry.frame.is_key]
        first = max((time for time in keys if time <= resume), default=keys[0] if keys else 0)
        if self._spool and self._spool[-1].time_ms - first > TRANSCODER_BACKLOG_MS:
            first = keys[-1]  # hopelessly late: better a hole than a rendition that is never live again
        for entry in self._spool:
            if entry.time_ms >= first:
                generation.feed(entry)
                generation.transcoder.expect(entry.time_ms)
        self._current = generation

    def _began_ms(self, rung: str) -> float:
        """Since when the rung is made without a break, as far as the FFmpegs that run now know."""
        generations = [one for one in (self._leaving, self._current) if one is not None and rung in one.rungs]
        return generations[0].began_ms

    # --- Watching ------------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        """See to it that what is wanted is made, for as long as the source goes on."""
        while True:
            await self._wait_for_news()
            try:
                await self._check(self._loop.time())
            except OSError:  # no process, no memory: the source goes on, and this is tried again
                log.exception("FFmpeg could not be started")
                await asyncio.sleep(self.policy.see_failure(self._loop.time(), lived=0))

    async def _wait_for_news(self) -> None:
        look = asyncio.create_task(self._look.wait())
        running = [one.ended for one in (self._current, self._next, self._leaving) if one is not None and one.ended]
        await asyncio.wait({look, *running}, timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        look.cancel()
        self._look.clear()

    async def _check(self, now: float) -> None:
        if self._leaving is not None and self._leaving.has_ended:
            self._finish_leaving()
        failed = self._failed(now)
        if failed is not None:
            await self._mend(failed, now)
        elif self._leaving is None and self._current is not None and self.wanted == self.made:
            shed = len(self.policy.shed)
            if now - self._current.heard_at < SILENT_SECONDS:  # who is silent hangs, which is another matter
                self.policy.see_lag(now, self.lag_ms)
            if len(self.policy.shed) > shed:
                log.warning("too slow: %s", [rung.name for rung in self.policy.shed])
                await self._restart(now)
        await self._prepare(now)

    def _failed(self, now: float) -> Generation | None:
        """An FFmpeg that ended although nobody asked it to, or does not move."""
        for one in (self._next, self._current):
            if one is not None and one.has_ended:
                return one
        leaving, current = self._leaving, self._current
        if leaving is not None:
            return leaving if now - self._switched_at > DRAIN_SECONDS else None
        frozen = current is not None and now - current.heard_at > FROZEN_SECONDS and self.lag_ms > FROZEN_SECONDS * 1000
        return current if frozen else None

    async def _mend(self, failed: Generation, now: float) -> None:
        words = list(failed.transcoder.last_words)
        log.warning("FFmpeg for %s %s: %s", sorted(failed.rungs), "ended" if failed.has_ended else "hangs", words)
        self._pipeline = after_failure(self._pipeline, lived=now - failed.started_at)
        if failed is self._next:
            self._next = None
            await failed.stop()
            await asyncio.sleep(self.policy.see_failure(now, lived=0))
            return
        wait = 0.0 if failed is self._leaving else self.policy.see_failure(now, lived=now - failed.started_at)
        await failed.stop()
        await asyncio.sleep(wait)
        await self._restart(now)

    async def _prepare(self, now: float) -> None:
        """Start the FFmpeg that the next key frame of the source is for."""
        wanted = self.wanted
        if self._next is not None and self._next.rungs != wanted:
            unwanted, self._next = self._next, None
            await unwanted.stop()
        if wanted and wanted != self.made and self._next is None and self._leaving is None:
            self._next = await self._spawn(self.policy.wanted(now), 0)

    # --- Processes -----------------------------------------------------------------------------------------------

    async def _spawn(self, rungs: Sequence[VideoPlan], began_ms: float) -> Generation:
        generation = Generation(rungs, self._output.take_tags, self._loop.time())

        def argv(pipes: dict[str, int]) -> list[str]:
            return transcode_argv(
                rungs,
                pipes,
                follow_source_key_frames=self._follow,
                pipeline=self._pipeline,
                timing=ffmpeg_timing_option(),
                begin_ms=self._begin_ms,
                constant_rate=self._constant_rate,
            )

        await generation.transcoder.start([rung.name for rung in rungs], argv)
        generation.ended = asyncio.create_task(generation.transcoder.wait())
        generation.began_ms = began_ms
        generation.transcoder.feed(flv.flv_header(audio=False, video=True))
        time_ms = self._spool[0].time_ms if self._spool else round(began_ms)
        generation.transcoder.feed(flv.flv_tag(MediaTag("video", time_ms, self._header.payload)))
        return generation

    async def _stop_all(self) -> None:
        running = [one for one in (self._leaving, self._next, self._current) if one is not None]
        self._leaving = self._next = self._current = None
        for generation in running:
            await generation.stop()

    async def _stop_keeper(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
