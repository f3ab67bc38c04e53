"""§2.9: HTTP delivery (AS10, AS12, R§B.1)."""

from collections.abc import Iterator
from math import ceil, floor
from urllib.parse import urlsplit

from tests.conformance.asked import found, max_age, playlist_of, probes, special, target_duration
from tests.conformance.capture import Capture, Exchange
from tests.conformance.rule import Finding, NotApplicable, rule

BLOCKED_TARGET_DURATIONS, BLOCKED_ERROR_TARGET_DURATIONS = 6, 4
MEDIA_TYPES = {"m4s": {"video/mp4", "video/iso.segment", "audio/mp4"}, "mp4": {"video/mp4", "audio/mp4"}}
PLAYLIST_TYPES = {"application/vnd.apple.mpegurl", "audio/mpegurl"}
LEAST_RSA_BITS, LEAST_EC_BITS = 2048, 256
SUFFIX_BYTES = 100


@rule("A-150", "M", "playlists are compressed for who accepts it and for nobody else; media never", "R§6.2.1, AS10.1")
def compression(capture: Capture) -> Iterator[Finding]:
    for one in [*probes(capture, "A-150"), *(one for one in capture.exchanges if one.purpose == "poll")]:
        if one.status == 200:
            accepted = "gzip" in one.asked_headers.get("accept-encoding", "")
            compressed = one.headers.get("content-encoding") == "gzip"
            if compressed != (accepted and one.is_playlist):
                yield found(one, f"{'compressed' if compressed else 'not compressed'}, {accepted=}")


@rule("A-151", "M", "playlists and media come over HTTP/2", "R§B.1")
def http_2(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-151"):
        if one.status != 200 or one.http_version != "HTTP/2":
            yield found(one, f"answered {one.status} over {one.http_version or 'nothing'}")


@rule("A-152", "S", "caches are told the lifetimes that the draft recommends", "R§B.1")
def cache_lifetimes(capture: Capture) -> Iterator[Finding]:
    """R§B.1: 6 target durations for what was blocked, 4 when refused, half of one and one without directives."""
    target, seen = target_duration(capture), 0
    for one in capture.exchanges:
        wanted = _lifetime(one, target)
        if wanted is None:
            continue
        seen += 1
        age = max_age(one)
        if age not in {max(floor(wanted), 1), ceil(wanted)}:  # it is said in whole seconds
            yield found(one, f"status {one.status} may be cached for {age} s, recommended: {wanted:g} s")
    if not seen:
        raise NotApplicable("no media playlist was asked for")


def _lifetime(one: Exchange, target: int) -> float | None:
    """Recommended for this answer; None for what is not a live media playlist."""
    reading = playlist_of(one)
    ended_or_other = reading is not None and (reading.ended or not reading.target_duration)
    if not one.is_playlist or "/" not in one.path or one.path.startswith("vod/") or ended_or_other:
        return None
    if one.purpose == "A-158:unknown" or one.method != "GET":
        return None
    blocked = "_HLS_msn=" in one.query
    if one.status == 200:
        return BLOCKED_TARGET_DURATIONS * target if blocked else target / 2
    if one.status in {400, 404, 503}:
        return BLOCKED_ERROR_TARGET_DURATIONS * target if blocked else target
    return None


@rule("A-153", "M", "what comes from a cache says its Age", "R§B.1")
def caches_say_the_age(capture: Capture) -> Iterator[Finding]:
    hits = [one for one in capture.exchanges if "hit" in _cache_status(one).lower()]
    if not hits:
        raise NotApplicable("no answer came from a cache")
    for one in hits:
        if not one.headers.get("age", "").isdigit():
            yield found(one, "a cache answered without Age")


def _cache_status(one: Exchange) -> str:
    return " ".join(one.headers.get(name, "") for name in ("x-cache", "x-cache-status", "cache-status"))


@rule("A-154", "M", "media is where the playlist says: no redirects", "AS8.18")
def no_redirects(capture: Capture) -> Iterator[Finding]:
    for one in capture.exchanges:
        if 300 <= one.status < 400 and one.status != 304:
            yield found(one, f"answered {one.status}")


@rule("A-155", "M", "one server offers all variants and their media", "R§B.1")
def one_server(capture: Capture) -> Iterator[Finding]:
    playlists = {one.path: one for one in capture.exchanges if playlist_of(one)}
    if not playlists:
        raise NotApplicable("no playlist")
    for one in playlists.values():
        for line in one.text.splitlines():
            uri = line if line and not line.startswith("#") else line.partition('URI="')[2].partition('"')[0]
            if urlsplit(uri).netloc:
                yield found(one, f"{uri} is elsewhere")


@rule("A-156", "O", "players on other pages may read everything, and its type is right", "AS10.4")
def players_elsewhere(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-156"):
        if one.headers.get("access-control-allow-origin") not in {"*", one.asked_headers.get("origin")}:
            yield found(one, "Access-Control-Allow-Origin does not allow the page")
        if special(one) == "preflight":
            allowed = one.headers.get("access-control-allow-headers", "").lower()
            if one.status not in {200, 204} or ("range" not in allowed and allowed != "*"):
                yield found(one, f"the preflight is answered {one.status}, allowed headers: {allowed or 'none'}")
        elif one.headers.get("content-type", "").partition(";")[0] not in _types(one):
            yield found(one, f"type {one.headers.get('content-type')}")


def _types(one: Exchange) -> set[str]:
    return PLAYLIST_TYPES if one.is_playlist else MEDIA_TYPES[one.path.rpartition(".")[2]]


@rule("A-157", "M", "TLS is 1.2 or newer, with forward secrecy, strong keys and no SHA-1", "AS12.1-3")
def tls_is_sound(capture: Capture) -> Iterator[Finding]:
    facts = capture.facts
    if "tls_version" not in facts:
        raise NotApplicable("not asked over TLS")
    if facts["tls_version"] < 1.2 or facts["tls_old_accepted"]:
        yield Finding("TLS", f"version {facts['tls_version']}, older accepted: {bool(facts['tls_old_accepted'])}")
    if not facts["tls_forward_secret"]:
        yield Finding("TLS", "no forward secrecy")
    if facts["tls_key_bits"] < (LEAST_EC_BITS if facts["tls_key_is_ec"] else LEAST_RSA_BITS):
        yield Finding("TLS", f"a key of {facts['tls_key_bits']:.0f} bits")
    if facts["tls_sha1"]:
        yield Finding("TLS", "a certificate signed with SHA-1")


@rule("A-158", "O", "HEAD, conditions, ranges and unknown streams get the codes that HTTP has for them", "ours")
def http_codes(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-158")
    wanted = {"etag": 304, "last-modified": 304, "suffix": 206, "beyond": 416, "unknown": 404, "head": 200}
    wholes = {one.path: one.body for one in capture.exchanges if one.purpose.endswith(":whole")}
    for one in asked:
        kind = special(one)
        if kind in wanted and one.status != wanted[kind]:
            yield found(one, f"{kind}: answered {one.status}, not {wanted[kind]}")
        elif kind == "head" and one.wire_size:
            yield found(one, "HEAD is answered with a body")
        elif kind == "suffix" and one.path in wholes and one.body != wholes[one.path][-SUFFIX_BYTES:]:
            yield found(one, "not the last bytes")
