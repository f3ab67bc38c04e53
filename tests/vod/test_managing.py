"""The owner's pages: finding, changing many at once, editing one. Nobody else's."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, BroadcastNote, Channel
from tests.pages.conftest import PLAIN_STATIC_FILES
from tests.vod.conftest import FakeRecorder
from transcode.models import LiveJob, Segment
from transcode.services import Recording
from vod.models import Vod
from vod.services import create_vod

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_static_files() -> Any:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


def recording(channel: Channel, title: str, **fields: Any) -> Vod:
    now = timezone.now()
    made = Broadcast.objects.create(channel=channel, state=BroadcastState.ENDED, started_at=now, ended_at=now)
    return Vod.objects.create(broadcast=made, channel=channel, title=title, **{"duration_seconds": 100.0, **fields})


@pytest.fixture
def three(alice: User) -> list[Vod]:
    return [
        recording(alice.channel, "Chess tonight", view_count=5),
        recording(alice.channel, "Painting the mill", visibility="private", duration_seconds=300),
        recording(alice.channel, "Chess again", view_count=9),
    ]


@pytest.fixture
def foreign(bob: User) -> Vod:
    return recording(bob.channel, "Bob's own")


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def shown(browser: Client, query: str = "") -> list[str]:
    answer = browser.get(f"/dashboard/videos/{query}")
    assert answer.status_code == 200
    return [vod.title for vod in answer.context["page"]]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Chess again", "Painting the mill", "Chess tonight"]),
        ("?q=chess", ["Chess again", "Chess tonight"]),
        ("?q=chess&sort=oldest", ["Chess tonight", "Chess again"]),
        ("?visibility=private", ["Painting the mill"]),
        ("?sort=watched", ["Chess again", "Chess tonight", "Painting the mill"]),
        ("?sort=longest", ["Painting the mill", "Chess again", "Chess tonight"]),
        ("?sort=title", ["Chess again", "Chess tonight", "Painting the mill"]),
        ("?q=nothing", []),
        ("?q=%25", []),
        ("?q=a%00b&sort=password&visibility=secret&page=x", ["Chess again", "Painting the mill", "Chess tonight"]),
    ],
)
def test_recordings_are_found(browser: Client, three: list[Vod], foreign: Vod, query: str, titles: list[str]) -> None:
    assert shown(browser, query) == titles


def change(browser: Client, act: str, vods: list[Vod], **more: str) -> str:
    sent = {"act": act, "video": [vod.public_id for vod in vods], **more}
    return browser.post("/dashboard/videos/change", sent, follow=True).content.decode()


def visibilities() -> dict[str, str]:
    return dict(Vod.objects.values_list("title", "visibility"))


def test_many_are_changed_at_once_without_javascript(browser: Client, three: list[Vod], foreign: Vod) -> None:
    assert "2 recordings now unlisted." in change(browser, "unlisted", three[:2])
    assert visibilities() == {
        "Chess tonight": "unlisted",
        "Painting the mill": "unlisted",
        "Chess again": "public",
        "Bob&#x27;s own".replace("&#x27;", "'"): "public",
    }
    assert "2 recordings deleted." in change(browser, "delete", three[1:])
    assert shown(browser) == ["Chess tonight"]
    assert "1 recording back." in change(browser, "restore", three[1:2])
    assert shown(browser, "?visibility=private") == ["Painting the mill"]


def test_all_on_the_page_are_those_that_were_listed(browser: Client, three: list[Vod], foreign: Vod) -> None:
    listed: Any = [vod.public_id for vod in [*three[:2], foreign]]
    sent = {"act": "private", "all": "1", "listed": listed, "query": "q=chess&sort=oldest"}
    answer = browser.post("/dashboard/videos/change", sent)
    assert answer.headers["Location"] == "/dashboard/videos/?q=chess&sort=oldest"
    assert visibilities() == {
        "Chess tonight": "private",
        "Painting the mill": "private",
        "Chess again": "public",
        "Bob's own": "public",
    }


@pytest.mark.parametrize("act", ["public", "delete", "restore"])
def test_bobs_recordings_stay_as_they_are(browser: Client, foreign: Vod, act: str) -> None:
    Vod.objects.update(visibility="private", deleted_at=timezone.now() if act == "restore" else None)
    before = Vod.objects.values().get()
    assert "0 recordings" in change(browser, act, [foreign])
    assert Vod.objects.values().get() == before


@pytest.mark.parametrize(
    ("act", "sent", "says"),
    [
        ("delete", {"video": []}, "Choose the recordings first."),
        ("", {"video": ["x"]}, "Choose what to do with them."),
        ("secret", {"video": ["x"]}, "Choose what to do with them."),
        ("public", {"video": [f"{number:024x}" for number in range(101)]}, "at most 100"),
        ("public", {"video": ["a\x00b"]}, "0 recordings"),
    ],
)
def test_nonsense_changes_nothing_and_says_why(browser: Client, act: str, sent: dict[str, Any], says: str) -> None:
    assert says in browser.post("/dashboard/videos/change", {"act": act, **sent}, follow=True).content.decode()


def test_only_signed_in_people_change_anything(three: list[Vod]) -> None:
    for path in ("/dashboard/videos/", "/dashboard/videos/change", f"/dashboard/videos/{three[0].public_id}/"):
        assert Client().post(path, {"act": "delete", "video": three[0].public_id}).status_code in (302, 405)
    assert Vod.objects.kept().count() == 3


# --- One recording


def edit(browser: Client, vod: Vod, **changes: str) -> str:
    fields = {"title": "Chess", "description": "", "visibility": "public", "chapters": "", **changes}
    answer = browser.post(f"/dashboard/videos/{vod.public_id}/", fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_everything_about_one_is_edited(browser: Client, three: list[Vod]) -> None:
    vod = three[0]
    chapters = "0:00 Opening\r\n1:00 Endgame"
    text = "Played on\r\nhttps://chess.example/a?b=1&c=2."
    page = edit(browser, vod, description=text, visibility="unlisted", chapters=chapters, downloads_allowed="on")
    assert "Saved." in page
    vod.refresh_from_db()
    assert (vod.title, vod.visibility, vod.downloads_allowed) == ("Chess", "unlisted", True)
    assert vod.description == "Played on\nhttps://chess.example/a?b=1&c=2."
    assert [chapter.title for chapter in vod.chapter_list] == ["Opening", "Endgame"]
    watched = Client().get(vod.get_absolute_url()).content.decode()
    href = "https://chess.example/a?b=1&amp;c=2"
    assert f'<a href="{href}" rel="nofollow ugc noopener noreferrer" target="_blank">{href}</a>.' in watched
    assert 'data-chapter="60.0"' in watched


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"chapters": "Endgame"}, "Begin each chapter with its time"),
        ({"chapters": "0:30 Late"}, "The first chapter begins at 0:00"),
        ({"description": "x" * 5001}, "5000"),
        ({"description": "a\x08b"}, "cannot be shown"),
        ({"visibility": "secret"}, "not one of the available choices"),
        ({"title": "x" * 141}, "140"),
    ],
)
def test_a_refused_edit_says_why_and_keeps_what_was_typed(
    browser: Client, three: list[Vod], changes: dict[str, str], says: str
) -> None:
    before = Vod.objects.values().get(pk=three[0].pk)
    page = edit(browser, three[0], **{"title": "New", **changes})
    assert says in page
    assert 'value="New"' in page or "title" in changes
    assert Vod.objects.values().get(pk=three[0].pk) == before


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        'https://x.example/"onmouseover="alert(1)',
        "javascript:alert(1)",
        "https://x.example/<img src=x onerror=alert(1)>",
        "data:text/html,<b>",
    ],
)
def test_a_description_is_text(browser: Client, three: list[Vod], hostile: str) -> None:
    edit(browser, three[0], description=hostile)
    about = browser.get(three[0].get_absolute_url()).content.decode().partition('class="video-about">')[2]
    about = about.partition("</p>")[0]
    assert "<script" not in about
    assert "<img" not in about
    assert 'href="javascript' not in about
    assert 'href="data' not in about
    assert ' onmouseover="' not in about


def test_bob_cannot_edit_alices(browser: Client, foreign: Vod) -> None:
    assert browser.get(f"/dashboard/videos/{foreign.public_id}/").status_code == 404
    assert browser.post(f"/dashboard/videos/{foreign.public_id}/", {"title": "Mine"}).status_code == 404
    for path in ("export", "download", "chapters"):
        answer = browser.put(f"/api/v1/videos/{foreign.public_id}/{path}", [], content_type="application/json")
        assert answer.status_code in (403, 404, 405)
    assert browser.get(f"/api/v1/videos/{foreign.public_id}/export").status_code == 404


def test_sizes_of_each_quality_are_shown_and_exported(browser: Client, three: list[Vod]) -> None:
    stream_id = three[0].broadcast.public_id
    known = [
        {"name": "source", "codecs": "avc1", "bandwidth": 9, "average_bandwidth": 9, "width": 1280, "height": 720},
        {"name": "audio", "codecs": "mp4a", "bandwidth": 9, "average_bandwidth": 9, "channels": 2},
    ]
    LiveJob.objects.create(stream_id=stream_id, renditions=known)
    for number in range(3):
        made = {"source": [2.0, 1_000_000, 9, 0], "audio": [2.0, 30_000]}
        Segment.objects.create(stream_id=stream_id, sequence=number, epoch=1, starts_at=timezone.now(), renditions=made)
    page = browser.get(f"/dashboard/videos/{three[0].public_id}/").content.decode()
    assert "1280×720" in page
    assert "2.9\xa0MB" in page  # together
    exported = browser.get(f"/api/v1/videos/{three[0].public_id}/export")
    assert exported.headers["Content-Disposition"] == f'attachment; filename="{three[0].public_id}.json"'
    assert [(one["name"], one["size"]) for one in exported.json()["renditions"]] == [
        ("source", 3_000_000),
        ("audio", 90_000),
    ]


# --- Chapters of the recording


def test_chapters_are_made_of_what_was_noted_over_an_absence(
    broadcast: Broadcast, recorder: FakeRecorder, browser: Client
) -> None:
    """Two runs of a minute with an hour between them: the marker of the second is a minute and ten seconds in."""
    begin = timezone.now() - timedelta(hours=2)
    for number in range(60):
        away = timedelta(hours=1) if number >= 30 else timedelta()
        Segment.objects.create(
            stream_id=broadcast.public_id,
            sequence=number,
            epoch=1 + (number >= 30),
            starts_at=begin + timedelta(seconds=2 * number) + away,
            renditions={"source": [2.0, 100]},
        )
    recorder.recording = Recording(duration_seconds=120, renditions=["source"])
    at = begin + timedelta(hours=1, seconds=70)
    BroadcastNote.objects.create(broadcast=broadcast, at=at, kind="marker", text="Checkmate")
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    wanted = [
        {"seconds": 0.0, "title": "Chess tonight", "category": ""},
        {"seconds": 70.0, "title": "Checkmate", "category": ""},
    ]
    assert Client().get(f"/api/v1/videos/{vod.public_id}/chapters").json() == wanted
    track = Client().get(f"/videos/{vod.public_id}/chapters.vtt")
    assert track.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert "00:01:10.000 --> 00:02:00.000\nCheckmate" in track.content.decode()
    # Made once: what the owner makes of them stays.
    path = f"/api/v1/videos/{vod.public_id}/chapters"
    assert Client().put(path, [], content_type="application/json").status_code == 401
    assert browser.put(path, [{"seconds": 3}], content_type="application/json").status_code == 400
    assert browser.put(path, [], content_type="application/json").json() == []
    create_vod(stream_id=broadcast.public_id)
    assert Client().get(path).json() == []
