"""Negative controls of the rules of multivariant and I-frame playlists."""

import struct
from collections.abc import Callable

from tests.conformance.capture import Capture
from tests.conformance.mutating import Mutation, dropped, media, text

INDEX = r"(dvr/|vod/)?index\.m3u8"
LIVE_INDEX = r"index\.m3u8"
RECORDED_INDEX = r"vod/index\.m3u8"
IFRAMES = r"vod/source/iframes\.m3u8"
SOUND = r'(#EXT-X-MEDIA:[^\n]*NAME=")Sound("[^\n]*\n)'
VARIANT = r"(#EXT-X-STREAM-INF(?:.*\n){2})"
SOUND_INIT = r"audio/\d\.init\.mp4"
FIRST_PICTURE = r"source/1-3\.m4s"
MUTATIONS: list[Mutation] = []


def breaks(rule: str, says: str, apply: Callable[[Capture], Capture], *also: str) -> None:
    MUTATIONS.append(Mutation(rule, says, apply, frozenset(also)))


def with_captions(body: bytes) -> bytes:
    """A SEI unit's bytes as those of ATSC captions: x264 signs its pictures in one."""
    place = body.index(b"x264")
    return body[:place] + b"GA94" + body[place + 4 :]


def padded(body: bytes) -> bytes:
    """With a box that is skipped."""
    return body + struct.pack(">I4s", 300_008, b"free") + bytes(300_000)


breaks("A-130", "no CODECS", text(INDEX, r',CODECS="[^"]*"', "", count=1), "A-131")
breaks("A-130", "no AVERAGE-BANDWIDTH", text(LIVE_INDEX, r",AVERAGE-BANDWIDTH=\d+", "", count=1), "A-134")
breaks("A-130", "a frame rate of two decimals", text(INDEX, r"FRAME-RATE=30\.000", "FRAME-RATE=30.00"))
breaks("A-130", "no URI", text(INDEX, r"\nsource/index.m3u8", ""))
breaks("A-130", "one picture only", text(INDEX, r"#EXT-X-STREAM-INF[^\n]*\n144p/index.m3u8\n", ""))
breaks("A-131", "another level", text(INDEX, r"avc1\.64000D", "avc1.64000E"))
breaks("A-131", "no sound named", text(INDEX, r",mp4a\.40\.2", ""))
breaks("A-132", "another size", text(INDEX, "RESOLUTION=320x180", "RESOLUTION=322x180"))
breaks("A-132", "another frame rate", text(INDEX, r"FRAME-RATE=30\.000", "FRAME-RATE=25.000"))
breaks("A-133", "40 % less BANDWIDTH", text(LIVE_INDEX, "(:BANDWIDTH=)480000", r"\g<1>288000"))
breaks("A-134", "half the average", text(LIVE_INDEX, r"(AVERAGE-BANDWIDTH=)\d+", r"\g<1>120000"))
breaks("A-135", "rates as announced", text(RECORDED_INDEX, r"(:BANDWIDTH=)\d+", r"\g<1>900000", count=1))
breaks("A-135S", "a busy segment", media(r"source/1-3\.m4s", padded), "A-133", "A-134", "A-135")
breaks("A-137", "two members of one name", text(INDEX, SOUND, r"\1Sound\2\1Sound\2"))
breaks("A-137", "two defaults", text(INDEX, SOUND, r"\1Sound\2\1Speech\2"))
breaks("A-137", "a default that is not chosen", text(INDEX, "AUTOSELECT=YES", "AUTOSELECT=NO"))
breaks("A-137", "a group that is nowhere", text(INDEX, 'GROUP-ID="audio"', 'GROUP-ID="sound"'), "A-131", "A-135")
breaks("A-138", "captions denied on one variant only", text(INDEX, ",CLOSED-CAPTIONS=NONE", "", count=1))
breaks("A-138", "captions nobody speaks of", text(INDEX, ",CLOSED-CAPTIONS=NONE", ""))
breaks("A-138", "captions denied", media(r"source/1-0\.m4s", with_captions), "A-085")
breaks("A-139", "no I-frame playlists", text(INDEX, "#EXT-X-I-FRAME-STREAM-INF.*\n", ""), "A-065")
breaks("A-139", "one that is not there", dropped(IFRAMES))
breaks("A-139", "one without codecs", text(INDEX, r'(I-FRAME-STREAM-INF[^\n]*),CODECS="[^"]*"', r"\1"))
breaks(
    "A-139",
    "one that does not say what it is",
    text(IFRAMES, "#EXT-X-I-FRAMES-ONLY\n", ""),
    *("A-005", "A-021", "A-022", "A-060", "A-062", "A-071", "A-132", "A-133", "A-134", "A-135"),  # pieces of segments
)
breaks("A-139", "another Target Duration", text(IFRAMES, "TARGETDURATION:2", "TARGETDURATION:4"))
breaks("A-139", "ranges that end too soon", text(IFRAMES, r"BYTERANGE:\d+@0", "BYTERANGE:900@0"))
breaks("A-139", "durations of one frame", text(IFRAMES, r"EXTINF:2\.0\d*", "EXTINF:0.03333"))
breaks("A-140", "nothing for phones", text(LIVE_INDEX, r"#EXT-X-STREAM-INF[^\n]*\naudio/index.m3u8\n", ""))
breaks(
    "A-140",
    "the smallest first",
    text(LIVE_INDEX, r"(#EXT-X-STREAM-INF(?:.*\n){2})((?:#EXT-X-STREAM(?:.*\n){2})+)", r"\2\1"),
)
breaks("A-141", "a score on one variant", text(INDEX, ",CLOSED-CAPTIONS=NONE", ",SCORE=1.0\\g<0>", count=1))
