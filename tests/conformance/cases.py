"""What is done to a broadcast while it is recorded: nothing, an encoder that drops, a killed worker, odd sources."""

import asyncio
import os
import posixpath
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from bench.broadcasts import NotReached, wait_for_state
from bench.kill_recovery import ffmpegs, live_worker_above
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Person, Stack
from tests.conformance.capture import Capture, Expected
from tests.conformance.client import Client
from tests.conformance.observer import Observer
from tests.conformance.probes import Probes
from tests.conformance.reading import resolve
from tests.conformance.recorder import Recorder
from tests.conformance.tls_probe import TlsFront, ask_over_tls
from tests.media.bad_sources import hidden_keyframes
from tests.media.counter_clip import STANDARD, Clip
from tests.media.flv_tags import Tag
from tests.media.publisher import Publisher, clip_tags
from transcode.hls.names import is_part
from transcode.playback_tokens import Scope

LONG_KEYFRAMES = Clip(width=640, height=360, seconds=60, gop_seconds=10, kbps=800, first=40_000)
OTHER_SIZE = Clip(width=640, height=360, seconds=60, kbps=1000, first=20_000)
LIVE_SECONDS = 30
END_SECONDS = 20.0
AFTER_END_SECONDS = 2.0
VOD_POLLS_SECONDS = 2.0
LONG_SECONDS = 60  # a recording with time for everything
HUNG_UP_SECONDS = 5
BURST_MS = 2_500  # an encoder that is silent for longer is taken to be away
VOD = "vod/index.m3u8"
DVR, DVR_POLL_SECONDS = "dvr/index.m3u8", 0.5
CONSOLIDATE = "from transcode.consolidation import *; consolidate_recording(stream_id={!r})"
UNKNOWN_STREAM = "0123456789abcdef01234567"


@dataclass(frozen=True)
class Plan:
    """How a recording is made. `seconds` on air, disturbed at a third of it."""

    seconds: float = 30.0
    poll_seconds: float = 0.1
    target_duration: int = 2
    part_seconds: float = 0.35
    crowd: int = 40
    delta_pairs: int = 15
    slack_seconds: float = 0.0  # beyond every limit of time
    counted: bool = True  # decode the pictures and read their counters: costs more than the recording
    tls: TlsFront | None = None  # asked as well when there is one
    folder: Path | None = None  # for large bodies

    @property
    def away_seconds(self) -> float:
        """Longer than a request may be held, so that what becomes of one is seen."""
        return max(6.0, 3 * self.target_duration + 2.0)


Disturbance = Callable[[Show, Observer, Probes, Plan], Awaitable[None]]


async def undisturbed(show: Show, observer: Observer, probes: Probes, plan: Plan) -> None:
    """The steady broadcast is the one that is questioned."""
    await probes.while_live(delta_pairs=plan.delta_pairs)
    if plan.seconds >= LONG_SECONDS:
        facts = observer.capture.facts
        facts["origin_files_before_hang_up"] = _open_files(show.stack)
        await probes.hang_up()
        await asyncio.sleep(HUNG_UP_SECONDS)
        facts["origin_files_after_hang_up"] = _open_files(show.stack)


def _open_files(stack: Stack) -> int:
    """Of the origin: one for each connection that it holds."""
    return sum(len(list(Path(f"/proc/{one.pid}/fd").iterdir())) for one in stack.processes("transcode.origin_server"))


async def drop_encoder(show: Show, observer: Observer, probes: Probes, plan: Plan) -> None:
    """The connection is lost, and the encoder returns before the broadcast is given up."""
    await asyncio.to_thread(show.publisher.drop)
    observer.note("encoder_gone")
    asked = asyncio.create_task(_when_frozen(probes))
    await asyncio.sleep(plan.away_seconds)
    await asyncio.to_thread(show.begin)
    observer.note("encoder_back")
    await asked


async def silence_encoder(show: Show, observer: Observer, probes: Probes, plan: Plan) -> None:
    """A pulled cable: the connection stays, nothing comes; then a new connection."""
    show.publisher.fall_silent()
    observer.note("encoder_gone")
    asked = asyncio.create_task(_when_frozen(probes))
    await asyncio.sleep(plan.away_seconds)
    await asyncio.to_thread(show.begin)
    observer.note("encoder_back")
    await asked


async def _when_frozen(probes: Probes) -> None:
    await asyncio.sleep(1.0)  # what was on its way has been published
    await probes.frozen()


async def kill_worker(show: Show, observer: Observer, _probes: Probes, _plan: Plan) -> None:
    """SIGKILL of the process that supervises the broadcast."""
    worker = await asyncio.to_thread(lambda: live_worker_above(ffmpegs(show.stack)[0], show.stack))
    os.kill(worker.pid, signal.SIGKILL)
    observer.note("worker_killed")


async def note_bursts(_show: Show, observer: Observer, _probes: Probes, _plan: Plan) -> None:
    """The source comes unevenly all the time: its publisher has been told before."""
    observer.note("bursts")


async def change_source(_show: Show, observer: Observer, _probes: Probes, _plan: Plan) -> None:
    """The source itself changes: its publisher has been told before."""
    observer.note("source_changed")


@dataclass(frozen=True)
class Case:
    """One broadcast, or several that follow one another. `judged` names the rules that can hold; none: all."""

    name: str
    disturb: Disturbance
    clip: Clip = STANDARD
    changes_to: Clip | None = None
    loses_keyframes: bool = False
    broadcasts: int = 1
    bursts: bool = False
    consolidated: bool = False  # before its recording is looked at, each rendition of it becomes one file
    judged: frozenset[str] = frozenset()

    @property
    def is_made_by_tags(self) -> bool:
        """Whether the source itself is disturbed; it does not go on for ever."""
        return self.bursts or self.loses_keyframes or self.changes_to is not None


CASES = {
    case.name: case
    for case in (
        Case("steady", undisturbed),
        Case("encoder_drop", drop_encoder),
        Case("encoder_silent", silence_encoder),
        Case("worker_killed", kill_worker),
        Case("long_keyframes", undisturbed, clip=LONG_KEYFRAMES),
        Case("source_changed", change_source, changes_to=OTHER_SIZE),
        Case("keyframes_lost", change_source, loses_keyframes=True),
        # Who sends in bursts breaks the rules about time; that nobody waits for ever must hold all the same.
        Case("bursts", note_bursts, bursts=True, judged=frozenset({"A-040", "A-048", "A-100", "A-101", "A-115"})),
        Case("next_broadcast", undisturbed, broadcasts=2),
        Case("consolidated", drop_encoder, consolidated=True),
    )
}


class OddShow(Show):
    """A show whose one connection sends tags of its own."""

    def __init__(self, stack: Stack, streamer: Person, tags: list[Tag], *, loop: bool = False) -> None:
        super().__init__(stack, streamer, loop=loop)
        self._tags = tags

    def begin(self) -> Publisher:
        publisher = Publisher(port=self.stack.rtmp_port, key=self.streamer.stream_key, tags=self._tags, loop=self.loop)
        self.publishers.append(publisher.start())
        return publisher


def _one_after_another(first: list[Tag], second: list[Tag], seconds: float) -> list[Tag]:
    end_ms = round(seconds * 1000)
    return [tag for tag in first if tag.time_ms < end_ms] + [
        replace(tag, time_ms=tag.time_ms + end_ms) for tag in second
    ]


def _in_bursts(tags: list[Tag]) -> list[Tag]:
    """The same tags, those of BURST_MS sent together."""
    return [replace(tag, time_ms=tag.time_ms // BURST_MS * BURST_MS, wire_ms=tag.time_ms) for tag in tags]


def show_of(case: Case, stack: Stack, streamer: Person, plan: Plan) -> Show:
    if case.changes_to:
        first, second = clip_tags(case.clip), clip_tags(case.changes_to)
        return OddShow(stack, streamer, _one_after_another(first, second, plan.seconds / 3))
    if case.loses_keyframes:
        return OddShow(stack, streamer, hidden_keyframes(clip_tags(case.clip), after_seconds=plan.seconds / 3))
    if case.bursts:
        return OddShow(stack, streamer, _in_bursts(clip_tags(case.clip)))
    return Show(stack, streamer, clip=case.clip, loop=True)


async def record_case(case: Case, stack: Stack, streamer: Person, plan: Plan) -> list[Capture]:
    """A capture of each broadcast of the case: live, then its recording."""
    captures = []
    for number in range(case.broadcasts):
        # Other pictures each time: what one broadcast shows of another can be told by its bytes.
        show = show_of(replace(case, clip=OTHER_SIZE) if number else case, stack, streamer, plan)
        await asyncio.to_thread(show.begin)
        try:
            await asyncio.to_thread(lambda show=show: show.wait_until_live(seconds=LIVE_SECONDS))  # type: ignore[misc]
            captures.append(await record_show(case, show, plan))
        finally:
            await asyncio.to_thread(show.__exit__, None, None, None)
    return captures


async def record_show(case: Case, show: Show, plan: Plan) -> Capture:
    """From now to its end, and its recording."""
    capture = Capture(_expected(case, plan))
    client = Client("127.0.0.1", show.stack.port)
    prefix = (await asyncio.to_thread(show.playlist)).rpartition("/")[0]
    observer = Observer(client, prefix, capture, folder=plan.folder)
    try:
        async with _recording(observer, plan) as recorder:
            probes = Probes(observer, _questioned(recorder), crowd=plan.crowd)
            await _on_air(case, show, observer, probes, plan)
            if plan.tls:
                await ask_over_tls(plan.tls, prefix, _samples(recorder, probes.path), capture)
            await _end(show, observer, recorder, probes)
        await _record_vod(case, show, observer)
    finally:
        await client.close()
    capture.sent = show.sent
    return capture


@asynccontextmanager
async def _recording(observer: Observer, plan: Plan) -> AsyncIterator[Recorder]:
    """The live playlists, and those of the DVR where there is one: they have no parts and change once a segment."""
    recorders = [Recorder(observer, poll_seconds=plan.poll_seconds)]
    await recorders[0].start()
    if (await observer.ask(DVR, purpose="poll")).status == 200:
        recorders.append(Recorder(observer, poll_seconds=max(plan.poll_seconds, DVR_POLL_SECONDS), multivariant=DVR))
        await recorders[1].start()
    try:
        yield recorders[0]
    finally:
        await asyncio.gather(*(one.stop() for one in recorders))


async def _on_air(case: Case, show: Show, observer: Observer, probes: Probes, plan: Plan) -> None:
    async def disturbed() -> None:
        if not case.is_made_by_tags:
            await asyncio.sleep(min(plan.seconds / 3, 30))
        await case.disturb(show, observer, probes, plan)

    unknown = f"/media/{show.stack.playback_token(UNKNOWN_STREAM)}/{UNKNOWN_STREAM}"
    await asyncio.gather(disturbed(), probes.unknown(unknown), asyncio.sleep(plan.seconds))


async def _end(show: Show, observer: Observer, recorder: Recorder, probes: Probes) -> None:
    async def finish() -> None:
        observer.note("ended")
        await asyncio.to_thread(show.finish)

    await probes.held_to_the_end(finish())
    await recorder.wait_for_the_end(END_SECONDS)
    await probes.after_the_end()
    await asyncio.sleep(AFTER_END_SECONDS)


async def _record_vod(case: Case, show: Show, observer: Observer) -> None:
    """With a token of its own: that of the broadcast does not open it."""
    lived = [one.path for one in observer.capture.exchanges if one.purpose == "media" and one.status == HTTPStatus.OK]
    token = show.stack.playback_token(show.stream_id, scope=Scope.RECORDING)
    observer.prefix = f"/media/{token}/{show.stream_id}"
    try:
        await asyncio.to_thread(lambda: wait_for_state(show.stack, show.streamer, "ended", seconds=END_SECONDS))
        await asyncio.to_thread(lambda: recording_of(show))
        if (await observer.ask(VOD, purpose="poll")).status == HTTPStatus.FORBIDDEN:
            raise AssertionError("the recording may not be judged: its address is refused")
        if case.consolidated:
            await asyncio.to_thread(lambda: show.stack.manage("shell", "-c", CONSOLIDATE.format(show.stream_id)))
    except NotReached:
        pass  # it is asked for all the same: that it is missing belongs into the capture
    recorder = Recorder(observer, poll_seconds=1.0, multivariant=VOD)
    await recorder.start()
    await asyncio.sleep(VOD_POLLS_SECONDS)
    await recorder.stop()
    if case.consolidated:  # who has a playlist of before finds its segments by the names they had
        for path in [path for path in lived if not is_part(posixpath.basename(path))]:
            await observer.ask(path, purpose="again")


def _questioned(recorder: Recorder) -> str:
    """A transcoded picture: the second one listed, where there is one."""
    pictures = [path for path, one in recorder.playlists.items() if one.first.can_block and "audio" not in path]
    return pictures[min(1, len(pictures) - 1)]


def _samples(recorder: Recorder, path: str) -> list[str]:
    """A playlist of each kind and a piece of media."""
    segment = next(one.uri for one in reversed(recorder.latest(path).segments) if not one.gap)
    return ["index.m3u8", path, resolve(path, segment)]


def _expected(case: Case, plan: Plan) -> Expected:
    return Expected(
        target_duration=plan.target_duration,
        part_target=plan.part_seconds,
        frame_rate=float(case.clip.fps),
        slack_seconds=plan.slack_seconds,
        counted=plan.counted,
    )
