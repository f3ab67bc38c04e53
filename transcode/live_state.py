"""What an origin must know of a broadcast besides its windows (pure)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from transcode.hls.multivariant import Rendition


@dataclass
class LiveState:
    """Fixed numbers, the renditions once they are known, and how far the broadcast is."""

    target_duration: int
    part_target: float
    renditions: list[Rendition] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)  # renditions that are not made now; newcomers are not offered them
    ready: bool = False  # every rendition has a complete segment: the multivariant playlist may be handed out
    ended: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "LiveState":
        return cls(**{**stored, "renditions": [Rendition.from_json(entry) for entry in stored["renditions"]]})
