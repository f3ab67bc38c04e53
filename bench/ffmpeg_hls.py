"""Another rival: FFmpeg's own HLS muxer with two-second segments, pulling from nginx-rtmp, watched as it comes."""

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.rival import START_SECONDS, STREAM, Rival

FOLDER = "ffmpeg"
PAGE = "ffmpeg.html"


class FfmpegHls:
    """One FFmpeg beside a running Rival, into the folder that its nginx serves; start it when somebody publishes."""

    def __init__(self, rival: Rival) -> None:
        self.page = rival.page.replace("index.html", PAGE)
        self._folder = rival.www / FOLDER
        self._source = f"rtmp://127.0.0.1:{rival.rtmp_port}/live/{STREAM}"
        self._rival = rival
        self._ffmpeg: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir()
        page = (self._rival.www / "index.html").read_text()
        (self._rival.www / PAGE).write_text(page.replace("/hls/", f"/{FOLDER}/"))
        argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", self._source, "-c", "copy", "-f", "hls", "-hls_time", "2"]
        argv += ["-hls_list_size", "10", "-hls_flags", "delete_segments", str(self._folder / f"{STREAM}.m3u8")]
        self._ffmpeg = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        self._wait_for(self._folder / f"{STREAM}.m3u8")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._ffmpeg
        self._ffmpeg.kill()
        self._ffmpeg.wait(timeout=10)

    @staticmethod
    def _wait_for(playlist: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not playlist.exists():
            if time.monotonic() > deadline:
                raise TimeoutError("FFmpeg wrote no playlist")
            time.sleep(0.05)
