"""Builds the FFmpeg command lines for an uploaded file: one that looks at it, one that reads it once for everything.

The file is FFmpeg's stdin, opened by us: who runs FFmpeg may not read the folder it lies in. Why each flag is there:

* `-f`, the whitelists, `-max_streams`, `-max_pixels`: whatever the file says, FFmpeg opens nothing else, as nothing
  else, decodes only what videos are made of, and no picture that would not fit into memory.
* `fps` before everything: pictures at a constant rate from time 0, so that a key frame every so many of them is at the
  same times in every rendition, also of what phones and screen recorders write.
* `aresample`: sound from time 0 without holes, so that it stays with the picture.
* `-output_ts_offset`, `-avoid_negative_ts disabled`: all renditions on one timeline, with room for B-frames before it.
* Constant quality with a ceiling: an hour of slides costs next to nothing, and nothing costs more than live.
"""

from collections.abc import Mapping, Sequence
from math import lcm

from transcode.file_facts import MAX_STREAMS, FileFacts
from transcode.ladder import AUDIO, VideoPlan
from transcode.limits import TIMELINE_START_MS

INPUT = "file:/proc/self/fd/0"
MAX_PIXELS = 8192 * 4352  # of one decoded picture: 8K
PROBE_BYTES = 20_000_000
PROBE_MICROSECONDS = 10_000_000  # of media
SOUND_RATE, SOUND_CHANNELS, SOUND_BITRATE = 48_000, 2, 160_000
QUALITY = 22  # x264's CRF
_DECODERS = (
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1,mpeg4,mpeg2video,mpeg1video,prores,dnxhd,flv,vp6f,"
    "aac,aac_fixed,aac_latm,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,libvorbis,ac3,eac3,flac,alac,speex,nellymoser,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_u8,pcm_alaw,pcm_mulaw"
)
_SHOWN = (
    "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,avg_frame_rate,r_frame_rate,duration,field_order"
    ":stream_disposition=default,attached_pic:stream_side_data=rotation:format=duration"
)


def probe_argv(demuxer: str) -> list[str]:
    """ffprobe's; it answers with JSON."""
    return ["ffprobe", "-hide_banner", "-v", "error", *_opening(demuxer), "-show_entries", _SHOWN, "-of", "json", INPUT]


def import_argv(
    facts: FileFacts, plans: Sequence[VideoPlan], pipes: Mapping[str, int], *, segment_seconds: int, timing: str
) -> list[str]:
    """FFmpeg's. `pipes` maps every rendition to the file descriptor its FLV is written to, AUDIO only with sound;
    `timing` is what `ffmpeg.timing_option` says of this FFmpeg."""
    argv = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostats", *_opening(facts.demuxer), "-i", INPUT]
    argv += ["-filter_complex", _pictures(facts, plans)]
    interval = key_interval(facts, plans, segment_seconds)
    for place, plan in enumerate(plans):
        argv += ["-map", f"[v{place}]", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(QUALITY)]
        argv += ["-maxrate", str(plan.bitrate), "-bufsize", str(plan.bitrate), f"-{timing}", "passthrough"]
        every = str(interval // plan.frame_step)
        argv += ["-g", every, "-keyint_min", every, "-sc_threshold", "0", *_written(pipes[plan.name])]
    if facts.audio_index is not None:
        argv += ["-map", f"0:{facts.audio_index}", "-af", "aresample=async=1:first_pts=0", "-c:a", "aac"]
        argv += ["-b:a", str(SOUND_BITRATE), "-ar", str(SOUND_RATE), "-ac", str(SOUND_CHANNELS)]
        argv += _written(pipes[AUDIO])
    return argv


def key_interval(facts: FileFacts, plans: Sequence[VideoPlan], segment_seconds: int) -> int:
    """Pictures of the source from one key frame to the next: a number that every rendition has a key frame at."""
    steps = lcm(*(plan.frame_step for plan in plans))
    return max(round(segment_seconds * facts.frame_rate / steps), 1) * steps


def _opening(demuxer: str) -> list[str]:
    argv = ["-protocol_whitelist", "file", "-format_whitelist", demuxer, "-codec_whitelist", _DECODERS]
    argv += ["-max_streams", str(MAX_STREAMS), "-max_pixels", str(MAX_PIXELS)]
    return [*argv, "-probesize", str(PROBE_BYTES), "-analyzeduration", str(PROBE_MICROSECONDS), "-f", demuxer]


def _pictures(facts: FileFacts, plans: Sequence[VideoPlan]) -> str:
    woven = "yadif=deint=interlaced," if facts.interlaced else ""
    outlets = "".join(f"[s{place}]" for place in range(len(plans)))
    source = f"[0:{facts.video_index}]{woven}fps={facts.frame_rate}:start_time=0,split={len(plans)}{outlets}"
    return ";".join([source, *(_scaled(place, plan) for place, plan in enumerate(plans))])


def _scaled(place: int, plan: VideoPlan) -> str:
    fewer = f"select=not(mod(n\\,{plan.frame_step}))," if plan.frame_step > 1 else ""
    return f"[s{place}]{fewer}scale={plan.width}:{plan.height}:flags=bicubic,setsar=1,format=yuv420p[v{place}]"


def _written(pipe: int) -> list[str]:
    argv = ["-output_ts_offset", f"{TIMELINE_START_MS / 1000:g}", "-avoid_negative_ts", "disabled"]
    argv += ["-map_metadata", "-1", "-flvflags", "no_duration_filesize+no_sequence_end", "-flush_packets", "1"]
    return [*argv, "-f", "flv", f"pipe:{pipe}"]
