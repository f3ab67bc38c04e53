"""§2.4 of the checklist: initialization sections, segments and parts (RFC 8216bis §3.1.2, ISO/IEC 14496-12, CMAF)."""

import posixpath
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from tests.conformance.boxes import BadBoxes, read_init
from tests.conformance.capture import Capture
from tests.conformance.lifting import also
from tests.conformance.media import (
    Piece,
    piece_of,
    pieces,
    stretches,
)
from tests.conformance.playlist_reader import Variant
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.rules.content_rules import is_media
from tests.conformance.snapshots import (
    Snapshot,
    bodies,
    latest,
    listed_segments,
    media_paths,
    paths,
    snapshots,
)

CMAF_BRANDS = frozenset({"cmfc", "cmf2"})


def init_paths(capture: Capture) -> set[str]:
    """Of every EXT-X-MAP that was listed."""
    found = set()
    for one in snapshots(capture):
        for segment in [*one.playlist.segments, one.playlist.open]:
            if segment.map_uri:
                found.add(one.resolve(segment.map_place))
    return found


@also("A-021")
def media_is_short_enough(capture: Capture) -> Iterator[Finding]:
    for piece in pieces(capture):
        target = latest(capture, piece.playlist_path).playlist.number("TARGETDURATION")
        if target and piece.seconds > target + Fraction(1, 2):
            yield Finding(piece.path, f"{float(piece.seconds):.3f} s of media with a Target Duration of {target}")


@rule("A-022", "M", "EXTINF is what the media lasts, also summed over any stretch.", "AS8.1")
def durations_are_true(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        for stretch in stretches(capture, path):
            drift = lowest = highest = Fraction(0)
            for piece in stretch:
                off = Fraction(piece.segment.duration) - piece.seconds
                if abs(off) > piece.frame_seconds:
                    yield Finding(piece.path, f"EXTINF {piece.segment.duration}, media {float(piece.seconds):.5f} s")
                drift += off
                lowest, highest = min(lowest, drift), max(highest, drift)
            if stretch and highest - lowest > stretch[0].frame_seconds:
                yield Finding(path, f"EXTINF drifts by {float(highest - lowest):.5f} s within a stretch")


@rule("A-033", "M", "Tracks, codecs, size and timescale change at a discontinuity only.", "R§4.4.4.3, AS8.13-14")
def changes_come_with_a_discontinuity(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        before: Piece | None = None
        changed = False
        for segment in listed_segments(capture, path):
            changed = changed or segment.discontinuity
            piece = piece_of(capture, path, segment)
            if piece is None:
                continue
            if before and not changed and _facts(before) != _facts(piece):
                yield Finding(piece.path, f"{_facts(before)} became {_facts(piece)} without a discontinuity")
            before, changed = piece, False


def _facts(piece: Piece) -> list[tuple[object, ...]]:
    return [
        (track.kind, track.timescale, track.codec, track.config, track.width, track.height)
        for track in piece.init.tracks.values()
    ]


@rule("A-034", "O", "A discontinuity stands only where something is discontinuous.", "ours")
def discontinuities_are_needed(capture: Capture) -> Iterator[Finding]:
    """In one rendition is enough: the others must have it at the same place (A-074)."""
    needed: set[tuple[str, int]] = set()
    needless: list[tuple[tuple[str, int], str]] = []
    for path in media_paths(capture):
        for one, other in pairwise(listed_segments(capture, path)):
            before, after = piece_of(capture, path, one), piece_of(capture, path, other)
            if not other.discontinuity or before is None or after is None:
                continue
            place = posixpath.dirname(posixpath.dirname(path)), other.msn  # of the live playlists, or of a recording's
            ends = before.media.fragments[-1].ends if before.media.fragments else None
            if _facts(before) == _facts(after) and ends == after.media.begins:
                needless.append((place, after.path))
            else:
                needed.add(place)
    yield from (Finding(path, "nothing is discontinuous here") for place, path in needless if place not in needed)


@rule("A-060", "M", "Initialization sections are ftyp and moov, without samples, with mvex.", "R§3.1.2")
def initialization_sections(capture: Capture) -> Iterator[Finding]:
    named = init_paths(capture)
    found = {path: body for path, body in bodies(capture).items() if path in named}
    if not found:
        raise NotApplicable("no initialization section was downloaded")
    for path, body in found.items():
        try:
            init = read_init(body)
        except (BadBoxes, IndexError) as error:
            yield Finding(path, f"cannot be read: {error}")
            continue
        yield from (Finding(path, what) for what in init.wrong)
        if not init.brands & {"iso6", "iso7", "iso8", "iso9"} or "ftyp" not in body[4:8].decode("latin-1"):
            yield Finding(path, f"its brands are {sorted(init.brands)}")
    for piece in pieces(capture):
        yield from (Finding(piece.path, what) for what in piece.media.wrong)


@rule("A-061", "M", "Fragments have a tfdt and offsets relative to their moof.", "R§3.1.2")
def fragments_stand_alone(capture: Capture) -> Iterator[Finding]:
    for piece in pieces(capture):
        for fragment in piece.media.fragments:
            if fragment.begins is None:
                yield Finding(piece.path, "a traf without tfdt")
            if not fragment.is_relative:
                yield Finding(piece.path, f"tfhd flags {fragment.flags:#x}: offsets do not count from the moof")


@rule("A-062", "M", "Decode times go on without a tick's gap where there is no discontinuity.", "R§3, AS7.1-7.3")
def decode_times_go_on(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        for stretch in stretches(capture, path):
            for one, other in pairwise(stretch):
                if one.media.fragments and other.media.begins is not None:
                    off = other.media.begins - one.media.fragments[-1].ends
                    if off:
                        yield Finding(other.path, f"begins {off:+d} ticks off the end of segment {one.segment.msn}")


@rule("A-065", "M", "INDEPENDENT-SEGMENTS is said by the multivariant playlist or by all others.", "AS9.11-12")
def independence_is_declared(capture: Capture) -> Iterator[Finding]:
    for path in paths(capture):
        playlist = latest(capture, path).playlist
        if not is_media(playlist) or "INDEPENDENT-SEGMENTS" in playlist.tags:
            continue
        above = [other for other in paths(capture) if latest(capture, other).playlist.is_multivariant]
        owners = [latest(capture, other) for other in above]
        listing = [one for one in owners if path in {one.resolve(variant.uri) for variant in _all_variants(one)}]
        if not any("INDEPENDENT-SEGMENTS" in one.playlist.tags for one in listing):
            yield Finding(path, "neither it nor its multivariant playlist says INDEPENDENT-SEGMENTS")


def _all_variants(index: Snapshot) -> list[Variant]:
    return [*index.playlist.variants, *index.playlist.iframe_variants]


@rule("A-070", "M", "A transport stream has one program, its tables, and counters without a jump.", "R§3.1.1, AS7.2")
def transport_streams(capture: Capture) -> Iterator[Finding]:
    found = {path: body for path, body in bodies(capture).items() if path.endswith(".ts")}
    if not found:
        raise NotApplicable("no transport stream is offered")
    for path, body in found.items():
        packets = [body[at : at + 188] for at in range(0, len(body), 188)]
        if any(len(packet) < 188 or packet[0] != 0x47 for packet in packets):
            yield Finding(path, "no packets of 188 bytes")
            continue
        if not any(_pid(packet) == 0 for packet in packets):
            yield Finding(path, "no program association table")
        yield from (Finding(path, what) for what in _jumps(packets))


def _pid(packet: bytes) -> int:
    return (packet[1] & 31) << 8 | packet[2]


def _jumps(packets: list[bytes]) -> Iterator[str]:
    counters: dict[int, int] = {}
    for packet in packets:
        pid, counter = _pid(packet), packet[3] & 15
        if packet[3] & 16:  # it has a payload
            if pid in counters and counter != (counters[pid] + 1) % 16:
                yield f"the counter of {pid} jumps from {counters[pid]} to {counter}"
            counters[pid] = counter


@rule("A-071", "M", "CMAF: one track, one traf and one trun; its brand; chunks without a gap; few edits.", "CMAF 7.3")
def fragments_are_cmaf(capture: Capture) -> Iterator[Finding]:
    for piece in pieces(capture):
        yield from (Finding(piece.path, what) for what in _wrong_cmaf(piece))
    for piece in {piece.init_body: piece for piece in pieces(capture)}.values():
        init = piece.init
        if len(init.tracks) != 1:
            yield Finding(piece.path, f"{len(init.tracks)} tracks in its initialization section")
        if not init.brands & CMAF_BRANDS:
            yield Finding(piece.path, f"brands {sorted(init.brands)} in its initialization section")
        edits = init.first.edits
        if edits and ("cmf2" in init.brands or len(edits) > 1 or edits[0][1] < 0):
            yield Finding(piece.path, f"edit list {edits}")


def _wrong_cmaf(piece: Piece) -> Iterator[str]:
    fragments = piece.media.fragments
    moofs = [fragment.moof for fragment in fragments]
    if len(set(moofs)) != len(moofs):
        yield "several traf in a moof"
    if any(fragment.runs != 1 for fragment in fragments):
        yield "not one trun in a traf"
    for one, other in pairwise(fragments):
        if other.begins is not None and one.ends != other.begins:
            yield f"a chunk begins {other.begins - one.ends:+d} ticks off the one before it"
    if piece.is_video and fragments and fragments[0].samples and not fragments[0].samples[0].is_sync:
        yield "it does not begin with a sync sample"
