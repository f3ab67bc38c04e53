"""FFmpeg's command line, whole."""

import re
import shlex
import subprocess

import pytest

from transcode.ffmpeg import PIPELINES, SOFTWARE, Pipeline, timing_option, transcode_argv
from transcode.ladder import VideoPlan

RUNGS = [VideoPlan("720p", 1280, 720, 4_500_000, 60.0), VideoPlan("160p", 284, 160, 300_000, 30.0, 2)]
PIPES = {"720p": 11, "160p": 12}


def pipeline(name: str) -> Pipeline:
    return next(one for one in PIPELINES if one.name == name)


def argv(name: str) -> list[str]:
    return transcode_argv(RUNGS, PIPES, follow_source_key_frames=True, pipeline=pipeline(name))


def test_software_decodes_once_and_encodes_each_rung() -> None:
    assert argv("x264") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -codec_whitelist h264 -format_whitelist flv -fpsprobesize 0
        -max_pixels 16777216 -max_streams 4 -probesize 2000000 -protocol_whitelist pipe -thread_type slice -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];[s0]scale=1280:720:flags=fast_bilinear[s2];'\
'[s2]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s3];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s4];'\
'[s4]scale=284:160:flags=fast_bilinear[s5];'\
'[s5]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s6]'
        -map [s3] -f flv -b:v 4500000 -avoid_negative_ts disabled -bufsize 2250000 -enc_time_base -1 -flush_packets 1
        -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -fps_mode passthrough -g 600
        -maxrate 4500000 -pix_fmt yuv420p -preset superfast -sc_threshold 0 -tune zerolatency -vcodec libx264
        -x264-params fps=60.000 pipe:11
        -map [s6] -f flv -b:v 300000 -avoid_negative_ts disabled -bufsize 150000 -enc_time_base -1 -flush_packets 1
        -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -fps_mode passthrough -g 600
        -maxrate 300000 -pix_fmt yuv420p -preset superfast -sc_threshold 0 -tune zerolatency -vcodec libx264
        -x264-params fps=30.000 pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


def test_nvenc_keeps_every_picture_in_the_gpus_memory() -> None:
    """The encoder counts on 60 pictures a second; the rung that gets 30 is told twice its rate."""
    assert argv("nvenc") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -codec_whitelist h264 -format_whitelist flv -fpsprobesize 0
        -hwaccel cuda -hwaccel_output_format cuda
        -max_pixels 16777216 -max_streams 4 -probesize 2000000 -protocol_whitelist pipe -thread_type slice -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];[s0]scale_cuda=1280:720:format=nv12[s2];'\
'[s2]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s3];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s4];'\
'[s4]scale_cuda=284:160:format=nv12[s5];'\
'[s5]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s6]'
        -map [s3] -f flv -b:v 4500000 -avoid_negative_ts disabled -bf 0 -bufsize 2250000 -delay 0 -enc_time_base -1
        -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -forced-idr 1
        -fps_mode passthrough -g 600 -maxrate 4500000 -no-scenecut 1 -preset p4 -profile:v high -rc cbr
        -rc-lookahead 0 -tune ll -vcodec h264_nvenc -zerolatency 1 pipe:11
        -map [s6] -f flv -b:v 600000 -avoid_negative_ts disabled -bf 0 -bufsize 150000 -delay 0 -enc_time_base -1
        -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -forced-idr 1
        -fps_mode passthrough -g 600 -maxrate 600000 -no-scenecut 1 -preset p4 -profile:v high -rc cbr
        -rc-lookahead 0 -tune ll -vcodec h264_nvenc -zerolatency 1 pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


def test_nvenc_of_a_gpu_that_does_not_decode() -> None:
    assert argv("nvenc+software-decode") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -codec_whitelist h264 -format_whitelist flv -fpsprobesize 0
        -max_pixels 16777216 -max_streams 4 -probesize 2000000 -protocol_whitelist pipe -thread_type slice -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];[s0]scale=1280:720:flags=fast_bilinear[s2];'\
'[s2]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s3];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s4];'\
'[s4]scale=284:160:flags=fast_bilinear[s5];'\
'[s5]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s6]'
        -map [s3] -f flv -b:v 4500000 -avoid_negative_ts disabled -bf 0 -bufsize 2250000 -delay 0 -enc_time_base -1
        -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -forced-idr 1
        -fps_mode passthrough -g 600 -maxrate 4500000 -no-scenecut 1 -pix_fmt yuv420p -preset p4 -profile:v high
        -rc cbr -rc-lookahead 0 -tune ll -vcodec h264_nvenc -zerolatency 1 pipe:11
        -map [s6] -f flv -b:v 600000 -avoid_negative_ts disabled -bf 0 -bufsize 150000 -delay 0 -enc_time_base -1
        -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -forced-idr 1
        -fps_mode passthrough -g 600 -maxrate 600000 -no-scenecut 1 -pix_fmt yuv420p -preset p4 -profile:v high
        -rc cbr -rc-lookahead 0 -tune ll -vcodec h264_nvenc -zerolatency 1 pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


def test_gpu_without_an_encoder_decodes_and_scales_for_x264() -> None:
    assert argv("x264+cuda") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -codec_whitelist h264 -format_whitelist flv -fpsprobesize 0
        -hwaccel cuda -hwaccel_output_format cuda
        -max_pixels 16777216 -max_streams 4 -probesize 2000000 -protocol_whitelist pipe -thread_type slice -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];'\
'[s0]scale_cuda=1280:720:format=nv12[s2];[s2]hwdownload[s3];[s3]format=nv12[s4];'\
'[s4]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s5];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s6];'\
'[s6]scale_cuda=284:160:format=nv12[s7];[s7]hwdownload[s8];[s8]format=nv12[s9];'\
'[s9]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s10]'
        -map [s5] -f flv -b:v 4500000 -avoid_negative_ts disabled -bufsize 2250000 -enc_time_base -1 -flush_packets 1
        -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -fps_mode passthrough -g 600
        -maxrate 4500000 -pix_fmt nv12 -preset superfast -sc_threshold 0 -tune zerolatency -vcodec libx264
        -x264-params fps=60.000 pipe:11
        -map [s10] -f flv -b:v 300000 -avoid_negative_ts disabled -bufsize 150000 -enc_time_base -1 -flush_packets 1
        -flvflags no_duration_filesize+no_sequence_end -force_key_frames source -fps_mode passthrough -g 600
        -maxrate 300000 -pix_fmt nv12 -preset superfast -sc_threshold 0 -tune zerolatency -vcodec libx264
        -x264-params fps=30.000 pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


def test_vaapi() -> None:
    assert argv("vaapi") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -codec_whitelist h264 -format_whitelist flv -fpsprobesize 0
        -hwaccel vaapi -hwaccel_output_format vaapi
        -max_pixels 16777216 -max_streams 4 -probesize 2000000 -protocol_whitelist pipe -thread_type slice -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];[s0]scale_vaapi=format=nv12:h=720:w=1280[s2];'\
'[s2]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s3];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s4];'\
'[s4]scale_vaapi=format=nv12:h=160:w=284[s5];'\
'[s5]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s6]'
        -map [s3] -f flv -b:v 4500000 -async_depth 1 -avoid_negative_ts disabled -bf 0 -bufsize 2250000
        -enc_time_base -1 -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source
        -fps_mode passthrough -g 600 -maxrate 4500000 -profile:v high -rc_mode CBR -vcodec h264_vaapi pipe:11
        -map [s6] -f flv -b:v 600000 -async_depth 1 -avoid_negative_ts disabled -bf 0 -bufsize 150000
        -enc_time_base -1 -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source
        -fps_mode passthrough -g 600 -maxrate 600000 -profile:v high -rc_mode CBR -vcodec h264_vaapi pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


def test_quick_sync() -> None:
    assert argv("qsv") == shlex.split(
        """
        ffmpeg -f flv -analyzeduration 100000 -async_depth 1 -codec_whitelist h264,h264_qsv -format_whitelist flv
        -fpsprobesize 0 -hwaccel qsv -hwaccel_output_format qsv -max_pixels 16777216 -max_streams 4
        -probesize 2000000 -protocol_whitelist pipe -thread_type slice -vcodec h264_qsv -i pipe:0
        -filter_complex '[0:v]split=2[s0][s1];[s0]scale_qsv=format=nv12:h=720:w=1280[s2];'\
'[s2]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s3];'\
'[s1]select=key+isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.025000)[s4];'\
'[s4]scale_qsv=format=nv12:h=160:w=284[s5];'\
'[s5]setsar=if(lt(abs(sar-1)\\,0.02)\\,1\\,sar)[s6]'
        -map [s3] -f flv -b:v 4500000 -async_depth 1 -avoid_negative_ts disabled -bf 0 -bufsize 2250000
        -enc_time_base -1 -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source
        -forced_idr 1 -fps_mode passthrough -g 600 -look_ahead 0 -maxrate 4500000 -preset veryfast -profile:v high
        -vcodec h264_qsv pipe:11
        -map [s6] -f flv -b:v 600000 -async_depth 1 -avoid_negative_ts disabled -bf 0 -bufsize 150000
        -enc_time_base -1 -flush_packets 1 -flvflags no_duration_filesize+no_sequence_end -force_key_frames source
        -forced_idr 1 -fps_mode passthrough -g 600 -look_ahead 0 -maxrate 600000 -preset veryfast -profile:v high
        -vcodec h264_qsv pipe:12
        -hide_banner -loglevel warning -nostats -nostdin -copyts
        """
    )


@pytest.mark.parametrize("name", [one.name for one in PIPELINES])
def test_whatever_the_machine_ffmpeg_opens_only_its_pipe_and_decodes_only_h264(name: str) -> None:
    words = argv(name)
    source = words[: words.index("-i")]

    def value(option: str) -> str:
        assert source.count(option) == 1
        return source[source.index(option) + 1]

    assert words.count("-i") == 1 and words[words.index("-i") + 1] == "pipe:0"
    assert (value("-protocol_whitelist"), value("-format_whitelist"), value("-f")) == ("pipe", "flv", "flv")
    assert value("-codec_whitelist") in {"h264", "h264,h264_qsv"}
    assert int(value("-probesize")) <= 2_000_000 and int(value("-analyzeduration")) <= 100_000
    assert int(value("-max_pixels")) <= 4096 * 4096 and int(value("-max_streams")) <= 4
    assert "-nostdin" in words


@pytest.mark.parametrize("name", [one.name for one in PIPELINES])
def test_every_option_of_an_encoder_is_one_it_has(name: str) -> None:
    """As far as can be told without the hardware: this FFmpeg lists the names."""
    encoder = pipeline(name).encoder
    listed = subprocess.run(
        ["ffmpeg", "-hide_banner", "-h", f"encoder={encoder['vcodec']}"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^\s+-([\w-]+)\s", listed, re.MULTILINE))
    generic = {"vcodec", "pix_fmt", "bf", "profile:v", "sc_threshold"}
    assert known, f"this FFmpeg has no {encoder['vcodec']}"
    assert set(encoder) - generic <= known
    assert not {"rc-lookahead", "look_ahead", "rc_mode", "x264-params"} <= known  # the control: no encoder has all


def test_source_with_distant_key_frames_gets_its_own_every_two_seconds() -> None:
    words = transcode_argv(RUNGS[1:], {"160p": 3}, follow_source_key_frames=False, binary="/opt/ffmpeg")

    assert words[0] == "/opt/ffmpeg"
    every_two_seconds = "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+1.999))"
    assert words[words.index("-force_key_frames") + 1] == every_two_seconds
    graph = words[words.index("-filter_complex") + 1]
    assert "if(gte(t\\,ld(0))\\,st(0\\,t+1.999)\\," in graph  # the same rule chooses what is kept


def test_rung_of_unknown_frame_rate_leaves_it_to_ffmpeg() -> None:
    words = transcode_argv([VideoPlan("160p", 284, 160, 300_000)], {"160p": 3}, follow_source_key_frames=True)
    assert "-x264-params" not in words and "select" not in words[words.index("-filter_complex") + 1]


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
    words = transcode_argv(RUNGS, PIPES, follow_source_key_frames=True, pipeline=SOFTWARE, timing="vsync")
    assert "-fps_mode" not in words
    assert [words[at + 1] for at, word in enumerate(words) if word == "-vsync"] == ["passthrough"] * 2
