"""Videos come in pieces, whatever happens on the way, and become recordings; the protocol refuses what is wrong."""

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services import create_api_token, suspend_user
from streaming.lookup import get_stream
from streaming.models import Broadcast, Channel
from streaming.services import watch_state
from tests.conftest import PASSWORD
from transcode import services as media
from transcode.errors import FileRefused, TranscodeError
from transcode.file_facts import FileFacts
from transcode.services import Recording
from vod import upload_spool, upload_work
from vod.limits import CHUNK_MAX_BYTES, UPLOAD_ATTEMPTS, UPLOAD_IDLE_HOURS, UPLOADS_AT_ONCE, UPLOADS_BEGUN_AN_HOUR
from vod.models import Upload, Visibility, Vod
from vod.services import create_missing_vods, update_vod
from vod.upload_states import OPEN_STATES, UploadState
from vod.upload_work import work_on_uploads
from vod.uploads import create_upload

pytestmark = pytest.mark.django_db(transaction=True)
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


# --- The protocol


def test_client_is_told_what_is_spoken_here() -> None:
    answer = Client().options(LIST)
    assert answer.status_code == 204
    assert (answer["Tus-Version"], answer["Tus-Extension"]) == ("1.0.0", "creation,termination")
    assert answer["Tus-Max-Size"] == str(20 * 10**9)


def test_file_comes_in_pieces_and_is_what_was_sent(sender: Sender, spool: Path) -> None:
    body = bytes(range(256)) * 4000
    path = sender.begin(len(body), title="Chess tonight")
    assert sender.offset(path) == 0
    for at in range(0, len(body), 300_000):
        answer = sender.send(path, at, body[at : at + 300_000])
        assert (answer.status_code, answer["Tus-Resumable"]) == (204, "1.0.0")
        assert int(answer["Upload-Offset"]) == min(at + 300_000, len(body)) == sender.offset(path)
    upload = Upload.objects.get()
    assert (upload.state, upload.title, upload.visibility) == (UploadState.CHECKING, "Chess tonight", "private")
    assert (spool / upload.public_id).read_bytes() == body
    assert spool.stat().st_mode & 0o777 == 0o700


class Interrupted(Exception):
    """The line breaks."""


def breaking_after(body: bytes, count: int) -> Iterator[bytes]:
    """What comes of `body` before the line breaks."""
    for at in range(0, count, 1000):
        yield body[at : min(at + 1000, count)]
    raise Interrupted


def reader_of(pieces: Iterator[bytes]) -> Callable[[int], bytes]:
    return lambda size: next(pieces)


def test_file_that_was_interrupted_twice_is_the_same(sender: Sender, spool: Path, alice: User) -> None:
    from vod.uploads import append_to_upload

    body = hashlib.sha256(b"a").digest() * 1000
    path = sender.begin(len(body))
    upload = Upload.objects.get()
    for count in (7_500, 1):
        pieces = breaking_after(body[sender.offset(path) :], count)
        with pytest.raises(Interrupted):
            append_to_upload(upload=upload, offset=sender.offset(path), length=None, read=reader_of(pieces))
    assert sender.offset(path) == 7_501
    assert sender.send(path, 7_501, body[7_501:]).status_code == 204
    arrived = (spool / upload.public_id).read_bytes()
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [(0, 400, "empty"), (2**40, 413, "too_large"), (20 * 10**9 + 1, 413, "too_large"), ("-1", 400, "invalid")]
    + [(nonsense, 400, "invalid") for nonsense in ("", "1e9", "٣", "9" * 30, "1.5")],
)
def test_length_that_cannot_be_is_refused(sender: Sender, length: Any, status: int, code: str) -> None:
    answer = sender.create(length, filename="a.mp4")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_wrong_pieces_are_refused_and_change_nothing(sender: Sender) -> None:
    path = sender.begin(10)
    assert sender.send(path, 0, b"12345").status_code == 204
    wrong = {
        "behind": (sender.send(path, 0, b"12345"), 409),
        "ahead": (sender.send(path, 6, b"7890"), 409),
        "no offset": (sender.ask("PATCH", path, b"1"), 400),
        "nonsense": (sender.send(path, "-1", b"1"), 400),
        "too long": (sender.send(path, 5, b"123456"), 413),
        "another type": (sender.send(path, 5, b"1", Content_Type="application/json"), 415),
        "another version": (sender.send(path, 5, b"1", Tus_Resumable="0.2.2"), 412),
    }
    assert {name: answer.status_code for name, (answer, _) in wrong.items()} == {
        name: status for name, (_, status) in wrong.items()
    }
    assert sender.offset(path) == 5
    assert sender.send(path, 5, b"67890").status_code == 204
    assert sender.send(path, 10, b"1").status_code == 409  # all of it is here


def test_more_than_a_chunk_at_once_is_refused(sender: Sender) -> None:
    path = sender.begin(CHUNK_MAX_BYTES * 2)
    assert sender.send(path, 0, bytes(CHUNK_MAX_BYTES + 1)).status_code == 413
    assert sender.offset(path) == 0


def test_length_that_was_not_told_is_counted(sender: Sender, spool: Path) -> None:
    from common.errors import InvalidInput
    from vod.uploads import append_to_upload

    sender.begin(10)
    pieces = iter([b"12345", b"67890", b"1", b""])
    with pytest.raises(InvalidInput):
        append_to_upload(upload=Upload.objects.get(), offset=0, length=None, read=reader_of(pieces))
    assert upload_spool.size_of(Upload.objects.get().public_id) == 0


@pytest.mark.parametrize("metadata", ["title ???", "title " + base64.b64encode(b"\xff\xfe").decode()])
def test_metadata_must_be_base64(sender: Sender, metadata: str) -> None:
    assert sender.ask("POST", LIST, Upload_Length="5", Upload_Metadata=metadata).status_code == 400


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"title": "x" * 141}, 400),
        ({"visibility": "secret"}, 400),
        ({"filename": "a\x00b"}, 400),
        ({"title": "é"}, 201),
    ],
)
def test_words_are_checked(sender: Sender, told: dict[str, str], status: int) -> None:
    assert sender.create(5, **told).status_code == status


def test_file_name_is_only_a_name(sender: Sender, spool: Path) -> None:
    upload = sent_whole(sender, filename="../../etc/C:\\Users\\a\\Chess night.mp4")
    assert (upload.filename, upload.title) == ("Chess night.mp4", "Chess night")
    assert [file.name for file in spool.iterdir() if file.name != ".working"] == [upload.public_id]


def test_only_its_owner_gets_at_it(sender: Sender, bob: User, alice: User) -> None:
    path = sender.begin(5)
    stranger = Sender(bob)
    for method in ("HEAD", "GET", "PATCH", "DELETE"):
        assert stranger.ask(method, path, b"", Upload_Offset="0").status_code == 404
        anonymous = Client().generic(method, path, b"", content_type=CHUNK, headers={"Tus-Resumable": "1.0.0"})
        assert anonymous.status_code == 401
    for name in ("0" * 24, "1", "..", "%00"):
        assert sender.ask("HEAD", f"{LIST}/{name}").status_code == 404
    assert Upload.objects.get().state == UploadState.RECEIVING
    suspend_user(user=alice)
    assert sender.send(path, 0, b"12345").status_code == 401


def test_page_without_its_token_can_send_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.login(username="alice", password=PASSWORD)
    upload = create_upload(owner=alice, length=5, filename="a.mp4")
    told = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "5"}
    for method, path in (
        ("POST", LIST),
        ("PATCH", f"{LIST}/{upload.public_id}"),
        ("DELETE", f"{LIST}/{upload.public_id}"),
    ):
        assert browser.generic(method, path, b"", content_type=CHUNK, headers=told).status_code == 403
    assert upload_spool.size_of(upload.public_id) == 0


def test_so_many_at_once(sender: Sender) -> None:
    paths = [sender.begin(5) for _ in range(UPLOADS_AT_ONCE)]
    assert sender.create(5).status_code == 429
    assert sender.ask("DELETE", paths[0]).status_code == 204
    assert sender.create(5).status_code == 201


def test_so_many_an_hour(sender: Sender) -> None:
    for _ in range(UPLOADS_BEGUN_AN_HOUR):
        sender.ask("DELETE", sender.begin(5))
    assert sender.create(5).status_code == 429


def test_full_disk_is_said_before_and_while_it_comes(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sender.begin(10)
    monkeypatch.setattr(upload_spool, "free_bytes", lambda: 3 * 10**9)
    assert sender.create(10).status_code == 201
    assert sender.create(2 * 10**9).json()["code"] == "disk_full"

    def full(file: Any, piece: bytes) -> None:
        file.write(piece[:3])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("vod.uploads._write", full)
        assert sender.send(path, 0, b"1234567890").json()["code"] == "disk_full"
    assert sender.offset(path) == 3
    assert sender.send(path, 3, b"4567890").status_code == 204


def test_two_senders_do_not_mix(sender: Sender) -> None:
    path = sender.begin(10)
    with upload_spool.appending(Upload.objects.get().public_id):
        assert sender.send(path, 0, b"12345").json()["code"] == "busy"
    assert sender.send(path, 0, b"12345").status_code == 204


def test_uploads_may_be_switched_off(sender: Sender, settings: Settings) -> None:
    settings.UPLOAD_MAX_GB = 0
    assert sender.create(5).status_code == 403


# --- What becomes of it


def test_upload_becomes_a_recording(sender: Sender, spool: Path, alice: User, fake: FakeMedia) -> None:
    upload = sent_whole(sender, title="Chess tonight", visibility="unlisted")
    assert work_on_uploads() == 1
    upload.refresh_from_db()
    vod = Vod.objects.get()
    assert (upload.state, upload.vod, upload.done_seconds, upload.total_seconds) == ("ready", vod, 61.5, 61.5)
    assert (vod.title, vod.visibility, vod.duration_seconds) == ("Chess tonight", Visibility.UNLISTED, 61.5)
    assert fake.imported == [vod.broadcast.public_id]
    assert upload_spool.names() == []
    shown = sender.client.get(LIST).json()
    assert [(one["state"], one["video"]) for one in shown] == [("ready", vod.get_absolute_url())]
    assert work_on_uploads() == 0


def test_its_broadcast_was_never_on_air(sender: Sender, alice: User) -> None:
    before = Channel.objects.values().get(owner=alice)
    sent_whole(sender, visibility="public")
    work_on_uploads()
    vod = Vod.objects.get()

    assert Channel.objects.values().get(owner=alice) == before  # not live, and not live lately
    assert get_stream("alice")[1] is None
    assert watch_state(channel=vod.channel).vod_url is None
    assert not Broadcast.objects.on_air().exists()
    assert create_missing_vods() == 0
    assert Client().get("/api/v1/streams").json()["count"] == 0
    assert [one["id"] for one in Client().get("/api/v1/videos").json()["results"]] == [vod.public_id]
    assert Client().get(f"/api/v1/videos/{vod.public_id}/playback").status_code == 200
    update_vod(vod=vod, visibility="private")
    assert Client().get(f"/api/v1/videos/{vod.public_id}/playback").status_code == 404


def test_refused_file_is_gone_and_its_reason_stays(
    sender: Sender, fake: FakeMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *, max_seconds: float) -> FileFacts:
        raise FileRefused("image", "This is a picture, not a video.")

    monkeypatch.setattr(media, "look_at_file", refuse)
    upload = sent_whole(sender)
    work_on_uploads()
    [shown] = sender.client.get(LIST).json()
    assert (shown["state"], shown["reason"]) == ("refused", "This is a picture, not a video.")
    assert (upload_spool.names(), Vod.objects.count(), Broadcast.objects.count()) == ([], 0, 0)
    assert sender.ask("HEAD", f"{LIST}/{upload.public_id}").status_code == 410
    assert sender.ask("DELETE", f"{LIST}/{upload.public_id}").status_code == 204  # it is forgotten
    assert sender.client.get(LIST).json() == []


class Killed(BaseException):
    """What SIGKILL leaves behind is what this does, and one may die in tests."""


def die(progress: Callable[[float], None]) -> None:
    raise Killed


def test_killed_workers_upload_is_begun_again_and_given_up_at_last(sender: Sender, fake: FakeMedia) -> None:
    upload = sent_whole(sender)
    fake.during = die
    for _ in range(UPLOAD_ATTEMPTS - 1):
        with pytest.raises(Killed):
            work_on_uploads()
        upload.refresh_from_db()
        assert upload.state == UploadState.TRANSCODING
    assert len(set(fake.imported)) == 1  # the same broadcast each time
    fake.during = lambda progress: progress(1.0)
    assert work_on_uploads() == 1
    assert Vod.objects.count() == Broadcast.objects.count() == 1

    other = sent_whole(sender)
    fake.during = die
    for _ in range(UPLOAD_ATTEMPTS):
        with pytest.raises(Killed):
            work_on_uploads()
    work_on_uploads()
    other.refresh_from_db()
    assert other.state == UploadState.REFUSED
    assert "could not be read" in other.reason
    assert (upload_spool.names(), Broadcast.objects.count(), fake.unfinished) == ([], 1, set())


def test_failing_ffmpeg_is_tried_again_a_failing_storage_for_as_long_as_it_takes(
    sender: Sender, fake: FakeMedia
) -> None:
    upload = sent_whole(sender)
    outcomes = itertools.chain([OSError("storage is away")] * 9, [TranscodeError("killed")], itertools.repeat(None))

    def fail(progress: Callable[[float], None]) -> None:
        if error := next(outcomes):
            raise error

    fake.during = fail
    for _ in range(10):
        work_on_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.attempts) == (UploadState.READY, 2)


def test_upload_that_is_cancelled_while_it_is_made_leaves_nothing(sender: Sender, fake: FakeMedia) -> None:
    upload = sent_whole(sender)

    def cancel(progress: Callable[[float], None]) -> None:
        assert sender.ask("DELETE", f"{LIST}/{upload.public_id}").status_code == 204
        progress(5.0)

    fake.during = cancel
    work_on_uploads()
    assert fake.discarded == fake.imported
    assert (upload_spool.names(), Vod.objects.count(), Broadcast.objects.count()) == ([], 0, 0)
    assert sender.client.get(LIST).json() == []


def test_upload_that_is_cancelled_at_the_last_moment_leaves_nothing(sender: Sender, fake: FakeMedia) -> None:
    upload = sent_whole(sender)

    def cancel(progress: Callable[[float], None]) -> None:
        sender.ask("DELETE", f"{LIST}/{upload.public_id}")

    fake.during = cancel
    work_on_uploads()
    assert fake.discarded == fake.imported
    assert (Vod.objects.count(), Broadcast.objects.count()) == (0, 0)


def test_what_a_killed_worker_left_of_a_cancelled_upload_is_removed(sender: Sender, fake: FakeMedia) -> None:
    upload = sent_whole(sender)
    fake.during = die
    with pytest.raises(Killed):
        work_on_uploads()
    sender.ask("DELETE", f"{LIST}/{upload.public_id}")
    assert fake.discarded == []
    work_on_uploads()
    assert fake.discarded == fake.imported


def test_account_that_is_gone_takes_its_uploads_with_it(sender: Sender, alice: User, fake: FakeMedia) -> None:
    sent_whole(sender)

    def leave(progress: Callable[[float], None]) -> None:
        alice.delete()
        progress(1.0)

    fake.during = leave
    work_on_uploads()
    assert fake.discarded == fake.imported
    sent_whole(Sender(User.objects.create_user("charlie", "c@example.org", PASSWORD)))
    User.objects.get(login="charlie").delete()
    work_on_uploads()
    assert upload_spool.names() == []


def test_one_worker_at_a_time(sender: Sender, fake: FakeMedia) -> None:
    sent_whole(sender)
    with upload_spool.only_worker() as alone:
        assert alone
        assert work_on_uploads() == 0
    assert work_on_uploads() == 1


def test_last_byte_whose_receiver_was_killed_is_noticed(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vod.uploads.complete_upload", lambda upload: None)
    upload = sent_whole(sender)
    assert Upload.objects.get().state == UploadState.RECEIVING
    monkeypatch.undo()
    # What the fakes replaced is real again: only the look at what lies there is of interest.
    with upload_spool.only_worker():
        upload_work.look_after_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.CHECKING


def test_upload_nobody_goes_on_with_is_given_up(sender: Sender) -> None:
    path = sender.begin(10)
    sender.send(path, 0, b"12345")
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=UPLOAD_IDLE_HOURS - 1))
    work_on_uploads()
    assert Upload.objects.get().state == UploadState.RECEIVING
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=UPLOAD_IDLE_HOURS + 1))
    work_on_uploads()
    assert Upload.objects.get().state == UploadState.REFUSED
    assert upload_spool.names() == []
    assert sender.send(path, 5, b"67890").status_code == 409


def test_every_open_state_ends_somewhere() -> None:
    assert set(OPEN_STATES) == {UploadState.RECEIVING, UploadState.CHECKING, UploadState.TRANSCODING}
