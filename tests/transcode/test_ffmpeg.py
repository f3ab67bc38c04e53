"""FFmpeg's command line, whole."""

from transcode.ffmpeg import transcode_argv
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
