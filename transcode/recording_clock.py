"""What time it was at a second of a recording, which leaves the encoder's absences out (pure)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

SLACK_SECONDS = 0.25  # what follows sooner than this is the same span: lengths differ by a frame and are rounded


@dataclass(frozen=True)
class Span:
    """Time without a break, in Unix seconds."""

    starts_at: float
    duration: float

    @property
    def ends_at(self) -> float:
        return self.starts_at + self.duration


class RecordingClock:
    """The spans of a recording, one after the other."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = list(spans)
        self._starts = [span.starts_at for span in self.spans]
        self._before = [0.0, *accumulate(span.duration for span in self.spans)]

    @property
    def duration(self) -> float:
        """Seconds of the whole recording."""
        return self._before[-1]

    def seconds_at(self, unix: float) -> float:
        """The second of the recording for a time. During an absence nothing was recorded: where it goes on."""
        index = bisect_right(self._starts, unix) - 1
        if index < 0:
            return 0.0
        return self._before[index] + min(unix - self._starts[index], self.spans[index].duration)


def spans_of(segments: Iterable[tuple[float, float]]) -> list[Span]:
    """Segments, (start in Unix seconds, duration) in their order, as spans as long as they can be.

    A span lasts from its first segment's start to its last one's end: durations differ by a frame between renditions,
    and their sum would drift.
    """
    spans: list[Span] = []
    for starts_at, duration in segments:
        last = spans[-1] if spans else None
        if last is not None and starts_at - last.ends_at < SLACK_SECONDS:
            spans[-1] = Span(last.starts_at, starts_at + duration - last.starts_at)
        else:
            spans.append(Span(starts_at, duration))
    return spans
