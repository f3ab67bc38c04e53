"""How much a channel's videos may take: counted and shown; what would not fit is refused, broadcasts never are."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from common.errors import Conflict
from streaming.models import Broadcast, Channel
from transcode.models import LiveJob
from vod.highlights import ask_for_highlight
from vod.models import Clip, Kind, Upload, Vod
from vod.quota_rules import Quota, to_delete
from vod.quotas import check_room, count_usage, read_quota
from vod.uploads import create_upload

pytestmark = pytest.mark.django_db
GB = 2**30


@pytest.fixture(autouse=True)
def limit(settings: Settings, tmp_path: Path) -> None:
    settings.QUOTA_BYTES = {"everyone": 10 * GB, "affiliate": 0, "partner": 0}
    settings.UPLOADS_DIR = tmp_path


def recording(channel: Channel, size: int, *, days_ago: int = 0, **facts: Any) -> Vod:
    """One that takes so many bytes."""
    at = timezone.now() - timedelta(days=days_ago)
    started_at = facts.pop("started_at", at)
    broadcast = Broadcast.objects.create(channel=channel, state="ended", started_at=started_at, ended_at=at)
    LiveJob.objects.create(stream_id=broadcast.public_id, wanted=False, finished_at=at, stored_bytes=size)
    vod = Vod.objects.create(channel=channel, broadcast=broadcast, duration_seconds=3600, **facts)
    Vod.objects.filter(pk=vod.pk).update(created_at=at)
    return vod


def clip(channel: Channel, size: int) -> None:
    Clip.objects.create(channel=channel, starts_at=timezone.now(), duration_seconds=30, size=size, state="ready")


def kept() -> set[int]:
    return set(Vod.objects.kept().values_list("pk", flat=True))


def test_what_counts(alice: User, bob: User) -> None:
    recording(alice.channel, 4 * GB)
    recording(alice.channel, GB, kind=Kind.HIGHLIGHT)
    recording(alice.channel, GB, started_at=None)  # an upload
    recording(alice.channel, 3 * GB, deleted_at=timezone.now())
    clip(alice.channel, GB // 2)
    assert read_quota(alice.channel).used == 0  # not counted yet
    count_usage()
    assert read_quota(alice.channel) == Quota(6 * GB + GB // 2, 10 * GB)
    assert not hasattr(bob, "channel") or read_quota(bob.channel).used == 0


def test_oldest_recordings_make_room_and_nothing_else_does(alice: User) -> None:
    upload = recording(alice.channel, 3 * GB, days_ago=9, started_at=None)
    highlight = recording(alice.channel, 3 * GB, days_ago=8, kind=Kind.HIGHLIGHT)
    oldest = recording(alice.channel, GB, days_ago=7)
    older = recording(alice.channel, 2 * GB, days_ago=6)
    newer = recording(alice.channel, 2 * GB, days_ago=5)
    newest = recording(alice.channel, 2 * GB)
    count_usage()
    assert kept() == {upload.pk, highlight.pk, newer.pk, newest.pk}
    assert set(Vod.objects.deleted_lately()) == {oldest, older}  # for a week
    assert read_quota(alice.channel).used == 10 * GB
    count_usage()
    assert len(kept()) == 4


def test_newest_recording_stays_however_large_it_is(alice: User) -> None:
    recording(alice.channel, GB, days_ago=2)
    newest = recording(alice.channel, 30 * GB)
    count_usage()
    assert kept() == {newest.pk}


def test_classes_without_a_number_have_what_they_like(alice: User) -> None:
    Channel.objects.update(tier="partner")
    alice.channel.refresh_from_db()
    recording(alice.channel, 30 * GB, days_ago=3)
    recording(alice.channel, 30 * GB)
    count_usage()
    assert len(kept()) == 2
    check_room(channel=alice.channel, size=100 * GB)
    assert read_quota(alice.channel).limit == 0


def test_uploads_and_highlights_that_do_not_fit_are_refused(alice: User) -> None:
    vod = recording(alice.channel, 8 * GB)
    count_usage()
    create_upload(owner=alice, length=GB, filename="a.mp4")
    with pytest.raises(Conflict, match=r"8\.0 of the 10\.0 GB") as refused:
        create_upload(owner=alice, length=GB + 1, filename="b.mp4")  # beside the one that is coming
    assert refused.value.code == "quota"
    ask_for_highlight(vod=vod, begin=0, end=400)
    with pytest.raises(Conflict):
        ask_for_highlight(vod=vod, begin=0, end=600)
    assert Upload.objects.count() == 1


def test_owner_sees_how_much_is_used(alice: User, _plain_static_files: None) -> None:
    browser = Client()
    browser.force_login(alice)
    recording(alice.channel, 4 * GB)
    count_usage()
    page = browser.get("/dashboard/videos/").content.decode()
    assert 'max="100" value="40"' in page
    assert "little room left" not in page
    recording(alice.channel, 5 * GB)
    count_usage()
    assert "There is little room left" in browser.get("/dashboard/videos/").content.decode()
    Channel.objects.update(tier="partner")
    assert "quota-title" not in browser.get("/dashboard/videos/").content.decode()


@pytest.mark.parametrize(
    ("recordings", "excess", "gone"),
    [
        ([], 5, []),
        ([(1, 9)], 5, []),
        ([(1, 3), (2, 3), (3, 3)], 1, [1]),
        ([(1, 3), (2, 3), (3, 3)], 4, [1, 2]),
        ([(1, 3), (2, 3), (3, 3)], 100, [1, 2]),
        ([(1, 0), (2, 3), (3, 3)], 1, [2]),  # what takes nothing frees nothing
        ([(1, 3), (2, 3)], 0, []),
    ],
)
def test_what_goes(recordings: list[tuple[int, int]], excess: int, gone: list[int]) -> None:
    assert to_delete(recordings, excess) == gone
