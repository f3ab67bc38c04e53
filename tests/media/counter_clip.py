"""Makes the test clips: moving pictures with a frame counter, and a tone that tells the second; kept outside git.

`python -m tests.media.counter_clip` makes the one that most tests use.
"""

import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.media import counter

RECIPE = 1  # counted up when the drawing changes, so that no old clip is used
TONE_BASE_HZ = 300
TONE_STEP_HZ = 20  # per second of the clip
ENCODE_SECONDS_LIMIT = 600


@dataclass(frozen=True)
class Clip:
    """What a clip is like; the same values give the same file."""

    width: int = 1280
    height: int = 720
    fps: int = 30
    seconds: int = 90
    gop_seconds: float = 2.0
    bframes: int = 0
    kbps: int = 3000
    first: int = 0  # number on the first frame: clips of two encoders must not share numbers

    @property
    def frames(self) -> int:
        return self.fps * self.seconds


STANDARD = Clip()
SMALL = Clip(width=640, height=360, kbps=1000, first=20_000)  # for a second stream beside the one under test
LONG_GOP = Clip(width=640, height=360, seconds=30, gop_seconds=30, kbps=800, first=30_000)
LIKE_OBS = Clip(seconds=30, bframes=2, first=10_000)


def clip_path(clip: Clip = STANDARD) -> Path:
    """The clip as an FLV file, encoded at the first call."""
    name = hashlib.sha256(repr((RECIPE, sorted(asdict(clip).items()))).encode()).hexdigest()[:12]
    path = cache_dir() / f"{clip.height}p{clip.fps}-{name}.flv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        _encode(clip, unfinished)
        unfinished.replace(path)
    return path


def cache_dir() -> Path:
    """`var/` is ignored by git and kept between runs; each stack under test has a data directory of its own."""
    return Path(os.environ.get("MILLRACE_TEST_CLIPS", Path(__file__).parents[2] / "var" / "test-clips"))


def _encode(clip: Clip, path: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *_inputs(clip), "-filter_complex", _drawing(clip)]
    command += ["-map", "[picture]", "-map", "[tone]", *_video_codec(clip), "-t", str(clip.seconds)]
    command += ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"]
    command += ["-flvflags", "no_duration_filesize", "-f", "flv", str(path)]
    strips = b"".join(_strips(clip))
    subprocess.run(command, input=strips, check=True, timeout=ENCODE_SECONDS_LIMIT)


def _inputs(clip: Clip) -> list[str]:
    size = f"{clip.width}x{clip.height}"
    return [
        *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{counter.CELLS}x2", "-r", str(clip.fps), "-i", "pipe:0"),
        *("-f", "lavfi", "-i", f"testsrc2=size={size}:rate={clip.fps}"),
        *("-f", "lavfi", "-i", f"mandelbrot=size={clip.width // 4}x{clip.height // 4}:rate={clip.fps}"),
        *("-f", "lavfi", "-i", f"aevalsrc='0.1*sin(2*PI*({TONE_BASE_HZ}+{TONE_STEP_HZ}*floor(t))*t)':s=48000:c=stereo"),
    ]


def _drawing(clip: Clip) -> str:
    strip = f"scale={clip.width}:{clip.height * counter.STRIP_LINES // counter.PICTURE_LINES}:flags=neighbor"
    return ";".join(
        [
            "[1:v]noise=alls=8:allf=t[ground]",
            "[ground][2:v]overlay=x='(W-w)/2*(1+sin(t))':y=H-h:shortest=0[scene]",
            f"[0:v]{strip},format=yuv420p[strip]",
            "[scene][strip]overlay=0:0:shortest=1,format=yuv420p[picture]",
            "[3:a]anull[tone]",
        ]
    )


def _video_codec(clip: Clip) -> list[str]:
    gop = str(round(clip.fps * clip.gop_seconds))
    rate = f"{clip.kbps}k"
    return [
        *("-c:v", "libx264", "-preset", "veryfast", "-b:v", rate, "-maxrate", rate, "-bufsize", rate),
        *("-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-bf", str(clip.bframes)),
    ]


def _strips(clip: Clip) -> Iterator[bytes]:
    for number in range(clip.first, clip.first + clip.frames):
        yield counter.encode(number)


if __name__ == "__main__":
    clip_path()
