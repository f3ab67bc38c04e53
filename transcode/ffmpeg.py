"""Builds the FFmpeg command line of one broadcast: decode once, one encode per rung.

Input: FLV with video only on stdin, its timestamps already on the run's own timeline. Output: one FLV stream of
video per rung, each on its own pipe. Why each flag is there:

* `-copyts`, `-avoid_negative_ts disabled`: output timestamps equal input timestamps, so every rung lines up with
  the passed-through source to the millisecond and a restarted FFmpeg continues on the same timeline.
* `-force_key_frames source`, passthrough frame timing, `-enc_time_base -1`: key frames land exactly on the
  source's; the constant-rate default would duplicate frames in front of a late first key frame.
* `select` rather than `fps` where a rung has fewer pictures than the source: `fps` moves pictures and forgets which
  were key frames. It is only for sources of too few pictures (transcode.picture_pace), whose key frames are not used.
* `-thread_type slice`: frame-threaded decoding delays the picture by one frame per thread.
* `-analyzeduration`, `-fpsprobesize 0`, `-probesize`: start with the first key frame; `nobuffer` would throw it away.
* The whitelists, `-max_streams`, `-max_pixels`: whatever the encoder sends, FFmpeg opens nothing else, as nothing
  else, and no picture that would not fit into memory.
* Rate control: constant bit rate with a buffer of RUNG_BUFFER_SECONDS, which is what BANDWIDTH promises
  (transcode.renditions).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ffmpeg

from transcode.ladder import VideoPlan
from transcode.limits import RUNG_BUFFER_SECONDS

# Counted from the last forced one, since the timeline does not start at 0; a millisecond of slack for FLV's rounding.
KEY_FRAME_SECONDS = 1.999
_KEY_FRAME_TIMES = f"expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+{KEY_FRAME_SECONDS}))"
_RELEASE = re.compile(r"ffmpeg version n?(\d+)\.(\d+)")
KEY_FRAME_LIMIT = 600  # frames; key frames are forced, this only ends encoders' own ideas
PROBE_BYTES = 2_000_000
MAX_PIXELS = 4096 * 4096  # of one decoded picture: a parameter set may claim any size

Options = Mapping[str, str | int]


@dataclass(frozen=True)
class Pipeline:
    """How one kind of machine decodes, scales and encodes. `filters` go between decoder and encoder, with `{width}`
    and `{height}`; `encoder` holds options besides the rates. An encoder that is not told how many pictures it gets
    (`knows_frame_rate`) counts on the source's rate."""

    name: str
    decoder: Options
    filters: tuple[str, ...]
    encoder: Options
    knows_frame_rate: bool = False


# Scaling keeps the display's shape exactly, to the point of pixels of 1280:1281 where a side was rounded to be even;
# those are meant to be square. Those of an anamorphic source are nowhere near, and stay oblong.
_SQUARE = "if(lt(abs(sar-1),0.02),1,sar)"
_SCALE = "scale={width}:{height}:flags=fast_bilinear"
# Data-centre GPUs without an encoder, and every other NVIDIA one: H.264 in, smaller pictures out, all in its memory.
_CUDA_DECODER: Options = {"hwaccel": "cuda", "hwaccel_output_format": "cuda"}
_SCALE_CUDA = "scale_cuda={width}:{height}:format=nv12"
_X264: Options = {"vcodec": "libx264", "preset": "superfast", "tune": "zerolatency", "sc_threshold": 0}
# `forced-idr`: forced key frames would be I-frames that nothing can start at. `delay` holds back several frames
# unless told not to; the rest keeps the encoder from looking ahead.
_NVENC: Options = {
    "vcodec": "h264_nvenc",
    "preset": "p4",
    "tune": "ll",
    "profile:v": "high",
    "rc": "cbr",
    "forced-idr": 1,
    "no-scenecut": 1,
    "bf": 0,
    "rc-lookahead": 0,
    "delay": 0,
    "zerolatency": 1,
}

SOFTWARE = Pipeline("x264", {}, (_SCALE,), {**_X264, "pix_fmt": "yuv420p"}, knows_frame_rate=True)
# In the order in which a worker prefers them.
PIPELINES = (
    Pipeline("nvenc", _CUDA_DECODER, (_SCALE_CUDA,), _NVENC),
    Pipeline("nvenc+software-decode", {}, (_SCALE,), {**_NVENC, "pix_fmt": "yuv420p"}),
    Pipeline(
        "vaapi",
        {"hwaccel": "vaapi", "hwaccel_output_format": "vaapi"},
        ("scale_vaapi=w={width}:h={height}:format=nv12",),
        {"vcodec": "h264_vaapi", "profile:v": "high", "rc_mode": "CBR", "bf": 0, "async_depth": 1},
    ),
    Pipeline(
        "qsv",
        {"hwaccel": "qsv", "hwaccel_output_format": "qsv", "vcodec": "h264_qsv", "async_depth": 1},
        ("scale_qsv=w={width}:h={height}:format=nv12",),
        {
            "vcodec": "h264_qsv",
            "preset": "veryfast",
            "profile:v": "high",
            "bf": 0,
            "forced_idr": 1,
            "look_ahead": 0,
            "async_depth": 1,
        },
    ),
    Pipeline(
        "x264+cuda",
        _CUDA_DECODER,
        (_SCALE_CUDA, "hwdownload", "format=nv12"),
        {**_X264, "pix_fmt": "nv12"},
        knows_frame_rate=True,
    ),
    SOFTWARE,
)


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
    pipeline: Pipeline = SOFTWARE,
    timing: str = "fps_mode",
    binary: str = "ffmpeg",
    begin_ms: float = 0.0,
    constant_rate: float = 0.0,
) -> list[str]:
    """The whole argv. `pipes` maps each rung's name to the file descriptor its FLV is written to; `timing` is what
    `timing_option` says of this FFmpeg, `pipeline` what its test encodes chose. Pictures before `begin_ms` are only
    decoded, because later ones are made of them. `constant_rate`: so many a second are made of what there is."""
    source = _source(pipeline).video
    if begin_ms:
        source = source.filter("select", f"gte(t,{begin_ms / 1000:.4f})")
    if constant_rate:
        source = source.filter("fps", fps=f"{constant_rate:.3f}")
    split = source.filter_multi_output("split", len(rungs))
    key_frames = "source" if follow_source_key_frames else _KEY_FRAME_TIMES
    outputs = []
    for index, rung in enumerate(rungs):
        pictures = split[index]
        if rung.frame_step > 1:
            pictures = pictures.filter("select", _selection(rung, follow_source_key_frames=follow_source_key_frames))
        for text in pipeline.filters:
            pictures = _filter(pictures, text.format(width=rung.width, height=rung.height))
        pictures = pictures.filter("setsar", _SQUARE)
        outputs.append(
            ffmpeg.output(
                pictures,
                f"pipe:{pipes[rung.name]}",
                f="flv",
                **pipeline.encoder,
                **_rates(rung, pipeline),
                enc_time_base="-1",
                force_key_frames=key_frames,
                g=KEY_FRAME_LIMIT,
                avoid_negative_ts="disabled",
                flvflags="no_duration_filesize+no_sequence_end",
                flush_packets=1,
                **{timing: "passthrough"},
            )
        )
    command = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner", "-loglevel", "warning", "-nostats", "-nostdin", "-copyts"
    )
    return list(command.compile(cmd=binary))


def _source(pipeline: Pipeline) -> Any:
    return ffmpeg.input(
        "pipe:0",
        f="flv",
        thread_type="slice",
        analyzeduration=100_000,
        fpsprobesize=0,
        probesize=PROBE_BYTES,
        protocol_whitelist="pipe",
        format_whitelist="flv",
        codec_whitelist=",".join(sorted({"h264", str(pipeline.decoder.get("vcodec", "h264"))})),
        max_streams=4,
        max_pixels=MAX_PIXELS,
        **pipeline.decoder,
    )


def _filter(pictures: Any, text: str) -> Any:
    """`name=first:second:key=value` as the graph's next filter."""
    name, _, arguments = text.partition("=")
    given = [argument for argument in arguments.split(":") if argument]
    named = dict(argument.split("=") for argument in given if "=" in argument)
    return pictures.filter(name, *(argument for argument in given if "=" not in argument), **named)


def _selection(rung: VideoPlan, *, follow_source_key_frames: bool) -> str:
    """Which pictures a rung with fewer of them keeps: every one that will be a key frame, and of the others those
    that come late enough after the last.

    Told by time, not by counting: a source that says 60 a second and sends 30 keeps all, and where key frames shift
    the rhythm only one distance is short. Half a source frame of slack for jitter.
    """
    distance = (rung.frame_step - 0.5) / (rung.frame_rate * rung.frame_step)
    late_enough = f"isnan(prev_selected_t)+gte(t-prev_selected_t,{distance:.6f})"
    if follow_source_key_frames:
        return f"key+{late_enough}"
    # Where rungs get key frames of their own, all must get the same: this counts as `_KEY_FRAME_TIMES` does.
    return f"if(gte(t,ld(0)),st(0,t+{KEY_FRAME_SECONDS}),{late_enough})"


def _rates(rung: VideoPlan, pipeline: Pipeline) -> dict[str, str | int]:
    """Bit rate options. An encoder that counts on more pictures than it gets spends too little on each."""
    counted = 1 if pipeline.knows_frame_rate else rung.frame_step
    rates: dict[str, str | int] = {
        "video_bitrate": rung.bitrate * counted,
        "maxrate": rung.bitrate * counted,
        "bufsize": round(rung.bitrate * RUNG_BUFFER_SECONDS),
    }
    if pipeline.knows_frame_rate and rung.frame_rate:
        # `zerolatency` counts pictures instead of reading clocks, and FFmpeg's guess is the source's rate at best.
        rates["x264-params"] = f"fps={rung.frame_rate:.3f}"
    return rates
