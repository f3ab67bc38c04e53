"""Negative controls: at least one way to break each rule of the checklist's sections on playlists and media."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tests.conformance.capture import Capture, Exchange
from tests.conformance.mutating import (
    Mutation,
    at,
    change,
    header,
    narrowed,
    text,
    text_from,
    with_body,
)

LIVE = r"source/index\.m3u8"
EVERY_LIVE = r"(source|144p|audio)/index\.m3u8"
INDEX = r"index\.m3u8"
RECORDING = r"vod/source/index\.m3u8"
MUTATIONS: list[Mutation] = []


def breaks(rule: str, says: str, apply: Callable[[Capture], Capture], *also: str) -> None:
    MUTATIONS.append(Mutation(rule, says, apply, frozenset(also)))


def _never_ending(capture: Capture) -> Capture:
    """ENDLIST never came, and the recorder looked on for a quarter of an hour."""
    open_end = text(EVERY_LIVE, "#EXT-X-ENDLIST\n", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="2-99.0.m4s"\n')(capture)
    last = next(one for one in reversed(open_end.exchanges) if one.path == "source/index.m3u8")
    late = replace(last, asked_at=last.asked_at + 900, done_at=last.done_at + 900)
    return replace(open_end, exchanges=[*open_end.exchanges, late])


# --- §2.1 Syntax ------------------------------------------------------------------------------------------------------

breaks("A-001", "another first line", text(LIVE, "^#EXTM3U", "#EXTM3U8"))
breaks("A-002", "a byte order mark", text(LIVE, "^#EXTM3U", "\ufeff#EXTM3U"), "A-001")
breaks("A-002", "a control character", text(LIVE, "#EXT-X-INDEPENDENT-SEGMENTS", "#\x0bsegments\n\\g<0>"))
breaks("A-002", "a letter and its accent apart", text(INDEX, 'NAME="Sound"', 'NAME="Caf\u0065\u0301"'))
breaks(
    "A-002",
    "bytes that are not UTF-8",
    lambda capture: change(capture, at(LIVE), lambda one: with_body(one, one.body.replace(b"\n", b"\n#\xff\n", 1))),
)
breaks("A-003", "text/plain", header(LIVE, "content-type", "text/plain"))
breaks("A-004", "TARGETDURATION twice", text(LIVE, "#EXT-X-TARGETDURATION:2", "\\g<0>\n\\g<0>"))
breaks("A-005", "version 3 with a MAP", text(LIVE, "VERSION:6", "VERSION:3"))
breaks("A-006", "version 7 where 6 is enough", text(LIVE, "VERSION:6", "VERSION:7"))
breaks("A-007", "a space after a comma", text(LIVE, "YES,PART-HOLD", "YES, PART-HOLD"), "A-074", "A-080")
breaks("A-007", "an attribute twice", text(LIVE, "CAN-BLOCK-RELOAD=YES", "\\g<0>,\\g<0>"), "A-074")
breaks("A-007", "an enumerated value in quotes", text(LIVE, "CAN-BLOCK-RELOAD=YES", 'CAN-BLOCK-RELOAD="YES"'), "A-074")
breaks("A-007", "a quoted string without quotes", text(LIVE, r'MAP:URI="([^"]*)"', r"MAP:URI=\1"))
breaks("A-007", "a number with an exponent", text(EVERY_LIVE, r"UNTIL=12\.00000", "UNTIL=1.2e1"), "A-082")
breaks("A-007", "a number with a sign", text(LIVE, "LAST-MSN=", "LAST-MSN=+"))
breaks("A-007", "an integer beyond 2^64", text(INDEX, r"AVERAGE-BANDWIDTH=\d+", f"AVERAGE-BANDWIDTH={2**64}"))
breaks("A-007", "an empty quoted string", text(INDEX, 'NAME="Sound"', 'NAME=""'))
breaks(
    "A-008",
    "a variant in a media playlist",
    text(LIVE, "#EXT-X-PART-INF", '#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"\n\\g<0>'),
)
breaks("A-009", "a space in a URI", text(LIVE, r"\n(\d+)-(\d+)\.m4s", "\n\\1 \\2.m4s"))
breaks("A-009", "white space at a line's end", text(LIVE, "#EXT-X-INDEPENDENT-SEGMENTS", "\\g<0> "))
breaks("A-010", "ALLOW-CACHE", text(LIVE, "#EXT-X-PART-INF", "#EXT-X-ALLOW-CACHE:NO\n\\g<0>"))
breaks(
    "A-011",
    "two different starts",
    lambda capture: text(LIVE, "#EXT-X-PART-INF", "#EXT-X-START:TIME-OFFSET=-3\n\\g<0>")(
        text(INDEX, "#EXT-X-INDEP", "#EXT-X-START:TIME-OFFSET=-4\n\\g<0>")(capture)
    ),
)

# --- §2.2 Content -----------------------------------------------------------------------------------------------------

breaks("A-020", "no TARGETDURATION", text(LIVE, "#EXT-X-TARGETDURATION:2\n", ""), "A-045", "A-074", "A-090", "A-139")
breaks("A-021", "too short a target", text(EVERY_LIVE, "DURATION:2\n", "DURATION:1\n"), "A-045", "A-139")
breaks("A-023", "a type while sliding", text(LIVE, "#EXT-X-PART-INF", "#EXT-X-PLAYLIST-TYPE:EVENT\n\\g<0>"), "A-160")
breaks("A-024", "no MEDIA-SEQUENCE", text(LIVE, r"#EXT-X-MEDIA-SEQUENCE:\d+\n", ""), "A-041", "A-042", "A-074", "A-093")
breaks("A-025", "no DISCONTINUITY-SEQUENCE", text(LIVE, r"#EXT-X-DISCONTINUITY-SEQUENCE:\d+\n", ""))
breaks("A-026", "a window of five segments", narrowed(LIVE, 5))
breaks("A-027", "a DVR playlist that slides within a minute", narrowed(r"dvr/\w+/index\.m3u8", 6))
breaks("A-028", "no MAP", text(LIVE, "#EXT-X-MAP:.*\n", ""))
breaks("A-029", "no dates", text(LIVE, "#EXT-X-PROGRAM-DATE-TIME:.*\n", ""))
breaks("A-029S", "dates without milliseconds", text(LIVE, r"\.\d{3}Z", "Z"), "A-031", "A-074")
breaks("A-030", "no date after a discontinuity", text(LIVE, "(DISCONTINUITY\n#EXT-X-MAP.*\n)#EXT-X-PROG.*\n", r"\1"))
breaks("A-031", "a date three seconds early", text(LIVE, r"T07:30:06", "T07:30:03"), "A-074")
breaks(
    "A-035", "a hint after the end", text(LIVE, "#EXT-X-ENDLIST", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="9.m4s"\n\\g<0>')
)
breaks("A-036", "no language", text(INDEX, ',LANGUAGE="und"', ""))

# --- §2.3 History -----------------------------------------------------------------------------------------------------

breaks("A-040", "TARGETDURATION grows once", text_from(LIVE, "DURATION:2\n", "DURATION:3\n"), "A-074", "A-082", "A-139")
breaks("A-041", "a tag appears", text_from(LIVE, "#EXT-X-PART-INF", "#EXT-X-START:TIME-OFFSET=-3\n\\g<0>"))
breaks(
    "A-042",
    "MEDIA-SEQUENCE goes back",
    text_from(LIVE, r"MEDIA-SEQUENCE:\d+", "MEDIA-SEQUENCE:0", after=0.45, until=0.5),
)
breaks(
    "A-043",
    "DISCONTINUITY-SEQUENCE grows too soon",
    text_from(LIVE, "(DISCONTINUITY-SEQUENCE:)0", "\\g<1>1", after=0.7),
    "A-074",
)
breaks("A-044", "a segment is renamed", text_from(LIVE, "1-3.m4s", "1-3b.m4s", after=0.4), "A-041")
breaks("A-045", "five seconds of silence", lambda capture: _silent(capture), "A-086")
breaks("A-046", "two segments are left", narrowed(LIVE, 2), "A-026")
breaks("A-050", "no end", lambda capture: _never_ending(capture), "A-045", "A-092")
breaks("A-050", "a change after the end", text_from(LIVE, "#EXT-X-ENDLIST", "#EXT-X-ENDLIST\n#more", after=0.98))

# --- §2.5 Low latency -------------------------------------------------------------------------------------------------

breaks("A-080", "no PART-INF", text(LIVE, "#EXT-X-PART-INF.*\n", ""), "A-083", "A-086")
breaks("A-080", "no PART-HOLD-BACK", text(LIVE, "PART-HOLD-BACK=[^,]*,", ""), "A-074")
breaks("A-081", "2.5 parts of hold-back", text(EVERY_LIVE, "PART-HOLD-BACK=1.05000", "PART-HOLD-BACK=0.87500"))
breaks("A-081", "a rendition with longer parts", text(LIVE, "PART-TARGET=0.35000,?", "PART-TARGET=0.36"))
breaks("A-082", "HOLD-BACK of two and a half targets", text(EVERY_LIVE, ",HOLD-BACK=6.0", ",HOLD-BACK=5.0"))
breaks("A-082", "CAN-SKIP-UNTIL of three targets", text(EVERY_LIVE, "CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=6.0"))
breaks("A-083", "a part of 80 % of the target", text(LIVE, r'0\.3\d+(,URI="1-3.1.m4s)', r"0.27000\1"), "A-085")
breaks("A-083", "a part longer than the target", text(LIVE, r'0\.3\d+(,URI="1-3.1.m4s)', r"0.36000\1"), "A-085")
breaks("A-084", "PART-TARGET grows", text_from(LIVE, "PART-TARGET=0.35", "PART-TARGET=0.349"))
breaks("A-085", "a part listed twice", text(LIVE, '#EXT-X-PART:.*"1-3.1.m4s"\n', "\\g<0>\\g<0>"), "A-091")
breaks(
    "A-086",
    "a part that is listed with the next one",
    text(LIVE, '#EXT-X-PART:.*"1-3.2.m4s"\n(#EXT-X-PRE.*)', r"\1"),
    "A-091",
)
breaks("A-088", "a date after a first part", text(LIVE, r"(#EXT-X-PROGRAM.*\n)((?:#EXT-X-PART.*\n)+)", r"\2\1"))
breaks("A-089", "a part that is gone at once", lambda capture: _gone_soon(capture))
breaks(
    "A-089S",
    "parts of an old segment",
    text_from(LIVE, r"(#EXTINF.*\n1-4.m4s)", '#EXT-X-PART:DURATION=0.34,URI="1-4.0.m4s"\n\\1', after=0.6),
    "A-085",
)
breaks("A-090", "an absence that gaps stand for in part only", lambda capture: _longer_away(capture))
breaks("A-091", "no hint", text(LIVE, "#EXT-X-PRELOAD-HINT.*\n", ""))
breaks("A-091", "a hint of what is listed", text(LIVE, r'(TYPE=PART,URI="1-\d+\.)[1-9]', r"\g<1>0"))
breaks("A-091", "a hint that does not come true", text(LIVE, r'(TYPE=PART,URI="1-\d+\.)(\d)', r"\g<1>\g<2>9"))
breaks("A-091", "no hint of a new MAP", text(LIVE, "#EXT-X-PRELOAD-HINT:TYPE=MAP.*\n", ""))
breaks("A-091S", "two hints", text(LIVE, r'(#EXT-X-PRELOAD-HINT:TYPE=PART,URI=")(.*\n)', r"\1\2\1x\2"), "A-091")
breaks("A-092", "no report", text(LIVE, "#EXT-X-RENDITION-REPORT.*144p.*\n", ""))
breaks("A-092", "a report two parts behind", lambda capture: _reporting_late(capture))
breaks("A-093", "a rendition half a second behind", lambda capture: _delayed(capture, "144p/index.m3u8", 0.8), "A-092")
breaks("A-094", "parts among I-frames", text(LIVE, "#EXT-X-INDEPENDENT", "#EXT-X-I-FRAMES-ONLY\n\\g<0>"))


def _silent(capture: Capture) -> Capture:
    """The media's answers after the twelfth second, five seconds later."""

    def how(one: Exchange) -> Exchange:
        return replace(one, asked_at=one.asked_at + 5, done_at=one.done_at + 5)

    return change(capture, lambda one: one.done_at > 12 and not one.path.startswith("vod"), how)


def _longer_away(capture: Capture) -> Capture:
    """The dates after the discontinuity, four seconds later."""

    def shift(match: re.Match[bytes]) -> bytes:
        later = datetime.fromisoformat(match[1].decode()) + timedelta(seconds=4)
        return later.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()

    def how(one: Exchange) -> Exchange:
        before, tag, after = one.body.partition(b"#EXT-X-DISCONTINUITY\n")
        return with_body(one, before + tag + re.sub(rb"(?<=DATE-TIME:)(.*)", shift, after))

    return change(capture, at(EVERY_LIVE), how)


def _gone_soon(capture: Capture) -> Capture:
    first = next(one for one in capture.exchanges if one.path == "source/1-2.1.m4s")
    again = replace(
        first, purpose="again", asked_at=first.asked_at + 1, done_at=first.done_at + 1, status=404, body=b""
    )
    return replace(capture, exchanges=[*capture.exchanges, again])


def _reporting_late(capture: Capture) -> Capture:
    def how(one: Exchange) -> Exchange:
        return with_body(
            one, re.sub(rb"(144p.*LAST-MSN=)(\d+)", lambda m: m[1] + b"%d" % max(int(m[2]) - 1, 0), one.body)
        )

    return change(capture, at(LIVE), how)


def _delayed(capture: Capture, path: str, seconds: float) -> Capture:
    """One playlist as if each of its answers had come later."""
    return change(
        capture,
        lambda one: one.path == path,
        lambda one: replace(one, asked_at=one.asked_at + seconds, done_at=one.done_at + seconds),
    )
