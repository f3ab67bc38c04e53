"""Which of a run's rungs are made now: all of them, fewer when the machine is too slow, none without a slot (pure).

Facts and `now` (monotonic seconds) go in, the wanted set comes out. The source and its sound are not rungs and are
never touched, unless the source itself has to be encoded: then it is made whatever happens.

* *Too slow*: the renditions fall behind the source and are not catching up for `patience` seconds. The rung worth
  least goes; if that does not help, the next one.
* *Headroom again*: after a quiet time the rung shed last comes back. Nobody can know whether there is room for it
  without trying, so each try that fails makes the next quiet time twice as long.
* *Broken*: an FFmpeg that ends again and again is left alone for a while, twice as long each time.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from transcode.ladder import SOURCE, VideoPlan

SLOW_LAG_MS = 1_500  # further behind than starting, parts and key frames explain
CAUGHT_UP_MS = 1_000
SETTLE_SECONDS = 2.0  # an FFmpeg that has just been started repeats what the one before it had not finished
RESTORE_SECONDS = 20.0  # of quiet before a shed rung is tried again; doubles with each try that failed, up to
RESTORE_SECONDS_MAX = 320.0
# A rung that came back and stays this long was no mistake: the next shedding begins with short waits again.
RESTORED_SECONDS = 60.0
STEADY_SECONDS = 10.0  # an FFmpeg that ran this long forgets earlier failures
FAILURES_ALLOWED = 3
RESTART_SECONDS = 0.3  # before a failed FFmpeg is started again; doubles each time
REST_SECONDS = 30.0  # without any rung after too many failures; doubles up to
REST_SECONDS_MAX = 480.0
# Whose rungs go first when broadcasts share an overloaded machine: the others may catch up before it is their turn.
PATIENCE_SECONDS = 2.0
PATIENCE_PER_PRIORITY = 0.5
LOWEST_PRIORITY = 5


def patience_of(priority: int) -> float:
    """How long a broadcast of this priority (0 is first) is too slow before it sheds."""
    return PATIENCE_SECONDS + PATIENCE_PER_PRIORITY * max(LOWEST_PRIORITY - priority, 0)


def least_valuable(rungs: Sequence[VideoPlan]) -> VideoPlan:
    """The rung that viewers miss least; `rungs` best first, beside a passed-through source that is better still.

    Coverage decides: an inner rung whose neighbours stay closest in bit rate; then the best, next to which there is
    the source; the smallest goes last, for whom it serves has nothing else.
    """
    inner = range(1, len(rungs) - 1)
    if not inner:
        return rungs[0]
    return rungs[min(inner, key=lambda index: rungs[index - 1].bitrate / rungs[index + 1].bitrate)]


@dataclass
class RungPolicy:
    """One run's decisions. `rungs`: everything the run may encode, best first."""

    rungs: Sequence[VideoPlan]
    patience: float = PATIENCE_SECONDS
    has_slot: bool = True
    shed: list[VideoPlan] = field(default_factory=list)  # in the order in which they went
    _settled_at: float = float("-inf")
    _lags: deque[tuple[float, float]] = field(default_factory=deque)
    _quiet_since: float | None = None
    _restored_at: float | None = None
    _restore_wait: float = RESTORE_SECONDS
    _failures: int = 0
    _rest: float = REST_SECONDS
    _resting_until: float | None = None

    def wanted(self, now: float) -> list[VideoPlan]:
        """The rungs to make now, best first."""
        if self.is_resting(now) or not self.has_slot:
            return [rung for rung in self.rungs if rung.name == SOURCE]
        return [rung for rung in self.rungs if rung not in self.shed]

    @property
    def has_rungs(self) -> bool:
        return any(rung.name != SOURCE for rung in self.rungs)

    def is_resting(self, now: float) -> bool:
        return self._resting_until is not None and now < self._resting_until

    # --- Speed ---------------------------------------------------------------------------------------------------

    def see_lag(self, now: float, lag_ms: float) -> None:
        """How far the slowest rendition is behind the source. To be told while the set of rungs is not changing."""
        if now < self._settled_at:
            return
        self._lags.append((now, lag_ms))
        while len(self._lags) > 1 and now - self._lags[1][0] >= self.patience:
            self._lags.popleft()
        if lag_ms < CAUGHT_UP_MS:
            self._see_quiet(now)
            return
        self._quiet_since = None
        since, before = self._lags[0]
        if lag_ms >= SLOW_LAG_MS and before >= SLOW_LAG_MS and now - since >= self.patience and lag_ms >= before:
            self._shed_one(now)

    def changed(self, now: float) -> None:
        """Another FFmpeg is at work: what was measured before says nothing of it, nor do its first moments."""
        self._lags.clear()
        self._quiet_since = None
        self._settled_at = now + SETTLE_SECONDS

    def _shed_one(self, now: float) -> None:
        sheddable = [rung for rung in self.wanted(now) if rung.name != SOURCE]
        if not sheddable:
            return
        if self._restored_at is not None:
            self._restore_wait = min(self._restore_wait * 2, RESTORE_SECONDS_MAX)
        self._restored_at = None
        self.shed.append(least_valuable(sheddable))
        self.changed(now)

    def _see_quiet(self, now: float) -> None:
        if self._quiet_since is None:
            self._quiet_since = now
        if self._restored_at is not None and now - self._restored_at >= RESTORED_SECONDS:
            self._restored_at, self._restore_wait = None, RESTORE_SECONDS
        if self.shed and now - self._quiet_since >= self._restore_wait:
            self.shed.pop()
            self._restored_at = now
            self.changed(now)

    # --- Failures ------------------------------------------------------------------------------------------------

    def see_failure(self, now: float, *, lived: float) -> float:
        """FFmpeg ended by itself or hung after `lived` seconds; returns how long to wait before the next one."""
        if lived >= STEADY_SECONDS:
            self._failures, self._rest = 0, REST_SECONDS
        self._failures += 1
        self.changed(now)
        if self._failures > FAILURES_ALLOWED:
            self._resting_until, self._rest = now + self._rest, min(self._rest * 2, REST_SECONDS_MAX)
            self._failures = FAILURES_ALLOWED  # one more chance after the rest
        return RESTART_SECONDS * 2 ** (self._failures - 1) if lived < 1 else 0.0

    # --- What the streamer is told -------------------------------------------------------------------------------

    def warnings(self, now: float) -> list[dict[str, str]]:
        """Why there are fewer qualities than there could be, as {code, text}."""
        if not any(rung.name != SOURCE for rung in self.rungs):
            return []
        if not self.has_slot:
            return [
                _warning("no_slot", "All encoders are busy: your viewers get the source quality until one is free.")
            ]
        if self.is_resting(now):
            text = "The smaller qualities could not be made and are tried again soon. Your source quality is on air."
            return [_warning("transcoder_failed", text)]
        if self.shed:
            names = ", ".join(rung.name for rung in self.shed)
            return [_warning("overloaded", f"The server is too busy for every quality. Paused for now: {names}.")]
        return []


def _warning(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}
