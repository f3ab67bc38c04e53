"""§2.2 of the checklist: what one media playlist must hold (RFC 8216bis §4.4.3, §4.4.4, §6.2.1, §6.2.2)."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from tests.conformance.capture import Capture
from tests.conformance.lifting import also, breach_rule, playlist_rule
from tests.conformance.playlist_reader import ListedSegment, Playlist
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.snapshots import distinct, latest, live_paths, paths, snapshots

FRAME_SECONDS = 0.034  # of the slowest usual rate, 30 frames a second
MIN_SEGMENTS = 6  # AS8.11
DVR_SECONDS = 15 * 60  # AS8.12

breach_rule("A-024", "M", "EXT-X-MEDIA-SEQUENCE is there while the window slides, before all segments.", "R§6.2.2")
breach_rule("A-029", "M", "A live playlist tells the date of its media.", "AS8.4, R§B.1, R§4.4.4.6")
breach_rule("A-029S", "S", "Dates have milliseconds and a zone.", "R§4.4.4.6")


def is_media(playlist: Playlist) -> bool:
    return not playlist.is_multivariant


def is_live(playlist: Playlist) -> bool:
    """A media playlist that slides: it says neither VOD nor EVENT."""
    return is_media(playlist) and "PLAYLIST-TYPE" not in playlist.tags and not playlist.is_iframes


@playlist_rule("A-020", "M", "EXT-X-TARGETDURATION is there and a whole number.", "R§4.4.3.1")
def target_duration(playlist: Playlist) -> Iterator[str]:
    if is_media(playlist) and not playlist.number("TARGETDURATION"):
        yield f"TARGETDURATION {playlist.tags.get('TARGETDURATION')!r}"


@playlist_rule("A-021", "M", "No segment, rounded, is longer than the Target Duration.", "R§6.2.1, AS7.7")
def segments_are_short_enough(playlist: Playlist) -> Iterator[str]:
    target = playlist.number("TARGETDURATION")
    for segment in playlist.segments:
        if target and segment.duration >= target + Decimal("0.5"):
            yield f"segment {segment.msn} lasts {segment.duration} s"


@also("A-024")
def sliding_window_is_numbered(capture: Capture) -> Iterator[Finding]:
    for path, playlist in distinct(capture):
        if is_live(playlist) and "MEDIA-SEQUENCE" not in playlist.tags:
            yield Finding(path, "no MEDIA-SEQUENCE")


@playlist_rule("A-025", "M", "A live playlist counts its discontinuities.", "R§6.2.2, AS8.17")
def discontinuities_are_counted(playlist: Playlist) -> Iterator[str]:
    if is_live(playlist) and "DISCONTINUITY-SEQUENCE" not in playlist.tags:
        yield "no DISCONTINUITY-SEQUENCE"


@playlist_rule("A-026", "M", "A stream older than six segments lists at least six.", "AS8.11")
def enough_segments(playlist: Playlist) -> Iterator[str]:
    listed = len(playlist.segments)
    if is_live(playlist) and playlist.segments and not playlist.is_delta:
        age = playlist.segments[-1].msn + 1
        if listed < min(MIN_SEGMENTS, age):
            yield f"{listed} segments of {age}"


@rule("A-027", "S", "A DVR window reaches back 15 minutes once there are so many.", "AS8.12")
def dvr_window_is_long(capture: Capture) -> Iterator[Finding]:
    found = [path for path in live_paths(capture) if path.startswith("dvr/")]
    if not found:
        raise NotApplicable("no DVR playlist")
    for path in found:
        playlist = latest(capture, path).playlist
        if playlist.number("MEDIA-SEQUENCE") > 0 and playlist.seconds < DVR_SECONDS:
            yield Finding(path, f"only {playlist.seconds} s")


@playlist_rule("A-028", "M", "Each fMP4 segment has a Media Initialization Section.", "R§3.1.2, AS8.20")
def segments_have_a_map(playlist: Playlist) -> Iterator[str]:
    for segment in _of_known_scope(playlist):
        if not segment.map_uri and not segment.gap and (segment.uri or segment.parts):
            yield f"segment {segment.msn} has no MAP"


def _of_known_scope(playlist: Playlist) -> list[ListedSegment]:
    """Segments whose MAP this text shows: in a delta update it may stand in the part that was skipped."""
    shown = [*playlist.segments, playlist.open]
    if not playlist.is_delta:
        return shown
    first = next((number for number, segment in enumerate(shown) if segment.map_uri), len(shown))
    return shown[first:]


@also("A-029")
def live_segments_are_dated(capture: Capture) -> Iterator[Finding]:
    for path, playlist in distinct(capture):
        if is_live(playlist) and playlist.segments and not any(s.starts_at for s in playlist.segments):
            yield Finding(path, "no PROGRAM-DATE-TIME")


@playlist_rule("A-030", "S", "A segment after a discontinuity has a date of its own.", "R§6.2.1")
def discontinuities_are_dated(playlist: Playlist) -> Iterator[str]:
    for segment in [*playlist.segments, playlist.open]:
        if segment.discontinuity and not segment.starts_at:
            yield f"segment {segment.msn} follows a discontinuity without a date"


@playlist_rule("A-031", "M", "Dates step by the segments' durations and overlap nowhere.", "R§6.2.1")
def dates_step_by_durations(playlist: Playlist) -> Iterator[str]:
    for one, other in pairwise([*playlist.segments, playlist.open]):
        if not one.starts_at or not other.starts_at:
            continue
        off = (other.starts_at - one.starts_at).total_seconds() - float(one.duration)
        if not other.discontinuity and abs(off) > FRAME_SECONDS:
            yield f"the date of segment {other.msn} is {off:+.3f} s off"
        if off <= -1:
            yield f"segment {other.msn} overlaps the one before it by {-off:.3f} s"


@also("A-031")
def dates_stay(capture: Capture) -> Iterator[Finding]:
    known: dict[tuple[str, int, str], object] = {}
    for path, playlist in distinct(capture):
        for segment in playlist.segments:
            which = path, segment.msn, segment.place
            if segment.starts_at and known.setdefault(which, segment.starts_at) != segment.starts_at:
                yield Finding(path, f"the date of segment {segment.msn} changed")


@playlist_rule("A-035", "M", "Nothing is announced after the end.", "R§4.4.5.3")
def nothing_after_the_end(playlist: Playlist) -> Iterator[str]:
    if playlist.ended and (playlist.hints or playlist.open.parts):
        yield "a hint or an open segment in a playlist that has ended"


@playlist_rule("A-036", "M", "Each rendition that is not VIDEO tells its language.", "AS8.10")
def renditions_tell_their_language(playlist: Playlist) -> Iterator[str]:
    for media in playlist.media:
        if media.get("TYPE") != "VIDEO" and not media.get("LANGUAGE"):
            yield f"{media.get('NAME')} has no LANGUAGE"


@rule("A-023", "M", "A playlist that drops segments has no EXT-X-PLAYLIST-TYPE.", "R§6.2.2")
def sliding_playlist_has_no_type(capture: Capture) -> Iterator[Finding]:
    for path in paths(capture):
        seen = [one.playlist for one in snapshots(capture, path=path) if is_media(one.playlist)]
        starts = {playlist.number("MEDIA-SEQUENCE") for playlist in seen}
        types = {playlist.tags["PLAYLIST-TYPE"] for playlist in seen if "PLAYLIST-TYPE" in playlist.tags}
        if len(starts) > 1 and types:
            yield Finding(path, f"drops segments and says {types}")
