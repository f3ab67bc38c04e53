"""Media tags as an encoder's RTMP messages carry them, made by hand."""

from transcode.flv import MediaTag

AVCC = bytes.fromhex(
    "0164000dffe1 001b 6764000dacd94150878888c0440000030004000003 00f03c50a658 01 0006 68ebe3cb22c0 fdf8f800"
)  # 322 × 242, High profile
AAC = bytes.fromhex("1190")  # 48 kHz, stereo
AAC_MONO = bytes.fromhex("1188")
IDR, NON_IDR, RECOVERY_POINT = 5, 1, 1


def video_header(at: int = 0, avcc: bytes = AVCC) -> MediaTag:
    return MediaTag("video", at, b"\x17\x00\x00\x00\x00" + avcc)


def picture(at: int, *, key: bool = False, nal_type: int | None = None, cts: int = 0, body: bytes = b"") -> MediaTag:
    """`nal_type` other than what `key` says makes an encoder that lies."""
    nal = bytes([0x60 | (nal_type if nal_type is not None else IDR if key else NON_IDR)]) + (body or b"%d" % at)
    payload = bytes([0x17 if key else 0x27, 1]) + cts.to_bytes(3, "big", signed=True)
    return MediaTag("video", at, payload + len(nal).to_bytes(4, "big") + nal)


def audio_header(at: int = 0, asc: bytes = AAC) -> MediaTag:
    return MediaTag("audio", at, b"\xaf\x00" + asc)


def sound(at: int) -> MediaTag:
    return MediaTag("audio", at, b"\xaf\x01sound %d" % at)
