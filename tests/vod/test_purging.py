"""Files of deleted recordings are removed when they cannot be brought back any more."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from streaming.models import Broadcast
from transcode import services as media_services
from transcode.models import LiveJob
from transcode.storage_audit import Findings
from vod.limits import UNDO_DAYS
from vod.models import Vod
from vod.purging import purge_recordings
from vod.services import create_vod, delete_vod

pytestmark = pytest.mark.django_db


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of which broadcasts the media side was told to remove the files."""
    asked: list[str] = []
    monkeypatch.setattr(media_services, "delete_recording", lambda *, stream_id: asked.append(stream_id))
    return asked


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


def delete_days_ago(vod: Vod, days: int) -> None:
    delete_vod(vod=vod)
    Vod.objects.filter(pk=vod.pk).update(deleted_at=timezone.now() - timedelta(days=days))


def test_recording_is_purged_once_its_week_is_over(vod: Vod, removed: list[str]) -> None:
    delete_days_ago(vod, UNDO_DAYS - 1)
    assert purge_recordings() == 0

    delete_days_ago(vod, UNDO_DAYS + 1)
    Vod.objects.update(deleted_at=timezone.now() - timedelta(days=UNDO_DAYS + 1))
    assert purge_recordings() == 1
    assert purge_recordings() == 0

    assert removed == [vod.broadcast.public_id]
    vod.refresh_from_db()
    assert (vod.preview_path, vod.broadcast.preview_path) == ("", "")
    assert create_vod(stream_id=vod.broadcast.public_id) is None  # and it is not made again


def test_purge_that_fails_is_tried_again(vod: Vod, monkeypatch: pytest.MonkeyPatch) -> None:
    delete_days_ago(vod, UNDO_DAYS + 1)

    def away(*, stream_id: str) -> None:
        raise OSError("storage is away")

    monkeypatch.setattr(media_services, "delete_recording", away)
    with pytest.raises(OSError, match="away"):
        purge_recordings()

    assert list(Vod.objects.to_purge()) == [vod]


def test_media_of_a_channel_that_is_gone_goes_too(vod: Vod, removed: list[str]) -> None:
    LiveJob.objects.create(stream_id=vod.broadcast.public_id, wanted=False, finished_at=timezone.now())
    assert purge_recordings() == 0

    vod.channel.owner.delete()

    assert purge_recordings() == 1
    assert removed == [vod.broadcast.public_id]


@pytest.mark.parametrize(
    ("found", "fails"),
    [(Findings(orphans=["a"]), False), (Findings(missing=["a"]), True), (Findings(damaged=["a"]), True)],
    ids=["orphans", "missing", "damaged"],
)
def test_audit_command_says_what_it_found(found: Findings, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vod.management.commands.audit_storage.audit_storage", lambda: found)
    out = io.StringIO()
    if fails:
        with pytest.raises(CommandError, match="lacks"):
            call_command("audit_storage", stdout=out)
    else:
        call_command("audit_storage", stdout=out)
    assert "orphans" in out.getvalue()


def test_audit_command_removes_orphans_only_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[Findings] = []
    found = Findings(orphans=["a"])
    monkeypatch.setattr("vod.management.commands.audit_storage.audit_storage", lambda: found)
    monkeypatch.setattr("vod.management.commands.audit_storage.delete_orphans", deleted.append)
    call_command("audit_storage", stdout=io.StringIO())
    assert deleted == []
    call_command("audit_storage", "--delete", stdout=io.StringIO())
    assert deleted == [found]
