"""FLV tags and what they carry."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.errors import FlvError
from transcode.flv import (
    MAX_TAG_BYTES,
    FlvReader,
    MediaTag,
    flv_header,
    flv_tag,
    parse_audio,
    parse_video,
)

tags = st.builds(
    MediaTag, st.sampled_from(["audio", "video"]), st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=300)
)


def read_in_pieces(stream: bytes, cuts: list[int]) -> list[MediaTag]:
    reader = FlvReader()
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [tag for start, end in zip(edges, edges[1:], strict=False) for tag in reader.feed(stream[start:end])]


@given(st.lists(tags, max_size=8), st.lists(st.integers(0), max_size=8))
def test_reader_gives_back_what_the_writer_wrote_however_it_is_cut(written: list[MediaTag], cuts: list[int]) -> None:
    stream = flv_header(audio=True, video=True) + b"".join(map(flv_tag, written))

    assert read_in_pieces(stream, cuts) == written


def test_tag_comes_out_with_its_last_byte_and_not_with_the_next_tag() -> None:
    reader = FlvReader()
    reader.feed(flv_header(audio=False, video=True))
    tag = MediaTag("video", 5, b"\x27\x01\x00\x00\x00abc")
    wire = flv_tag(tag)[:-4]

    assert reader.feed(wire[:-1]) == []
    assert reader.feed(wire[-1:]) == [tag]


def test_tag_bytes_are_as_the_specification_draws_them() -> None:
    assert flv_header(audio=False, video=True) == bytes.fromhex("464c5601 01 00000009 00000000")
    assert flv_tag(MediaTag("audio", 0x01020304, b"\xaf\x01z")) == bytes.fromhex(
        "08 000003 020304 01 000000 af017a 0000000e"
    )


def test_script_and_empty_tags_are_passed_over() -> None:
    script = bytes.fromhex("12 000001 000000 00 000000 05 0000000c")
    empty = bytes.fromhex("08 000000 000000 00 000000 0000000b")
    tag = MediaTag("video", 1, b"\x27")

    assert read_in_pieces(flv_header(audio=True, video=True) + script + empty + flv_tag(tag), []) == [tag]


@given(st.binary(max_size=200), st.booleans())
def test_garbage_raises_only_flv_error(garbage: bytes, with_header: bool) -> None:
    reader = FlvReader()
    try:
        reader.feed((flv_header(audio=True, video=True) if with_header else b"") + garbage)
    except FlvError:
        return


@pytest.mark.parametrize(
    "broken",
    [
        b"GIF89a",
        b"FLV\x02",
        bytes.fromhex("464c5601 05 00000008 00000000"),
        bytes.fromhex("464c5601 05 7fffffff 00000000"),
        flv_header(audio=True, video=True)[:-4] + b"\x00\x00\x00\x01" + bytes(11),
        flv_header(audio=True, video=True) + b"\x09" + (MAX_TAG_BYTES + 1).to_bytes(3, "big") + bytes(7),
        flv_header(audio=True, video=True) + b"\x29" + bytes(10),
    ],
    ids=["not FLV", "version", "short header", "long header", "previous size", "too large", "encrypted"],
)
def test_broken_stream_is_refused(broken: bytes) -> None:
    with pytest.raises(FlvError):
        FlvReader().feed(broken)


def test_h264_frame_and_its_negative_composition_time_are_read() -> None:
    packet = parse_video(bytes.fromhex("17 01 ffffde aabb"))

    assert (packet.codec, packet.is_header, packet.is_keyframe, packet.is_end) == ("h264", False, True, False)
    assert (packet.composition_ms, bytes(packet.data)) == (-34, b"\xaa\xbb")


def test_h264_header_and_end_are_no_frames() -> None:
    header, end = parse_video(bytes.fromhex("17 00 000000 01")), parse_video(bytes.fromhex("17 02 000000"))

    assert (header.is_header, header.is_keyframe, bytes(header.data)) == (True, False, b"\x01")
    assert (end.is_end, end.is_keyframe, bytes(end.data)) == (True, False, b"")


@pytest.mark.parametrize(
    ("payload", "codec"),
    [
        ("1c 00 000000 01", "hevc"),
        ("90 68766331 01", "hevc"),
        ("90 61763031 01", "av1"),
        ("90 76703039 01", "vp9"),
        ("90 61766331 01", "h264"),
        ("90 78787878 01", "other"),
        ("97 00 00 00 68766331 01", "hevc"),
    ],
)
def test_codec_of_a_header_is_named(payload: str, codec: str) -> None:
    packet = parse_video(bytes.fromhex(payload))

    assert packet.codec == codec
    assert packet.is_header
    assert bytes(packet.data) == b"\x01"


def test_sorenson_video_is_another_codec() -> None:
    assert parse_video(bytes.fromhex("12 00")).codec == "other"


def test_enhanced_frames_are_read_with_and_without_composition_time() -> None:
    with_time = parse_video(bytes.fromhex("91 61766331 000021 ff"))
    without = parse_video(bytes.fromhex("a3 61766331 ff"))

    assert (with_time.is_keyframe, with_time.composition_ms, bytes(with_time.data)) == (True, 33, b"\xff")
    assert (without.is_keyframe, without.composition_ms, bytes(without.data)) == (False, 0, b"\xff")


def test_enhanced_metadata_carries_no_picture() -> None:
    packet = parse_video(bytes.fromhex("94 68766331 020000"))

    assert not packet.is_keyframe
    assert not packet.data


@pytest.mark.parametrize(
    ("payload", "codec", "is_header", "data"),
    [
        ("af 00 1190", "aac", True, "1190"),
        ("af 01 21", "aac", False, "21"),
        ("2f ff", "mp3", False, "ff"),
        ("90 4f707573 01", "opus", True, "01"),
        ("91 6d703461 01", "aac", False, "01"),
        ("90 61632d33 01", "other", True, "01"),
    ],
)
def test_audio_is_taken_apart(payload: str, codec: str, is_header: bool, data: str) -> None:
    packet = parse_audio(bytes.fromhex(payload))

    assert (packet.codec, packet.is_header, bytes(packet.data).hex()) == (codec, is_header, data)


@pytest.mark.parametrize("payload", ["", "17", "17 01 0000", "90 6876", "91 61766331 00", "97 ff"])
def test_cut_video_header_is_refused(payload: str) -> None:
    with pytest.raises(FlvError):
        parse_video(bytes.fromhex(payload))


@given(st.binary(max_size=40))
def test_any_payload_parses_or_raises_flv_error(payload: bytes) -> None:
    for parse in (parse_video, parse_audio):
        try:
            parse(payload)
        except FlvError:
            continue


def test_ffmpegs_own_pipe_is_read_whole() -> None:
    argv = [
        *("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=30", "-t", "2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p"),
        *("-f", "flv", "-flvflags", "no_duration_filesize", "pipe:1"),
    ]
    stream = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout

    packets = [parse_video(tag.payload) for tag in read_in_pieces(stream, [17, 4097, 9001])]

    assert [packet.is_header for packet in packets].index(True) == 0
    assert packets[-1].is_end
    frames = packets[1:-1]
    assert len(frames) == 60
    assert [index for index, packet in enumerate(frames) if packet.is_keyframe] == [0, 30]
