"""Odd sources on a real stack: each is live, with qualities, or refused with its reason; its slot is free afterwards.

python -m bench.odd_sources [ROW…]

Says for each source what became of it, what the dashboard told, how long that took and how many of the pictures sent
are recorded; exits with 1 where anything is not as it must be. tests/end_to_end/test_odd_sources.py plays some of them.
"""

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Self

import httpx
from redis import Redis

from bench.broadcasts import broadcast, rendition_playlists, runs
from bench.recordings import recording_playlist
from bench.report import Line, report
from bench.show import Show
from bench.stack import Person, Stack
from tests.media import bad_sources
from tests.media.counter_clip import SMALL
from tests.media.flv_tags import AUDIO, VIDEO, Tag
from tests.media.odd_sources import (
    Bend,
    Recipe,
    followed_by,
    header_every_second,
    jump,
    sound_from,
    tags_of,
    told_at,
    without_sound_between,
)
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused

AT_ONCE = 3
SIZE = "320x180"  # the smallest with a quality below it
SEEN_SECONDS = 30.0  # for what takes a few on an idle machine
SLOT_SECONDS = 15.0
MAX_KBPS = 2_000
ABOUT_THE_MACHINE = {"no_slot", "overloaded", "slow_upload"}
ABOUT_SOUND = {"no_audio", "sound_stopped", "sound_offset"}  # told while it lasts, which may be seen or not
LOST_AT_START = 15  # pictures: before our player was there
LIVE = frozenset({"source", "160p", "audio"})


def as_it_is(tags: list[Tag]) -> list[Tag]:
    return tags


@dataclass(frozen=True)
class Row:
    """A source and what must become of it: live with these qualities and codes told, or refused with the only code.

    `recorded`: the share of the pictures sent that is at least in the recording."""

    name: str
    recipe: Recipe | None = Recipe(size=SIZE, seconds=8)
    bend: Bend = as_it_is
    told: frozenset[str] = frozenset()
    refused: str = ""
    qualities: frozenset[str] = LIVE
    recorded: float = 1.0

    @property
    def tags(self) -> list[Tag]:
        """Encoded at the first call."""
        return self.bend(tags_of(self.recipe) if self.recipe else clip_tags(SMALL))


def source(*, seconds: float = 8, size: str = SIZE, **words: object) -> Recipe:
    return Recipe(size=size, seconds=seconds, **words)  # type: ignore[arg-type]


def _rates() -> Iterable[Row]:
    for rate in ("24", "25", "30000/1001", "30", "50", "60"):
        yield Row(f"{rate} fps", source(rate=rate))
    yield Row("10 to 60 fps", source(rate="60", filters="select='gte(t,4)+not(mod(n,6))'"))
    yield Row("120 fps", source(rate="120", seconds=3), refused="frame_rate")


def _sounds() -> Iterable[Row]:
    for rate, channels in (("44100", "1"), ("44100", "2"), ("48000", "1"), ("48000", "2"), ("48000", "6")):
        yield Row(f"sound of {rate} Hz, {channels} channels", source(audio=("-ar", rate, "-ac", channels)))
    yield Row("no sound", source(audio=()), told=frozenset({"no_audio"}))
    yield Row("sound that stops", source(), without_sound_between(3_000, 99_000), told=frozenset({"sound_stopped"}))
    yield Row("sound that comes back", source(), without_sound_between(2_000, 5_000))
    # A new run, which begins with the next key frame.
    yield Row("sound that begins late", source(), sound_from(2_200), recorded=0.87)
    yield Row("sound 5 s late", source(), told_at(lambda time_ms: time_ms + 5_000, (AUDIO,)))


def _pictures() -> Iterable[Row]:
    yield Row("two B-frames", source(video=("-bf", "2", "-x264-params", "b-adapt=0")))
    yield Row("B-frames in a pyramid", source(video=("-bf", "3", "-x264-params", "b-adapt=0:b-pyramid=normal")))
    yield Row("a key frame every 2 s", source(key_seconds="2"))
    for seconds in ("4", "10"):
        row = source(key_seconds=seconds, seconds=14)
        yield Row(f"a key frame every {seconds} s", row, told=frozenset({"keyframe_interval"}))
    yield Row("portrait", source(size="180x320"))
    yield Row("4:3", source(size="320x240"))
    yield Row("21:9", source(size="420x180"))
    yield Row("pixels that are not square", source(filters="setsar=4/3"))
    yield Row("10-bit colour", source(pixels="yuv420p10le"), told=frozenset({"colour_format"}))
    yield Row("4:2:2 colour", source(pixels="yuv422p"), told=frozenset({"colour_format"}))
    yield Row("interlaced", source(size="320x192", video=("-x264-params", "interlaced=1")), refused="interlaced")
    yield Row("4K", source(size="3840x2160", seconds=0.5), refused="resolution")
    noise = source(filters="noise=alls=90:allf=t", seconds=16, size="640x360", video=("-b:v", f"{2 * MAX_KBPS}k"))
    yield Row("twice the highest bit rate", noise, refused="bitrate")


def _changes() -> Iterable[Row]:
    first = source(seconds=5)
    yield Row("new resolution", first, followed_by(source(size="480x270")))
    yield Row("new frame rate", first, followed_by(source(rate="60")))
    yield Row("new sound", first, followed_by(source(audio=("-ar", "44100", "-ac", "1"))))
    yield Row("decoder configuration every second", source(), header_every_second)
    for name, at_ms in (("an hour", 3_600_000), ("two seconds", 2_000), ("back a second", -1_000)):
        yield Row(f"clock jumps {name}", source(), jump(4_000, at_ms))
    yield Row("clock starts again after 49 days", source(), told_at(lambda time_ms: time_ms + 2**32 - 2_500))
    yield Row("clock stands still", source(), told_at(lambda _: 0), refused="clock_stopped")
    yield Row("clock runs back", source(), told_at(lambda time_ms: 100_000 - time_ms), refused="clock_stopped")
    yield Row("clock at double speed", source(), told_at(lambda time_ms: 2 * time_ms), refused="clock_fast")


def _no_pictures() -> Iterable[Row]:
    cases: dict[str, tuple[Bend, str]] = {
        "HEVC by number": (bad_sources.hevc_by_number, "video_codec"),
        "HEVC, enhanced RTMP": (bad_sources.hevc_enhanced, "no_video"),  # the ingest server passes none of it on
        "noise for pictures": (bad_sources.garbage_pictures, "no_video"),
        "sound only": (bad_sources.audio_only, "no_video"),
    }
    for name, (bend, code) in cases.items():
        yield Row(name, None, bend, refused=code)


ROWS: dict[str, Row] = {
    row.name: row for rows in (_rates, _sounds, _pictures, _changes, _no_pictures) for row in rows()
}


class OddShow(Show):
    """A streamer whose encoder sends one row, and what was seen of it."""

    def __init__(self, stack: Stack, streamer: Person, row: Row) -> None:
        super().__init__(stack, streamer)
        self.row = row
        self.told: set[str] = set()
        self.qualities: set[str] = set()
        self.seconds = 0.0  # until the last of what must be seen was

    def begin(self) -> Publisher:
        tags = self.row.tags
        publisher = Publisher(
            port=self.stack.rtmp_port, key=self.streamer.stream_key, tags=tags, loop=bool(self.row.refused)
        )
        self.publishers.append(publisher)
        with contextlib.suppress(Refused):  # so quickly can it be
            publisher.start()
        return publisher

    def __enter__(self) -> Self:
        self.begin()  # it may never be live
        return self

    def look(self) -> bool:
        """Whether all that must become of it has been seen."""
        health = self.stack.api("GET", f"/channels/{self.streamer.login}/health", as_=self.streamer).json()
        measured = health["status"] or {}
        self.told |= {one["code"] for one in [*health["warnings"], *health["notices"], *measured.get("warnings", [])]}
        now = broadcast(self.stack, self.streamer)
        self.stream_id = now.get("id", self.stream_id)
        state = now.get("state", "ended")  # what was never live is not shown
        if self.row.refused:
            return self.row.refused in self.told and state == "ended"
        if state == "live":
            with contextlib.suppress(httpx.HTTPError):
                text = self.stack.http.get(self.playlist()).text
                self.qualities |= {line.split("/")[0] for line in text.splitlines() if line[:1] not in ("", "#")}
        return self.row.told <= self.told and self.row.qualities <= self.qualities

    def watch(self) -> str:
        """What is wrong, or nothing."""
        began = time.monotonic()
        while not self.look():
            if time.monotonic() > began + SEEN_SECONDS:
                return f"within {SEEN_SECONDS:g} s only: {sorted(self.qualities)}, {sorted(self.told)}"
            time.sleep(0.1)
        self.seconds = time.monotonic() - began
        return ""

    def has_slot(self) -> bool:
        with Redis(unix_socket_path=self.stack.redis_sockets()[0]) as redis:
            return bool(redis.hexists("live:slots", self.stream_id))


@dataclass
class Outcome:
    """What became of a row; `wrong` says what should have been otherwise."""

    row: Row
    wrong: list[str] = field(default_factory=list)
    became: str = ""
    told: set[str] = field(default_factory=set)
    seconds: float = 0.0
    sent: int = 0
    recorded: int = 0
    slot_came_back: bool = True

    @property
    def is_right(self) -> bool:
        return not self.wrong and self.slot_came_back

    @property
    def line(self) -> Line:
        pictures = f"{self.recorded} of {self.sent} pictures" if self.sent else ""
        told = f"told {', '.join(sorted(self.told)) or 'nothing'}"
        slot = f"slot free again: {'yes' if self.slot_came_back else 'NO'}"
        words = [self.became, told, f"after {self.seconds:.1f} s", pictures, slot, *self.wrong]
        return Line(
            self.row.name, int(self.is_right), unit="", bar=1, at_least=True, note="; ".join(filter(None, words))
        )


def play(stack: Stack, streamer: Person, row: Row) -> Outcome:
    """One row from the encoder's start until its recording is read and its slot is free."""
    outcome = Outcome(row)
    with OddShow(stack, streamer, row) as show:
        outcome.wrong += filter(None, [show.watch()])
        outcome.told, outcome.seconds = show.told, show.seconds
        outcome.became = "refused" if row.refused else f"live: {' '.join(sorted(show.qualities))}"
        if not row.refused:
            show.publisher.wait_until_all_is_sent(SEEN_SECONDS)
            check_told(show, outcome)
            try:
                show.finish()
                count_pictures(show, outcome)
            except (AssertionError, httpx.HTTPError, subprocess.CalledProcessError) as error:
                outcome.wrong.append(str(error)[:200])
        outcome.slot_came_back = slot_comes_back(show)
    return outcome


def check_told(show: OddShow, outcome: Outcome) -> None:
    show.look()
    allowed = show.row.told | ABOUT_THE_MACHINE | (ABOUT_SOUND if "sound" in show.row.name else set())
    if superfluous := show.told - allowed:
        outcome.wrong.append(f"told without need: {sorted(superfluous)}")


def count_pictures(show: OddShow, outcome: Outcome) -> None:
    playlists = rendition_playlists(show.stack, recording_playlist(show))
    outcome.recorded = sum(decoded_pictures(bytes(run.media)) for run in runs(show.stack, playlists[max(playlists)]))
    outcome.sent = sum(tag.kind == VIDEO and not tag.is_header for tag in show.row.tags)
    if outcome.recorded < outcome.sent * show.row.recorded - LOST_AT_START:
        outcome.wrong.append("pictures are missing")


def decoded_pictures(media: bytes) -> int:
    """However long each of them lasts."""
    count = ["-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", "pipe:0"]
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", *count]
    told = subprocess.run(command, input=media, capture_output=True, check=True).stdout.decode()
    return int(told.split()[0].strip(","))


def slot_comes_back(show: OddShow) -> bool:
    deadline = time.monotonic() + SLOT_SECONDS
    while show.has_slot():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def play_all(stack: Stack, people: Sequence[Person], rows: Sequence[Row], *, at_once: int) -> list[Outcome]:
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(lambda pair: play(stack, *pair), zip(people, rows, strict=True)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", nargs="*", choices=[[], *ROWS], metavar="ROW", help=f"one of: {', '.join(ROWS)}")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    arguments = parser.parse_args()
    rows = [ROWS[name] for name in arguments.row or ROWS]
    for row in rows:
        row.tags  # noqa: B018  encoded before anything is on air
    with Stack(TRANSCODED_RUNGS=1, LIVE_SLOTS=arguments.at_once + 1, SOURCE_MAX_KBPS=MAX_KBPS) as stack:
        people = stack.create_users([f"streamer{number}" for number in range(len(rows))], streamer=True)
        outcomes = play_all(stack, people, rows, at_once=arguments.at_once)
    return report("Odd sources, as they must be: 1", [outcome.line for outcome in outcomes])


if __name__ == "__main__":
    sys.exit(main())
