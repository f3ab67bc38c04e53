"""Negative controls of the rules that read media: bytes changed in ways a muxer or an encoder gets wrong."""

import re
import struct
from collections.abc import Callable
from dataclasses import replace

from tests.conformance.boxes import BadBoxes, TrackHead, read_init, walk
from tests.conformance.capture import Capture
from tests.conformance.mutating import Mutation, at, change, media, text, with_body

LIVE = r"source/index\.m3u8"
RECORDING = r"vod/source/index\.m3u8"
RECORDINGS = r"vod/(source|144p|audio)/index\.m3u8"
INIT = r"source/\d\.init\.mp4"
SOUND_INIT = r"audio/\d\.init\.mp4"
THIRD = r"source/1-3(\.\d)?\.m4s"  # a segment and its parts
VIDEO_CLOCK, OTHER_CLOCK = struct.pack(">I", 90_000), struct.pack(">I", 270_000)
MUTATIONS: list[Mutation] = []


def breaks(rule: str, says: str, apply: Callable[[Capture], Capture], *also: str) -> None:
    MUTATIONS.append(Mutation(rule, says, apply, frozenset(also)))


def swapped(old: bytes, new: bytes, count: int = -1) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old, new, count)


def later(body: bytes, ticks: int) -> bytes:
    """Every fragment's decode time moved."""
    made = bytearray(body)
    for found in re.finditer(rb"tfdt(.)...", body, re.DOTALL):
        layout = ">Q" if found[1] != b"\0" else ">I"
        struct.pack_into(layout, made, found.end(), struct.unpack_from(layout, body, found.end())[0] + ticks)
    return bytes(made)


def without_default_base(body: bytes) -> bytes:
    return re.sub(rb"(tfhd\0)\x02", rb"\1\0", body)


DEPENDS = bytes.fromhex("01010000")  # on others, and is no place to begin (ISO 14496-12 8.8.3.1)


def dependent(body: bytes) -> bytes:
    """All samples depend on others. Only their flags are touched: the same bytes stand elsewhere too, now and then."""
    made = bytearray(body)
    for run in (run for moof in walk(body) for traf in moof.all("traf") for run in traf.all("trun")):
        told, count = struct.unpack_from(">II", body, run.at + 8)
        first = run.at + 16 + 4 * (told & 1) + (told & 4)  # behind an offset, and flags of the first one alone
        fields = [field for field in (0x100, 0x200, 0x400, 0x800) if told & field]
        if 0x400 in fields:
            for number in range(count):
                place = first + 4 * (number * len(fields) + fields.index(0x400))
                if made[place] == 2:
                    made[place : place + 4] = DEPENDS
    return bytes(made)


def first_unit_is_no_idr(body: bytes) -> bytes:
    """The first IDR slice's header as that of another slice."""
    place = next(box for box in walk(body) if box.kind == "mdat").at + 8
    while place + 5 < len(body) and body[place + 4] & 31 != 5:
        place += 4 + int.from_bytes(body[place : place + 4])
    if place + 5 >= len(body):
        return body
    return body[: place + 4] + bytes([body[place + 4] & ~31 | 1]) + body[place + 5 :]


def noise(body: bytes) -> bytes:
    """In the middle of the first picture."""
    place = next(box for box in walk(body) if box.kind == "mdat").at + 1500
    return body[:place] + b"\xa5\x5a" * 500 + body[place + 1000 :]


def flipped(until: Callable[[TrackHead], bool]) -> Callable[[bytes], bytes]:
    """The one bit of the sequence parameter set with which the track is so."""

    def apply(body: bytes) -> bytes:
        begin = body.index(b"avcC") + 4
        for bit in range((begin + 12) * 8, (begin + 40) * 8):
            made = bytearray(body)
            made[bit // 8] ^= 0x80 >> bit % 8
            try:
                if until(read_init(bytes(made)).first):
                    return bytes(made)
            except BadBoxes:
                continue
        return body

    return apply


def two_tracks(body: bytes) -> bytes:
    """A second track like the first, with the number 2."""
    boxes = walk(body)
    moov = next(box for box in boxes if box.kind == "moov")
    start = body.index(b"trak") - 4
    size = int.from_bytes(body[start : start + 4])
    track = bytearray(body[start : start + size])
    struct.pack_into(">I", track, track.index(b"tkhd") + 4 + 12, 2)
    whole = len(moov.payload) + 8 + size
    return body[: moov.at] + struct.pack(">I4s", whole, b"moov") + moov.payload + bytes(track)


def third_twice(capture: Capture) -> Capture:
    """The fourth segment shows the third's pictures again, at its own time."""
    shown = {one.path: one.body for one in capture.exchanges if re.fullmatch(THIRD, one.path)}
    return change(
        capture,
        at(r"source/1-4(\.\d)?\.m4s"),
        lambda one: with_body(one, later(shown.get(one.path.replace("1-4", "1-3"), one.body), 180_000)),
    )


def transport_stream(capture: Capture) -> Capture:
    packets = [bytes([0x47, 0x40, 0, 0x10 | counter]) + bytes(184) for counter in (0, 1, 3)]
    segment = next(one for one in capture.exchanges if one.path.endswith(".m4s"))
    return replace(
        capture, exchanges=[*capture.exchanges, replace(segment, path="source/1.ts", body=b"".join(packets))]
    )


def other_init_within(capture: Capture) -> Capture:
    """One segment has an initialization section of another picture size."""
    given = next(one for one in capture.exchanges if one.path == "source/1.init.mp4")
    place = given.body.index(b"avc1") + 4 + 24
    other = given.body[:place] + struct.pack(">H", 322) + given.body[place + 2 :]
    with_init = replace(capture, exchanges=[*capture.exchanges, replace(given, path="source/9.init.mp4", body=other)])
    new_map = r'#EXT-X-MAP:URI="\g<2>9.init.mp4"\n\1#EXT-X-MAP:URI="\g<2>1.init.mp4"\n'
    return text(RECORDING, r"((?:#EXT-X-PROG.*\n)?#EXTINF.*\n(.*)1-5.m4s\n)", new_map)(with_init)


def late_chunk(body: bytes) -> bytes:
    """The last chunk one tick later."""
    last = body.rindex(b"moof")
    return body[:last] + later(body[last:], 1)


def sent_later(capture: Capture) -> Capture:
    return replace(capture, sent={number: at + 1 for number, at in capture.sent.items()})


def filled(box: str, skipped: int) -> Callable[[bytes], bytes]:
    """A number that must be 0, as 1."""
    pattern = re.compile(rb"(%s.{%d})...." % (box.encode(), skipped), re.DOTALL)
    return lambda body: pattern.sub(rb"\1\0\0\0\1", body)


def is_interlaced(track: TrackHead) -> bool:
    return track.avc is not None and not track.avc.progressive


def is_oblong(track: TrackHead) -> bool:
    return track.avc is not None and track.avc.pixel_shape[0] != track.avc.pixel_shape[1]


def changed_recording(capture: Capture) -> Capture:
    last = next(one for one in reversed(capture.exchanges) if one.path == "vod/source/index.m3u8")
    return change(capture, lambda one: one is last, lambda one: with_body(one, one.body + b"# changed\n"))


# --- §2.2 and §2.4 ----------------------------------------------------------------------------------------------------

UNMARKED = ("A-063", "A-064", "A-071", "A-139")
OTHER_SPEED = ("A-022", "A-132", "A-133", "A-135", "A-139")
HALF_AGAIN = struct.pack(">I", 60_000)
LAST_LISTED = r"(?:#EXT-X-PROG.*\n)?#EXTINF.*\n.*\n(?=#EXT-X-ENDLIST)"

breaks("A-021", "more media than its EXTINF says", media(INIT, swapped(VIDEO_CLOCK, HALF_AGAIN)), *OTHER_SPEED)
breaks("A-022", "two frames more than there are", text(RECORDING, r"2\.0\d*(,\n.*1-3)", r"2.06700\1"))
breaks("A-022", "five milliseconds more each time", text(RECORDING, r"EXTINF:2\.000", "EXTINF:2.006"))
breaks("A-032", "pictures sent a second later", sent_later)
breaks("A-033", "another size without a discontinuity", other_init_within)
breaks(
    "A-034",
    "a discontinuity where nothing is",
    text(RECORDINGS, r"(?:#EXT-X-PROG.*\n)?#EXTINF.*\n.*1-3.m4s", r"#EXT-X-DISCONTINUITY\n\g<0>"),
)
breaks("A-060", "no mvex", media(INIT, swapped(b"mvex", b"free")))
breaks("A-060", "a brand that is too old", media(INIT, swapped(b"iso6", b"isom")))
breaks("A-060", "an index with entries", media(INIT, filled("stts", 4)))
breaks("A-060", "a duration", media(INIT, filled("mvhd", 16)))
breaks("A-060", "a segment that is cut", media(THIRD, lambda body: body[:-9]), "A-022")
breaks("A-061", "no tfdt", media(THIRD, swapped(b"tfdt", b"free")), "A-062", "A-139")
breaks("A-061", "offsets from the file's beginning", media(THIRD, without_default_base))
breaks("A-062", "one tick later", media(THIRD, lambda body: later(body, 1)))
breaks("A-063", "no IDR picture", media(THIRD, first_unit_is_no_idr))
breaks("A-063", "an IDR picture marked as dependent", media(THIRD, dependent), "A-064", "A-071", "A-139")
breaks("A-064", "no independent picture", media(THIRD, dependent), "A-063", "A-071", "A-139")
breaks("A-064S", "four seconds between key frames", media(THIRD, dependent), *UNMARKED)
breaks("A-065", "nobody says it", text(r"(source/)?index\.m3u8", "#EXT-X-INDEPENDENT-SEGMENTS\n", ""))
breaks("A-066", "noise in a picture", media("source/1-0.m4s", noise), "A-085")
breaks("A-067", "parameter sets in band", media(INIT, swapped(b"avc1", b"avc3")), "A-131")
breaks("A-068", "mono", media(SOUND_INIT, swapped(b"\x11\x90", b"\x11\x88")))
breaks("A-068S", "HE-AAC at 128 kbit/s", media(SOUND_INIT, swapped(b"\x11\x90", b"\x29\x90")), "A-131")
breaks("A-069", "ninety pictures a second", media(INIT, swapped(VIDEO_CLOCK, OTHER_CLOCK)), *OTHER_SPEED)
breaks("A-069", "interlaced", media(INIT, flipped(is_interlaced)), "A-132")
breaks("A-069S", "oblong pixels", media(INIT, flipped(is_oblong)))
breaks("A-070", "a transport stream whose counter jumps", transport_stream)
breaks("A-071", "no brand of CMAF", media(INIT, swapped(b"cmfc", b"cmff")))
breaks("A-071", "two tracks", media(INIT, two_tracks))
breaks("A-071", "a chunk later than the one before it ended", media("source/1-3.m4s", late_chunk), "A-062", "A-085")
breaks("A-073", "pictures shown twice", third_twice, "A-074", "A-139")
breaks("A-074", "renditions of other pictures", third_twice, "A-139")
breaks(
    "A-074",
    "another Target Duration",
    text(r"144p/index\.m3u8", "TARGETDURATION:2", "TARGETDURATION:3"),
    "A-082",
    "A-139",
)
breaks("A-074", "another control", text(LIVE, r",HOLD-BACK=6\.0", ",HOLD-BACK=7.0"))
breaks("A-085", "a part of other samples", media("source/1-3.1.m4s", lambda body: later(body, 1)))
breaks("A-087", "no part is said to be independent", text(LIVE, ",INDEPENDENT=YES", ""))
breaks("A-087", "a dependent part is said to be independent", text(LIVE, r'("1-3.1.m4s")', r"\1,INDEPENDENT=YES"))

# --- §2.10 ------------------------------------------------------------------------------------------------------------

breaks("A-160", "a recording without an end", text(RECORDING, "#EXT-X-ENDLIST\n", ""))
breaks("A-160", "a recording that changes", changed_recording)
breaks("A-160", "a recording of no type", text(RECORDING, "#EXT-X-PLAYLIST-TYPE:VOD\n", ""))
breaks("A-161", "a rendition that ends sooner", text(RECORDING, LAST_LISTED, ""))
breaks("A-162", "the tail is missing", text(RECORDINGS, LAST_LISTED, ""))
breaks("A-162", "a segment twice", text(RECORDINGS, r"(#EXTINF.*\n.*)1-4.m4s", r"\g<1>1-3.m4s"), "A-062")
