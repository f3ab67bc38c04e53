"""Where everything of one rendition lies in its archive: the one file that a finished recording keeps of it.

Of each run, in order: its Media Initialization Section, an index of its segments (`sidx`, ISO/IEC 14496-12 §8.16.3),
the segments as they were live. So the bytes of each run are a CMAF track file of their own (ISO/IEC 23000-19 §7.3.3),
and a playlist names pieces of the file by EXT-X-BYTERANGE (RFC 8216bis §4.4.4.2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from transcode.fmp4 import IndexedSegment, segment_index, segment_index_size
from transcode.hls import names
from transcode.hls.window import WindowSegment


class ByteRange(NamedTuple):
    """`size` bytes from offset `at` on."""

    at: int
    size: int


@dataclass(frozen=True)
class Run:
    """One run's place: its segments follow its index, end to end."""

    epoch: int
    init: ByteRange
    index: ByteRange
    segments: tuple[WindowSegment, ...]


@dataclass(frozen=True)
class Archive:
    """The layout of one rendition's file, `size` bytes in all; `places`: of each segment, by Media Sequence Number."""

    runs: tuple[Run, ...]
    places: Mapping[int, ByteRange]
    size: int

    def init_of(self, epoch: int) -> ByteRange:
        """Raises KeyError for a run that is not in it."""
        return {run.epoch: run.init for run in self.runs}[epoch]

    def by_name(self) -> dict[str, ByteRange]:
        """Where the files went that it was made of."""
        inits = {names.init_name(run.epoch): run.init for run in self.runs}
        made = [segment for run in self.runs for segment in run.segments]
        return inits | {names.segment_name(one.epoch, one.msn): self.places[one.msn] for one in made}


def lay_out(segments: Iterable[WindowSegment], init_sizes: Mapping[int, int]) -> Archive:
    """`segments`: the rendition's in order, gaps among them; `init_sizes`: bytes, by epoch. Raises KeyError for a run
    without one."""
    at = 0
    runs: list[Run] = []
    places: dict[int, ByteRange] = {}
    for epoch, group in groupby((one for one in segments if not one.gap), lambda one: one.epoch):
        made = tuple(group)
        init = ByteRange(at, init_sizes[epoch])
        index = ByteRange(init.at + init.size, segment_index_size(len(made)))
        at = index.at + index.size
        for segment in made:
            places[segment.msn] = ByteRange(at, segment.size)
            at += segment.size
        runs.append(Run(epoch, init, index, made))
    return Archive(tuple(runs), places, at)


def index_of(segments: Sequence[WindowSegment], *, anchor: float) -> bytes:
    """A run's index. `anchor`: Unix time of media time 0."""
    listed = [IndexedSegment(one.size, one.duration) for one in segments]
    return segment_index(listed, starts_at=segments[0].starts_at - anchor)
