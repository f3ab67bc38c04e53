"""What an origin must know of a broadcast besides its windows (pure)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from transcode.hls.multivariant import Rendition

RUNS_KEPT = 100  # more reconnects than a live window ever lists


@dataclass
class LiveState:
    """Fixed numbers, the renditions once they are known, and how far the broadcast is."""

    target_duration: int
    part_target: float
    renditions: list[Rendition] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)  # renditions that are not made now; newcomers are not offered them
    anchor: float = 0.0  # Unix time of media time 0 in the broadcast's files; 0 until it is known
    runs: dict[str, float] = field(default_factory=dict)  # epoch → Unix time of its first picture, the newest RUNS_KEPT
    ready: bool = False  # every rendition has a complete segment: the multivariant playlist may be handed out
    ended: bool = False

    def note_run(self, epoch: int, starts_at: float) -> None:
        """A run begins."""
        self.runs[str(epoch)] = starts_at
        while len(self.runs) > RUNS_KEPT:
            del self.runs[next(iter(self.runs))]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "LiveState":
        return cls(**{**stored, "renditions": [Rendition.from_json(entry) for entry in stored["renditions"]]})
