"""Stream health measured from the source's own frames: bit rate, frame rate, key frame interval, warnings (pure)."""

from collections import deque
from dataclasses import asdict, dataclass, field

from transcode.limits import KEY_FRAME_SLACK_SECONDS, SOUND_PATIENCE_MS
from transcode.picture_pace import PaceGuard
from transcode.source_limits import Problem, RateGuard, SourceLimits

WINDOW_SECONDS = 5.0
SOUND_MISSING_SECONDS = 3.0  # of pictures without any sound beside them
SLOW_UPLOAD_SHARE = 0.85  # frames arriving slower than this share of real time for a whole window


@dataclass
class SourceHealth:
    """Counts what arrived in the last WINDOW_SECONDS of wall-clock time; `now` is monotonic seconds."""

    target_duration: int
    part_target: float
    has_audio: bool = True
    keyframe_seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)  # why the pictures are encoded again
    limits: SourceLimits = field(default_factory=SourceLimits)
    _video: deque[tuple[float, int, int]] = field(default_factory=deque)  # (arrived, bytes, timeline ms)
    _last_key_ms: int | None = None
    _sound: tuple[float, float] | None = None  # (arrived, timeline ms), of the first picture until there is a sound

    def __post_init__(self) -> None:
        self._guard = RateGuard(self.limits)
        self._pace = PaceGuard(self.part_target * 1000)

    def see_video(self, *, now: float, size: int, time_ms: int, is_key: bool) -> None:
        self._video.append((now, size, time_ms))
        self._sound = self._sound or (now, float(time_ms))
        self._guard.see(size=size, time_ms=time_ms)
        self._pace.see(time_ms)
        if is_key:
            if self._last_key_ms is not None:
                self.keyframe_seconds = (time_ms - self._last_key_ms) / 1000
            self._last_key_ms = time_ms
        while self._video and now - self._video[0][0] > WINDOW_SECONDS:
            self._video.popleft()

    def see_sound(self, *, now: float, time_ms: float) -> None:
        self._sound = (now, time_ms)

    def waiting_for_key_seconds(self, time_ms: int) -> float:
        """Source time since the last key frame."""
        return (time_ms - self._last_key_ms) / 1000 if self._last_key_ms is not None else 0.0

    def unfit(self, time_ms: int, *, segment_seconds: float = 0.0) -> Problem | None:
        """Why the pictures cannot be passed through any longer. Raises SourceRefused when they cannot go on air.

        `segment_seconds`: how long the open segment is; it may hold several key frame intervals.
        """
        if (slow := self._pace.problem()) is not None:
            return slow
        if max(self.waiting_for_key_seconds(time_ms), segment_seconds) > self.target_duration + KEY_FRAME_SLACK_SECONDS:
            return self._distant_key_frames()
        return self._guard.problem()

    def too_slow(self) -> Problem | None:
        """Why pictures that are encoded already need a constant rate."""
        return self._pace.problem()

    def measure(self, now: float) -> dict[str, float | int | bool]:
        """Figures for the dashboard."""
        if len(self._video) < 2:
            return {"bitrate_kbps": 0, "fps": 0.0, "keyframe_seconds": self.keyframe_seconds, "audio": self.has_audio}
        elapsed = max(min(now - self._video[0][0], WINDOW_SECONDS), 0.5)
        return {
            "bitrate_kbps": round(sum(size for _, size, _ in self._video) * 8 / elapsed / 1000),
            "fps": round(len(self._video) / elapsed, 1),
            "keyframe_seconds": round(self.keyframe_seconds, 2),
            "audio": self.has_audio,
        }

    def warnings(self, now: float) -> list[dict[str, str]]:
        """What the streamer should mend, as {code, text}."""
        problems = self.problems or self._guard.warning()  # above a limit and encoded again: nothing else will happen
        found = [asdict(problem) for problem in problems]
        found += self._sound_warnings()
        if self._upload_is_slow(now):
            found.append(
                _warning("slow_upload", "Your upload does not keep up. Lower the bit rate or check your connection.")
            )
        return found

    def _distant_key_frames(self) -> Problem:
        return Problem(
            "keyframe_interval",
            "Your key frames are too far apart, so the picture is encoded again here. Set the key frame interval to "
            f"{self.target_duration} s. In OBS: Settings → Output → Keyframe Interval.",
        )

    def _sound_warnings(self) -> list[dict[str, str]]:
        if not self.has_audio:
            return [_warning("no_audio", "Your stream has no sound. Check the audio track in your encoder.")]
        if self._sound is None or not self._video:
            return []
        (arrived, _, picture_ms), (heard, sound_ms) = self._video[-1], self._sound
        if arrived - heard > SOUND_MISSING_SECONDS:
            return [_warning("sound_stopped", "Your sound has stopped. Check the audio track in your encoder.")]
        behind_ms = picture_ms - sound_ms
        if abs(behind_ms) <= SOUND_PATIENCE_MS:
            return []
        told = f"Your sound is {abs(behind_ms) / 1000:.1f} s {'behind' if behind_ms > 0 else 'ahead of'} your picture"
        lost = "; sound that is late is left out" if behind_ms > 0 else ""
        text = f"{told}{lost}. In OBS: Edit → Advanced Audio Properties → Sync Offset."
        return [_warning("sound_offset", text)]

    def _upload_is_slow(self, now: float) -> bool:
        if len(self._video) < 2 or now - self._video[0][0] < WINDOW_SECONDS * 0.8:
            return False
        media = (self._video[-1][2] - self._video[0][2]) / 1000
        return media < SLOW_UPLOAD_SHARE * (now - self._video[0][0])


def _warning(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}
