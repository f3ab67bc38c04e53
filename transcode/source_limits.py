"""What an operator lets a source be, and what browsers cannot play of it: refused, or encoded again here (pure)."""

from collections import deque
from dataclasses import dataclass, field

from transcode.errors import SourceRefused
from transcode.h264 import AvcConfig

OBS_VIDEO = "In OBS: Settings → Video"
OBS_OUTPUT = "In OBS: Settings → Output → Streaming"

# Encoders hold their rate over a second or two and key frames come in bursts: only what lasts is judged.
RATE_WINDOW_MS = 4_000
RATE_TOLERANCE = 1.1
WARNED_MS = 8_000  # how long the streamer is warned before something is done
_PLAYABLE_CHROMA = (0, 1)  # grey and 4:2:0; no browser's H.264 decoder takes 4:2:2 or 4:4:4
_PLAYABLE_BITS = 8


@dataclass(frozen=True)
class Problem:
    """Something about a source that its streamer should mend: `code` names the rule, `text` says what to do."""

    code: str
    text: str


@dataclass(frozen=True)
class SourceLimits:
    """`max_height` counts the picture's shorter side. `cap`: a source above a limit is encoded again at the limit
    instead of being refused."""

    max_height: int = 1440
    max_fps: int = 60
    max_kbps: int = 12_000
    cap: bool = False

    def problems(self, width: int, height: int, frame_rate: float) -> list[Problem]:
        """What the source exceeds from its first picture on. Raises SourceRefused unless it shall be capped."""
        found = []
        if min(width, height) > self.max_height:
            told = f"Your encoder sends {width}×{height}; at most {self.max_height} lines are taken here."
            found.append(self.settle("resolution", f"{told} {OBS_VIDEO} → Output (Scaled) Resolution."))
        if frame_rate > self.max_fps * RATE_TOLERANCE:
            found.append(self.frame_rate_problem(frame_rate))
        return found

    def capped_size(self, width: int, height: int) -> tuple[int, int]:
        """The picture's size once it keeps `max_height`."""
        shorter = min(width, height)
        if shorter <= self.max_height:
            return width, height
        return width * self.max_height // shorter, height * self.max_height // shorter

    def frame_rate_problem(self, frame_rate: float) -> Problem:
        told = f"Your encoder sends {frame_rate:.0f} pictures a second; at most {self.max_fps} are taken here."
        return self.settle("frame_rate", f"{told} {OBS_VIDEO} → Common FPS Values.")

    def bitrate_problem(self, kbps: float) -> Problem:
        told = f"Your encoder sends {kbps:.0f} kbit/s; at most {self.max_kbps} are taken here."
        return self.settle("bitrate", f"{told} {OBS_OUTPUT} → Bitrate.")

    def settle(self, code: str, text: str) -> Problem:
        """The problem as a warning when it can be capped, else as a refusal."""
        if not self.cap:
            raise SourceRefused(code, text)
        return Problem(code, f"{text} Until then the picture is encoded again here.")


def unplayable(avc: AvcConfig) -> list[Problem]:
    """What no browser plays but FFmpeg decodes: passed-through pictures would stay black."""
    if avc.bit_depth > _PLAYABLE_BITS:
        kind = f"{avc.bit_depth}-bit colour"
    elif avc.chroma_format not in _PLAYABLE_CHROMA:
        kind = "4:2:2 colour" if avc.chroma_format == 2 else "4:4:4 colour"
    else:
        return []
    return [
        Problem(
            "colour_format",
            f"Your encoder sends {kind}, which browsers cannot play, so the picture is encoded again here. "
            "In OBS: Settings → Advanced → Video → Color Format NV12.",
        )
    ]


@dataclass
class RateGuard:
    """Bits and pictures per second of source time over RATE_WINDOW_MS: warns, and says when warning was enough."""

    limits: SourceLimits
    _pictures: deque[tuple[int, int]] = field(default_factory=deque)  # (time ms, bytes)
    _bytes: int = 0
    _over_since_ms: int | None = None

    def see(self, *, size: int, time_ms: int) -> None:
        self._pictures.append((time_ms, size))
        self._bytes += size
        while time_ms - self._pictures[0][0] > RATE_WINDOW_MS:
            self._bytes -= self._pictures.popleft()[1]
        if not self._is_over:
            self._over_since_ms = None
        elif self._over_since_ms is None:
            self._over_since_ms = time_ms

    @property
    def kbps(self) -> float:
        return self._bytes * 8 / RATE_WINDOW_MS

    @property
    def frame_rate(self) -> float:
        return len(self._pictures) * 1000 / RATE_WINDOW_MS

    def warning(self) -> list[Problem]:
        """While a limit is exceeded: what will happen if it goes on."""
        if self._over_since_ms is None:
            return []
        what = "encoded again here" if self.limits.cap else "stopped"
        seconds = WARNED_MS // 1000
        text = f"Your stream is above a limit and will be {what} if that lasts {seconds} s: {self._figures()}"
        return [Problem("over_limit", text)]

    def problem(self) -> Problem | None:
        """Set once the warning has lasted. Raises SourceRefused when the source shall not be capped."""
        if self._over_since_ms is None or self._pictures[-1][0] - self._over_since_ms < WARNED_MS:
            return None
        if self.kbps > self.limits.max_kbps * RATE_TOLERANCE:
            return self.limits.bitrate_problem(self.kbps)
        return self.limits.frame_rate_problem(self.frame_rate)

    @property
    def _is_over(self) -> bool:
        return (
            self.kbps > self.limits.max_kbps * RATE_TOLERANCE or self.frame_rate > self.limits.max_fps * RATE_TOLERANCE
        )

    def _figures(self) -> str:
        return (
            f"{self.kbps:.0f} of at most {self.limits.max_kbps} kbit/s, "
            f"{self.frame_rate:.0f} of at most {self.limits.max_fps} pictures a second."
        )
