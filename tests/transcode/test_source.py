"""What an encoder sends, understood: headers, first key frame, timeline, refusals."""

import subprocess
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcode.flv_source import AAC_MONO, AVCC, audio_header, picture, sound, video_header
from transcode.errors import SourceInterrupted, SourceRefused, TranscodeError
from transcode.flv import FlvReader, MediaTag
from transcode.limits import AUDIO_WAIT_MS, TIMELINE_START_MS
from transcode.source import MAX_BUFFERED_TAGS, AudioFrame, SourceReader, VideoFrame

WITH_SOUND = {"audiocodecid": 10.0, "framerate": 30.0, "videodatarate": 2500.0, "encoder": "OBS 30"}
SILENT: dict[str, object] = {"framerate": 30.0}


def read(tags: Iterable[MediaTag], announced: dict[str, object] | None = None) -> list[VideoFrame | AudioFrame]:
    reader = SourceReader(WITH_SOUND if announced is None else announced)
    return [frame for tag in tags for frame in reader.feed(tag)]


def times(frames: Iterable[VideoFrame | AudioFrame]) -> list[int]:
    return [frame.time_ms for frame in frames if isinstance(frame, VideoFrame)]


def test_usual_start() -> None:
    reader = SourceReader(WITH_SOUND)
    for tag in (video_header(), audio_header(), sound(0), picture(0), sound(21)):
        assert reader.feed(tag) == []

    video, *rest = reader.feed(picture(33, key=True, cts=66))

    assert isinstance(video, VideoFrame)
    assert rest == []
    assert (video.time_ms, video.frame.is_key) == (TIMELINE_START_MS, True)
    assert video.frame.pts - video.frame.dts == 66 * 90
    assert video.tag.timestamp_ms == TIMELINE_START_MS
    described = reader.description
    assert described is not None
    assert (described.width, described.height, described.frame_rate) == (322, 242, 30.0)
    assert (described.video_codec, described.audio_codec) == ("avc1.64000D", "mp4a.40.2")
    assert (described.sample_rate, described.channels, described.declared_kbps) == (48_000, 2, 2500)
    assert described.encoder == "OBS 30"


def test_everything_after_the_first_key_frame_is_kept_while_announced_sound_is_late() -> None:
    tags = [video_header(), picture(1000, key=True), picture(1033), picture(1066), audio_header(1070), sound(1070)]
    frames = read([*tags, picture(1100)])

    assert times(frames) == [10_000, 10_033, 10_066, 10_100]
    assert [type(frame) for frame in frames] == [VideoFrame, VideoFrame, VideoFrame, AudioFrame, VideoFrame]


def test_announced_sound_that_never_comes_is_not_waited_for() -> None:
    tags = [video_header(), picture(0, key=True)]
    reader = SourceReader(WITH_SOUND)
    for tag in [*tags, *(picture(at) for at in range(33, AUDIO_WAIT_MS, 33))]:
        assert reader.feed(tag) == []

    assert times(reader.feed(picture(AUDIO_WAIT_MS))) == [10_000 + at for at in (*range(0, AUDIO_WAIT_MS, 33), 300)]
    assert reader.description is not None
    assert reader.description.audio_codec == ""


def test_silent_source_starts_at_once_and_stray_sound_is_dropped() -> None:
    frames = read([video_header(), picture(0, key=True), sound(5), picture(33)], announced=SILENT)

    assert times(frames) == [10_000, 10_033]
    assert len(frames) == 2


def test_sound_that_begins_while_on_air_is_a_new_run() -> None:
    reader = SourceReader(SILENT)
    for tag in (video_header(), picture(0, key=True)):
        reader.feed(tag)

    with pytest.raises(SourceInterrupted, match="sound"):
        reader.feed(audio_header(500))


def test_key_frame_before_the_header_cannot_be_shown() -> None:
    frames = read([picture(0, key=True), video_header(10), picture(33), picture(66, key=True)], announced=SILENT)

    assert times(frames) == [10_000]


@pytest.mark.parametrize("nal_type", [1, 6])
def test_key_frame_flag_that_lies_is_not_believed(nal_type: int) -> None:
    """Some encoders flag recovery points: a player that starts there shows a broken picture."""
    lying = [picture(at, key=True, nal_type=nal_type) for at in (0, 33)]
    frames = read([video_header(), *lying, picture(66, key=True), picture(99, key=True, nal_type=nal_type)], SILENT)

    assert [frame.frame.is_key for frame in frames] == [True, False]
    assert times(frames) == [10_000, 10_033]


@pytest.mark.parametrize(
    ("payload", "kind", "code", "word"),
    [
        (b"\x1c\x00\x00\x00\x00hvcC", "video", "video_codec", "HEVC"),
        (b"\x90hvc1hvcC", "video", "video_codec", "HEVC"),
        (b"\x90av01av1C", "video", "video_codec", "AV1"),
        (b"\x90vp09vpcC", "video", "video_codec", "VP9"),
        (b"\x12\x00\x00\x00\x00", "video", "video_codec", "a codec we do not know"),
        (b"\x2fmp3 frame", "audio", "audio_codec", "MP3"),
        (b"\x90Opus", "audio", "audio_codec", "Opus"),
        (b"\x7f\x00", "audio", "audio_codec", "a sound codec we do not know"),
    ],
)
def test_codec_we_cannot_put_on_air_is_refused_with_a_text(payload: bytes, kind: str, code: str, word: str) -> None:
    tag = MediaTag("video" if kind == "video" else "audio", 0, payload)
    with pytest.raises(SourceRefused) as refused:
        SourceReader(SILENT).feed(tag)

    assert refused.value.code == code
    assert word in str(refused.value)
    assert "In OBS:" in str(refused.value)


def test_interlaced_picture_is_refused() -> None:
    argv = [*("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x192:r=25", "-frames:v", "2")]
    argv += [*("-c:v", "libx264", "-x264-params", "interlaced=1", "-pix_fmt", "yuv420p", "-f", "flv", "pipe:1")]
    header, first, *_ = FlvReader().feed(subprocess.run(argv, capture_output=True, check=True).stdout)
    reader = SourceReader({"framerate": 25.0})
    reader.feed(header)

    with pytest.raises(SourceRefused) as refused:
        reader.feed(first)

    assert refused.value.code == "interlaced"


def test_timestamps_wrap_after_49_days() -> None:
    """B-62"""
    first = 2**32 - 50
    tags = [picture((first + 33 * number) % 2**32, key=number == 0) for number in range(5)]

    assert times(read([video_header(first), *tags], SILENT)) == [10_000, 10_033, 10_066, 10_099, 10_132]


@pytest.mark.parametrize("jump_ms", [3_600_000, -3_600_000, 3_034, -9_000])
def test_clock_that_jumps_is_a_new_run(jump_ms: int) -> None:
    reader = SourceReader(SILENT)
    for tag in (video_header(), picture(10_000_000, key=True), picture(10_000_033)):
        reader.feed(tag)

    with pytest.raises(SourceInterrupted, match="clock"):
        reader.feed(picture(10_000_033 + jump_ms))


def test_clock_that_steps_back_a_little_still_makes_growing_decode_times() -> None:
    assert times(read([video_header(), picture(100, key=True), picture(133), picture(120), picture(133)], SILENT)) == [
        10_000,
        10_033,
        10_034,
        10_035,
    ]


def test_changed_picture_format_is_a_new_run_that_inherits_the_sound() -> None:
    reader = SourceReader(WITH_SOUND)
    for tag in (video_header(), audio_header(), picture(0, key=True)):
        reader.feed(tag)
    assert reader.feed(video_header(33)) == []  # the same header again changes nothing
    changed = AVCC[:3] + b"\x1f" + AVCC[4:]
    with pytest.raises(SourceInterrupted, match="picture"):
        reader.feed(video_header(66, changed))

    following = SourceReader(WITH_SOUND, inherit=reader)
    following.feed(video_header(66, changed))
    frames = following.feed(picture(99, key=True))

    assert times(frames) == [10_000]
    assert following.aac == reader.aac
    assert following.video_header == video_header(66, changed)


def test_changed_sound_format_is_a_new_run() -> None:
    reader = SourceReader(WITH_SOUND)
    for tag in (video_header(), audio_header(), picture(0, key=True), audio_header(10)):
        reader.feed(tag)

    with pytest.raises(SourceInterrupted, match="sound"):
        reader.feed(audio_header(20, AAC_MONO))


def sound_ticks(at: Iterable[int]) -> list[int]:
    frames = read([video_header(), audio_header(), picture(0, key=True), *(sound(time) for time in at)])
    return [frame.frame.dts for frame in frames if isinstance(frame, AudioFrame)]


def test_sound_is_counted_in_samples_and_not_in_jittering_milliseconds() -> None:
    """A-062: no gap of a tick between packets."""
    ticks = sound_ticks(round(number * 1024 / 48) for number in range(100))

    assert ticks == [TIMELINE_START_MS * 48 + 1024 * number for number in range(100)]


def test_sound_that_was_away_is_placed_anew() -> None:
    ticks = sound_ticks([0, 21, 43, 543, 564])

    assert ticks[2] - ticks[1] == 1024
    assert ticks[3] == (TIMELINE_START_MS + 543) * 48
    assert ticks[4] - ticks[3] == 1024


def test_source_that_never_starts_properly_is_refused() -> None:
    reader = SourceReader(WITH_SOUND)
    reader.feed(video_header())
    with pytest.raises(SourceRefused) as refused:
        for _ in range(MAX_BUFFERED_TAGS + 1):
            reader.feed(picture(0, key=True))  # its clock stands still, so announced sound is waited for

    assert refused.value.code == "no_start"


def test_announced_numbers_are_claims() -> None:
    reader = SourceReader({"framerate": 1e30, "videodatarate": "fast", "encoder": 5})
    for tag in (video_header(), *(picture(at, key=at == 0) for at in range(0, 9 * 33, 33))):
        reader.feed(tag)

    assert reader.description is not None
    assert 1 <= reader.description.frame_rate <= 240
    assert reader.description.declared_kbps == 0
    assert reader.description.encoder == "5"


headers = [b"\x17\x00\x00\x00\x00", b"\x17\x01\x00\x00\x00", b"\x27\x01\x00\x00\x00", b"\xaf\x00", b"\xaf\x01", b""]


@given(
    st.lists(
        st.tuples(st.sampled_from(["video", "audio"]), st.sampled_from(headers), st.binary(max_size=40), st.integers(0))
    )
)
def test_noise_is_refused_or_ignored_and_never_crashes(noise: list[tuple[str, bytes, bytes, int]]) -> None:
    reader = SourceReader(WITH_SOUND)
    reader.feed(video_header())
    for kind, head, body, at in noise:
        if not head + body:
            continue
        tag = MediaTag("video" if kind == "video" else "audio", at % 2**32, head + body)
        try:
            reader.feed(tag)
        except SourceInterrupted:
            reader = SourceReader(WITH_SOUND, inherit=reader)
        except TranscodeError:
            continue
