"""Odd sources on the real stack, all at once: each live or refused with its reason, a good stream beside them whole.

The whole table is in tests/transcode/test_odd_sources.py; here are the rows that need FFmpeg, the dashboard or slots.
"""

import contextlib
import time
from dataclasses import dataclass, field

from bench.broadcasts import NotReached, broadcast, rendition_playlists, runs
from bench.recordings import check_recording, recording_playlist
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.flv_tags import VIDEO, Tag
from tests.media.hostile import CONTROL, TINY
from tests.media.odd_sources import Bend, Recipe, followed_by, tags_of, told_at
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused

REASON_SECONDS = 5
LIVE_SECONDS = 15
LOST_PICTURES = 20  # of a run: before our player was there, and what an encoder that stops abruptly had not sent


@dataclass
class Row:
    """`told`: codes on the dashboard. `refused`: that is all that becomes of it. `runs` in its recording."""

    name: str
    recipe: Recipe
    bend: Bend = field(default=lambda tags: tags)
    told: set[str] = field(default_factory=set)
    refused: bool = False
    runs: int = 1

    @property
    def tags(self) -> list[Tag]:
        return self.bend(tags_of(self.recipe))


ROWS = [
    Row("60 fps and 5.1 sound", Recipe(rate="60", seconds=8, audio=("-ar", "48000", "-ac", "6"))),
    Row("10-bit colour", Recipe(pixels="yuv420p10le", seconds=8), told={"colour_format"}),
    Row("one key frame", Recipe(key_seconds="9999", seconds=8), told={"keyframe_interval"}),
    Row("new resolution", Recipe(seconds=4), bend=followed_by(Recipe(size="320x180", seconds=5)), runs=2),
    Row("4K", Recipe(size="3840x2160", seconds=0.5), told={"resolution"}, refused=True),
    Row("no clock", Recipe(), bend=told_at(lambda _: 0), told={"clock_stopped"}, refused=True),
]


class OddShow(Show):
    """A streamer whose encoder sends one row of the table."""

    def __init__(self, stack: Stack, streamer: Person, row: Row) -> None:
        super().__init__(stack, streamer)
        self.row, self.told = row, set[str]()

    def begin(self) -> Publisher:
        key, port = self.streamer.stream_key, self.stack.rtmp_port
        publisher = Publisher(port=port, key=key, tags=self.row.tags, loop=self.row.refused)
        self.publishers.append(publisher)
        with contextlib.suppress(Refused):  # so quickly can it be
            publisher.start()
        return publisher

    def look(self) -> bool:
        """Whether what must become of it has been seen."""
        health = self.stack.api("GET", f"/channels/{self.streamer.login}/health", as_=self.streamer).json()
        measured = health["status"] or {}
        self.told |= {one["code"] for one in [*health["warnings"], *health["notices"], *measured.get("warnings", [])]}
        now = broadcast(self.stack, self.streamer)
        self.stream_id = now.get("id", "")
        state = now.get("state", "ended")  # what was never live is not shown
        return self.row.told <= self.told and state == ("ended" if self.row.refused else "live")


def test_odd_sources_are_live_or_refused_with_their_reason(
    stack: Stack, alice: Person, cast: dict[str, list[Person]]
) -> None:
    for clip in (CONTROL, TINY):
        clip_tags(clip)
    shows = [OddShow(stack, cast["bob"].pop(), row) for row in ROWS if row.tags]
    with Show(stack, alice, clip=CONTROL) as control:
        for show in shows:
            show.begin()
        wait_until_seen([show for show in shows if show.row.refused], seconds=REASON_SECONDS + 1)
        wait_until_seen(shows, seconds=LIVE_SECONDS)
        for show in shows:
            show.publisher.wait_until_all_is_sent(seconds=LIVE_SECONDS)
        for show in shows:
            if not show.row.refused:
                show.finish()
        control.finish()
    for show in shows:
        assert show.told == show.row.told, show.row.name
        if not show.row.refused:
            check_pictures(show)
    check_recording(control)


def wait_until_seen(shows: list[OddShow], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := [show for show in shows if not show.look()]:
        if time.monotonic() > deadline:
            raise NotReached(f"after {seconds} s: {[(show.row.name, show.told) for show in left]}")
        time.sleep(0.1)


def check_pictures(show: OddShow) -> None:
    """So many runs, and as many pictures in them as were sent; where the source was encoded anew on air, not fewer."""
    playlists = rendition_playlists(show.stack, recording_playlist(show))
    found = [len(run.counters()) for run in runs(show.stack, playlists[max(playlists)])]
    sent = sum(tag.kind == VIDEO and not tag.is_header for tag in show.row.tags)
    assert sum(found) >= sent - LOST_PICTURES * len(found), (show.row.name, found, sent)
    assert len(found) >= show.row.runs, (show.row.name, found)
