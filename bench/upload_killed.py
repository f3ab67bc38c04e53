"""Claim: killed at any moment of an upload, it goes on, the recording is whole, and nothing is left over.

    python -m bench.upload_killed [--kills 20]

Half of the kills (SIGKILL) hit the site while pieces of a file come: its sender asks how much has come and goes on;
what arrived must be what was sent. The other half hit the worker, with all its processes, while it makes the recording:
twice an upload, since after three deaths a file is refused. Then every recording must play to its end, and the audit
must find nothing missing and nothing that nothing names. Before all that, 2 GB come in the largest pieces allowed: a
piece is in memory while it is taken, but only one.
"""

import argparse
import fcntl
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.report import Line, report
from bench.stack import ROOT, Person, Stack

SEED = 11
SECONDS = 40  # of video
PIECE_BYTES = 1 << 20
LARGE_PIECE_BYTES = 16 << 20
LARGE_BYTES = 2 << 30
KILLS_AN_UPLOAD = 2
GIVE_UP_SECONDS = 240
TUS = {"Tus-Resumable": "1.0.0"}


def make_video(path: Path) -> None:
    """Noisy, so that it has some megabytes."""
    picture = f"testsrc2=s=640x360:r=30:d={SECONDS},noise=alls=30:allf=t"
    argv = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=440:d={SECONDS}"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "24", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([*argv, "-f", "mp4", str(path)], check=True)


class Sender:
    """Alice, who uploads over the API and does not give up."""

    def __init__(self, stack: Stack, person: Person) -> None:
        self._stack, self._headers = stack, TUS | {"Authorization": f"Bearer {person.api_token}"}

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, once there is one that is no outage."""
        headers = self._headers | request.pop("headers", {})
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                answer = self._stack.http.request(method, f"/api/v1/uploads{path}", headers=headers, **request)
                if answer.status_code < 500:
                    return answer
            except httpx.HTTPError:
                pass
            assert time.monotonic() < deadline, "the site does not come back"
            time.sleep(0.1)

    def begin(self, length: int) -> str:
        told = {"Upload-Length": str(length), "Upload-Metadata": "filename Y2hlc3MubXA0,visibility cHVibGlj"}
        made = self.ask("POST", "", headers=told)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def send(self, upload: str, body: bytes, before_each: Callable[[], None] = lambda: None) -> int:
        """All of it; returns how often it had to ask where to go on."""
        offset = resumed = 0
        while offset < len(body):
            before_each()
            told = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            answer = self.ask("PATCH", f"/{upload}", headers=told, content=body[offset : offset + PIECE_BYTES])
            if answer.status_code == 204:
                offset = int(answer.headers["Upload-Offset"])
                continue
            assert answer.status_code == 409, answer.text
            resumed += 1
            offset = int(self.ask("HEAD", f"/{upload}").headers["Upload-Offset"])
        return resumed

    def state(self, upload: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/{upload}").json())

    def wait_for(self, upload: str, *states: str) -> dict[str, Any]:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while (now := self.state(upload))["state"] not in states:
            assert time.monotonic() < deadline, f"still {now}"
            time.sleep(0.1)
        return now


def kill(stack: Stack, name: str) -> int:
    """Everything of the stack with this in its command line; returns how many processes died."""
    hit = stack.processes(name)
    for process in hit:
        process.kill()
    return len(hit)


def kill_site(stack: Stack, sender: Sender, body: bytes, kills: int) -> tuple[str, int, bool]:
    """The upload, how often the site died, and whether what arrived is what was sent."""
    chance = random.Random(SEED)
    pieces = -(-len(body) // PIECE_BYTES)
    died = 0

    def hit() -> None:
        nonlocal died
        died += kill(stack, "config.asgi:application") > 0

    def perhaps() -> None:
        """At any moment of the piece that is sent next, while sending goes on."""
        if died < kills and chance.random() < 1.5 * kills / pieces:
            threading.Timer(chance.uniform(0, 0.05), hit).start()

    with hold_worker(stack):
        upload = sender.begin(len(body))
        sender.send(upload, body, perhaps)
        arrived = (stack.data / "uploads" / upload).read_bytes()
    return upload, died, hashlib.sha256(arrived).digest() == hashlib.sha256(body).digest()


@contextmanager
def hold_worker(stack: Stack) -> Iterator[None]:
    """No worker touches an upload while this lasts."""
    folder = stack.data / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / ".working").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kill_worker(stack: Stack, sender: Sender, body: bytes, kills: int, whole: float) -> tuple[list[str], int]:
    """The uploads, and how often the worker died while it made a recording."""
    chance = random.Random(SEED)
    uploads, died = [], 0
    while died < kills:
        upload = sender.begin(len(body))
        sender.send(upload, body)
        for _ in range(min(KILLS_AN_UPLOAD, kills - died)):
            sender.wait_for(upload, "transcoding", "ready")
            time.sleep(chance.uniform(0, whole))
            if sender.state(upload)["state"] == "ready":
                break
            died += kill(stack, "-Q archive") > 0
        uploads.append(upload)
        sender.wait_for(upload, "ready", "refused")
    return uploads, died


def played_seconds(stack: Stack, video: str) -> float:
    """How much of the recording's best picture decodes without a complaint."""
    playback = stack.api("GET", f"/videos/{video.rsplit('/', 1)[-1]}/playback").json()["hls"]
    best = stack.http.get(playback).text.splitlines()
    playlist = next(line for line in best if line.startswith("source/"))
    address = f"{stack.url}{playback.removeprefix(stack.url).rsplit('/', 1)[0]}/{playlist}"
    argv = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    ran = subprocess.run([*argv, address], capture_output=True, text=True, check=True, timeout=GIVE_UP_SECONDS)
    assert not ran.stderr.strip(), ran.stderr
    times = sorted(float(line.split(",")[0]) for line in ran.stdout.split() if line[0].isdigit())
    return len(times) / 30


def audit(stack: Stack) -> list[int]:
    argv = [sys.executable, "-m", "bench.consolidation_killed", "--step", "audit"]
    ran = subprocess.run(argv, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, check=True, text=True)
    return list(json.loads(ran.stdout.splitlines()[-1]))


def peak_memory(stack: Stack) -> int:
    """Of the site: the most it ever had, in kilobytes."""
    [site, *_] = stack.processes("config.asgi:application")
    lines = Path(f"/proc/{site.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def memory_of_pieces(stack: Stack, sender: Sender) -> tuple[float, float]:
    """By how many megabytes the site grows with the first large pieces, and by how many more until 2 GB have come."""
    piece = bytes(LARGE_PIECE_BYTES)
    upload, offset = sender.begin(LARGE_BYTES + 1), 0

    def send(body: bytes) -> int:
        told = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        answer = sender.ask("PATCH", f"/{upload}", headers=told, content=body)
        assert answer.status_code == 204, answer.text
        return int(answer.headers["Upload-Offset"])

    offset = send(piece[: 1 << 16])
    before = peak_memory(stack)
    while offset < 4 * LARGE_PIECE_BYTES:
        offset = send(piece)
    first = peak_memory(stack)
    while offset + LARGE_PIECE_BYTES <= LARGE_BYTES:
        offset = send(piece)
    last = peak_memory(stack)
    sender.ask("DELETE", f"/{upload}")
    return (first - before) / 1000, (last - first) / 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder, Stack(CONSOLIDATE_AFTER=86_400) as stack:
        video = Path(folder) / "chess.mp4"
        make_video(video)
        body = video.read_bytes()
        sender = Sender(stack, stack.create_user("alice", streamer=True))
        grown, grown_more = memory_of_pieces(stack, sender)
        first, site_died, same = kill_site(stack, sender, body, kills // 2)
        began = time.monotonic()
        sender.wait_for(first, "ready", "refused")
        whole = time.monotonic() - began
        uploads, worker_died = kill_worker(stack, sender, body, kills - kills // 2, whole)
        ends = [sender.state(upload) for upload in [first, *uploads]]
        played = [played_seconds(stack, str(one["video"])) for one in ends if one["state"] == "ready"]
        left, orphans, missing, damaged = audit(stack)
        spooled = [file.name for file in (stack.data / "uploads").iterdir() if file.name != ".working"]
    lines = [
        Line("site killed while a file came", site_died, unit="", bar=kills // 2, at_least=True),
        Line("files that arrived otherwise than sent", int(not same), unit="", bar=0, note=f"{len(body) >> 20} MiB"),
        Line("worker killed while it made a recording", worker_died, unit="", bar=kills - kills // 2, at_least=True),
        Line("uploads that are no recording", len(ends) - len(played), unit="", bar=0, note=f"of {len(ends)}"),
        Line("least of a recording that plays", min(played), bar=SECONDS - 0.1, at_least=True),
        Line("files missing or damaged", missing + damaged, unit="", bar=0),
        Line("orphans in storage", left, unit="", bar=0),
        Line("orphans after the audit", orphans, unit="", bar=0),
        Line("files left where uploads come in", len(spooled), unit="", bar=0),
        Line("an undisturbed recording", whole, note=f"of {SECONDS} s, with what stands in the queue"),
        Line("memory of the site while 16 MiB come", grown, unit="MB", bar=32),
        Line("more of it while 2 GB come", grown_more, unit="MB", bar=8),
    ]
    return report("Killed while a video is uploaded and made", lines)


if __name__ == "__main__":
    sys.exit(main())
