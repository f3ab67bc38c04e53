"""The picture that stands for a recording: one of its own, or a file of its owner's."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from tests.pages.conftest import browser_of
from transcode import services as media
from transcode.errors import NotRecorded
from transcode.models import LiveJob, StorageTier
from vod import posters
from vod.limits import POSTER_BYTES, POSTERS_PER_HOUR
from vod.models import Vod

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_plain_static_files")]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the media side was given, or asked to draw."""
    found: list[Any] = []

    def keep(what: Any) -> str:
        found.append(what)
        return f"previews/{'a' * 24}/{len(found)}.jpg"

    monkeypatch.setattr(media, "store_poster", lambda stream_id, picture: keep(picture))
    monkeypatch.setattr(media, "draw_poster", lambda stream_id, seconds: keep(seconds))
    return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    monkeypatch.setattr("vod.tasks.draw_poster.delay", lambda *what: found.append(what))
    return found


def picture(size: tuple[int, int] = (900, 900), kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def choose(user: User | None, vod: Vod, **form: Any) -> Any:
    return browser_of(user).post(f"/dashboard/videos/{vod.public_id}/poster", form, follow=True)


def test_frame_is_taken_from_the_recording(
    vod: Vod, alice: User, stored: list[Any], sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert "another picture" in choose(alice, vod, at="0:42").content.decode()
    assert sent == [(vod.public_id, 42.0)]
    posters.draw_frame(public_id=vod.public_id, seconds=42.0)
    vod.refresh_from_db()
    assert stored == [42.0]
    assert vod.preview_path.endswith("/1.jpg")
    for page in (Client().get(vod.get_absolute_url()), Client().get("/alice/videos")):
        assert page.status_code != 200 or vod.preview_path in page.content.decode()
    assert vod.preview_path in Client().get(vod.get_absolute_url()).content.decode()  # for link previews


def test_file_is_made_anew_in_the_right_shape(vod: Vod, alice: User, stored: list[bytes], sent: list[Any]) -> None:
    choose(alice, vod, picture=SimpleUploadedFile("a.png", picture()))
    vod.refresh_from_db()
    made = Image.open(BytesIO(stored[0]))
    assert (made.format, made.size) == ("JPEG", (1280, 720))
    assert vod.preview_path.endswith("/1.jpg")
    assert sent == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Say at which time"),
        ({"at": "yesterday"}, "Give the time as in 12:34"),
        ({"at": "9:59:59"}, "within the recording"),
        ({"picture": SimpleUploadedFile("a.png", b"no picture")}, "Use a PNG"),
        ({"picture": SimpleUploadedFile("a.png", picture((100, 100)))}, "too small"),
        ({"picture": SimpleUploadedFile("a.png", picture()[:-40] + bytes(POSTER_BYTES))}, "too large"),
        ({"picture": SimpleUploadedFile("a.png", picture()[:200])}, "Use a PNG"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    vod: Vod, alice: User, stored: list[Any], sent: list[Any], form: dict[str, Any], says: str
) -> None:
    for file in (value for value in form.values() if not isinstance(value, str)):
        file.seek(0)
    assert says in choose(alice, vod, **form).content.decode()
    vod.refresh_from_db()
    assert (vod.preview_path, stored, sent) == ("previews/a.jpg", [], [])


def test_only_its_owner_chooses(vod: Vod, bob: User, stored: list[Any], sent: list[Any]) -> None:
    assert choose(bob, vod, at="0:10").status_code == 404
    assert "/accounts/login" in choose(None, vod, at="0:10").redirect_chain[0][0]
    assert (stored, sent) == ([], [])


def test_what_is_not_at_hand_is_said(vod: Vod, alice: User, stored: list[Any], sent: list[Any]) -> None:
    LiveJob.objects.create(
        stream_id=vod.broadcast.public_id,
        wanted=False,
        finished_at=timezone.now(),
        consolidated_at=timezone.now(),
        storage_tier=StorageTier.COLD,
    )
    assert "cold storage" in choose(alice, vod, at="0:10").content.decode()
    assert sent == []


def test_frame_that_cannot_be_taken_leaves_the_picture(
    vod: Vod, monkeypatch: pytest.MonkeyPatch, stored: list[Any]
) -> None:
    def fail(*, stream_id: str, seconds: float) -> str:
        raise NotRecorded("Nothing.")

    monkeypatch.setattr(media, "draw_poster", fail)
    posters.draw_frame(public_id=vod.public_id, seconds=3.0)
    vod.refresh_from_db()
    assert vod.preview_path == "previews/a.jpg"


def test_so_many_an_hour(vod: Vod, alice: User, stored: list[Any], sent: list[Any]) -> None:
    for _ in range(POSTERS_PER_HOUR):
        posters.choose_frame(vod=vod, seconds=1)
    assert "Wait a while" in choose(alice, vod, at="0:10").content.decode()
