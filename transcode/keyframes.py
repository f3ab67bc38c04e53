"""Single pictures out of stored segments, as an H.264 stream of nothing else (ITU-T H.264 annex B) (pure)."""

from collections.abc import Iterable

from transcode import fmp4, h264
from transcode.errors import BoxError

START_CODE = b"\x00\x00\x00\x01"
# 7.3.2.4: tells one picture from the next also where both say the same of themselves.
ACCESS_UNIT_DELIMITER = START_CODE + b"\x09\x10"


def key_frame_stream(pictures: Iterable[tuple[bytes, bytes]]) -> bytes:
    """From pairs of an initialization section and the first bytes of a segment, up to the end of its key frame.

    Raises BoxError or BitstreamError when they are no such.
    """
    pieces = []
    for init, head in pictures:
        config = _configuration(init)
        pieces.append(ACCESS_UNIT_DELIMITER)
        pieces += [START_CODE + unit for unit in h264.parameter_sets(config)]
        pieces += [START_CODE + unit for unit in h264.nal_units(_first_sample(head), (config[4] & 3) + 1)]
    return b"".join(pieces)


def _configuration(init: bytes) -> bytes:
    for box in fmp4.walk_boxes(init):
        if box.path.endswith("avc1/avcC"):
            return bytes(box.payload)
    raise BoxError("The initialization section has no H.264 configuration.")


def _first_sample(head: bytes) -> bytes:
    """What there is of the first mdat: the box itself is longer."""
    at = 0
    while at + 8 <= len(head):
        if head[at + 4 : at + 8] == b"mdat":
            return head[at + 8 :]
        at += max(int.from_bytes(head[at : at + 4], "big"), 8)
    raise BoxError("The segment has no media.")
