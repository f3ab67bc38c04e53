"""§2.1 of the checklist: the text of a playlist (RFC 8216bis §4.1, §4.2, §4.4.1, §4.4.2, §8)."""

from collections.abc import Iterator

from tests.conformance.capture import Capture
from tests.conformance.lifting import breach_rule, playlist_rule
from tests.conformance.playlist_reader import Playlist
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.snapshots import latest, paths, snapshots

PLAYLIST_TYPES = ("application/vnd.apple.mpegurl", "audio/mpegurl")

breach_rule("A-001", "M", "The first line is exactly #EXTM3U.", "R§4.4.1.1")
breach_rule("A-002", "M", "The text is UTF-8 in NFC, without BOM or control characters.", "R§4.1")
breach_rule("A-004", "M", "Tags that describe the whole playlist stand in it once.", "R§4.4.1.2-3, 4.4.5.2")
breach_rule("A-007", "M", "Attribute lists and numbers follow the grammar, each value in its type.", "R§4.2")
breach_rule("A-008", "M", "A playlist is either multivariant or a media playlist.", "R§4.1, 4.4.4")
breach_rule("A-009", "M", "Each line is a tag, a comment, blank or a URI of RFC 3986.", "R§4.1")
breach_rule("A-010", "M", "Nothing that the protocol has removed is used.", "R§8")


@rule("A-003", "M", "Playlists have their media type and a path that ends in .m3u8.", "R§4, AS10.4")
def media_type(capture: Capture) -> Iterator[Finding]:
    found = {(one.path, one.exchange.headers.get("content-type", "")) for one in snapshots(capture)}
    if not found:
        raise NotApplicable("no playlist")
    for path, kind in sorted(found):
        if kind.split(";")[0].strip().lower() not in PLAYLIST_TYPES:
            yield Finding(path, f"Content-Type {kind!r}")


def required_version(playlist: Playlist) -> int:
    """The lowest EXT-X-VERSION that this playlist may declare (R§8)."""
    needs = [1]
    tags, given = playlist.tags, playlist.by_tag
    needs += [3] if any(segment.duration % 1 for segment in playlist.segments) else []
    needs += [4] if "BYTERANGE" in tags or playlist.is_iframes else []
    needs += [(5 if playlist.is_iframes else 6)] if "MAP" in tags else []
    needs += [9] if "SKIP" in tags else []
    needs += [10] if "RECENTLY-REMOVED-DATERANGES" in given.get("SKIP", {}) else []
    needs += _needs_of_definitions(playlist) + _needs_of_keys(playlist) + _needs_of_renditions(playlist)
    return max(needs)


def _needs_of_definitions(playlist: Playlist) -> list[int]:
    if "DEFINE" not in playlist.tags:
        return []
    return [11 if "QUERYPARAM" in playlist.by_tag["DEFINE"] else 8]


def _needs_of_keys(playlist: Playlist) -> list[int]:
    key = playlist.by_tag.get("KEY", {})
    needs = [2] if "IV" in key else []
    return needs + ([5] if "KEYFORMAT" in key or key.get("METHOD") == "SAMPLE-AES" else [])


def _needs_of_renditions(playlist: Playlist) -> list[int]:
    needs = []
    for media in playlist.media:
        channel = media.get("INSTREAM-ID", "")
        needs += [7] if channel.startswith("SERVICE") else []
        needs += [13] if channel and media.get("TYPE") != "CLOSED-CAPTIONS" else []
    for variant in [*playlist.variants, *playlist.iframe_variants]:
        needs += [12] if any(name.startswith("REQ-") for name in variant.attributes) else []
    return needs


@playlist_rule("A-005", "M", "EXT-X-VERSION is high enough for what the playlist uses.", "R§8")
def version_is_high_enough(playlist: Playlist) -> Iterator[str]:
    declared, needed = playlist.number("VERSION") or 1, required_version(playlist)
    if declared < needed:
        yield f"version {declared} is declared, {needed} is needed"


@playlist_rule("A-006", "S", "EXT-X-VERSION is no higher than what the playlist uses.", "R§6.2.1")
def version_is_not_too_high(playlist: Playlist) -> Iterator[str]:
    declared, needed = playlist.number("VERSION") or 1, required_version(playlist)
    begun = playlist.is_multivariant or playlist.segments or playlist.open.parts
    if begun and declared > needed:  # before its first part it must not promise less than it will need
        yield f"version {declared} is declared, {needed} is enough"


@rule("A-011", "M", "Multivariant and media playlists agree where both say START.", "R§4.4.2")
def start_agrees(capture: Capture) -> Iterator[Finding]:
    found = {path: latest(capture, path).playlist for path in paths(capture)}
    said = {path: playlist.by_tag.get("START") for path, playlist in found.items()}
    for index, start in said.items():
        if not found[index].is_multivariant or start is None:
            continue
        for path, other in said.items():
            if not found[path].is_multivariant and other is not None and other != start:
                yield Finding(path, f"START is {other}, {start} in {index}")
