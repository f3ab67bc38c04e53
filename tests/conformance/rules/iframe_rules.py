"""A-094 and A-139 of the checklist: playlists of key frames alone (RFC 8216bis §4.4.3.6, §4.4.6.3)."""

from collections.abc import Iterator
from fractions import Fraction

from tests.conformance.capture import Capture
from tests.conformance.lifting import playlist_rule
from tests.conformance.media import Piece, piece_of
from tests.conformance.playlist_reader import Playlist
from tests.conformance.rule import Finding, rule
from tests.conformance.rules.multivariant_rules import index_paths
from tests.conformance.snapshots import Snapshot, latest, media_paths, snapshots

TOLD = ("BANDWIDTH", "CODECS", "RESOLUTION")


@playlist_rule("A-094", "S", "An I-frame playlist has no parts.", "R§4.4.4.9")
def iframe_playlists_have_no_parts(playlist: Playlist) -> Iterator[str]:
    if playlist.is_iframes and "PART" in playlist.tags:
        yield "parts in an I-frame playlist"


@rule("A-139", "M", "Each video rendition has an I-frame playlist that points at its key frames.", "AS6.1, R§4.4.3.6")
def iframe_playlists(capture: Capture) -> Iterator[Finding]:
    for path in index_paths(capture):
        index = latest(capture, path)
        if not index.playlist.iframe_variants:
            yield Finding(path, "no EXT-X-I-FRAME-STREAM-INF")
        for variant in index.playlist.iframe_variants:
            lacking = [name for name in TOLD if name not in variant.attributes]
            yield from (Finding(path, f"the I-frame playlist {variant.uri} has no {name}") for name in lacking)
            seen = [one for one in snapshots(capture, path=index.resolve(variant.uri)) if not one.playlist.is_delta]
            if not seen:
                yield Finding(path, f"{variant.uri} was never answered with a playlist")
            else:
                yield from (Finding(seen[-1].path, what) for what in _wrong_iframes(capture, seen[-1]))


def _wrong_iframes(capture: Capture, one: Snapshot) -> Iterator[str]:
    playlist = one.playlist
    if not playlist.is_iframes:
        yield "no EXT-X-I-FRAMES-ONLY"
    beside = one.path.replace("iframes.m3u8", "index.m3u8")
    target, told = playlist.number("TARGETDURATION"), 0
    if beside in media_paths(capture):
        told = latest(capture, beside).playlist.number("TARGETDURATION")
        if target != told:
            yield f"Target Duration {target}, {told} in {beside}"
    following: Piece | None = None
    for segment in reversed(playlist.segments):
        piece = piece_of(capture, one.path, segment, key_frame=True)
        if piece is not None and not piece.media.wrong:
            yield from _wrong_frame(piece, following)
        following = None if segment.discontinuity else piece


def _wrong_frame(piece: Piece, following: Piece | None) -> Iterator[str]:
    """The byte range must show the first picture, which must stand until the next one of the playlist."""
    samples = piece.media.samples
    if not samples or not samples[0].is_sync:
        yield f"{piece.path} does not begin with a key frame"
        return
    if b"moov" in piece.listed:
        yield f"the range of {piece.path} includes an initialization section"
    if b"moof" not in piece.listed or samples[0].data not in piece.listed:
        yield f"the range {piece.path} does not hold its key frame"
    if following is not None and following.media.samples:
        ticks = _shown_at(following) - _shown_at(piece)
        distance = Fraction(ticks, piece.track.timescale)
        if abs(Fraction(piece.segment.duration) - distance) > piece.frame_seconds:
            yield f"EXTINF {piece.segment.duration} of {piece.path}, next key frame after {float(distance):.3f} s"


def _shown_at(piece: Piece) -> int:
    return piece.media.samples[0].dts + piece.media.samples[0].offset
