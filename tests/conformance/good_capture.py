"""A broadcast that keeps every rule, without network, encoder or clock: two real clips through the real packager.

Two video renditions and the sound; the encoder goes away in the middle, gaps stand for its absence, and it comes back
with a discontinuity. Then the broadcast ends and its recording is asked for.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from itertools import count, groupby
from typing import Literal
from unittest.mock import patch

from tests.conformance.capture import Capture, Exchange, Expected, Happening, place
from tests.conformance.rates import average, peak
from tests.media.counter_clip import Clip
from tests.media.flv_tags import AUDIO as AUDIO_TAG
from tests.media.flv_tags import SCRIPT, Tag, cut, read_clip
from transcode import fmp4
from transcode.absence import Absence
from transcode.flv import MediaTag
from transcode.hls import window
from transcode.hls.archive import Archive, lay_out
from transcode.hls.dvr import Past
from transcode.hls.multivariant import Rendition, render_multivariant
from transcode.hls.names import ARCHIVE, init_name
from transcode.hls.playlist import PlaylistForm, RenditionReport, render_iframes, render_live, render_recording
from transcode.hls.window import Window, WindowSegment
from transcode.limits import VIDEO_TIMESCALE
from transcode.packager import Packager, Publication, RunStart, Track, align_tracks
from transcode.source import AudioFrame, SourceReader

SOURCE = Clip(width=320, height=180, seconds=26, kbps=300, first=100)
RUNG = Clip(width=256, height=144, seconds=26, kbps=120, first=100)
FIRST_RUN_SECONDS = 13.4  # mid-segment
AWAY_SECONDS = 4.2
DVR_SECONDS = 3600.0
WALL_TIME = 1_795_159_800.0
LISTED_SECONDS = 12.0  # a short window, so that it slides within the clip
RUNG_LAG_SECONDS = 0.05
POLL_SECONDS = 0.5
ANSWER_SECONDS = 0.004
PART_TARGET, TARGET_DURATION = 0.35, 2
PLAYLIST_HEADERS = {
    "content-type": "application/vnd.apple.mpegurl",
    "content-encoding": "gzip",
    "vary": "Accept-Encoding",
}
MEDIA_HEADERS = {"content-type": "video/mp4", "cache-control": "public, max-age=31536000, immutable"}


@lru_cache(maxsize=2)
def good_capture(*, consolidated: bool = False) -> Capture:
    """Made once; a mutation copies what it changes. `consolidated`: the recording is one file for each rendition."""
    with patch.object(window, "WINDOW_SECONDS", LISTED_SECONDS):
        return _Recording(consolidated=consolidated).record()


@dataclass
class _Recording:
    """The simulated broadcast. Times are seconds since its first picture."""

    consolidated: bool = False
    capture: Capture = field(default_factory=lambda: Capture(Expected()))
    tracks: dict[str, Track] = field(
        default_factory=lambda: {
            name: Track(name, Window(TARGET_DURATION, PART_TARGET)) for name in ("source", "144p", "audio")
        }
    )
    shown: dict[str, Window] = field(default_factory=dict)
    pasts: dict[str, Past] = field(default_factory=dict)
    iframes: dict[str, Past] = field(default_factory=dict)
    finished: dict[str, list[WindowSegment]] = field(default_factory=dict)
    codecs: dict[str, str] = field(default_factory=dict)
    last_block: dict[str, float] = field(default_factory=dict)
    next_poll: float = 1.0
    now: float = 0.0

    def record(self) -> Capture:
        clips = {"source": read_clip(SOURCE), "144p": read_clip(RUNG)}
        self._run(1, 0.0, {name: _until(tags, FIRST_RUN_SECONDS) for name, tags in clips.items()})
        self._happens("encoder_gone")
        absence = Absence(self.tracks.values(), target_duration=TARGET_DURATION, since=self.now)
        back_at = self.now + AWAY_SECONDS
        while self.now + TARGET_DURATION < back_at:
            self._wait(TARGET_DURATION)
            self._publish(absence.fill(self.now))
        self._wait(back_at - self.now)
        self._publish(absence.finish(self.now))
        self._happens("encoder_back")
        rest = {name: cut(tags, start_seconds=FIRST_RUN_SECONDS) for name, tags in clips.items()}
        self._run(2, self.now, rest, first_frame_seconds=14.0)
        self._happens("ended")
        for track in self.tracks.values():
            track.window.end()
            self._publish([track.publication()])
        self._wait(3.0)
        self._ask_for_recording()
        self._wait(1.0)
        self._ask_for_recording()
        return self.capture

    # --- The product ------------------------------------------------------------------------------------------------

    def _run(self, epoch: int, starts: float, clips: dict[str, list[Tag]], first_frame_seconds: float = 0.0) -> None:
        """One run of the packager, fed at the clips' own pace."""
        readers = {name: SourceReader({}) for name in clips}
        self._publish(
            [track.publication(finished=one) for one in align_tracks(self.tracks.values())
             for track in [self.tracks[one.rendition]]]
        )  # fmt: skip
        base = max(track.window.next_msn for track in self.tracks.values())
        start = RunStart(epoch, base, WALL_TIME + starts, 10_000, discontinuity=base > 0)
        packager = Packager(start=start, part_target=PART_TARGET, leader="source")
        for tag_at, name, tag in _in_order(clips):
            self._wait(starts + tag_at - self.now)
            if tag.number is not None and name == "source":
                self.capture.sent[tag.number] = WALL_TIME + starts + tag.time_ms / 1000
            frames = readers[name].feed(MediaTag(_KINDS[tag.kind], tag.time_ms, tag.body))
            for frame in frames:
                rendition = "audio" if isinstance(frame, AudioFrame) else name
                if rendition == "audio" and name != "source":
                    continue
                if rendition not in packager.runs:
                    self._publish([self._join(packager, rendition, readers[name])])
                self._publish(packager.push(rendition, frame.frame))
        self._publish(packager.finish())

    def _join(self, packager: Packager, rendition: str, reader: SourceReader) -> Publication:
        if rendition == "audio":
            assert reader.aac is not None
            sound = reader.aac
            self.codecs["audio"] = sound.codec_string
            init = fmp4.audio_init(sound, sound.sample_rate)
            return packager.add_audio(self.tracks["audio"], init, sound.sample_rate, sound.samples_per_frame)
        assert reader.avc is not None
        self.codecs[rendition] = reader.avc.codec_string
        return packager.add_video(self.tracks[rendition], fmp4.video_init(reader.avc, VIDEO_TIMESCALE), SOURCE.fps)

    # --- The recorder -----------------------------------------------------------------------------------------------

    def _happens(self, name: str) -> None:
        self.capture.happenings.append(Happening(name, self.now, WALL_TIME + self.now))

    def _wait(self, seconds: float) -> None:
        until = self.now + max(seconds, 0)
        while self.next_poll < until:
            self.now = self.next_poll
            self.next_poll += POLL_SECONDS
            self._poll()
        self.now = until

    def _poll(self) -> None:
        for name, shown in self.shown.items():
            self._ask(f"{name}/index.m3u8", "poll", self._playlist(name))
            if not shown.segments:
                continue
            self._ask(f"dvr/{name}/index.m3u8", "poll", self.pasts[name].render())
            if name != "audio":
                self._ask(f"{name}/iframes.m3u8", "poll", render_iframes(shown))
                self._ask(f"dvr/{name}/iframes.m3u8", "poll", self.iframes[name].render())
        if len(self.codecs) == len(self.tracks):
            for path in ("index.m3u8", "dvr/index.m3u8"):
                self._ask(path, "poll", render_multivariant(self._renditions()))

    def _publish(self, publications: list[Publication]) -> None:
        """All of a moment become visible together, as the live store does it."""
        for one in publications:
            shown = self.shown[one.rendition] = Window.from_json(one.window)
            form = PlaylistForm(f"../../{one.rendition}/")
            for pasts, listed in ((self.pasts, form), (self.iframes, replace(form, iframes=True))):
                pasts.setdefault(one.rendition, Past(listed, shown, (), seconds=DVR_SECONDS)).follow(shown)
            if one.init_name:
                self._fetch(f"{one.rendition}/{one.init_name}", one.init)
                self._ask(f"{one.rendition}/index.m3u8", "poll", self._playlist(one.rendition))
            if one.part_name:
                self._fetch(f"{one.rendition}/{one.part_name}", one.part)
            if one.finished:
                self.finished.setdefault(one.rendition, []).append(one.finished.segment)
                if not one.finished.segment.gap:
                    self._fetch(f"{one.rendition}/{one.finished.name}", one.finished.body)
        for name in dict.fromkeys(one.rendition for one in publications if not one.init_name):
            edge = self.shown[name].edge
            query = f"_HLS_msn={edge[0]}&_HLS_part={edge[1]}" if edge[1] >= 0 else f"_HLS_msn={edge[0]}"
            self._ask(f"{name}/index.m3u8", "block", self._playlist(name), query, self.last_block.get(name, self.now))
            self.last_block[name] = self.now

    def _playlist(self, name: str) -> str:
        reports = [
            RenditionReport(f"../{other}/index.m3u8", *shown.edge)
            for other, shown in self.shown.items()
            if other != name
        ]
        return render_live(self.shown[name], reports=reports)

    def _renditions(self) -> list[Rendition]:
        described = [
            Rendition(
                name=name,
                codecs=self.codecs[name],
                bandwidth=clip.kbps * 1100,
                average_bandwidth=clip.kbps * 1000,
                width=clip.width,
                height=clip.height,
                frame_rate=float(clip.fps),
                iframe_bandwidth=clip.kbps * 500,
            )
            for name, clip in (("source", SOURCE), ("144p", RUNG))
        ]
        return [*described, Rendition("audio", self.codecs["audio"], 150_000, 130_000, channels=2)]

    def _ask_for_recording(self) -> None:
        for rendition in self._renditions():
            segments = self.finished[rendition.name]
            form = PlaylistForm(f"../../{rendition.name}/")
            if self.consolidated:
                form = replace(form, archive=self._archive(rendition.name))
            text = render_recording(segments, form, target_duration=TARGET_DURATION)
            self._ask(f"vod/{rendition.name}/index.m3u8", "poll", text)
            if not rendition.is_audio:
                text = render_recording(segments, replace(form, iframes=True), target_duration=TARGET_DURATION)
                self._ask(f"vod/{rendition.name}/iframes.m3u8", "poll", text)
        measured = [self._measured(rendition) for rendition in self._renditions()]
        self._ask("vod/index.m3u8", "poll", render_multivariant(measured))

    def _archive(self, name: str) -> Archive:
        """Where everything of a rendition went; fetches it from there, as its playlist lists it."""
        bodies = {one.path.removeprefix(f"{name}/"): one.body for one in self.capture.exchanges}
        segments = self.finished[name]
        epochs = {segment.epoch for segment in segments if not segment.gap}
        archive = lay_out(segments, {epoch: len(bodies[init_name(epoch)]) for epoch in epochs})
        for file, (at, size) in archive.by_name().items():
            path = place(f"{name}/{ARCHIVE}", (size, at))
            if not any(self.capture.of(path)):
                span = f"bytes {at}-{at + size - 1}/{archive.size}"
                self._answer(path, "media", bodies[file], "", self.now, {**MEDIA_HEADERS, "content-range": span}, 206)
        return archive

    def _measured(self, rendition: Rendition) -> Rendition:
        """With the bit rates that it had."""
        runs = groupby(self.finished[rendition.name], lambda segment: (segment.gap, segment.epoch))
        sizes = [[(one.size, Fraction(one.duration)) for one in run] for (gap, _), run in runs if not gap]
        return replace(
            rendition, bandwidth=round(peak(sizes, TARGET_DURATION)), average_bandwidth=round(average(sizes))
        )

    def _ask(self, path: str, purpose: str, text: str, query: str = "", asked_at: float | None = None) -> None:
        # R§B.1: what was blocked may be cached for six Target Durations, the rest for half of one.
        lifetime = 6 * TARGET_DURATION if query else TARGET_DURATION // 2
        headers = {**PLAYLIST_HEADERS, "cache-control": f"max-age={lifetime}"}
        self._answer(path, purpose, text.encode(), query, self.now if asked_at is None else asked_at, headers)

    def _fetch(self, path: str, body: bytes) -> None:
        self._answer(path, "media", body, "", self.now, MEDIA_HEADERS)

    def _answer(
        self,
        path: str,
        purpose: str,
        body: bytes,
        query: str,
        asked_at: float,
        headers: dict[str, str],
        status: int = 200,
    ) -> None:
        done_at = self.now + ANSWER_SECONDS
        self.capture.exchanges.append(
            Exchange(
                path, query, purpose, asked_at, self.now + ANSWER_SECONDS / 2, done_at, WALL_TIME + done_at, status,
                {**headers, "content-length": str(len(body))}, body, len(body),
                asked_headers={"accept-encoding": "gzip"},
            )
        )  # fmt: skip


_KINDS: dict[int, Literal["audio", "video"]] = {AUDIO_TAG: "audio", 9: "video"}


def _until(tags: list[Tag], seconds: float) -> list[Tag]:
    return [tag for tag in tags if tag.time_ms < seconds * 1000]


def _in_order(clips: dict[str, list[Tag]]) -> Iterator[tuple[float, str, Tag]]:
    """All encoders' tags by the time at which they arrive."""
    order = count()
    waiting: list[tuple[float, int, str, Tag]] = []
    for name, tags in clips.items():
        for tag in tags:
            if tag.kind != SCRIPT:
                lag = 0.0 if name == "source" else RUNG_LAG_SECONDS
                heapq.heappush(waiting, (tag.time_ms / 1000 + lag, next(order), name, tag))
    while waiting:
        at, _, name, tag = heapq.heappop(waiting)
        yield at, name, tag
