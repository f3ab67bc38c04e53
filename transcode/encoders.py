"""Which encoder a worker uses: test encodes decide, never what FFmpeg says it was built with (pure).

Each trial runs the very command line a broadcast would get, on two pictures. `-encoders` lists what is compiled in,
which says nothing of drivers, of permissions, or of data-centre GPUs, which decode and scale but have no encoder.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transcode import flv
from transcode.errors import FlvError
from transcode.ffmpeg import PIPELINES, SOFTWARE, Pipeline, transcode_argv
from transcode.flv import FlvReader
from transcode.ladder import VideoPlan

AUTO = "auto"
ENCODERS = (AUTO, "nvenc", "vaapi", "qsv", "x264")
PICTURES = 2
_RUNG = VideoPlan("trial", 192, 144, 200_000, 30.0)  # larger than the least that hardware takes
REASON_LENGTH = 120
SOON_SECONDS = 5.0
_SPEAKER = re.compile(r"^\[\S+ @ 0x[0-9a-f]+\] ")


@dataclass(frozen=True)
class Trial:
    """How one pipeline's test encode went; `reason` is empty when it works."""

    pipeline: Pipeline
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """The pipeline to use, and why not another; `missed`: the operator asked for one that does not work here."""

    pipeline: Pipeline
    says: str
    missed: bool = False


def candidates(wanted: str) -> list[Pipeline]:
    """What to try, best first. Software is what remains when nothing of it works, so it needs no trial."""
    if wanted == AUTO:
        return [pipeline for pipeline in PIPELINES if pipeline is not SOFTWARE]
    return [one for one in PIPELINES if one is not SOFTWARE and one.name.split("+")[0] == wanted and wanted != "x264"]


def after_failure(pipeline: Pipeline, *, lived: float) -> Pipeline:
    """What to go on with when an FFmpeg ended by itself after `lived` seconds. Hardware that fails at once will do so
    again: it encodes only so many broadcasts, and decodes fewer kinds of source than software."""
    return SOFTWARE if lived < SOON_SECONDS else pipeline


def picture_argv(binary: str = "ffmpeg") -> list[str]:
    """Makes what an encoder would send, two pictures of it."""
    return [
        *(binary, "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=30,trim=end_frame={PICTURES}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"),
        *("-f", "flv", "pipe:1"),
    ]


def trial_argv(pipeline: Pipeline, *, timing: str, binary: str = "ffmpeg") -> list[str]:
    """A broadcast's command line with one small rung, written to stdout."""
    return transcode_argv(
        [_RUNG], {_RUNG.name: 1}, follow_source_key_frames=True, pipeline=pipeline, timing=timing, binary=binary
    )


def judge(pipeline: Pipeline, *, status: int, output: bytes, last_words: str) -> Trial:
    """The exit status decides, and that every picture came out. FFmpeg's words are only for people."""
    if status != 0:
        lines = [text for line in last_words.splitlines() if (text := _SPEAKER.sub("", line).strip())]
        return Trial(pipeline, f"exit {status}: {lines[0] if lines else 'no word'}"[:REASON_LENGTH])
    made = _count_pictures(output)
    return Trial(pipeline) if made == PICTURES else Trial(pipeline, f"{made} pictures came out of {PICTURES}")


def _count_pictures(stream: bytes) -> int:
    try:
        packets = [flv.parse_video(tag.payload) for tag in FlvReader().feed(stream) if tag.kind == "video"]
    except FlvError:
        return 0
    return sum(1 for packet in packets if packet.data and not packet.is_header)


def choose(wanted: str, trials: Sequence[Trial]) -> Choice:
    """The first that works, else software. A worker whose operator asked for more still keeps everyone on air."""
    chosen = next((trial.pipeline for trial in trials if not trial.reason), SOFTWARE)
    failed = "; ".join(f"{trial.pipeline.name}: {trial.reason}" for trial in trials if trial.reason)
    missed = wanted not in {AUTO, "x264"} and chosen is SOFTWARE
    return Choice(chosen, f"{chosen.name}" + (f" (not {failed})" if failed else ""), missed)
