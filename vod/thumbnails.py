"""The storyboard as a WebVTT track, for players that are not ours (pure)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from transcode.recording_clock import RecordingClock
from vod.chapters import cue_time


def render_thumbnails(board: Mapping[str, Any], clock: RecordingClock, address: str) -> str:
    """A cue for each small picture. `board` is the index that lies at `address`, the whole of it with its token."""
    return "\n".join(["WEBVTT\n", *_cues(board, clock, address)])


def _cues(board: Mapping[str, Any], clock: RecordingClock, address: str) -> Iterator[str]:
    width, height, columns = board["tile_width"], board["tile_height"], board["columns"]
    for sprite in board["sprites"]:
        picture = urljoin(address, sprite["url"])
        for tile in range(sprite["tiles"]):
            at = sprite["starts_at"] + tile * board["interval_seconds"]
            begin, end = clock.seconds_at(at), clock.seconds_at(at + board["interval_seconds"])
            if round(begin, 3) >= round(end, 3):
                continue  # drawn for a time when nothing was sent
            place = f"{tile % columns * width},{tile // columns * height},{width},{height}"
            yield f"{cue_time(begin)} --> {cue_time(end)}\n{picture}#xywh={place}\n"
