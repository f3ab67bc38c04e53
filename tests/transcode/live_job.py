"""A live job under test: supervisors in processes of their own, a private nginx-rtmp, and a recorder of playlists."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from tests.conformance.demands import demand_good, demand_good_change
from tests.conformance.playlist_reader import Playlist
from tests.media.counter import read_counters_of_bytes
from tests.transcode.live_services import ROOT, wait_until
from transcode import redis_keys
from transcode.hls.playlist import render_live
from transcode.hls.window import Window
from transcode.live_store import as_bytes
from transcode.models import LiveJob, Segment


class Worker:
    """A process that supervises one broadcast."""

    def __init__(self, stream_id: str, environment: dict[str, str]) -> None:
        self.told: list[dict[str, Any]] = []
        argv = [sys.executable, "-m", "tests.transcode.supervised", stream_id]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def heard(self, signal: str) -> list[dict[str, Any]]:
        return [one for one in self.told if one["signal"] == signal]

    def wait_for(self, signal: str, seconds: float = 15.0) -> dict[str, Any]:
        wait_until(lambda: self.heard(signal), f"{signal} was not told, only {self.told}", seconds)
        return self.heard(signal)[0]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))


class LiveJobUnderTest:
    """One broadcast. `media` is where its files are stored."""

    def __init__(self, directory: Path, rtmp_port: int) -> None:
        self.stream_id = secrets.token_hex(12)
        self.rtmp_port = rtmp_port
        self.media = directory / "media" / "broadcasts" / self.stream_id
        self.redis = redis.Redis.from_url(settings.LIVE_REDIS_URL)
        self.workers: list[Worker] = []
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "MILLRACE_DATA": str(directory),
            "MILLRACE_DB_HOST": str(settings.DATABASES["default"]["HOST"]),
            "MILLRACE_DB_NAME": str(settings.DATABASES["default"]["NAME"]),
            "MILLRACE_RTMP_PORT": str(rtmp_port),
            "MILLRACE_ENCODER": "x264",
        }
        LiveJob.objects.create(stream_id=self.stream_id)

    def start_worker(self) -> Worker:
        worker = Worker(self.stream_id, self._environment)
        self.workers.append(worker)
        return worker

    def wait_for_player(self) -> None:
        key = redis_keys.player_key(self.stream_id)
        wait_until(lambda: self.redis.exists(key), "the puller did not connect")

    def finish(self) -> None:
        """What `finish_live` does, without Celery."""
        LiveJob.objects.filter(stream_id=self.stream_id).update(wanted=False)
        self.redis.publish(redis_keys.control_channel(self.stream_id), json.dumps({"order": "finish"}))

    @property
    def windows(self) -> dict[str, Window]:
        stored = self.redis.hgetall(redis_keys.windows_key(self.stream_id))
        return {str(as_bytes(name), "ascii"): Window.from_json(text) for name, text in stored.items()}

    @property
    def state(self) -> dict[str, Any]:
        return self._stored(redis_keys.state_key(self.stream_id))

    @property
    def status(self) -> dict[str, Any]:
        return self._stored(redis_keys.status_key(self.stream_id))

    def _stored(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.redis.get(key) or b"{}")
        return found

    def wait_until_segments(self, count: int, *, epoch: int, seconds: float = 15.0) -> None:
        """Until every rendition has so many complete segments of a run."""

        def there() -> bool:
            windows = self.windows.values()
            return bool(windows) and all(
                sum(segment.epoch == epoch for segment in window.segments) >= count for window in windows
            )

        wait_until(there, f"no {count} segments of run {epoch}", seconds)

    @property
    def storages(self) -> dict[str, Any]:
        """settings.STORAGES as the workers have it."""
        storages: dict[str, Any] = dict(settings.STORAGES)
        options = {"location": self.media.parents[1]}
        return {**storages, "default": {**storages["default"], "OPTIONS": options}}

    def rows(self) -> list[Segment]:
        return list(Segment.objects.of(self.stream_id))

    def counters(self, rendition: str, epoch: int) -> list[int | None]:
        """The frame numbers of one run of a rendition, as FFmpeg decodes its files. Fails at any decoding error."""
        names = [f"{row.epoch}-{row.sequence}.m4s" for row in self.rows() if row.epoch == epoch]
        files = [f"{epoch}.init.mp4", *names]
        return read_counters_of_bytes(b"".join((self.media / rendition / name).read_bytes() for name in files))

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.redis.close()


class Recorder:
    """Looks at every playlist ten times a second and demands that each follows from the one before."""

    def __init__(self, job: LiveJobUnderTest) -> None:
        self._job = job
        self._stopped = threading.Event()
        self._latest: dict[str, Playlist] = {}
        self.looks = 0
        self.broken: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._look()
            time.sleep(0.1)

    def _look(self) -> None:
        for name, window in self._job.windows.items():
            if not window.segments:
                continue
            try:
                newer = demand_good(render_live(window))
                if name in self._latest:
                    demand_good_change(self._latest[name], newer)
            except AssertionError as broken:
                self.broken.append(f"{name}: {broken}")
                continue
            self._latest[name] = newer
            self.looks += 1


@contextmanager
def live_job(directory: Path, rtmp_port: int) -> Iterator[LiveJobUnderTest]:
    job = LiveJobUnderTest(directory, rtmp_port)
    try:
        yield job
    finally:
        job.close()
