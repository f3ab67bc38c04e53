"""Puts an encoder's timestamps on a run's timeline; tells a clock that nobody can follow from a bad network (pure).

RTMP's milliseconds are the encoder's own word. They stand still, run backwards, jump and run at double speed in the
field; what arrives late, in bursts, or with holes where an encoder dropped pictures is normal and must go through.
"""

from collections import deque

from transcode.errors import SourceInterrupted, SourceRefused
from transcode.flv import MediaTag, signed_distance
from transcode.limits import TIMELINE_START_MS, TIMESTAMP_JUMP_MS

BACKWARD_MS = 100  # pictures' decode times that step back by more are a clock that was set
# A step forward by more than this, without as much real time having passed, is a clock that was set as well.
UNEXPECTED_MS = 500
STILL_PICTURES = 40
STILL_MS_PER_PICTURE = 2  # no camera makes 500 pictures a second
# Relays send what they have buffered when a connection begins; what is ahead of real time by then stays allowed.
START_BURST_SECONDS = 1.5
AHEAD_MS = 3_000
DRIFT_SECONDS = 60.0  # getting that far ahead sooner is a wrong clock, later is a drift that a new run corrects
MAX_SOUND_DISTANCE_MS = 10_000  # sound further from the picture than this cannot be played with it


class EncoderClock:
    """One run's clock. `now` is monotonic seconds of arrival."""

    def __init__(self, base_ms: int, now: float) -> None:
        """`base_ms`: the encoder's time of the run's first picture, which becomes TIMELINE_START_MS."""
        self._base_ms, self._began = base_ms, now
        self._told_ms = self._placed_ms = TIMELINE_START_MS
        self._arrived = now
        self._settled_ms = 0.0
        self._recent: deque[int] = deque(maxlen=STILL_PICTURES)

    def place_video(self, tag: MediaTag, now: float, *, is_key: bool) -> int:
        """The picture's decode time on the timeline, later than the one before.

        Raises SourceInterrupted when the clock jumped, SourceRefused when it does not run as time does.
        """
        told = self._on_timeline(tag)
        self._check_jump(told - self._told_ms, (now - self._arrived) * 1000)
        self._check_still(told)
        self._check_speed(told, now, is_key=is_key)
        first = len(self._recent) == 1
        self._told_ms, self._arrived = told, now
        self._placed_ms = told if first else max(told, self._placed_ms + 1)
        return self._placed_ms

    def place_audio(self, tag: MediaTag) -> int | None:
        """The packet's time, None when it is too far from the picture. Only the picture's clock makes new runs."""
        told = self._on_timeline(tag)
        return told if told >= 0 and abs(told - self._told_ms) <= MAX_SOUND_DISTANCE_MS else None

    def _on_timeline(self, tag: MediaTag) -> int:
        return TIMELINE_START_MS + signed_distance(tag.timestamp_ms, self._base_ms)

    def _check_jump(self, step_ms: int, waited_ms: float) -> None:
        is_unexpected = step_ms > UNEXPECTED_MS and step_ms > waited_ms + UNEXPECTED_MS
        if step_ms < -BACKWARD_MS or step_ms > TIMESTAMP_JUMP_MS or is_unexpected:
            raise SourceInterrupted("The encoder's clock jumped.")

    def _check_still(self, told: int) -> None:
        self._recent.append(told)
        if len(self._recent) == STILL_PICTURES and told - self._recent[0] < STILL_PICTURES * STILL_MS_PER_PICTURE:
            raise SourceRefused(
                "clock_stopped",
                "The timestamps of your encoder do not advance. Stop the stream and start it again; if that does not "
                "help, restart your encoder.",
            )

    def _check_speed(self, told: int, now: float, *, is_key: bool) -> None:
        """How far the pictures are ahead of real time; only a clock that runs too fast gets further and further."""
        elapsed = now - self._began
        ahead = told - TIMELINE_START_MS - elapsed * 1000
        if elapsed <= START_BURST_SECONDS:
            self._settled_ms = max(self._settled_ms, ahead)
        elif ahead - self._settled_ms > AHEAD_MS and elapsed < DRIFT_SECONDS:
            raise SourceRefused(
                "clock_fast",
                "Your encoder sends faster than real time. Send at the speed of the clock; with FFmpeg, add -re "
                "before the input.",
            )
        elif ahead - self._settled_ms > AHEAD_MS and is_key:  # at a key frame a new run loses no picture
            raise SourceInterrupted("The encoder's clock runs ahead.")
