"""A tus client, a spool and a media side that makes recordings at once, for tests of uploads: fixtures and helpers."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services import create_api_token
from transcode import services as media
from transcode.file_facts import FileFacts
from transcode.services import Recording
from vod.models import Upload

LIST = "/api/v1/uploads"
CHUNK = "application/offset+octet-stream"


@pytest.fixture(autouse=True)
def spool(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return tmp_path / "uploads"


class FakeMedia:
    """What the media side would make of a file; `during` happens while it does."""

    def __init__(self) -> None:
        self.during: Callable[[Callable[[float], None]], None] = lambda progress: progress(30.0)
        self.imported: list[str] = []
        self.discarded: list[str] = []
        self.unfinished: set[str] = set()

    def look_at_file(self, path: Path, *, max_seconds: float) -> FileFacts:
        assert path.stat().st_size
        return FileFacts("mov", 0, 1, 1280, 720, 30, 61.5)  # type: ignore[arg-type]

    def import_file(self, *, path: Path, facts: Any, stream_id: str, max_seconds: float, progress: Any) -> None:
        self.imported.append(stream_id)
        self.unfinished.add(stream_id)
        self.during(progress)
        self.unfinished.discard(stream_id)

    def open_imports(self) -> set[str]:
        return set(self.unfinished)

    def discard_import(self, *, stream_id: str) -> None:
        self.discarded.append(stream_id)
        self.unfinished.discard(stream_id)

    def write_recording(self, *, stream_id: str) -> Recording:
        return Recording(61.5, ["source", "160p", "audio"])


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMedia:
    fake = FakeMedia()
    for name in ("look_at_file", "import_file", "open_imports", "discard_import", "write_recording"):
        monkeypatch.setattr(media, name, getattr(fake, name))
    return fake


class Sender:
    """A tus client of a user's."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        told = {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = told.pop("Content-Type", CHUNK)
        return self.client.generic(method, path, body, content_type=content_type, headers=told)

    def create(self, length: int | str, **told: str) -> Any:
        pairs = [f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items()]
        return self.ask("POST", LIST, Upload_Length=str(length), Upload_Metadata=",".join(pairs))

    def begin(self, length: int, **told: str) -> str:
        made = self.create(length, **{"filename": "chess.mp4"} | told)
        assert made.status_code == 201, made.content
        return str(made["Location"]).removeprefix("http://testserver")

    def send(self, path: str, offset: int | str, body: bytes, **headers: str) -> Any:
        return self.ask("PATCH", path, body, Upload_Offset=str(offset), **headers)

    def offset(self, path: str) -> int:
        return int(self.ask("HEAD", path)["Upload-Offset"])


@pytest.fixture
def sender(alice: User) -> Sender:
    return Sender(alice)


def sent_whole(sender: Sender, body: bytes = b"a video", **told: str) -> Upload:
    path = sender.begin(len(body), **told)
    assert sender.send(path, 0, body).status_code == 204
    return Upload.objects.latest("pk")
