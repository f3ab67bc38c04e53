"""Negative controls of the rules about HTTP: the good capture keeps all of them, each mutation breaks exactly one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from tests.conformance.asked import special
from tests.conformance.capture import Capture, Exchange
from tests.conformance.http_capture import http_capture
from tests.conformance.rule import RULES, Rule, judge
from tests.conformance.rules import is_about_http, load_rules

load_rules()

Mutate = Callable[[Capture], Capture]


@dataclass(frozen=True)
class Control:
    """What is done to the good capture, and the one rule that must see it."""

    rule: str
    says: str
    mutate: Mutate


CONTROLS: list[Control] = []


def breaks(rule: str, says: str, mutate: Mutate) -> None:
    CONTROLS.append(Control(rule, says, mutate))


def change(choose: Callable[[Exchange], bool], *, most: int = 10_000, later: float = 0, **fields: object) -> Mutate:
    """Other fields in the chosen exchanges, or the answer so much later; functions are given the exchange."""

    def mutate(capture: Capture) -> Capture:
        left, made = most, []
        for one in capture.exchanges:
            if left and choose(one):
                left -= 1
                values = {name: value(one) if callable(value) else value for name, value in fields.items()}
                one = replace(one, **values)  # type: ignore[arg-type]
                one = replace(one, first_byte_at=one.first_byte_at + later, done_at=one.done_at + later)
            made.append(one)
        assert left < most, "nothing to change"
        return replace(capture, exchanges=made)

    return mutate


def asked_for(purpose: str) -> Callable[[Exchange], bool]:
    return lambda one: one.purpose == purpose


def without_header(name: str) -> Callable[[Exchange], dict[str, str]]:
    return lambda one: {key: value for key, value in one.headers.items() if key != name}


def with_header(name: str, value: str) -> Callable[[Exchange], dict[str, str]]:
    return lambda one: {**one.headers, name: value}


def body(old: bytes, new: bytes) -> Callable[[Exchange], bytes]:
    return lambda one: one.body.replace(old, new, 1)


def body_of_before(capture: Capture, one: Exchange) -> bytes:
    return next(other.body for other in reversed(list(capture.of(one.path, "poll"))) if other.done_at < one.asked_at)


def released_early(purpose: str) -> Mutate:
    """The playlist as it was when it was asked for."""

    def mutate(capture: Capture) -> Capture:
        return change(asked_for(purpose), body=lambda one: body_of_before(capture, one))(capture)

    return mutate


def facts(**changed: float) -> Mutate:
    return lambda capture: replace(capture, facts={**capture.facts, **changed})


def is_plain_playlist(one: Exchange) -> bool:
    return one.path == "low/index.m3u8" and one.purpose == "poll" and one.status == 200


def is_delta(one: Exchange) -> bool:
    return one.purpose == "A-117:delta"


# --- §2.3, availability
breaks(
    "A-047",
    "a removed segment is gone at once",
    change(lambda one: one.purpose == "again" and one.path == "low/20.m4s", status=404),
)
breaks("A-048", "a body cut off", change(is_plain_playlist, most=1, whole=False))
breaks("A-048", "less than Content-Length says", change(is_plain_playlist, most=1, wire_size=10))
breaks(
    "A-048", "half a playlist that HTTP calls whole", change(is_plain_playlist, most=1, body=lambda one: one.body[:-9])
)
breaks(
    "A-049",
    "a listed segment is not there",
    change(lambda one: one.purpose == "media" and one.path == "low/20.m4s", status=404),
)
breaks(
    "A-049",
    "a segment trickles",
    change(lambda one: one.purpose == "media" and one.path == "low/20.m4s", done_at=lambda one: one.done_at + 0.4),
)
breaks(
    "A-051",
    "segments go with the presentation",
    change(lambda one: one.purpose == "again" and one.path == "low/41.m4s", status=404, purpose="A-051"),
)
breaks(
    "A-052",
    "media without a lifetime",
    change(lambda one: one.purpose == "media", headers=without_header("cache-control")),
)
breaks(
    "A-053",
    "an old playlist",
    change(is_plain_playlist, headers=with_header("last-modified", "Tue, 17 Nov 2026 10:00:00 GMT")),
)

# --- §2.6, blocking
breaks("A-100", "released before the segment is there", released_early("A-100"))
breaks("A-100", "refused", change(asked_for("A-100"), status=400, headers=with_header("cache-control", "max-age=4")))
breaks("A-101", "released before the part is there", released_early("A-101"))
breaks(
    "A-102",
    "released at the end of the segment",
    change(asked_for("A-102:+1"), body=lambda one: _at_end_of_segment(one)),
)
breaks(
    "A-103",
    "refused, as gohlslib does",
    change(asked_for("A-103"), status=400, headers=with_header("cache-control", "max-age=4")),
)
breaks("A-103", "held", change(asked_for("A-103"), later=1.0))
breaks("A-104", "answered", change(asked_for("A-104"), status=404))
breaks("A-105", "held, then there", change(asked_for("A-105"), later=2.0))
breaks("A-105", "not refused", change(asked_for("A-105"), status=503))
breaks("A-106", "whatever is ahead is held", change(asked_for("A-106:beyond"), status=503))
breaks("A-106", "the next part is refused", change(asked_for("A-106:allowed"), status=410))
breaks("A-107", "held for ever", change(asked_for("A-107"), later=2.0))
breaks("A-107", "given up at once", change(asked_for("A-107"), first_byte_at=lambda one: one.asked_at + 0.1))
breaks("A-108", "directives still count", change(asked_for("A-108:after"), status=500))
breaks("A-108", "the held one is reset", change(asked_for("A-108:held"), status=0))
breaks("A-109", "an error of the server", change(asked_for("A-109:10^30"), status=500))
breaks("A-109", "full-width digits are digits", change(asked_for("A-109:full-width digit"), status=404))
breaks("A-110", "the order matters", change(asked_for("A-110:reversed"), body=body(b"#EXT-X-SKIP", b"#EXT-X-SKAP")))
breaks(
    "A-111", "blocked answers are shorter", change(asked_for("A-111:blocked"), body=body(b"#EXT-X-MAP", b"#EXT-X-MUP"))
)
breaks("A-112", "some of the crowd are refused", change(asked_for("A-112"), most=1, status=502))
breaks("A-112", "released one after another", change(asked_for("A-112"), most=1, later=0.5))
breaks("A-113", "the held are kept", facts(origin_files_after_hang_up=400))
breaks(
    "A-114",
    "key frame playlists do not block",
    change(lambda one: "iframes" in one.path and one.status == 200, body=body(b"CAN-BLOCK-RELOAD=YES,", b"")),
)
breaks(
    "A-115",
    "held for ever between bursts",
    change(lambda one: one.purpose == "block" and one.status == 200, most=1, later=6.0),
)

# --- §2.6, delta updates
breaks(
    "A-116",
    "one segment too many is skipped",
    change(
        lambda one: one.purpose == "block" and b"SKIPPED-SEGMENTS=3" in one.body,
        most=1,
        body=lambda one: _skip_one_more(one),
    ),
)
breaks(
    "A-116",
    "nothing is skipped",
    change(
        lambda one: (
            one.purpose == "block"
            and one.path == "low/index.m3u8"
            and "skip=YES" in one.query
            and b"#EXT-X-SKIP" in one.body
        ),
        most=1,
        body=lambda one: _undone(one),
    ),
)
breaks("A-117", "the delta is of another segment", change(is_delta, body=body(b".m4s", b".m4x")))
breaks("A-117", "a tag is left out", change(is_delta, body=body(b"#EXT-X-DISCONTINUITY-SEQUENCE:0\n", b"")))
breaks(
    "A-118",
    "date ranges are left out without an offer",
    change(
        asked_for("A-118"),
        body=body(b"#EXTINF", b'#EXT-X-SKIP:SKIPPED-SEGMENTS=0,RECENTLY-REMOVED-DATERANGES="a"\n#EXTINF'),
    ),
)
breaks("A-119", "any word skips", change(asked_for("A-119"), body=lambda one: _delta_of(one)))
breaks(
    "A-120",
    "the delta is forgotten",
    change(asked_for("A-120"), body=lambda one: _undone(one), query=lambda one: one.query.replace("YES", "Yes")),
)

# --- §2.7
breaks(
    "A-125",
    "the hinted part trickles",
    change(lambda one: one.purpose == "hint", most=1, done_at=lambda one: one.done_at + 0.2),
)
breaks(
    "A-125",
    "the hinted part is not there yet",
    change(lambda one: one.purpose == "hint" and one.path == "low/30.1.m4s", status=404),
)
breaks(
    "A-125",
    "half of the hinted part",
    change(lambda one: one.purpose == "hint" and one.path == "low/30.1.m4s", body=lambda one: one.body[:99]),
)
breaks("A-126", "a part that is not hinted is held", change(asked_for("A-126"), later=3.0))
breaks(
    "A-126",
    "caches remember that it was not there",
    change(asked_for("A-126"), headers=with_header("cache-control", "max-age=600")),
)
breaks("A-127", "ranges are ignored", change(asked_for("A-127"), status=200))
breaks("A-127", "a range off by one", change(asked_for("A-127"), body=lambda one: one.body[1:]))
breaks("A-128", "one of the crowd gets other bytes", change(asked_for("A-128"), most=1, body=b"other"))

# --- §2.9
breaks("A-150", "gzip is off", change(is_plain_playlist, headers=without_header("content-encoding")))
breaks(
    "A-150",
    "media is compressed",
    change(
        lambda one: one.purpose == "A-150:gzip" and one.path.endswith("m4s"),
        headers=with_header("content-encoding", "gzip"),
    ),
)
breaks("A-151", "only HTTP/1.1", change(asked_for("A-151"), http_version="HTTP/1.1"))
breaks(
    "A-152",
    "live playlists are never cached",
    change(is_plain_playlist, headers=with_header("cache-control", "no-cache")),
)
breaks("A-153", "a cache without Age", change(is_plain_playlist, headers=without_header("age")))
breaks(
    "A-154",
    "media is elsewhere",
    change(lambda one: one.path == "index.m3u8" and one.purpose == "poll", most=1, status=302),
)
breaks(
    "A-155",
    "a variant on another server",
    change(lambda one: one.path == "index.m3u8", body=body(b"\nlow/", b"\nhttps://other.example/low/")),
)
breaks(
    "A-156",
    "no other page may play it",
    change(asked_for("A-156"), headers=without_header("access-control-allow-origin")),
)
breaks("A-156", "preflights fail", change(asked_for("A-156:preflight"), status=405))
breaks("A-156", "media is text", change(asked_for("A-156"), headers=with_header("content-type", "text/plain")))
breaks("A-157", "TLS 1.1 is accepted", facts(tls_old_accepted=1))
breaks("A-157", "no forward secrecy", facts(tls_forward_secret=0))
breaks("A-157", "a short key", facts(tls_key_is_ec=0, tls_key_bits=1024))
breaks("A-158", "an unknown stream is an error of the server", change(asked_for("A-158:unknown"), status=500))
breaks("A-158", "HEAD has a body", change(asked_for("A-158:head"), wire_size=5))


def _at_end_of_segment(one: Exchange) -> bytes:
    """Without the first part of the next one."""
    lines = one.text.splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if line.startswith("#EXT-X-PART:"))
    return "".join(lines[:last] + lines[last + 1 :]).encode()


def _skip_one_more(one: Exchange) -> bytes:
    first = one.body.index(b"#EXTINF")
    second = one.body.index(b"#EXT", first + 8)
    return one.body[:first].replace(b"SEGMENTS=3", b"SEGMENTS=4") + one.body[second:]


def _undone(one: Exchange) -> bytes:
    """As if nothing had been asked to be skipped."""
    listed = b"".join(b"#EXTINF:1,\n%d.m4s\n" % number for number in range(3))
    return one.body.replace(b"#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n", b'#EXT-X-MAP:URI="init.mp4"\n' + listed)


def _delta_of(one: Exchange) -> bytes:
    return one.body.replace(b"#EXT-X-MAP", b"#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-MAP", 1)


def own_rules() -> dict[str, Rule]:
    return {id: one for id, one in RULES.items() if is_about_http(one)}


@pytest.mark.parametrize("id", own_rules())
def test_the_good_capture_keeps_the_rule(id: str) -> None:
    [verdict] = judge(http_capture(), {id: RULES[id]})
    assert (verdict.outcome, verdict.findings[:3], verdict.note) == ("passed", (), "")


@pytest.mark.parametrize("control", CONTROLS, ids=lambda one: f"{one.rule} {one.says}")
def test_a_mutated_capture_fails_under_its_rule_alone(control: Control) -> None:
    failed = {one.rule.id for one in judge(control.mutate(http_capture()), own_rules()) if one.outcome == "failed"}
    assert failed == {control.rule}


def test_every_rule_about_http_has_a_control() -> None:
    assert {one.rule for one in CONTROLS} == set(own_rules())


def test_probes_ask_each_question_they_are_named_for() -> None:
    asked = {one.purpose.partition(":")[0] for one in http_capture().exchanges if one.purpose.startswith("A-")}
    assert {special(one) for one in http_capture().exchanges if one.purpose.startswith("A-102")} >= {
        "+0",
        "+1",
        "+2",
        "next",
    }
    assert len(asked) > 20
