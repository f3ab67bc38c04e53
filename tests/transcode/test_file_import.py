"""Uploaded files become recordings that play without a gap; what is no video is refused, and opens nothing."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.transcode.made_files import AAC, H264, VP9, make, mp4, picture, sound
from tests.transcode.stored_broadcast import files, played, stored
from transcode import storage_audit, stored_media
from transcode.consolidation import consolidate_recording
from transcode.errors import FileRefused, TranscodeError
from transcode.file_import import discard_import, has_imported, import_file, look_at_file, open_imports
from transcode.hls import names
from transcode.ladder import AUDIO, SOURCE
from transcode.models import FileImport, LiveJob, Segment
from transcode.services import Recording, write_recording
from transcode.storage_audit import audit_storage

pytestmark = pytest.mark.django_db
STREAM = "0123456789abcdef01234567"
HOURS = 3600.0


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    options = {"BACKEND": settings.STORAGES["default"]["BACKEND"], "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = {**settings.STORAGES, "default": options}
    stored_media._archived.cache_clear()
    monkeypatch.setattr("transcode.recordings._ask_for_storyboard", lambda stream_id: None)
    monkeypatch.setattr(storage_audit, "AUDIT_YOUNG_SECONDS", 0)
    return tmp_path / "media"


def imported(path: Path, progress: Callable[[float], None] = lambda seconds: None) -> Recording:
    facts = look_at_file(path, max_seconds=HOURS)
    import_file(path=path, facts=facts, stream_id=STREAM, max_seconds=HOURS, progress=progress)
    return write_recording(stream_id=STREAM)


def probe(media: bytes, kind: str, tmp_path: Path) -> dict[str, Any]:
    """What of a rendition decodes."""
    file = tmp_path / "played.mp4"
    file.write_bytes(media)
    argv = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", kind, "-show_streams", "-show_frames"]
    ran = subprocess.run([*argv, "-of", "json", str(file)], capture_output=True, check=True, timeout=60)
    assert ran.stderr == b""
    answer = json.loads(ran.stdout)
    return {"stream": answer["streams"][0], "times": [float(one["pts_time"]) for one in answer["frames"]]}


FILES: dict[str, tuple[list[str], str]] = {
    "mp4 with h264 and aac": ([*picture(), *sound(), *H264, *AAC, "-f", "mp4"], "320x180"),
    "webm with vp9 and opus": ([*picture(), *sound(), *VP9, "-c:a", "libopus", "-f", "webm"], "320x180"),
    "mkv of 23.976 pictures a second": ([*picture(rate="24000/1001"), *sound(), *H264, "-f", "matroska"], "320x180"),
    "mov of 14.7 pictures a second": ([*picture(rate="147/10"), *sound(), *H264, *AAC, "-f", "mov"], "320x180"),
    "ts": ([*picture(rate="25"), *sound(), *H264, *AAC, "-f", "mpegts"], "320x180"),
    "flv": ([*picture(), *sound(), *H264, *AAC, "-ar", "44100", "-f", "flv"], "320x180"),
    "no sound": ([*picture(), *H264, "-f", "mp4"], "320x180"),
    "sound that ends early": ([*picture(), *sound(seconds=2), *H264, *AAC, "-f", "mp4"], "320x180"),
    "sound that begins later": ([*picture(), "-itsoffset", "1", *sound(), *H264, *AAC, "-f", "mp4"], "320x180"),
    "portrait": ([*picture(size="180x320"), *sound(), *H264, *AAC, "-f", "mp4"], "180x320"),
    "anamorphic": ([*picture(size="240x240"), *sound(), *H264, "-aspect", "16:9", "-f", "mp4"], "428x240"),
    "60 pictures a second": ([*picture(rate="60"), *sound(), *H264, *AAC, "-f", "mp4"], "320x180"),
    "4:4:4 colour": ([*picture(), *sound(), "-c:v", "libx264", "-pix_fmt", "yuv444p", "-f", "mp4"], "320x180"),
}


@pytest.mark.parametrize("kind", FILES)
def test_file_becomes_a_recording_without_a_gap(kind: str, tmp_path: Path) -> None:
    argv, size = FILES[kind]
    recording = imported(make(tmp_path / "upload", *argv))

    rate = 30
    if "pictures a second" in kind:
        rate = {"23": 24, "14": 15, "60": 60}[re.findall(r"\d+", kind)[0]]
    assert recording.renditions == [SOURCE, "160p", AUDIO]
    assert abs(recording.duration_seconds - 5) < 0.15
    for name in (SOURCE, "160p"):
        made = probe(played(name, stream_id=STREAM)[1], "v", tmp_path)
        times = sorted(made["times"])
        steps = [after - before for before, after in zip(times, times[1:], strict=False)]
        slowest = 25 if kind == "ts" else (30 if rate == 60 and name != SOURCE else rate)
        assert max(steps) < 1.15 / slowest + 0.002, name
        assert abs(times[-1] - times[0] + steps[0] - 5) < 0.15
    shown = probe(played(SOURCE, stream_id=STREAM)[1], "v", tmp_path)["stream"]
    assert f"{shown['width']}x{shown['height']}" == size
    heard = probe(played(AUDIO, stream_id=STREAM)[1], "a", tmp_path)["times"]
    assert max(b - a for a, b in zip(heard, heard[1:], strict=False)) < 0.03
    assert abs(len(heard) * 1024 / 48_000 - 5) < 0.15


def test_phones_file_is_shown_upright(tmp_path: Path) -> None:
    flat = make(tmp_path / "flat", *picture(), *H264, "-f", "mp4").read_bytes()
    one, minus_one = (65536).to_bytes(4, "big"), (-65536).to_bytes(4, "big", signed=True)
    at = flat.index(b"tkhd") + 44  # ISO 14496-12 8.3.2: the matrix
    assert flat[at : at + 20] == one + bytes(12) + one
    turned = tmp_path / "turned"
    turned.write_bytes(flat[:at] + bytes(4) + one + bytes(4) + minus_one + bytes(4) + flat[at + 20 :])
    facts = look_at_file(turned, max_seconds=HOURS)
    assert (facts.width, facts.height) == (180, 320)
    imported(turned)
    shown = probe(played(SOURCE, stream_id=STREAM)[1], "v", tmp_path)["stream"]
    assert (shown["width"], shown["height"]) == (180, 320)


def test_segments_of_all_renditions_begin_together_and_storage_is_clean(tmp_path: Path) -> None:
    told: list[float] = []
    imported(mp4(tmp_path / "upload", size="640x360", rate="60", seconds=9), told.append)

    rows = list(Segment.objects.of(STREAM))
    assert [row.sequence for row in rows] == [0, 1, 2, 3, 4]
    assert all(set(row.renditions) == {SOURCE, "160p", AUDIO} for row in rows)
    starts = [row.renditions["160p"][3] for row in rows]
    assert max(map(abs, starts)) < 0.002, starts  # seconds by which a rung's segment begins later
    assert all(abs(row.duration - 2) < 0.03 for row in rows[:-1])
    assert audit_storage().is_clean
    assert told == sorted(told) and told

    consolidate_recording(stream_id=STREAM)
    found = audit_storage()
    assert found.is_clean, found
    assert files(SOURCE, stream_id=STREAM) == [names.ARCHIVE]
    assert probe(played(SOURCE, stream_id=STREAM)[1], "v", tmp_path)["times"]


class Killed(BaseException):
    """What SIGKILL leaves behind is what this does."""


def test_dead_attempt_is_begun_again_and_leaves_nothing(tmp_path: Path) -> None:
    file = mp4(tmp_path / "upload", seconds=20, size="640x360")

    def die(seconds: float) -> None:
        if stored_files():
            raise Killed

    def stored_files() -> list[str]:
        return files(SOURCE, stream_id=STREAM)

    for _ in range(2):
        with pytest.raises(Killed):
            imported(file, die)
        assert stored_files()
        assert audit_storage().orphans == []  # it is being made
        assert open_imports() == {STREAM}
    recording = imported(file)

    assert abs(recording.duration_seconds - 20) < 0.15
    assert all(name.startswith("3") for name in stored_files())  # the third attempt's, and no other's
    found = audit_storage()
    assert found.is_clean, found
    assert open_imports() == set()
    imported(file)  # repeating it changes nothing
    assert FileImport.objects.count() == 0
    assert stored(f"{SOURCE}/3-0.m4s", stream_id=STREAM)


def test_discarded_import_leaves_nothing(tmp_path: Path) -> None:
    file = mp4(tmp_path / "upload", seconds=20, size="640x360")

    def cancel(seconds: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        imported(file, cancel)
    discard_import(stream_id=STREAM)

    assert not (tmp_path / "media/broadcasts" / STREAM).exists()
    assert not FileImport.objects.exists() and not Segment.objects.exists()
    assert not has_imported(stream_id=STREAM)

    imported(file)
    discard_import(stream_id=STREAM)  # a finished one as well
    assert not LiveJob.objects.exists()
    assert not (tmp_path / "media/broadcasts" / STREAM).exists()


def test_killed_ffmpeg_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = mp4(tmp_path / "upload")
    facts = look_at_file(file, max_seconds=HOURS)
    monkeypatch.setattr("transcode.file_import.import_argv", lambda *a, **k: ["sh", "-c", "kill -9 $$"])
    with pytest.raises(TranscodeError, match="killed by signal 9") as raised:
        import_file(path=file, facts=facts, stream_id=STREAM, max_seconds=HOURS, progress=lambda seconds: None)
    assert not isinstance(raised.value, FileRefused)


# --- What is refused


class Canary:
    """Counts who connects."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self._connections = 0
        self._calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self._connections += 1
            connection.close()

    @property
    def heard(self) -> int:
        """Calls its own, which comes after all others."""
        self._calls += 1
        with socket.create_connection(self.server.getsockname()) as own:
            own.recv(1)
        return self._connections - self._calls


@contextmanager
def canary() -> Iterator[Canary]:
    bird = Canary()
    yield bird
    bird.server.close()


def playlists(url: str) -> dict[str, bytes]:
    entry = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{url}/a.ts\n#EXT-X-ENDLIST\n"
    return {
        "hls": entry.encode(),
        "hls of a local file": entry.replace(f"{url}/a.ts", "file:///etc/passwd").encode(),
        "hls behind a byte order mark": b"\xef\xbb\xbf" + entry.encode(),
        "hls behind an mp4's first box": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + entry.encode(),
        "hls behind a ts packet": b"\x47" + bytes(187) + b"\x47" + bytes(187) + b"\x47" + bytes(187) + entry.encode(),
        "concat": f"ffconcat version 1.0\nfile {url}/a.mp4\n".encode(),
        "edl": f"# mpv EDL v0\n{url}/a.mp4,0,5\n".encode(),
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "dash": f'<?xml version="1.0"?><MPD><BaseURL>{url}/</BaseURL></MPD>'.encode(),
        "subtitles in avi": b"RIFF\x00\x10\x00\x00AVI LISTGAB2\x00" + entry.encode(),
        "image sequence": b"image%03d.png",
    }


@pytest.mark.parametrize("kind", playlists(""))
def test_disguised_playlist_is_refused_and_opens_nothing(kind: str, tmp_path: Path) -> None:
    with canary() as bird:
        for name in ("upload.mp4", "upload.m3u8"):
            file = tmp_path / name
            file.write_bytes(playlists(bird.url)[kind])
            with pytest.raises(FileRefused):
                imported(file)
        assert bird.heard == 0


def test_the_canary_hears_an_ffmpeg_that_is_not_confined(tmp_path: Path) -> None:
    with canary() as bird:
        file = tmp_path / "upload.mp4"
        file.write_bytes(playlists(bird.url)["hls"])
        argv = ["ffprobe", "-v", "quiet", "-protocol_whitelist", "file,http,tcp", "-f", "hls", str(file)]
        subprocess.run(argv, check=False, timeout=20, capture_output=True)
        assert bird.heard > 0


def test_movie_whose_media_is_said_to_lie_elsewhere_opens_nothing(tmp_path: Path) -> None:
    """ISO 14496-12 8.7.2: without its flag, a data reference names another file."""
    whole = mp4(tmp_path / "upload").read_bytes()
    assert whole.count(b"url \x00\x00\x00\x01") == 2
    with canary() as bird:
        referring = tmp_path / "referring"
        referring.write_bytes(whole.replace(b"url \x00\x00\x00\x01", b"alis\x00\x00\x00\x00"))
        with suppress(TranscodeError):
            imported(referring)
        assert bird.heard == 0


def hundred_thousand_tracks(path: Path) -> Path:
    """A moov with as many empty tracks."""
    track = bytes.fromhex("00000008") + b"mdia"
    trak = (8 + len(track)).to_bytes(4, "big") + b"trak" + track
    body = trak * 100_000
    moov = (8 + len(body)).to_bytes(4, "big") + b"moov" + body
    path.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + moov)
    return path


def image_bomb(path: Path) -> Path:
    """A PNG of 30,000 by 30,000 pixels, in a movie."""
    still = ["-f", "lavfi", "-i", "color=s=64x64:d=1:r=1", "-c:v", "png", "-f", "mov"]
    bomb = make(path, *still).read_bytes()
    at = bomb.index(b"IHDR") + 4
    path.write_bytes(bomb[:at] + (30_000).to_bytes(4, "big") * 2 + bomb[at + 8 :])
    return path


def cut_off(path: Path) -> Path:
    whole = mp4(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def noise(path: Path) -> Path:
    path.write_bytes(b"\x1aE\xdf\xa3" + bytes(range(256)) * 400)
    return path


def png(path: Path) -> Path:
    return make(path, "-f", "lavfi", "-i", "color=s=64x64", "-frames:v", "1", "-c:v", "png", "-f", "image2")


def avi(path: Path) -> Path:
    return make(path, *picture(), *H264, "-f", "avi")


def only_sound(path: Path) -> Path:
    return make(path, *sound(), *AAC, "-f", "mp4")


def many_tracks(path: Path) -> Path:
    maps = [word for _ in range(40) for word in ("-map", "0:a")]
    return make(path, *sound(seconds=1), *picture(seconds=1), *maps, "-map", "1:v", *H264, *AAC, "-f", "matroska")


def too_wide(path: Path) -> Path:
    return make(path, *picture(size="8400x64", seconds=0.2), *H264, "-f", "mp4")


def two_hours(path: Path) -> Path:
    return make(path, "-f", "lavfi", "-i", "color=s=32x32:r=1:d=7200", *H264, "-f", "mp4")


REFUSED: dict[Callable[[Path], Path], str] = {
    empty: "empty",
    hundred_thousand_tracks: "streams",
    many_tracks: "streams",
    image_bomb: "unreadable",
    png: "image",
    avi: "container",
    only_sound: "no_picture",
    cut_off: "cut_off",
    noise: "unreadable",
    too_wide: "too_large",
    two_hours: "too_long",
}


@pytest.mark.parametrize("made", REFUSED, ids=lambda made: made.__name__)
def test_what_is_no_video_is_refused_with_a_reason(made: Callable[[Path], Path], tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refusal:
        imported(made(tmp_path / "upload"))
    assert refusal.value.code == REFUSED[made]
    assert str(refusal.value).endswith(".")


def test_file_that_is_longer_than_it_says_is_stopped(tmp_path: Path) -> None:
    file = mp4(tmp_path / "upload", seconds=20)
    facts = look_at_file(file, max_seconds=HOURS)
    with pytest.raises(FileRefused) as refusal:
        import_file(path=file, facts=facts, stream_id=STREAM, max_seconds=3, progress=lambda seconds: None)
    assert refusal.value.code == "too_long"
