"""What came becomes a recording, also when workers die; what cannot is refused, and nothing is left."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from streaming.lookup import get_stream
from streaming.models import Broadcast, Channel
from streaming.services import watch_state
from tests.conftest import PASSWORD
from tests.vod.uploading import LIST, FakeMedia, Sender, fake, sender, sent_whole, spool
from transcode import services as media
from transcode.errors import FileRefused, TranscodeError
from transcode.file_facts import FileFacts
from vod import upload_spool, upload_work
from vod.limits import UPLOAD_ATTEMPTS, UPLOAD_IDLE_HOURS
from vod.models import Upload, Visibility, Vod
from vod.services import create_missing_vods, update_vod
from vod.upload_states import OPEN_STATES, UploadState
from vod.upload_work import work_on_uploads

__all__ = ["fake", "sender", "spool"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


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
