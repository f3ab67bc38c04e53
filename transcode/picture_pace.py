"""Whether a source's pictures come often enough to be cut into parts (pure).

A picture cannot be shared by two parts, so one that lasts longer than the Part Target Duration makes a part that is
longer (RFC 8216bis §4.4.4.9), and a source of few pictures makes parts shorter than the 85 % it demands.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from transcode.source_limits import OBS_VIDEO, Problem

SLOWEST_FPS = 10.0  # three pictures in a part of 0.35 s
TOLERANCE = 1.1
WINDOW_MS = 10_000
LEAST_MS = 3_000  # of pictures, before their rate is judged
LONG_PICTURES = 3  # in a window; encoders leave some out when a line is narrow for a moment
SLOW_PICTURES = "slow_pictures"


def judge(frame_rate: float) -> list[Problem]:
    """What a promised frame rate means."""
    return [_slow_pictures()] if frame_rate * TOLERANCE < SLOWEST_FPS else []


def constant_rate(frame_rate: float, problems: Iterable[Problem]) -> float:
    """Pictures a second for a source that is encoded because they are too few: what it promises, if that is enough.
    0 where a source keeps its own pace."""
    return max(frame_rate, SLOWEST_FPS) if any(one.code == SLOW_PICTURES for one in problems) else 0.0


def _slow_pictures() -> Problem:
    return Problem(
        SLOW_PICTURES,
        f"Your encoder sends fewer than {SLOWEST_FPS:.0f} pictures a second, or leaves many out, so the picture is "
        f"encoded again here. {OBS_VIDEO} → Common FPS Values.",
    )


@dataclass
class PaceGuard:
    """Sees the pictures' times, in milliseconds of the source's timeline."""

    longest_ms: float
    _times_ms: deque[int] = field(default_factory=deque)
    _long_ms: deque[int] = field(default_factory=lambda: deque(maxlen=LONG_PICTURES))

    def see(self, time_ms: int) -> None:
        if self._times_ms and time_ms - self._times_ms[-1] > self.longest_ms:
            self._long_ms.append(time_ms)
        self._times_ms.append(time_ms)
        while time_ms - self._times_ms[0] > WINDOW_MS:
            self._times_ms.popleft()

    def problem(self) -> Problem | None:
        """Set while pictures are too few, or too often too long."""
        lasted_ms = self._times_ms[-1] - self._times_ms[0] if self._times_ms else 0
        too_few = lasted_ms >= LEAST_MS and (len(self._times_ms) - 1) * 1000 * TOLERANCE < SLOWEST_FPS * lasted_ms
        often_long = len(self._long_ms) == LONG_PICTURES and self._long_ms[-1] - self._long_ms[0] <= WINDOW_MS
        return _slow_pictures() if too_few or often_long else None
