"""Gap segments while no encoder sends: the live playlist goes on, and says what is missing (RFC 8216bis §6.2.1).

A playlist that stands still breaks the rule that a new segment comes within one and a half Target Durations, and
leaves players guessing. Pure but for the tracks it writes to; times are monotonic seconds.
"""

from collections.abc import Collection

from transcode.hls.window import WINDOW_SECONDS
from transcode.limits import KEY_FRAME_SLACK_SECONDS
from transcode.packager import Publication, Track

SHORTEST_GAP_SECONDS = 0.1  # a rest smaller than this is left to the discontinuity that follows
# §6.2.1 allows one and a half from one segment to the next; the rest is for closing the run.
OVERDUE_TARGET_DURATIONS = 1.3
SILENT_CHECKS = 4


class SilenceWatch:
    """Sees an encoder that keeps its connection and sends nothing, while there is still time for the next segment."""

    def __init__(self, target_duration: int) -> None:
        self._overdue_seconds = OVERDUE_TARGET_DURATIONS * target_duration
        self._frames = self._segment = -1
        self._silent_checks = 0
        self._segment_seen_at = 0.0

    def is_frozen(self, *, now: float, frames: int, segment: int) -> bool:
        """Ask every CLOCK_SECONDS with the count of frames so far and the newest segment's number.

        Silence is counted in questions, not in seconds: a worker that was stopped itself finds that time has passed
        and the frames still waiting in its socket.
        """
        if segment != self._segment:
            self._segment, self._segment_seen_at = segment, now
        self._silent_checks = self._silent_checks + 1 if frames == self._frames else 0
        self._frames = frames
        return self._silent_checks >= SILENT_CHECKS and now - self._segment_seen_at > self._overdue_seconds


class Absence:
    """From the end of one run to the beginning of the next. All tracks end with the same Media Sequence Number."""

    def __init__(self, tracks: Collection[Track], *, target_duration: int, since: float, missed: float = 0.0) -> None:
        """`missed`: seconds of it that are over: the encoder was silent before its run ended, or a worker takes over
        from a dead one."""
        self._tracks, self._target_duration = tracks, target_duration
        self._filled_until = since - min(missed, WINDOW_SECONDS)
        self._ends_at = max(track.window.segments[-1].ends_at for track in tracks)

    def fill(self, now: float) -> list[Publication]:
        """A gap for every Target Duration that is over."""
        made = []
        while now - self._filled_until >= (seconds := self._next_seconds()):
            made += self._add_gap(seconds)
        return made

    def finish(self, now: float) -> list[Publication]:
        """The encoder is back: what is left up to now."""
        made = self.fill(now)
        rest = now - self._filled_until
        return made + self._add_gap(rest) if rest >= SHORTEST_GAP_SECONDS else made

    def _next_seconds(self) -> float:
        """A Target Duration; less where a rendition ends much before the others, whose gap must not round to more."""
        behind = self._ends_at - min(track.window.segments[-1].ends_at for track in self._tracks)
        longest = self._target_duration + KEY_FRAME_SLACK_SECONDS
        return max(min(self._target_duration, longest - behind), SHORTEST_GAP_SECONDS)

    def _add_gap(self, seconds: float) -> list[Publication]:
        """One more gap in every rendition; the first also evens out their ends, which differ by a frame or two, or by
        what a dead worker's encoder was behind."""
        self._filled_until += seconds
        self._ends_at += seconds
        made = []
        for track in self._tracks:
            last = track.window.segments[-1]
            track.window.add_gap(
                epoch=last.epoch, starts_at=last.ends_at, duration=self._ends_at - last.ends_at, discontinuity=False
            )
            made.append(track.publication(finished=track.newest_gap()))
        return made
