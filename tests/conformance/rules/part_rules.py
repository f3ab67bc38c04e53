"""§2.5 of the checklist, where it takes the bytes: parts beside the segments they make up."""

from collections.abc import Iterator

from tests.conformance.boxes import read_media
from tests.conformance.capture import Capture
from tests.conformance.lifting import also
from tests.conformance.media import piece_of
from tests.conformance.playlist_reader import ListedSegment, resolve
from tests.conformance.rule import Finding, rule
from tests.conformance.snapshots import bodies, live_paths, snapshots


@also("A-085")
def parts_are_their_parent(capture: Capture) -> Iterator[Finding]:
    held = bodies(capture)
    for path, segment in _segments_with_parts(capture):
        piece = piece_of(capture, path, segment)
        parts = [held.get(resolve(path, part.uri)) for part in segment.parts]
        if piece is None or None in parts:
            continue
        made = [sample for part in parts if part for sample in read_media(part, piece.init_body).samples]
        if made != piece.media.samples:
            yield Finding(piece.path, f"its {len(parts)} parts hold {len(made)} samples that are not its own")


def _segments_with_parts(capture: Capture) -> Iterator[tuple[str, ListedSegment]]:
    for path in live_paths(capture, low_latency=True):
        found: dict[str, ListedSegment] = {}
        for one in snapshots(capture, path=path):
            found.update({segment.uri: segment for segment in one.playlist.segments if segment.parts})
        yield from ((path, segment) for segment in found.values())


@rule("A-087", "S", "A part says INDEPENDENT=YES exactly when it holds an independent picture.", "R§4.4.4.9")
def parts_tell_their_independence(capture: Capture) -> Iterator[Finding]:
    held = bodies(capture)
    for path, segment in _segments_with_parts(capture):
        piece = piece_of(capture, path, segment)
        for part in segment.parts:
            body = held.get(resolve(path, part.uri))
            if piece is None or body is None:
                continue
            media = read_media(body, piece.init_body)
            if any(sample.is_sync for sample in media.samples) != part.independent:
                yield Finding(resolve(path, part.uri), f"INDEPENDENT is {part.independent}")
