"""What H.264 and AAC configurations say (ISO/IEC 14496-10, -15, -3), read independently of the product."""

from collections.abc import Iterator
from dataclasses import dataclass

IDR, SEI, SPS = 5, 6, 7
HLG, PQ = 18, 16  # transfer characteristics of pictures that are not SDR
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_RATIOS = {1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 14: (4, 3), 15: (3, 2), 16: (2, 1)}
_EXTENDED_RATIO = 255
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_SPECTRAL_BAND_REPLICATION, _PARAMETRIC_STEREO = 5, 29


@dataclass(frozen=True)
class Avc:
    """An avcC box and its first sequence parameter set."""

    profile: int
    compatibility: int
    level: int
    length_size: int
    width: int
    height: int
    progressive: bool
    pixel_shape: tuple[int, int]
    colours: tuple[int, int, int]  # primaries, transfer, matrix; 2 is "unspecified"


@dataclass(frozen=True)
class Sound:
    """An AudioSpecificConfig."""

    object_type: int
    rate: int
    channels: int


class _Bits:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self.data[self.at >> 3] if self.at >> 3 < len(self.data) else 0
            value = value << 1 | byte >> (7 - (self.at & 7)) & 1
            self.at += 1
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.read(1) and zeros < 32:
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def read_avc(config: bytes) -> Avc:
    """14496-15 §5.3.3.1; the picture's size after cropping."""
    length = int.from_bytes(config[6:8])
    unit = config[8 : 8 + length]
    bits = _Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))
    profile = bits.read(8)
    bits.read(16)
    bits.ue()
    chroma = _chroma(bits, profile)
    bits.ue()
    _skip_order_counts(bits)
    bits.ue()
    bits.read(1)
    columns, rows, frames_only = bits.ue() + 1, bits.ue() + 1, bits.read(1)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    left = right = top = bottom = 0
    if bits.read(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    across, down = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1) * (2 - frames_only)
    width, height = columns * 16 - (left + right) * across, rows * 16 * (2 - frames_only) - (top + bottom) * down
    shape, colours = _usability(bits) if bits.read(1) else ((1, 1), (2, 2, 2))
    # The bytes of the box are what CODECS repeats.
    return Avc(config[1], config[2], config[3], (config[4] & 3) + 1, width, height, bool(frames_only), shape, colours)


def _chroma(bits: _Bits, profile: int) -> int:
    if profile not in _HIGH_PROFILES:
        return 1
    chroma = bits.ue()
    if chroma == 3:
        bits.read(1)
    bits.ue(), bits.ue(), bits.read(1)
    if bits.read(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_order_counts(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.read(1), bits.se(), bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _usability(bits: _Bits) -> tuple[tuple[int, int], tuple[int, int, int]]:
    shape, colours = (1, 1), (2, 2, 2)
    if bits.read(1):
        ratio = bits.read(8)
        shape = (bits.read(16), bits.read(16)) if ratio == _EXTENDED_RATIO else _RATIOS.get(ratio, (1, 1))
    if bits.read(1):
        bits.read(1)
    if bits.read(1):
        bits.read(4)
        if bits.read(1):
            colours = (bits.read(8), bits.read(8), bits.read(8))
    return shape, colours


def units(sample: bytes, length_size: int) -> Iterator[bytes]:
    """The NAL units of a sample; what does not fit its length is given as it is."""
    at = 0
    while at + length_size <= len(sample):
        length = int.from_bytes(sample[at : at + length_size])
        at += length_size
        yield sample[at : at + length]
        at += length


def unit_types(sample: bytes, length_size: int) -> list[int]:
    return [unit[0] & 31 for unit in units(sample, length_size) if unit]


def has_captions(sample: bytes, length_size: int) -> bool:
    """CEA-608/708 in a SEI message: ATSC's `GA94` user data."""
    return any(unit[0] & 31 == SEI and b"GA94" in unit for unit in units(sample, length_size) if unit)


def read_sound(esds: bytes) -> Sound | None:
    """The DecoderSpecificInfo of an esds box (14496-1 §7.2.6)."""
    config = _descriptor(esds[4:])
    if config is None:
        return None
    bits = _Bits(config)
    kind, rate = _object_type(bits), _rate(bits)
    channels = bits.read(4)
    return Sound(kind, rate, 2 if kind == _PARAMETRIC_STEREO else channels)


def _object_type(bits: _Bits) -> int:
    kind = bits.read(5)
    return kind if kind != 31 else 32 + bits.read(6)


def _rate(bits: _Bits) -> int:
    index = bits.read(4)
    return bits.read(24) if index == 15 else _RATES[index] if index < len(_RATES) else 0


def _descriptor(data: bytes) -> bytes | None:
    """Goes down ES (3) and DecoderConfig (4) descriptors to DecoderSpecificInfo (5)."""
    at = 0
    while at + 2 <= len(data):
        tag, at = data[at], at + 1
        length = 0
        while True:
            length, more, at = length << 7 | data[at] & 127, data[at] & 128, at + 1
            if not more:
                break
        if tag == 5:
            return data[at : at + length]
        skipped = {3: 3, 4: 13}.get(tag)
        if skipped is not None:
            return _descriptor(data[at + skipped : at + length])
        at += length
    return None
