"""What the packager must know of H.264: the decoder configuration and where IDR pictures are.

Sources: ISO/IEC 14496-15 5.3.3 (avcC), ITU-T H.264 7.3.2.1.1 (SPS) and annex E (VUI).
"""

from dataclasses import dataclass
from fractions import Fraction

from transcode.bits import BitReader, ByteLike
from transcode.errors import BitstreamError

MAX_SPS_BYTES = 1024  # real ones have 20 to 60; scaling lists add some hundred
MAX_SIDE_PIXELS = 16_384  # above level 6.2's largest side; keeps a lying SPS from asking for absurd memory later
MAX_NAL_UNITS = 2_000  # of one picture: real encoders write a slice per core or per row of macroblocks

_FORBIDDEN_BIT = 0x80
_IDR = 5
_SPS = 7
_EXTENDED_SAR = 255
_YUV444 = 3
# H.264 7.3.2.1.1: profiles whose SPS carries chroma format, bit depth and scaling matrices.
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
# H.264 table E-1, index = aspect_ratio_idc; 0 is "unspecified", which everybody shows as square.
_SAMPLE_ASPECT_RATIOS = (
    (1, 1), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11),
    (80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip
_CHROMA_SUBSAMPLING = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}  # H.264 table 6-1: SubWidthC, SubHeightC


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """A decoder configuration.

    `width` and `height` are coded pixels after cropping; `sar` is width : height of one pixel.
    `frame_rate` is what the VUI promises, None when it does not say. `progressive` False: it may be interlaced.
    `chroma_format` is 1 for 4:2:0, 2 for 4:2:2, 3 for 4:4:4, 0 for grey; `bit_depth` the larger of luma's and chroma's.
    """

    codec_string: str
    width: int
    height: int
    sar: tuple[int, int]
    frame_rate: Fraction | None
    progressive: bool
    nal_length_size: int
    avcc: bytes
    chroma_format: int = 1
    bit_depth: int = 8


@dataclass(frozen=True, slots=True)
class _Sps:
    width: int
    height: int
    sar: tuple[int, int]
    frame_rate: Fraction | None
    progressive: bool
    colours: "_Colours"


@dataclass(frozen=True, slots=True)
class _Colours:
    """H.264 7.3.2.1.1: how samples are stored; the defaults are those of the profiles that cannot say."""

    chroma_format: int = 1
    separate_planes: bool = False
    bit_depth: int = 8


def parse_avc_config(avcc: ByteLike) -> AvcConfig:
    """Read an AVCDecoderConfigurationRecord. Raises BitstreamError when it is malformed or lacks an SPS or a PPS."""
    record = bytes(avcc)
    if len(record) < 7 or record[0] != 1:
        raise BitstreamError("The H.264 configuration is not an avcC record of version 1.")
    nal_length_size = (record[4] & 3) + 1
    if nal_length_size == 3:
        raise BitstreamError("The H.264 configuration has NAL lengths of three bytes.")
    sequence_sets, position = _parameter_sets(record, 6, record[5] & 31)
    if position >= len(record):
        raise BitstreamError("The H.264 configuration ends before its picture parameter sets.")
    picture_sets, _ = _parameter_sets(record, position + 1, record[position])
    if not sequence_sets or not picture_sets:
        raise BitstreamError("The H.264 configuration lacks a parameter set.")
    sps = _parse_sps(sequence_sets[0])
    return AvcConfig(
        codec_string=f"avc1.{record[1:4].hex().upper()}",  # RFC 6381 3.3
        width=sps.width,
        height=sps.height,
        sar=sps.sar,
        frame_rate=sps.frame_rate,
        progressive=sps.progressive,
        nal_length_size=nal_length_size,
        avcc=record,
        chroma_format=sps.colours.chroma_format,
        bit_depth=sps.colours.bit_depth,
    )


def contains_idr(data: ByteLike, nal_length_size: int) -> bool:
    """Whether an access unit of length-prefixed NAL units holds an IDR slice; FLV's keyframe flag may lie.

    Raises BitstreamError when the lengths do not add up (Annex B start codes, cut packets) or a unit cannot be one: a
    browser that is given such a picture gives up on the whole stream.
    """
    view = memoryview(data)
    position = units = 0
    found = False
    while position < len(view):
        start = position + nal_length_size
        size = int.from_bytes(view[position:start], "big")
        position = start + size
        units += 1
        if position > len(view) or units > MAX_NAL_UNITS:
            raise BitstreamError("A NAL unit is longer than its packet, or there are too many of them.")
        if not size or view[start] & _FORBIDDEN_BIT:
            raise BitstreamError("A NAL unit is empty or has its forbidden bit set.")  # H.264 7.4.1
        found = found or view[start] & 31 == _IDR
    return found


def parameter_sets(avcc: ByteLike) -> list[bytes]:
    """The sequence and picture parameter sets of a record that `parse_avc_config` accepts."""
    record = bytes(avcc)
    sequence_sets, position = _parameter_sets(record, 6, record[5] & 31)
    return sequence_sets + _parameter_sets(record, position + 1, record[position])[0]


def nal_units(data: ByteLike, nal_length_size: int) -> list[bytes]:
    """An access unit of length-prefixed NAL units, apart. Raises BitstreamError when the lengths do not add up."""
    record, position = bytes(data), 0
    units = []
    while position < len(record):
        start = position + nal_length_size
        position = start + int.from_bytes(record[position:start], "big")
        if position > len(record):
            raise BitstreamError("A NAL unit is longer than its packet.")
        units.append(record[start:position])
    return units


def _parameter_sets(record: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    """`count` NAL units with 16-bit lengths, and the position behind them."""
    units = []
    for _ in range(count):
        start = position + 2
        position = start + int.from_bytes(record[start - 2 : start], "big")
        if position > len(record) or start >= position:
            raise BitstreamError("A parameter set is empty or longer than the H.264 configuration.")
        units.append(record[start:position])
    return units, position


def _parse_sps(nal: bytes) -> _Sps:
    """H.264 7.3.2.1.1."""
    if nal[0] & 31 != _SPS:
        raise BitstreamError("The first parameter set is not an SPS.")
    if len(nal) > MAX_SPS_BYTES:
        raise BitstreamError("The SPS is too long.")
    reader = BitReader(nal[1:].replace(b"\x00\x00\x03", b"\x00\x00"))  # emulation prevention, H.264 7.4.1
    profile = reader.unsigned(8)
    reader.unsigned(16)  # constraint flags, level
    reader.golomb()  # seq_parameter_set_id
    colours = _colours(reader) if profile in _HIGH_PROFILES else _Colours()
    reader.golomb()  # log2_max_frame_num_minus4
    _skip_picture_order_count(reader)
    reader.golomb()  # max_num_ref_frames
    reader.flag()  # gaps_in_frame_num_value_allowed_flag
    width_in_macroblocks = reader.golomb() + 1
    height_in_map_units = reader.golomb() + 1
    progressive = reader.flag()
    if not progressive:
        reader.flag()  # mb_adaptive_frame_field_flag
    reader.flag()  # direct_8x8_inference_flag
    field_factor = 1 if progressive else 2
    # Separate colour planes are coded like monochrome: crop units are single samples then (ChromaArrayType 0).
    unit_x, unit_y = (1, 1) if colours.separate_planes else _CHROMA_SUBSAMPLING[colours.chroma_format]
    crop_x, crop_y = _crop(reader)
    width = 16 * width_in_macroblocks - unit_x * crop_x
    height = field_factor * (16 * height_in_map_units - unit_y * crop_y)
    if not (0 < width <= MAX_SIDE_PIXELS and 0 < height <= MAX_SIDE_PIXELS):
        raise BitstreamError(f"The SPS describes a picture of {width}x{height}.")
    sar, frame_rate = _vui(reader) if reader.flag() else ((1, 1), None)
    return _Sps(width, height, sar, frame_rate, progressive, colours)


def _colours(reader: BitReader) -> _Colours:
    chroma_format = reader.golomb()
    if chroma_format not in _CHROMA_SUBSAMPLING:
        raise BitstreamError(f"Chroma format {chroma_format} is unknown.")
    separate_planes = chroma_format == _YUV444 and reader.flag()
    bit_depth = 8 + max(reader.golomb(), reader.golomb())  # luma, chroma
    reader.flag()  # qpprime_y_zero_transform_bypass_flag
    if reader.flag():  # seq_scaling_matrix_present_flag
        for index in range(12 if chroma_format == _YUV444 else 8):
            if reader.flag():
                _skip_scaling_list(reader, 16 if index < 6 else 64)
    return _Colours(chroma_format, separate_planes, bit_depth)


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    """H.264 7.3.2.1.1.1: deltas stop once the next scale becomes 0."""
    last = 8
    for _ in range(size):
        last = (last + reader.signed_golomb()) % 256
        if last == 0:
            return


def _skip_picture_order_count(reader: BitReader) -> None:
    kind = reader.golomb()
    if kind == 0:
        reader.golomb()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        reader.flag()  # delta_pic_order_always_zero_flag
        reader.signed_golomb()  # offset_for_non_ref_pic
        reader.signed_golomb()  # offset_for_top_to_bottom_field
        cycle = reader.golomb()
        if cycle > 255:
            raise BitstreamError("The SPS has too long a picture order cycle.")
        for _ in range(cycle):
            reader.signed_golomb()
    elif kind > 2:
        raise BitstreamError(f"Picture order count type {kind} is unknown.")


def _crop(reader: BitReader) -> tuple[int, int]:
    """Columns and rows cut off, in crop units."""
    if not reader.flag():
        return 0, 0
    left, right, top, bottom = (reader.golomb() for _ in range(4))
    return left + right, top + bottom


def _vui(reader: BitReader) -> tuple[tuple[int, int], Fraction | None]:
    """Sample aspect ratio and frame rate. H.264 E.1.1; what follows the timing is not needed."""
    sar = _aspect_ratio(reader) if reader.flag() else (1, 1)
    if reader.flag():  # overscan_info_present_flag
        reader.flag()
    if reader.flag():  # video_signal_type_present_flag
        reader.unsigned(4)  # video_format, video_full_range_flag
        if reader.flag():  # colour_description_present_flag
            reader.unsigned(24)
    if reader.flag():  # chroma_loc_info_present_flag
        reader.golomb()
        reader.golomb()
    if not reader.flag():  # timing_info_present_flag
        return sar, None
    units_in_tick, time_scale = reader.unsigned(32), reader.unsigned(32)
    if not units_in_tick or not time_scale:
        return sar, None
    return sar, Fraction(time_scale, 2 * units_in_tick)  # a tick is a field, E.2.1


def _aspect_ratio(reader: BitReader) -> tuple[int, int]:
    index = reader.unsigned(8)
    if index == _EXTENDED_SAR:
        width, height = reader.unsigned(16), reader.unsigned(16)
        return (width, height) if width and height else (1, 1)
    return _SAMPLE_ASPECT_RATIOS[index] if index < len(_SAMPLE_ASPECT_RATIOS) else (1, 1)
