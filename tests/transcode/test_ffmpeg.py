"""FFmpeg's command line, whole."""

import pytest

from transcode.ffmpeg import timing_option, transcode_argv
from transcode.ladder import VideoPlan

RUNGS = [VideoPlan("480p", 854, 480, 1_500_000), VideoPlan("160p", 284, 160, 300_000)]


def encode(pipe: int, rate: int, key_frames: str) -> list[str]:
    return [
        *("-f", "flv", "-b:v", str(rate), "-avoid_negative_ts", "disabled", "-bufsize", str(rate)),
        *("-enc_time_base", "-1", "-flush_packets", "1", "-flvflags", "no_duration_filesize+no_sequence_end"),
        *("-force_key_frames", key_frames, "-fps_mode", "passthrough", "-g", "600", "-maxrate", str(rate)),
        *("-pix_fmt", "yuv420p", "-preset", "superfast", "-sc_threshold", "0", "-tune", "zerolatency"),
        *("-vcodec", "libx264", f"pipe:{pipe}"),
    ]


def test_one_decode_and_one_encode_per_rung() -> None:
    assert transcode_argv(RUNGS, {"480p": 11, "160p": 12}, follow_source_key_frames=True) == [
        "ffmpeg",
        *("-f", "flv", "-analyzeduration", "100000", "-fpsprobesize", "0", "-max_streams", "4"),
        *("-protocol_whitelist", "pipe", "-thread_type", "slice", "-i", "pipe:0"),
        "-filter_complex",
        "[0:v]split=2[s0][s1];[s0]scale=854:480:flags=fast_bilinear[s2];[s1]scale=284:160:flags=fast_bilinear[s3]",
        *("-map", "[s2]", *encode(11, 1_500_000, "source")),
        *("-map", "[s3]", *encode(12, 300_000, "source")),
        *("-hide_banner", "-loglevel", "warning", "-nostats", "-nostdin", "-copyts"),
    ]


def test_source_with_distant_key_frames_gets_its_own_every_two_seconds() -> None:
    argv = transcode_argv(RUNGS[1:], {"160p": 3}, follow_source_key_frames=False, binary="/opt/ffmpeg")

    assert argv[0] == "/opt/ffmpeg"
    every_two_seconds = "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+1.999))"
    assert argv[argv.index("-map") + 2 :][:-6] == encode(3, 300_000, every_two_seconds)


@pytest.mark.parametrize(
    ("version_line", "option"),
    [
        ("ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021 the FFmpeg developers", "vsync"),
        ("ffmpeg version 5.0.1 Copyright", "vsync"),
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright", "fps_mode"),
        ("ffmpeg version n7.1 Copyright", "fps_mode"),
        ("ffmpeg version 10.0 Copyright", "fps_mode"),
        ("ffmpeg version N-118000-gabcdef Copyright", "fps_mode"),
        ("", "fps_mode"),
    ],
)
def test_old_ffmpeg_is_told_frame_timing_in_its_own_words(version_line: str, option: str) -> None:
    assert timing_option(version_line) == option


def test_argv_for_an_old_ffmpeg_names_no_option_it_does_not_know() -> None:
    argv = transcode_argv(RUNGS, {"480p": 11, "160p": 12}, follow_source_key_frames=True, timing="vsync")
    assert "-fps_mode" not in argv
    assert [argv[at + 1] for at, word in enumerate(argv) if word == "-vsync"] == ["passthrough"] * 2
