"""Builds the FFmpeg command line of one broadcast: decode once, one encode per rung (x264).

Input: FLV with video only on stdin, its timestamps already on the run's own timeline. Output: one FLV stream of
video per rung, each on its own pipe. Why each flag is there:

* `-copyts`, `-avoid_negative_ts disabled`: output timestamps equal input timestamps, so every rung lines up with
  the passed-through source to the millisecond and a restarted FFmpeg continues on the same timeline.
* `-force_key_frames source`, passthrough frame timing, `-enc_time_base -1`: key frames land exactly on the
  source's; the constant-rate default would duplicate frames in front of a late first key frame.
* `-thread_type slice`: frame-threaded decoding delays the picture by one frame per thread.
* `-analyzeduration`, `-fpsprobesize 0`: start with the first key frame; `nobuffer` would throw it away.
* `-protocol_whitelist pipe`: whatever the encoder sends, FFmpeg opens nothing else.
"""

import re
from collections.abc import Mapping, Sequence

import ffmpeg

from transcode.ladder import VideoPlan

# Counted from the last forced one, since the timeline does not start at 0; a millisecond of slack for FLV's rounding.
_EVERY_TWO_SECONDS = "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+1.999))"
_RELEASE = re.compile(r"ffmpeg version n?(\d+)\.(\d+)")
KEY_FRAME_LIMIT = 600  # frames; key frames are forced, this only ends encoders' own ideas


def timing_option(version_line: str) -> str:
    """The option that sets frame timing, from the first line of `ffmpeg -version`.

    `fps_mode` came with 5.1 (Ubuntu 22.04 has 4.4); a build without a release number is newer than that.
    """
    release = _RELEASE.match(version_line)
    if release is None or (int(release[1]), int(release[2])) >= (5, 1):
        return "fps_mode"
    return "vsync"


def transcode_argv(
    rungs: Sequence[VideoPlan],
    pipes: Mapping[str, int],
    *,
    follow_source_key_frames: bool,
    timing: str = "fps_mode",
    binary: str = "ffmpeg",
) -> list[str]:
    """The whole argv. `pipes` maps each rung's name to the file descriptor its FLV is written to; `timing` is what
    `timing_option` says of this FFmpeg."""
    source = ffmpeg.input(
        "pipe:0",
        f="flv",
        thread_type="slice",
        analyzeduration=100_000,
        fpsprobesize=0,
        protocol_whitelist="pipe",
        max_streams=4,
    )
    split = source.video.filter_multi_output("split", len(rungs))
    key_frames = "source" if follow_source_key_frames else _EVERY_TWO_SECONDS
    outputs = [
        ffmpeg.output(
            split[index].filter("scale", rung.width, rung.height, flags="fast_bilinear"),
            f"pipe:{pipes[rung.name]}",
            f="flv",
            vcodec="libx264",
            preset="superfast",
            tune="zerolatency",
            pix_fmt="yuv420p",
            video_bitrate=rung.bitrate,
            maxrate=rung.bitrate,
            bufsize=rung.bitrate,
            enc_time_base="-1",
            force_key_frames=key_frames,
            g=KEY_FRAME_LIMIT,
            sc_threshold=0,
            avoid_negative_ts="disabled",
            flvflags="no_duration_filesize+no_sequence_end",
            flush_packets=1,
            **{timing: "passthrough"},
        )
        for index, rung in enumerate(rungs)
    ]
    command = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner", "-loglevel", "warning", "-nostats", "-nostdin", "-copyts"
    )
    return list(command.compile(cmd=binary))
