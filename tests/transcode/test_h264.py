"""The H.264 decoder configuration, read from what x264 really writes."""

import subprocess
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.errors import BitstreamError
from transcode.flv import FlvReader, parse_video
from transcode.h264 import AvcConfig, contains_idr, parse_avc_config

AVCC = bytes.fromhex(
    "0164000dffe1 001b 6764000dacd94150878888c0440000030004000003 00f03c50a658 01 0006 68ebe3cb22c0 fdf8f800"
)


def encoded_packets(*options: str, size: str = "320x240", rate: str = "30") -> tuple[AvcConfig, list[bytes]]:
    """The configuration and the access units of a third of a second by x264."""
    argv = [
        *("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}", "-frames:v", "10"),
        *("-c:v", "libx264", "-preset", "ultrafast", *options, "-f", "flv", "pipe:1"),
    ]
    stream = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    packets = [parse_video(tag.payload) for tag in FlvReader().feed(stream)]
    config = parse_avc_config(packets[0].data)
    return config, [bytes(packet.data) for packet in packets[1:] if packet.data]


@pytest.mark.parametrize(
    ("options", "size", "rate", "expected"),
    [
        (["-pix_fmt", "yuv420p", "-profile:v", "baseline"], "320x240", "30", (320, 240, (1, 1), Fraction(30))),
        (["-pix_fmt", "yuv420p", "-profile:v", "high"], "322x242", "25", (322, 242, (1, 1), Fraction(25))),
        (["-pix_fmt", "yuv420p"], "1920x1080", "30000/1001", (1920, 1080, (1, 1), Fraction(30000, 1001))),
        (["-pix_fmt", "yuv422p"], "322x242", "60", (322, 242, (1, 1), Fraction(60))),
        (["-vf", "scale=323:241,setsar=1,format=yuv444p"], "320x240", "30", (323, 241, (1, 1), Fraction(30))),
        (["-pix_fmt", "gray"], "322x242", "30", (322, 242, (1, 1), Fraction(30))),
        (["-pix_fmt", "yuv420p", "-vf", "setsar=16/11"], "704x576", "25", (704, 576, (16, 11), Fraction(25))),
        (["-pix_fmt", "yuv420p", "-vf", "setsar=7/5"], "320x240", "25", (320, 240, (7, 5), Fraction(25))),
        (
            ["-pix_fmt", "yuv420p", "-x264-params", "cqm=jvt:8x8dct=1"],
            "320x240",
            "30",
            (320, 240, (1, 1), Fraction(30)),
        ),
        (
            ["-pix_fmt", "yuv420p", "-x264-params", "colorprim=bt709:transfer=bt709:colormatrix=bt709:overscan=show"],
            "320x240",
            "30",
            (320, 240, (1, 1), Fraction(30)),
        ),
    ],
)
def test_x264s_configurations_are_read(
    options: list[str], size: str, rate: str, expected: tuple[int, int, tuple[int, int], Fraction]
) -> None:
    config, _ = encoded_packets(*options, size=size, rate=rate)

    assert (config.width, config.height, config.sar, config.frame_rate) == expected
    assert config.progressive


def test_interlaced_video_is_told_from_progressive() -> None:
    config, _ = encoded_packets("-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", size="320x240")

    assert not config.progressive
    assert (config.width, config.height) == (320, 240)


def test_codec_string_is_the_records_own() -> None:
    config = parse_avc_config(AVCC)

    assert config.codec_string == "avc1.64000D"
    assert config.nal_length_size == 4
    assert config.avcc == AVCC


def test_idr_is_found_by_its_nal_type() -> None:
    config, packets = encoded_packets("-pix_fmt", "yuv420p", "-g", "5", "-sc_threshold", "0", "-bf", "0")

    found = [contains_idr(packet, config.nal_length_size) for packet in packets]

    assert found == [True, False, False, False, False] * 2


def test_open_gop_keyframe_is_no_idr() -> None:
    recovery_point = bytes.fromhex("00000002 0600 00000002 4188")

    assert not contains_idr(recovery_point, 4)
    assert contains_idr(recovery_point + bytes.fromhex("00000002 6588"), 4)


def test_annex_b_and_cut_packets_are_refused() -> None:
    with pytest.raises(BitstreamError):
        contains_idr(bytes.fromhex("00000001 6588 84 00 21"), 4)
    with pytest.raises(BitstreamError):
        contains_idr(bytes.fromhex("00000009 65"), 4)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x02" + AVCC[1:],
        AVCC[:4] + b"\xfe" + AVCC[5:],
        AVCC[:5] + b"\xe0" + AVCC[6:],
        AVCC[:20],
        AVCC[: 8 + 27],
        AVCC[:8] + b"\x68" + AVCC[9:],
    ],
    ids=["empty", "version", "three-byte lengths", "no SPS", "cut SPS", "no PPS", "not an SPS"],
)
def test_broken_configuration_is_refused(broken: bytes) -> None:
    with pytest.raises(BitstreamError):
        parse_avc_config(broken)


@given(st.integers(0, len(AVCC) - 1), st.integers(0, 255))
def test_any_changed_byte_reads_or_raises_bitstream_error(index: int, value: int) -> None:
    mutated = AVCC[:index] + bytes((value,)) + AVCC[index + 1 :]
    try:
        config = parse_avc_config(mutated)
    except BitstreamError:
        return
    assert 0 < config.width <= 16_384


@given(st.binary(max_size=80))
def test_garbage_raises_only_bitstream_error(garbage: bytes) -> None:
    for parse in (parse_avc_config, lambda data: contains_idr(data, 4)):
        try:
            parse(garbage)
        except BitstreamError:
            continue
