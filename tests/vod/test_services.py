"""Making, hiding and deleting recordings."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from common.errors import InvalidInput, NotThere
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast
from streaming.playback import recording_playback
from streaming.services import watch_state
from streaming.signals import recording_ready
from tests.pages.conftest import PLAIN_STATIC_FILES
from tests.vod.conftest import FakeRecorder
from transcode.models import LiveJob
from transcode.services import Recording, access_generation
from vod.limits import UNDO_DAYS
from vod.models import Visibility, Vod
from vod.services import create_missing_vods, create_vod, delete_vod, restore_vod, update_vod, vod_for_viewer

pytestmark = pytest.mark.django_db


def test_ended_broadcast_becomes_a_recording(broadcast: Broadcast) -> None:
    recording_ready.send(sender=Broadcast, stream_id=broadcast.public_id)
    vod = Vod.objects.get()
    assert (vod.title, vod.duration_seconds, vod.renditions) == ("Chess tonight", 61.5, ["source", "720p"])
    assert (vod.visibility, vod.preview_path) == (Visibility.PUBLIC, "previews/a.jpg")
    assert vod.public_id != broadcast.public_id
    assert watch_state(channel=broadcast.channel).vod_url == vod.get_absolute_url()


def test_repeating_it_makes_no_second_one(broadcast: Broadcast) -> None:
    first = create_vod(stream_id=broadcast.public_id)
    assert first is not None
    update_vod(vod=first, title="My title", visibility="private")
    assert create_vod(stream_id=broadcast.public_id) == first
    first.refresh_from_db()
    assert (Vod.objects.count(), first.title, first.visibility) == (1, "My title", "private")
    assert watch_state(channel=broadcast.channel).vod_url is None


@pytest.mark.parametrize(
    "changes", [{"state": BroadcastState.LIVE, "ended_at": None}, {"started_at": None}], ids=["running", "never on air"]
)
def test_nothing_to_record(broadcast: Broadcast, changes: dict[str, object], recorder: FakeRecorder) -> None:
    Broadcast.objects.update(**changes)
    assert create_vod(stream_id=broadcast.public_id) is None
    assert (Vod.objects.count(), recorder.written) == (0, [])


def test_too_short_to_keep(broadcast: Broadcast, recorder: FakeRecorder) -> None:
    recorder.recording = Recording(duration_seconds=0, renditions=[])
    assert create_vod(stream_id=broadcast.public_id) is None


def test_recording_whose_signal_was_lost_is_made_by_the_schedule(broadcast: Broadcast) -> None:
    LiveJob.objects.create(stream_id=broadcast.public_id, wanted=False, finished_at=timezone.now())
    assert create_missing_vods() == 0  # its signal may still come
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(seconds=10))
    assert create_missing_vods() == 1
    assert create_missing_vods() == 0


def test_unfinished_media_work_is_waited_for(broadcast: Broadcast) -> None:
    LiveJob.objects.create(stream_id=broadcast.public_id)
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(seconds=10))
    assert create_missing_vods() == 0


def test_deleted_recording_is_not_made_again(broadcast: Broadcast) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    delete_vod(vod=vod)
    LiveJob.objects.create(stream_id=broadcast.public_id, wanted=False, finished_at=timezone.now())
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(seconds=10))
    assert create_missing_vods() == 0
    assert create_vod(stream_id=broadcast.public_id) is None
    assert watch_state(channel=broadcast.channel).vod_url is None


def test_a_deleted_recording_comes_back_for_its_owner_alone(broadcast: Broadcast, bob: User) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    owner = broadcast.channel.owner
    delete_vod(vod=vod)
    with pytest.raises(NotThere):
        restore_vod(public_id=vod.public_id, owner=bob)
    restored = restore_vod(public_id=vod.public_id, owner=owner)
    assert (restored, restored.visibility, restored.deleted_at) == (vod, Visibility.PRIVATE, None)
    assert vod_for_viewer(public_id=vod.public_id, viewer=owner) == vod
    with pytest.raises(NotThere):
        restore_vod(public_id=vod.public_id, owner=owner)  # it is not deleted


@pytest.mark.parametrize(
    ("before", "after", "void"),
    [
        ("public", "private", True),
        ("public", "subscribers", True),
        ("unlisted", "private", True),
        ("subscribers", "private", True),
        ("public", "unlisted", False),
        ("private", "public", False),
        ("subscribers", "public", False),
        ("private", "private", False),
    ],
)
def test_a_smaller_circle_makes_what_was_given_out_void(
    broadcast: Broadcast, django_capture_on_commit_callbacks: Any, before: str, after: str, void: bool
) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    Vod.objects.update(visibility=before)
    vod.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        update_vod(vod=vod, visibility=after)
    assert (access_generation(stream_id=broadcast.public_id) > 0) == void


def test_so_does_deleting_it(broadcast: Broadcast, django_capture_on_commit_callbacks: Any) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    with django_capture_on_commit_callbacks(execute=True):
        delete_vod(vod=vod)
    assert access_generation(stream_id=broadcast.public_id) > 0
    token = recording_playback(broadcast.public_id).hls.split("/")[2]
    assert token.split(".")[1] != "0"


def test_after_some_days_it_does_not(broadcast: Broadcast) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    delete_vod(vod=vod)
    Vod.objects.update(deleted_at=timezone.now() - timedelta(days=UNDO_DAYS, minutes=1))
    with pytest.raises(NotThere):
        restore_vod(public_id=vod.public_id, owner=broadcast.channel.owner)
    assert not Vod.objects.deleted_lately().exists()


@pytest.mark.parametrize("changes", [{"visibility": "secret"}, {"title": "x" * 141}, {"channel": 1}, {"title": "a\nb"}])
def test_nonsense_is_refused(broadcast: Broadcast, changes: dict[str, object]) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    with pytest.raises(InvalidInput):
        update_vod(vod=vod, **changes)


def test_staff_hide_a_recording_in_the_admin(
    broadcast: Broadcast, bob: User, django_capture_on_commit_callbacks: Any
) -> None:
    vod = create_vod(stream_id=broadcast.public_id)
    assert vod is not None
    bob.is_staff = bob.is_superuser = True
    bob.save()
    browser = Client()
    browser.force_login(bob)
    path = f"/admin/vod/vod/{vod.pk}/change/"
    with override_settings(STORAGES=PLAIN_STATIC_FILES), django_capture_on_commit_callbacks(execute=True):
        assert browser.get(path).status_code == 200
        sent = {"title": "Chess", "visibility": "private", "description": "Hidden by staff"}
        assert browser.post(path, sent).status_code == 302
    vod.refresh_from_db()
    assert (vod.title, vod.visibility, vod.description) == ("Chess", "private", "Hidden by staff")
    assert access_generation(stream_id=broadcast.public_id) > 0
    assert watch_state(channel=broadcast.channel).vod_url is None
