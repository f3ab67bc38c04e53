"""Whether a recording holds every picture that was sent."""

import time
from dataclasses import dataclass, field
from typing import Any

from bench.broadcasts import NotReached, rendition_playlists, runs
from bench.show import Show

TAIL_FRAMES = 15  # of a run that was cut off: what was still on its way to the packager
LISTED_SECONDS = 10


def recording_of(show: Show, *, seconds: float = LISTED_SECONDS) -> dict[str, Any]:
    """The API's entry of the one recording that the show made, once it is listed."""
    deadline = time.monotonic() + seconds
    while True:
        answer = show.stack.api("GET", "/videos", as_=show.streamer, params={"channel": show.streamer.login}).json()
        videos = answer["results"]
        if len(videos) > 1:
            raise NotReached(f"one broadcast made {len(videos)} recordings")
        if videos:
            return dict(videos[0])
        if time.monotonic() > deadline:
            raise NotReached(f"no recording {seconds} s after the end")
        time.sleep(0.02)


def recording_playlist(show: Show) -> str:
    """Path of the recording's multivariant playlist."""
    playback = show.stack.api("GET", f"/videos/{recording_of(show)['id']}/playback")
    playback.raise_for_status()
    return str(playback.json()["hls"]).removeprefix(show.stack.url)


@dataclass
class Recorded:
    """What a recording holds."""

    numbers: set[int] = field(default_factory=set)
    lost_at_start: int = 0  # frames sent before the packager was there, all runs together


def check_recording(show: Show) -> Recorded:
    """Every run is in it without a hole, of the source and of a transcoded rendition.

    Raises AssertionError that names the first frame that is missing, doubled or damaged.
    """
    playlists = rendition_playlists(show.stack, recording_playlist(show))
    recorded = Recorded()
    for lines in (min(playlists), max(playlists)):
        found = [run.counters() for run in runs(show.stack, playlists[lines])]
        if len(found) != len(show.publishers):
            raise AssertionError(f"{len(show.publishers)} runs were sent, {len(found)} recorded at {lines} lines")
        lost = [
            _check_run(numbers, publisher.sent, lines)
            for numbers, publisher in zip(found, show.publishers, strict=True)
        ]
        recorded.lost_at_start = sum(lost)
        recorded.numbers.update(number for numbers in found for number in numbers if number is not None)
    return recorded


def _check_run(numbers: list[int | None], sent: dict[int, float], lines: int) -> int:
    """Frames lost before the first recorded one."""
    first = numbers[0]
    if first is None or first not in sent:
        raise AssertionError(f"a run begins with frame {first}, which was not sent")
    for place, number in enumerate(numbers):
        if number != first + place:
            raise AssertionError(f"frame {first + place} is {number} in the recording at {lines} lines")
    missing = max(sent) + 1 - first - len(numbers)
    if missing > TAIL_FRAMES:
        raise AssertionError(f"the last {missing} frames of a run are not recorded at {lines} lines")
    return first - min(sent)
