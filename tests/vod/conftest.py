"""A broadcast of Alice's that has ended, a media side that recorded it, and pages without collected static files."""

from collections.abc import Iterator

import pytest
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast
from tests.pages.conftest import PLAIN_STATIC_FILES
from transcode import services as media_services
from transcode.services import Recording
from vod.models import Vod
from vod.services import create_vod


class FakeRecorder:
    """Remembers what it was asked to write."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.recording = Recording(duration_seconds=61.5, renditions=["source", "720p"])

    def write_recording(self, *, stream_id: str) -> Recording:
        self.written.append(stream_id)
        return self.recording


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> FakeRecorder:
    fake = FakeRecorder()
    monkeypatch.setattr(media_services, "write_recording", fake.write_recording)
    return fake


@pytest.fixture
def broadcast(alice: User) -> Broadcast:
    now = timezone.now()
    return Broadcast.objects.create(
        channel=alice.channel,
        title="Chess tonight",
        state=BroadcastState.ENDED,
        started_at=now,
        ended_at=now,
        preview_path="previews/a.jpg",
    )


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    """Its recording, for everyone."""
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


@pytest.fixture
def _plain_static_files() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield
