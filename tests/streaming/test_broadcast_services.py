"""What happens to a broadcast when the media side reports."""

import pytest

from streaming.broadcast_services import announce_live, describe_source
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Channel
from streaming.services import end_broadcast, note_recording, watch_state
from streaming.signals import broadcast_ended, broadcast_started, recording_ready
from tests.streaming.conftest import ControlServer, FakeMedia, Hooks
from transcode import signals

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream_id(hooks: Hooks, key: str) -> str:
    """Alice's encoder is connected."""
    return str(hooks.publish(key)["Location"])


class Heard:
    """Remembers the facts it hears."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, str]] = []
        broadcast_started.connect(self.started)
        broadcast_ended.connect(self.ended)
        recording_ready.connect(self.recorded)

    def started(self, stream_id: str, **_: object) -> None:
        self.facts.append(("started", stream_id))

    def ended(self, stream_id: str, **_: object) -> None:
        self.facts.append(("ended", stream_id))

    def recorded(self, stream_id: str, **_: object) -> None:
        self.facts.append(("recorded", stream_id))


def test_first_segment_announces_the_broadcast(stream_id: str, channel: Channel) -> None:
    signals.run_live.send(sender=None, stream_id=stream_id, epoch=1)
    channel.refresh_from_db()
    broadcast = Broadcast.objects.get()
    assert (broadcast.state, channel.is_live) == (BroadcastState.LIVE, True)
    assert broadcast.started_at is not None


def test_second_run_keeps_the_start_and_is_not_announced_again(hooks: Hooks, key: str, stream_id: str) -> None:
    heard = Heard()
    announce_live(stream_id=stream_id)
    started_at = Broadcast.objects.get().started_at
    hooks.publish_done(key, "1")
    hooks.publish(key, "2")
    assert announce_live(stream_id=stream_id)
    assert Broadcast.objects.get().started_at == started_at
    assert heard.facts == [("started", stream_id)]


def test_late_segment_does_not_revive_an_ended_broadcast(stream_id: str) -> None:
    announce_live(stream_id=stream_id)
    end_broadcast(broadcast=Broadcast.objects.get(), reason="Over.")
    assert not announce_live(stream_id=stream_id)
    assert Broadcast.objects.get().state == BroadcastState.ENDED
    assert not Channel.objects.get(owner__login="alice").is_live


def test_segment_of_an_unknown_broadcast_is_ignored() -> None:
    assert not announce_live(stream_id="0" * 24)


def test_ending_happens_once_and_disconnects_the_encoder(
    stream_id: str, media: FakeMedia, ingest_server: ControlServer
) -> None:
    heard = Heard()
    broadcast = Broadcast.objects.get()
    assert end_broadcast(broadcast=broadcast, reason="Over.")
    assert not end_broadcast(broadcast=broadcast, reason="Again.")
    assert (broadcast.end_reason, media.finished, ingest_server.dropped) == ("Over.", [stream_id], [stream_id])
    assert heard.facts == [("ended", stream_id)]


def test_refused_source_ends_the_broadcast_and_says_why(stream_id: str, channel: Channel) -> None:
    signals.source_refused.send(sender=None, stream_id=stream_id, code="video_codec", text="HEVC cannot be shown.")
    assert Broadcast.objects.get().end_reason == "HEVC cannot be shown."
    assert channel.ingest_notices.get().code == "video_codec"


def test_source_and_preview_are_kept(stream_id: str) -> None:
    warning = {"code": "keyframes", "text": "Set the keyframe interval to 2 s."}
    signals.source_described.send(sender=None, stream_id=stream_id, source={"width": 1280}, warnings=[warning])
    signals.preview_ready.send(sender=None, stream_id=stream_id, path="previews/a.jpg")
    broadcast = Broadcast.objects.get()
    assert (broadcast.source, broadcast.warnings, broadcast.preview_path) == (
        {"width": 1280},
        [warning],
        "previews/a.jpg",
    )
    describe_source(stream_id="0" * 24, source={}, warnings=[])


def test_finished_media_work_is_passed_on_to_whoever_records(stream_id: str) -> None:
    heard = Heard()
    signals.live_finished.send(sender=None, stream_id=stream_id)
    assert heard.facts == [("recorded", stream_id)]


def test_watch_page_follows_the_broadcast(hooks: Hooks, key: str, channel: Channel) -> None:
    assert watch_state(channel=channel).state == "offline"
    stream_id = hooks.publish(key)["Location"]
    starting = watch_state(channel=channel)
    assert (starting.state, starting.stream_id) == ("starting", stream_id)
    assert starting.playback and stream_id in starting.playback.hls
    announce_live(stream_id=stream_id)
    live = watch_state(channel=channel)
    assert live.state == "live"
    assert live.playback is not None
    assert stream_id in live.playback.hls
    hooks.publish_done(key)
    away = watch_state(channel=channel)
    assert (away.state, away.playback is not None) == ("reconnecting", True)
    end_broadcast(broadcast=Broadcast.objects.get(), reason="Over.")
    ended = watch_state(channel=channel)
    assert (ended.state, ended.stream_id, ended.playback, ended.vod_url) == ("ended", stream_id, None, None)
    note_recording(stream_id=stream_id, page_path="/videos/abc")
    assert watch_state(channel=channel).vod_url == "/videos/abc"


def test_encoder_that_left_before_it_was_live_never_was(hooks: Hooks, key: str, channel: Channel) -> None:
    hooks.publish(key)
    hooks.publish_done(key)
    assert watch_state(channel=channel).state == "starting"
    end_broadcast(broadcast=Broadcast.objects.get(), reason="Over.")
    assert watch_state(channel=channel).state == "offline"
