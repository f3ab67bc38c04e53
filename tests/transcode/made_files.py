"""Files that streamers upload, made by FFmpeg, and files that nobody should."""

import subprocess
from pathlib import Path

from tests.transcode.encodes import ENCODE_SECONDS


def make(path: Path, *argv: str) -> Path:
    """What FFmpeg makes with these arguments."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *argv, str(path)]
    ran = subprocess.run(command, capture_output=True, check=False, timeout=ENCODE_SECONDS)
    assert ran.returncode == 0, ran.stderr.decode()
    return path


def picture(*, size: str = "320x180", rate: str = "30", seconds: float = 5) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}"]


def sound(*, seconds: float = 5) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=440:d={seconds}"]


H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"]


def mp4(path: Path, *, size: str = "320x180", rate: str = "30", seconds: float = 5) -> Path:
    """As any editor exports it."""
    inputs = [*picture(size=size, rate=rate, seconds=seconds), *sound(seconds=seconds)]
    return make(path, *inputs, *H264, *AAC, "-f", "mp4")
