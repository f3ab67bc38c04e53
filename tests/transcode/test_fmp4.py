"""CMAF files: their boxes as the specifications ask, and a real broadcast that FFmpeg plays without an error."""

import json
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcode.ingest_server import Player, ingest_server, publisher
from transcode.aac import parse_audio_specific_config
from transcode.errors import BoxError
from transcode.flv import MediaTag, parse_audio, parse_video
from transcode.fmp4 import Box, Sample, audio_init, fragment, video_init, walk_boxes
from transcode.h264 import AvcConfig, parse_avc_config

AVCC = bytes.fromhex(
    "0164000dffe1 001b 6764000dacd94150878888c0440000030004000003 00f03c50a658 01 0006 68ebe3cb22c0 fdf8f800"
)
VIDEO = parse_avc_config(AVCC)
AUDIO = parse_audio_specific_config(bytes.fromhex("1190"))
VIDEO_TIMESCALE = 90_000
SAMPLES = [Sample(3000, 5, True, 6000), Sample(3000, 3, False, -3000), Sample(3001, 4, False, 0)]


def boxes(data: bytes) -> dict[str, Box]:
    """Boxes by path; fails when a path is there twice."""
    found: dict[str, Box] = {}
    for box in walk_boxes(data):
        assert box.path not in found
        found[box.path] = box
    return found


def run_of(data: bytes) -> tuple[int, int, list[Sample]]:
    """Base decode time, where the first sample's bytes are, and the samples, read as a player does (12:8.8)."""
    found = boxes(data)
    head, run = found["moof/traf/tfhd"].payload, found["moof/traf/trun"].payload
    head_flags, run_flags = (int.from_bytes(payload[1:4], "big") for payload in (head, run))
    defaults = iter(struct.unpack(f">{(len(head) - 8) // 4}I", head[8:]))
    default_duration = next(defaults) if head_flags & 0x8 else 0
    default_flags = next(defaults) if head_flags & 0x20 else 0
    count, offset = struct.unpack(">Ii", run[4:12])
    columns = [column for column in (0x100, 0x200, 0x400, 0x800) if run_flags & column]
    layout = ">" + "".join("i" if column == 0x800 else "I" for column in columns)
    samples = []
    for row in struct.iter_unpack(layout, run[12:]):
        values = dict(zip(columns, row, strict=True))
        flags = values.get(0x400, default_flags)
        samples.append(
            Sample(values.get(0x100, default_duration), values[0x200], not flags & 0x10000, values.get(0x800, 0))
        )
    assert len(samples) == count
    decode_time = int.from_bytes(found["moof/traf/tfdt"].payload[4:12], "big")
    return decode_time, found["moof"].offset + offset, samples


@pytest.mark.parametrize(
    "init", [video_init(VIDEO, VIDEO_TIMESCALE), audio_init(AUDIO, 48_000)], ids=["video", "audio"]
)
def test_init_meets_the_rules_of_hls_and_cmaf(init: bytes) -> None:
    """A-060, A-061 and A-071 of the conformance table."""
    found = boxes(init)  # one track: each path once

    assert [path for path in found if "/" not in path] == ["ftyp", "moov"]
    assert {b"iso6", b"cmfc"} <= set(struct.unpack("4s4x4s4s4s", found["ftyp"].payload))
    table = "moov/trak/mdia/minf/stbl/"
    for name in ("stts", "stsc", "stco"):
        assert bytes(found[table + name].payload) == bytes(8)
    assert bytes(found[table + "stsz"].payload) == bytes(12)
    assert bytes(found["moov/mvhd"].payload[16:20]) == bytes(4)
    assert bytes(found["moov/trak/tkhd"].payload[20:24]) == bytes(4)
    assert bytes(found["moov/trak/mdia/mdhd"].payload[16:20]) == bytes(4)
    assert bytes(found["moov/mvex/trex"].payload[4:8]) == b"\x00\x00\x00\x01"
    assert bytes(found["moov/trak/mdia/minf/dinf/dref/url "].payload) == b"\x00\x00\x00\x01"  # same file
    assert "moov/trak/edts" not in found


def test_init_carries_the_codec_configurations() -> None:
    entry = "moov/trak/mdia/minf/stbl/stsd/"

    assert bytes(boxes(video_init(VIDEO, VIDEO_TIMESCALE))[entry + "avc1/avcC"].payload) == AVCC
    assert b"\x05\x02\x11\x90" in bytes(boxes(audio_init(AUDIO, 48_000))[entry + "mp4a/esds"].payload)


def test_track_is_as_wide_as_it_is_shown() -> None:
    wide = AvcConfig("avc1.64001E", 704, 576, (16, 11), None, True, 4, AVCC)

    found = boxes(video_init(wide, VIDEO_TIMESCALE))

    assert struct.unpack(">II", found["moov/trak/tkhd"].payload[-8:]) == (1024 << 16, 576 << 16)
    assert struct.unpack(">II", found["moov/trak/mdia/minf/stbl/stsd/avc1/pasp"].payload) == (16, 11)


def test_fragment_meets_the_rules_of_hls_and_cmaf() -> None:
    data = fragment(sequence_number=7, base_decode_time=2**33, samples=SAMPLES, data=b"a" * 12, with_styp=False)
    found = boxes(data)  # one traf, one trun, one tfdt: each path once

    assert list(found) == [
        "moof",
        "moof/mfhd",
        "moof/traf",
        "moof/traf/tfhd",
        "moof/traf/tfdt",
        "moof/traf/trun",
        "mdat",
    ]
    flags = int.from_bytes(found["moof/traf/tfhd"].payload[1:4], "big")
    assert flags & 0x20000
    assert not flags & 0x1
    assert found["moof/traf/tfdt"].payload[0] == 1
    assert found["moof/traf/trun"].payload[0] == 1
    assert int.from_bytes(found["moof/mfhd"].payload[4:8], "big") == 7


def test_segment_begins_with_its_type() -> None:
    data = fragment(sequence_number=1, base_decode_time=0, samples=SAMPLES, data=b"a" * 12, with_styp=True)

    assert next(iter(boxes(data))) == "styp"


@given(
    st.lists(
        st.builds(
            Sample,
            st.sampled_from([1024, 3000, 3003]),
            st.integers(0, 50),
            st.booleans(),
            st.integers(-(2**31), 2**31 - 1) | st.just(0),
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(0, 2**64 - 1),
    st.booleans(),
)
def test_samples_read_as_they_were_written(samples: list[Sample], decode_time: int, with_styp: bool) -> None:
    media = bytes(index % 251 for index in range(sum(sample.size for sample in samples)))

    data = fragment(sequence_number=1, base_decode_time=decode_time, samples=samples, data=media, with_styp=with_styp)

    time, start, read = run_of(data)
    assert (time, read) == (decode_time, samples)
    assert data[start:] == media


def test_audio_fragment_is_lean() -> None:
    samples = [Sample(1024, 300, True, 0)] * 16

    data = fragment(sequence_number=1, base_decode_time=0, samples=samples, data=bytes(4800), with_styp=False)

    assert len(data) - 4800 < 200


@pytest.mark.parametrize(
    ("samples", "size", "decode_time"),
    [([], 0, 0), (SAMPLES, 11, 0), (SAMPLES, 12, -1), ([Sample(2**32, 12, True, 0)], 12, 0)],
    ids=["no samples", "wrong size", "negative time", "endless sample"],
)
def test_impossible_fragment_is_refused(samples: list[Sample], size: int, decode_time: int) -> None:
    with pytest.raises(ValueError):
        fragment(sequence_number=1, base_decode_time=decode_time, samples=samples, data=bytes(size), with_styp=False)


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x00\x00\x00\x40moov", b"\x00\x00\x00\x01mdat"]))
def test_walking_garbage_raises_only_box_error(garbage: bytes, before: bytes) -> None:
    try:
        list(walk_boxes(before + garbage))
    except BoxError:
        return


def test_walking_nested_boxes_does_not_go_down_for_ever() -> None:
    nested = b""
    for _ in range(2000):
        nested = struct.pack(">I4s", 8 + len(nested), b"moof") + nested

    assert len(list(walk_boxes(nested))) < 20


@dataclass(frozen=True)
class Recorded:
    """A broadcast played from nginx-rtmp and packaged by us."""

    video: bytes
    audio: bytes
    presentation_ms: list[int]
    keyframes: list[bool]
    audio_frames: int


@cache
def recorded_broadcast() -> Recorded:
    """Two seconds with B-frames, in fragments of ten pictures as the live packager makes them."""
    with TemporaryDirectory() as directory, ingest_server(Path(directory)) as port, Player(port, "clip") as player:
        with publisher(port, "clip", seconds=30):
            player.read_until(MediaTag, 170)
        tags = [event for event in player.events if isinstance(event, MediaTag)]
    video = [(tag, parse_video(tag.payload)) for tag in tags if tag.kind == "video"]
    audio = [parse_audio(tag.payload) for tag in tags if tag.kind == "audio"]
    frames = [(tag.timestamp_ms, packet) for tag, packet in video if not packet.is_header]
    video_config = parse_avc_config(video[0][1].data)
    audio_config = parse_audio_specific_config(audio[0].data)
    times = [time for time, _ in frames]
    durations = [(later - time) * 90 for time, later in zip(times, [*times[1:], times[-1] + 33], strict=True)]
    samples = [
        Sample(duration, len(packet.data), packet.is_keyframe, packet.composition_ms * 90)
        for duration, (_, packet) in zip(durations, frames, strict=True)
    ]
    video_file = video_init(video_config, VIDEO_TIMESCALE)
    for start in range(0, len(samples), 10):
        part = slice(start, start + 10)
        video_file += fragment(
            sequence_number=1 + start // 10,
            base_decode_time=times[start] * 90,
            samples=samples[part],
            data=b"".join(packet.data for _, packet in frames[part]),
            with_styp=start % 30 == 0,
        )
    sound = [packet.data for packet in audio[1:]]
    audio_file = audio_init(audio_config, audio_config.sample_rate) + fragment(
        sequence_number=1,
        base_decode_time=0,
        samples=[Sample(audio_config.samples_per_frame, len(data), True, 0) for data in sound],
        data=b"".join(sound),
        with_styp=True,
    )
    return Recorded(
        video=video_file,
        audio=audio_file,
        presentation_ms=sorted(time + packet.composition_ms for time, packet in frames),
        keyframes=[packet.is_keyframe for _, packet in frames],
        audio_frames=len(sound),
    )


def probe_packets(file: bytes) -> list[dict[str, str]]:
    argv = ["ffprobe", "-v", "error", "-show_packets", "-of", "json", "-i", "pipe:0"]
    found = subprocess.run(argv, input=file, capture_output=True, check=True)
    assert not found.stderr
    packets: list[dict[str, str]] = json.loads(found.stdout)["packets"]
    return packets


def decoded_frames(file: bytes) -> int:
    """How many frames FFmpeg decodes. Raises CalledProcessError when it finds any error."""
    argv = ["ffmpeg", "-v", "error", "-xerror", "-i", "pipe:0", "-fps_mode", "passthrough"]
    argv += ["-f", "framecrc", "-"]
    done = subprocess.run(argv, input=file, capture_output=True, check=True)
    if done.stderr:
        raise subprocess.CalledProcessError(1, argv, stderr=done.stderr)
    return sum(not line.startswith(b"#") for line in done.stdout.splitlines())


def test_ffmpeg_reads_every_picture_of_a_broadcast_at_its_time() -> None:
    recorded = recorded_broadcast()

    packets = probe_packets(recorded.video)

    assert sorted(int(packet["pts"]) for packet in packets) == [time * 90 for time in recorded.presentation_ms]
    assert ["K" in packet["flags"] for packet in packets] == recorded.keyframes
    assert decoded_frames(recorded.video) == len(recorded.presentation_ms) >= 60


def test_ffmpeg_reads_all_the_sound_of_a_broadcast() -> None:
    recorded = recorded_broadcast()

    packets = probe_packets(recorded.audio)

    assert [int(packet["pts"]) for packet in packets] == [1024 * index for index in range(recorded.audio_frames)]
    assert decoded_frames(recorded.audio) == recorded.audio_frames >= 90


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_every_field_is_where_ffmpegs_own_muxer_puts_it(kind: str) -> None:
    """FFmpeg reads a box that is too long without a word, browsers do not: so compare with what it writes itself."""
    ours = recorded_broadcast().video if kind == "video" else recorded_broadcast().audio
    argv = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-c", "copy", "-f", "mp4"]
    argv += ["-movflags", "+empty_moov+default_base_moof+frag_keyframe+skip_trailer", "-use_editlist", "0", "pipe:1"]
    theirs = subprocess.run(argv, input=ours, capture_output=True, check=True).stdout
    own, other = ({box.path: box for box in reversed(list(walk_boxes(file)))} for file in (ours, theirs))
    names = (
        "mvhd",
        "tkhd",
        "mdhd",
        "vmhd",
        "smhd",
        "url ",
        "stts",
        "stsc",
        "stsz",
        "stco",
        "trex",
        "mfhd",
        "tfdt",
        "pasp",
    )
    headers = [path for path in own if path.endswith(names)]

    assert len(headers) >= 12
    assert {path: len(own[path].payload) for path in headers} == {path: len(other[path].payload) for path in headers}
    if kind == "video":
        assert bytes(own["moov/trak/tkhd"].payload[4:]) == bytes(other["moov/trak/tkhd"].payload[4:])


def shift_data_offset(file: bytes) -> bytes:
    """The first fragment's data offset one byte too far."""
    run = next(box for box in walk_boxes(file) if box.path == "moof/traf/trun")
    at = run.offset + 8 + 8
    return file[:at] + struct.pack(">I", int.from_bytes(file[at : at + 4], "big") + 1) + file[at + 4 :]


def move_a_sample_border(file: bytes) -> bytes:
    """One byte of the second sample given to the first."""
    run = next(box for box in walk_boxes(file) if box.path == "moof/traf/trun")
    flags = int.from_bytes(run.payload[1:4], "big")
    row = 4 * sum(bool(flags & column) for column in (0x100, 0x200, 0x400, 0x800))
    first = run.offset + 8 + 12 + (4 if flags & 0x100 else 0)
    changed = bytearray(file)
    for at, change in ((first, 1), (first + row, -1)):
        struct.pack_into(">I", changed, at, struct.unpack_from(">I", changed, at)[0] + change)
    return bytes(changed)


@pytest.mark.parametrize("damage", [shift_data_offset, move_a_sample_border])
def test_control_damaged_files_do_not_pass_this_check(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        decoded_frames(damage(recorded_broadcast().video))
