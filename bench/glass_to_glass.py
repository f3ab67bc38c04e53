"""From handing a frame to RTMP until it is on the viewer's screen; ours, and two rivals' HLS beside it.

    python -m bench.glass_to_glass [--profile standard|ladder|fastest] [--seconds 60] [--alone]

The same clip, the same machine, one after the other; the page is opened on a running broadcast. The number in each
displayed frame is read through a canvas and compared with the clock of the publisher that sent it. Rivals: nginx-rtmp's
HLS and FFmpeg's HLS muxer, both with two-second segments, which only pass the source on. `--alone` leaves them out.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.broadcasts import rendition_playlists
from bench.browser import Browser, Latency, Viewer, latency_of
from bench.ffmpeg_hls import FfmpegHls
from bench.free_ports import free_ports
from bench.report import Line, report
from bench.rival import STREAM, Rival
from bench.show import Show
from bench.stack import Stack
from tests.media.counter_clip import Clip
from tests.media.publisher import Publisher, clip_tags

RATIO_BAR = 4.0
BEFORE_PAGE_MS = 12_000  # the rivals list three segments by then, as for any viewer who comes later
SETTLE_MS = 6_000
GIVE_UP_SECONDS = 20
TOO_LATE_SECONDS = 0.3  # a frame that left later than this makes the run void: the machine was too busy
RIVALS_SECONDS = 60  # their latency does not change over time


@dataclass(frozen=True)
class Profile:
    """What is sent, what is made of it, and how late it may be."""

    height: int
    kbps: int
    rungs: int
    part_seconds: float
    p95_bar: float

    def clip(self, seconds: int) -> Clip:
        return Clip(width=self.height * 16 // 9, height=self.height, kbps=self.kbps, seconds=seconds)


PROFILES = {
    "standard": Profile(height=720, kbps=3000, rungs=2, part_seconds=0.35, p95_bar=1.6),
    "ladder": Profile(height=1080, kbps=6000, rungs=4, part_seconds=0.35, p95_bar=1.45),
    "fastest": Profile(height=720, kbps=3000, rungs=2, part_seconds=0.2, p95_bar=1.25),
}
CLIP_SECONDS = 60  # longer broadcasts repeat it; its numbers would be ambiguous only for latencies of a minute


@dataclass(frozen=True)
class Seen:
    """What one viewer saw."""

    latency: Latency
    stalls: list[float]  # seconds after the first frame
    lines: set[int]


def watch(viewer: Viewer, page: str, publisher: Publisher, seconds: int) -> Seen:
    """Latency and stalls over `seconds` of settled playback, and the lines of the picture."""
    viewer.page.wait_for_timeout(BEFORE_PAGE_MS)
    viewer.open(page)
    first = viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(SETTLE_MS + seconds * 1000)
    since = first.shown_at + SETTLE_MS / 1000
    if publisher.ended_at is not None:
        raise SystemExit(f"The server closed the connection: {publisher.error}.")
    if publisher.latest > TOO_LATE_SECONDS:
        raise SystemExit(f"Void: a frame left {publisher.latest:.2f} s too late, this machine is too busy.")
    frames = viewer.frames(since=since)
    latency = latency_of(frames, publisher.sendings)
    stalls = [at - first.shown_at for at in viewer.stalls(since=first.shown_at)]
    return Seen(latency, stalls, {one.lines for one in frames})


def measure_ours(profile: Profile, seconds: int) -> tuple[Seen, int]:
    """What was seen, and how many of the renditions' segments were not made."""
    with (
        Stack(TRANSCODED_RUNGS=profile.rungs, PART_SECONDS=profile.part_seconds) as stack,
        Browser() as browser,
        Show(stack, stack.create_user("alice", streamer=True), clip=profile.clip(CLIP_SECONDS), loop=True) as show,
    ):
        seen = watch(browser.new_viewer(), show.page, show.publisher, seconds)
        dvr = show.playlist().replace("/index.m3u8", "/dvr/index.m3u8")
        playlists = rendition_playlists(stack, dvr)
        missing = sum(stack.http.get(path).text.count("#EXT-X-GAP") for path in playlists.values())
        return seen, missing + (profile.rungs + 1 - len(playlists)) * 1000


@contextmanager
def publishing(profile: Profile) -> Iterator[tuple[Rival, Publisher]]:
    port, rtmp_port = free_ports(2)
    tags = clip_tags(profile.clip(CLIP_SECONDS))
    with (
        Rival(port=port, rtmp_port=rtmp_port) as rival,
        Publisher(port=rtmp_port, key=STREAM, tags=tags, loop=True) as publisher,
    ):
        yield rival, publisher


def measure_nginx(profile: Profile, seconds: int) -> Seen:
    with publishing(profile) as (rival, publisher), Browser() as browser:
        return watch(browser.new_viewer(), rival.page, publisher, seconds)


def measure_ffmpeg(profile: Profile, seconds: int) -> Seen:
    with publishing(profile) as (rival, publisher), FfmpegHls(rival) as ffmpeg, Browser() as browser:
        return watch(browser.new_viewer(), ffmpeg.page, publisher, seconds)


def rival_lines(name: str, theirs: Seen, ours: Seen) -> list[Line]:
    ratio = Line(f"{name} : ours", theirs.latency.p50 / ours.latency.p50, unit="×", bar=RATIO_BAR, at_least=True)
    return [
        Line(f"{name} p50", theirs.latency.p50, note=f"{theirs.latency.frames} frames"),
        Line(f"{name} p95", theirs.latency.p95),
        Line(f"{name} stalls", len(theirs.stalls), unit=""),
        ratio,
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.glass_to_glass")
    parser.add_argument("--profile", choices=PROFILES, default="standard")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--alone", action="store_true", help="without the rivals")
    options = parser.parse_args()
    profile, seconds = PROFILES[options.profile], options.seconds
    clip_tags(profile.clip(CLIP_SECONDS))  # encoded before anything is timed
    ours, missing = measure_ours(profile, seconds)
    sent = seconds * profile.clip(CLIP_SECONDS).fps
    lines = "/".join(map(str, sorted(ours.lines)))
    table = [
        Line("ours p50", ours.latency.p50, note=f"{ours.latency.frames} of {sent} frames, {lines} lines"),
        Line("ours p95", ours.latency.p95, bar=profile.p95_bar, note=f"{ours.latency.unreadable} frames unreadable"),
        Line("ours max", ours.latency.max),
        Line("ours stalls", len(ours.stalls), unit="", bar=0, note=", ".join(f"at {at:.1f} s" for at in ours.stalls)),
        Line("segments of any rendition not made", missing, unit="", bar=0),
    ]
    if not options.alone:
        shorter = min(seconds, RIVALS_SECONDS)
        table += rival_lines("nginx-rtmp HLS", measure_nginx(profile, shorter), ours)
        table += rival_lines("FFmpeg HLS", measure_ffmpeg(profile, shorter), ours)
    title = f"{profile.height}p30, {profile.rungs} rungs, parts of {profile.part_seconds} s"
    return report(f"RTMP send to frame on screen, {seconds} s of {title}", table)


if __name__ == "__main__":
    sys.exit(main())
