"""One live job from first frame to last: lease, intake, runs, and what is told to the rest of the product.

Runs inside one Celery task. State that must outlive it is in Redis (windows, parts) and in the database (segments),
so that any other worker can go on where it stopped.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from redis import asyncio as aioredis

from transcode import limits, picture_pace, redis_keys, segment_index, signals
from transcode.absence import Absence, SilenceWatch
from transcode.errors import LeaseLost, SourceRefused
from transcode.health import SourceHealth
from transcode.heartbeat import heartbeat, run_until_lost
from transcode.hls.window import Window
from transcode.ladder import AUDIO, SOURCE, Rung, VideoPlan, plan_renditions
from transcode.ladder_store import ladder_in_force
from transcode.lease import Lease
from transcode.live_run import LiveRun, RunPlan
from transcode.live_state import LiveState
from transcode.live_store import REDIS_DOWN, LiveStore, connect
from transcode.offers import Offers
from transcode.orders import FINISH, PUBLISH, orders
from transcode.packager import FinishedSegment, RunStart, Track, align_tracks
from transcode.publisher import Publisher
from transcode.reports import Reports
from transcode.rung_policy import patience_of
from transcode.slot_claim import SlotClaim
from transcode.source import AudioFrame, SourceDescription, SourceReader, VideoFrame
from transcode.source_intake import SourceIntake
from transcode.source_limits import Problem, SourceLimits
from transcode.task_ending import end_tasks

log = logging.getLogger(__name__)


async def supervise(stream_id: str) -> None:
    """Do this broadcast's media work until it has ended or another worker owns it."""
    redis, durable = connect(), connect(settings.REDIS_URL)
    lease = Lease(durable, stream_id, machine=settings.LIVE_MACHINE)
    try:
        if not await lease.acquire():
            return
        async with heartbeat(lease) as lost:
            await run_until_lost(Supervisor(redis, stream_id, lease, SlotClaim(durable, stream_id)).run(), lost)
        await lease.release()
    except LeaseLost as loss:
        log.warning("%s", loss)
    finally:
        await redis.aclose()
        await durable.aclose()


class Supervisor:
    """The live job of one broadcast while this worker owns it. Listens to its SourceIntake."""

    def __init__(self, redis: "aioredis.Redis", stream_id: str, lease: Lease, slot: SlotClaim) -> None:
        self.stream_id = stream_id
        self._redis, self._lease, self._slot = redis, lease, slot
        self._store = LiveStore(redis, stream_id)
        self._state = LiveState(settings.TARGET_DURATION_SECONDS, settings.PART_TARGET_SECONDS)
        self._tracks: dict[str, Track] = {}
        self._run: LiveRun | None = None
        self._absence: Absence | None = None
        self._silence, self._frames = SilenceWatch(settings.TARGET_DURATION_SECONDS), 0
        self._heard_at = time.monotonic()  # when the last frame came
        self._health = SourceHealth(settings.TARGET_DURATION_SECONDS, settings.PART_TARGET_SECONDS)
        self._limits = SourceLimits(
            max_height=settings.SOURCE_MAX_HEIGHT,
            max_fps=settings.SOURCE_MAX_FPS,
            max_kbps=settings.SOURCE_MAX_KBPS,
            cap=settings.SOURCE_OVER_LIMIT == "cap",
        )
        self._unfit: list[Problem] = []  # what showed only on air and keeps the source from being passed through
        self._finish = asyncio.Event()
        self._intake = SourceIntake(stream_id, self, self._limits, name=lease.token)
        self._reports = Reports(stream_id)
        self._publisher = Publisher(self._store, self._tracks, self._reports, self._announce)
        self._offers = Offers(self._tracks, self._reports, self._publisher.put_state)

    # --- Beginning and end ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `finish_live` is asked for."""
        tasks: list[asyncio.Task[None]] = []
        self._slot.ask(self._reports)
        try:
            await self._take_over()
            loops = (
                self._publisher.run(),
                self._intake.run(),
                self._follow_orders(),
                self._report_status(),
                self._keep_time(),
            )
            tasks = [asyncio.create_task(loop) for loop in loops]
            if not await self._reports.ask(segment_index.is_wanted):
                self._finish.set()
            await self._until_finished(tasks)
            await self._close()
        finally:
            await end_tasks(tasks)
            if self._run is not None:
                await self._run.abort()
            await self._publisher.close()
            await self._reports.close()

    async def _take_over(self) -> None:
        """Go on where an earlier worker stopped: its windows, closed and brought to the same number."""
        await self._store.become_writer()
        state, windows = await self._store.load()
        if not windows:  # a new broadcast, or Redis lost them: the database knows every finished segment
            state, windows = await self._reports.ask(segment_index.rebuild_windows)
            self._store.lost_past = bool(windows)
        self._state = self._publisher.state = state or self._state
        if not self._state.anchor:
            self._state.anchor = await self._reports.ask(segment_index.load_anchor)
        for name, window in windows.items():
            self._tracks[name] = Track(name, window, await self._store.load_open_parts(name, window))
        self._publisher.inherit()
        # What the dead worker listed but may not have indexed; what is closed now is indexed when it is published.
        # Half a row would overwrite a whole one: what any window has dropped was indexed long ago.
        oldest = max(
            (track.window.segments[0].msn for track in self._tracks.values() if track.window.segments), default=0
        )
        for track in self._tracks.values():
            for segment in track.window.segments:
                if segment.msn >= oldest:
                    self._publisher.index(FinishedSegment(track.name, segment, b""))
        self._align()
        self._begin_absence(missed=max(time.time() - self._listed_until(), 0.0))

    async def _until_finished(self, tasks: list["asyncio.Task[None]"]) -> None:
        """Wait for the order to finish. A loop that dies takes the job with it: reconcile sends another worker."""
        finish = asyncio.create_task(self._finish.wait())
        done, _ = await asyncio.wait({finish, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        if finish not in done:
            finish.cancel()
            for task in done:
                task.result()

    async def _close(self) -> None:
        """The broadcast has ended: ENDLIST, the last rows, storage, then the news."""
        await self._intake.close()
        await self.end_run()
        self._absence = None
        for track in self._tracks.values():
            track.window.end()
            self._publisher.emit([track.publication()])
        await self._publisher.published()
        self._state.ended = True
        await self._publisher.put_state()
        await self._publisher.stored()
        await self._reports.ask(segment_index.mark_finished)
        self._reports.signal(signals.live_finished)
        await self._reports.drain()

    def _align(self) -> None:
        for entry in align_tracks(self._tracks.values()):
            self._publisher.emit([self._tracks[entry.rendition].publication(finished=entry)])

    # --- What the intake says ------------------------------------------------------------------------------------

    async def take_frame(self, source: SourceReader, frame: VideoFrame | AudioFrame) -> None:
        self._frames += 1
        self._heard_at = time.monotonic()
        if self._run is None:
            self._run = await self._begin_run(source, frame)
        if isinstance(frame, AudioFrame):
            self._health.see_sound(now=time.monotonic(), time_ms=source.sound_ms(frame))
            self._run.audio(frame)
            return
        self._health.see_video(
            now=time.monotonic(), size=len(frame.tag.payload), time_ms=frame.time_ms, is_key=frame.frame.is_key
        )
        if problem := self._unfit_from(self._run, frame):
            self._unfit.append(problem)
            self._run = await self._encode_source_instead(self._run, source)
        self._run.video(frame)

    def spare_seconds(self) -> float:
        return self._run.spare_seconds() if self._run is not None else 0.0

    def _unfit_from(self, run: LiveRun, frame: VideoFrame) -> Problem | None:
        """Why the source cannot be taken as it is any longer, asked where its run may end: before this picture.

        Judged by when the picture is shown: with B-frames, the next moment to end is as much later.
        """
        if not run.may_end_before(frame):
            return None
        if not run.plan.passes_source_through:
            return self._health.too_slow() if not run.plan.constant_rate else None
        shown_ms = frame.frame.pts // limits.TICKS_PER_MS
        is_key = frame.frame.is_key  # may begin a segment itself
        return self._health.unfit(shown_ms, segment_seconds=0.0 if is_key else run.packager.segment_seconds(shown_ms))

    async def end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            silent = time.monotonic() - self._heard_at
            await run.end()
            self._align()
            self._begin_absence(missed=silent)

    def refuse_source(self, refusal: SourceRefused) -> None:
        self._reports.signal(signals.source_refused, code=refusal.code, text=str(refusal))

    async def player_connected(self, connected: bool) -> None:
        """Release the held publish answer; without Redis it is released by its own time limit."""
        waiters, player = redis_keys.player_waiters_key(self.stream_id), redis_keys.player_key(self.stream_id)
        try:
            async with self._redis.pipeline() as pipe:
                if connected:
                    pipe.set(player, 1, ex=limits.STATUS_TTL_SECONDS)
                    pipe.rpush(waiters, 1)
                    pipe.expire(waiters, limits.STATUS_TTL_SECONDS)
                else:
                    pipe.delete(player)
                await pipe.execute()
        except REDIS_DOWN:
            log.info("%s: nobody could be told of the player: Redis does not answer", self.stream_id)

    # --- Runs ----------------------------------------------------------------------------------------------------

    def _listed_until(self) -> float:
        """Unix time up to which the playlists reach: an encoder's clock may run faster than ours."""
        lasts = [track.window.segments[-1] for track in self._tracks.values() if track.window.segments]
        return max((last.ends_at for last in lasts), default=0.0)

    def _begin_absence(self, *, missed: float) -> None:
        """Gaps stand for what no encoder sends, and has not sent for `missed` seconds; before the first segment there
        is nothing to go on from."""
        if not self._state.ready or not all(track.window.segments for track in self._tracks.values()):
            return
        self._absence = Absence(
            list(self._tracks.values()),
            target_duration=self._state.target_duration,
            since=time.monotonic(),
            missed=missed,
        )

    async def _keep_time(self) -> None:
        """The playlists' own clock: gaps while nobody sends, and an end to a run whose encoder has fallen silent."""
        while True:
            await asyncio.sleep(limits.CLOCK_SECONDS)
            now = time.monotonic()
            if self._absence is not None:
                self._publisher.emit(self._absence.fill(now))
            elif self._run is not None and self._silence.is_frozen(
                now=now, frames=self._frames, segment=self._tracks[SOURCE].window.next_msn
            ):
                log.info("%s: nothing comes from the encoder, the run ends", self.stream_id)
                await self._intake.break_off()

    async def _begin_run(
        self,
        source: SourceReader,
        first: VideoFrame | AudioFrame,
        *,
        after: LiveRun | None = None,
        waited: float = 0.0,
    ) -> LiveRun:
        """`after`: the run of the same source whose last picture this one's follow. `waited`: how many seconds ago the
        first picture came."""
        description = source.description
        assert description is not None and isinstance(first, VideoFrame)  # noqa: S101  a run begins with a key frame
        if self._absence is not None:
            self._publisher.emit(self._absence.finish(time.monotonic()))
            self._absence = None
        problems = [*self._unfit, *source.must_encode]
        pace = picture_pace.constant_rate(description.frame_rate, problems)
        videos = self._plan(
            description, await ladder_in_force(), frame_rate=pace or description.frame_rate, passthrough=not problems
        )
        for name in [*(plan.name for plan in videos), AUDIO]:
            self._tracks.setdefault(name, Track(name, Window(self._state.target_duration, self._state.part_target)))
        self._align()
        start = await self._start_of_run(first, after, waited)
        self._state.note_run(start.epoch, start.wall_time)
        self._health = SourceHealth(
            self._state.target_duration,
            self._state.part_target,
            has_audio=source.aac is not None,
            problems=problems,
            limits=self._limits,
        )
        await self._slot.answered()
        patience = patience_of(self._slot.priority)
        plan = RunPlan(
            start,
            videos,
            self._state.part_target,
            has_slot=self._slot.held,
            patience=patience,
            constant_rate=pace,
            begin_ms=start.first_pts_ms - limits.BEGIN_SLACK_MS if after is not None else 0.0,
        )
        run = LiveRun(plan, source, self._tracks, self._publisher.emit)
        await run.begin()
        await self._publisher.put_state()
        self._reports.signal(
            signals.source_described, source=description.to_json(), warnings=self._health.warnings(time.monotonic())
        )
        return run

    async def _start_of_run(self, first: VideoFrame, after: LiveRun | None, waited: float) -> RunStart:
        base_msn = max(track.window.next_msn for track in self._tracks.values())
        epoch = await self._next_epoch()
        if after is not None:
            return after.plan.start.continued(epoch=epoch, base_msn=base_msn, first_pts_ms=after.pictures_end_ms)
        return RunStart.on_timeline(
            self._state.anchor,
            epoch=epoch,
            base_msn=base_msn,
            not_before=max(time.time() - waited, self._listed_until()),
            first_pts_ms=first.frame.pts / limits.TICKS_PER_MS,
        )

    def _plan(
        self, source: SourceDescription, ladder: Sequence[Rung], *, frame_rate: float, passthrough: bool
    ) -> list[VideoPlan]:
        width, height = self._limits.capped_size(source.width, source.height)
        return plan_renditions(
            width,
            height,
            frame_rate=frame_rate,
            passthrough=passthrough,
            max_rungs=settings.MAX_TRANSCODED_RUNGS,
            ladder=ladder,
            max_frame_rate=self._limits.max_fps,
        )

    async def _next_epoch(self) -> int:
        """Redis may be away at the moment an encoder comes back: wait for it, the puller's socket buffers meanwhile."""
        used = max((s.epoch for track in self._tracks.values() for s in track.window.segments), default=0)
        while True:
            try:
                return await self._lease.next_epoch(after=used)
            except REDIS_DOWN:
                await asyncio.sleep(limits.REDIS_RETRY_SECONDS)

    async def _encode_source_instead(self, run: LiveRun, source: SourceReader) -> LiveRun:
        """The source cannot be passed through any longer: its rendition is encoded from the next picture on, which
        takes the pictures since the last key frame to decode. Before anybody has seen anything: from there on."""
        log.info("%s: the source is encoded from now on: %s", self.stream_id, self._unfit[-1].code)
        self._run = None
        since = max(entry.time_ms for entry in run.spool if entry.frame.is_key)
        pictures = [entry for entry in run.spool if entry.time_ms >= since]
        if self._state.ready:
            await run.end(goes_on=True)
            sounds = run.sounds_left()
            successor = await self._begin_run(source, pictures[0], after=run)
        else:
            await run.abort()
            await self._publisher.published()
            self._tracks.clear()
            await self._store.reset_windows()
            sounds = [entry for entry in run.sounds if source.sound_ms(entry) >= since]
            waited = (pictures[-1].time_ms - pictures[0].time_ms) / 1000
            successor = await self._begin_run(source, pictures[0], waited=waited)
        # In order of time: where pictures run ahead, silence takes the place of the sound.
        for picture in pictures:
            while sounds and source.sound_ms(sounds[0]) <= picture.time_ms:
                successor.audio(sounds.pop(0))
            successor.video(picture)
        for sound in sounds:
            successor.audio(sound)
        return successor

    async def _announce(self) -> None:
        if self._run is not None:
            await self._offers.look(self._run, self._state)

    # --- Orders and status ---------------------------------------------------------------------------------------

    async def _follow_orders(self) -> None:
        wanted = partial(self._reports.ask, segment_index.is_wanted)
        async for order in orders(self._redis, self.stream_id, is_wanted=wanted):
            if order == FINISH:
                self._finish.set()
            elif order == PUBLISH:
                self._intake.expect_source()

    async def _report_status(self) -> None:
        while True:
            await asyncio.sleep(limits.STATUS_SECONDS)
            now = time.monotonic()
            self._intake.check_overdue(now)
            try:
                if self._intake.connected:
                    player = redis_keys.player_key(self.stream_id)
                    await self._redis.set(player, 1, ex=limits.STATUS_TTL_SECONDS)
                if (run := self._run) is not None:
                    await self._slot.look(is_of_use=run.can_encode)
                    if run is self._run:  # it may have ended meanwhile
                        run.set_slot(self._slot.held)
                        await self._store.put_status(self._status(run, now))
            except REDIS_DOWN:
                log.info("%s: status not stored: Redis does not answer", self.stream_id)

    def _status(self, run: LiveRun, now: float) -> dict[str, Any]:
        return {
            **self._health.measure(now),
            "epoch": run.plan.start.epoch,
            "source": run.description.to_json(),
            "renditions": [plan.name for plan in run.made],
            "slot": self._slot.held,
            "transcoder_lag_seconds": round(run.transcoder_lag_ms / 1000, 2),
            "transcoder_pid": run.transcoder_pid,
            "warnings": [*self._health.warnings(now), *run.policy.warnings(now)],
        }
