"""The ingest server's hooks, and everything an encoder, a rival or a stranger may try with them."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import User
from accounts.services import suspend_user
from streaming.broadcast_services import announce_live
from streaming.broadcast_states import BroadcastState
from streaming.limits import HEALTHY_SECONDS
from streaming.models import Broadcast, Channel, IngestNotice, IngestSession, SessionEnd
from streaming.services import create_channel, rotate_stream_key
from tests.streaming.conftest import ControlServer, FakeMedia, Hooks

pytestmark = pytest.mark.django_db(transaction=True)


def silence(client: str, seconds: float) -> None:
    """Nothing was heard of this connection for so long."""
    sessions = IngestSession.objects.filter(client_id=client)
    sessions.update(last_seen_at=timezone.now() - timedelta(seconds=seconds))


# --- Going live


def test_publishing_with_the_key_renames_the_stream_to_a_public_id(hooks: Hooks, key: str, media: FakeMedia) -> None:
    answer = hooks.publish(key)
    broadcast = Broadcast.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, broadcast.public_id)
    assert broadcast.state == BroadcastState.STARTING
    assert media.requested == [(broadcast.public_id, 5)]
    assert broadcast.ingest_sessions.get().client_id == "1"


def test_partners_are_first_in_line(hooks: Hooks, key: str, channel: Channel, media: FakeMedia) -> None:
    Channel.objects.filter(pk=channel.pk).update(tier="partner")
    hooks.publish(key)
    assert media.requested[0][1] == 0


def test_encoder_that_returns_in_time_continues_its_broadcast(hooks: Hooks, key: str) -> None:
    first = hooks.publish(key, "1")["Location"]
    announce_live(stream_id=first)
    hooks.publish_done(key, "1")
    away = Broadcast.objects.get()
    assert (away.state, away.reconnect_deadline is None) == (BroadcastState.RECONNECTING, False)
    assert hooks.publish(key, "2")["Location"] == first
    back = Broadcast.objects.get()
    assert (back.state, back.reconnect_deadline) == (BroadcastState.RECONNECTING, None)
    announce_live(stream_id=first)
    assert Broadcast.objects.get().state == BroadcastState.LIVE


def test_encoder_that_returns_too_late_begins_a_new_broadcast(hooks: Hooks, key: str, media: FakeMedia) -> None:
    first = hooks.publish(key, "1")["Location"]
    hooks.publish_done(key, "1")
    Broadcast.objects.update(reconnect_deadline=timezone.now() - timedelta(seconds=1))
    second = hooks.publish(key, "2")["Location"]
    assert second != first
    assert Broadcast.objects.get(public_id=first).state == BroadcastState.ENDED
    assert media.finished == [first]


def test_without_a_grace_period_the_broadcast_ends_at_once(hooks: Hooks, key: str, settings: Any) -> None:
    settings.RECONNECT_GRACE_SECONDS = 0
    hooks.publish(key)
    hooks.publish_done(key)
    assert Broadcast.objects.get().state == BroadcastState.ENDED


def test_done_that_overtakes_its_publish_is_not_lost(hooks: Hooks, key: str) -> None:
    hooks.publish_done(key, "1")
    hooks.publish(key, "1")
    assert not IngestSession.objects.open().exists()
    assert Broadcast.objects.get().state == BroadcastState.RECONNECTING


def test_quick_segment_of_an_encoder_that_is_gone_does_not_make_it_live(hooks: Hooks, key: str) -> None:
    stream_id = hooks.publish(key)["Location"]
    hooks.publish_done(key)
    announce_live(stream_id=stream_id)
    broadcast = Broadcast.objects.get()
    assert (broadcast.state, broadcast.started_at is not None) == (BroadcastState.RECONNECTING, True)


# --- Who may call


@pytest.mark.parametrize("event", ["publish", "publish_done", "play", "play_done", "update"])
def test_wrong_secret_is_refused(hooks: Hooks, key: str, event: str) -> None:
    assert hooks.post(event, hooks.body(event, key, "1"), secret="0" * 64).status_code == 403
    assert not Broadcast.objects.exists()


def test_caller_from_elsewhere_is_refused(hooks: Hooks, key: str) -> None:
    body = hooks.body("publish", key, "1")
    assert hooks.post("publish", body, REMOTE_ADDR="203.0.113.9").status_code == 403
    assert hooks.post("publish", body, REMOTE_ADDR="").status_code == 403


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA"])
def test_forwarded_header_never_makes_a_caller_local(hooks: Hooks, key: str, header: str) -> None:
    body = hooks.body("publish", key, "1")
    spoofed = {header: "127.0.0.1"}
    assert hooks.post("publish", body, REMOTE_ADDR="203.0.113.9", **spoofed).status_code == 403
    # Nor does a call that came through our own edge count as the ingest server's.
    assert hooks.post("publish", body, REMOTE_ADDR="127.0.0.1", **spoofed).status_code == 403


def test_hooks_answer_only_to_post(hooks: Hooks) -> None:
    assert hooks.client.get(f"/internal/ingest/publish/{hooks.secret}/").status_code == 405


def test_unknown_event_is_refused(hooks: Hooks, key: str) -> None:
    assert hooks.post("record_done", hooks.body("record_done", key, "1")).status_code == 403


# --- What encoders may append


@pytest.mark.parametrize(
    "appended", ["&name=victim", "&addr=127.0.0.1", "&clientid=7", "&call=update_publish", "&app=live", "&x=1&x=2"]
)
def test_publish_with_a_field_that_is_there_twice_is_refused(hooks: Hooks, key: str, appended: str) -> None:
    assert hooks.publish(key, appended=appended).status_code == 403
    assert not Broadcast.objects.exists()


def test_harmless_query_of_the_encoder_is_accepted(hooks: Hooks, key: str) -> None:
    assert hooks.publish(key, appended="&bitrate=6000").status_code == 302


def test_first_value_of_a_field_is_the_real_one(hooks: Hooks, key: str, charlie: User) -> None:
    """Done and update cannot be refused, so they must read what nginx wrote, not what the encoder appended."""
    hooks.publish(key, "1")
    hooks.post("publish_done", hooks.body("publish_done", key, "5", appended="&clientid=1"))
    assert IngestSession.objects.open().filter(client_id="1").exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "name=x",
        "clientid=abc&name=x",
        "clientid=1%00&name=x",
        f"clientid={'1' * 41}&name=x",
        "&".join(f"f{number}=1" for number in range(60)),
        b"\xff\xfe\x00clientid",
    ],
)
@pytest.mark.parametrize("event", ["publish", "publish_done", "update", "play"])
def test_malformed_body_is_a_bad_request(hooks: Hooks, event: str, body: str | bytes) -> None:
    assert hooks.post(event, body).status_code == 400


def test_oversized_body_is_not_read(hooks: Hooks, key: str) -> None:
    assert hooks.publish(key, appended="&x=" + "a" * 9000).status_code == 413


# --- Keys


HOSTILE_KEYS = [
    "",
    "live_wrong",
    "k" * 65,
    "k" * 2048,
    "../../../etc/passwd",
    "..%2f..%2f",
    "live/../x",
    "ключ",
    "ｌｉｖｅ_ａｂｃ",
    "live_a\x00b",
    "live_a\r\nLocation: x",
    "live_a;reboot",
    "live_`id`",
    "$(id)",
    "{$x}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\ud7ff\u202e",
]


@pytest.mark.parametrize("hostile", HOSTILE_KEYS)
def test_malformed_or_unknown_key_is_refused_and_never_logged(
    hooks: Hooks, hostile: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert hooks.publish(hostile).status_code == 403
    assert not Broadcast.objects.exists()
    if len(hostile) > 3:
        assert hostile not in caplog.text
    assert "Publish refused" in caplog.text


def test_neither_key_nor_hook_secret_is_ever_logged(
    hooks: Hooks, key: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    hooks.publish(key, "1")
    hooks.publish(key, "2")
    hooks.publish(key, "2", appended="&name=x")
    hooks.update(key, "1")
    hooks.post("publish", "clientid=&name=" + key)
    hooks.publish_done(key, "1")
    written = caplog.text + "".join(capfd.readouterr())
    assert key not in written
    assert hooks.secret not in written


def test_key_is_kept_nowhere(hooks: Hooks, key: str) -> None:
    hooks.publish(key, "1")
    hooks.publish(key, "2")
    for model in (Broadcast, IngestSession, IngestNotice, Channel):
        assert key not in repr(list(model.objects.values()))


def test_replaced_key_is_refused_and_the_streamer_is_told(hooks: Hooks, key: str, channel: Channel) -> None:
    new_key = rotate_stream_key(channel=channel)
    assert hooks.publish(key).status_code == 403
    assert channel.ingest_notices.get().code == "replaced_key"
    assert hooks.publish(new_key).status_code == 302


def test_key_opens_only_its_own_channel(hooks: Hooks, key: str, bob: User) -> None:
    create_channel(owner=bob)
    rotate_stream_key(channel=bob.channel)
    hooks.publish(key)
    assert Broadcast.objects.get().channel.owner.login == "alice"


def test_wrong_keys_are_throttled_by_address(hooks: Hooks, key: str) -> None:
    for attempt in range(30):
        assert hooks.publish(f"live_guess{attempt}", str(attempt)).status_code == 403
    # From there not even the right key is looked up; elsewhere it works.
    assert hooks.publish(key, "100").status_code == 403
    assert hooks.publish(key, "101", address="198.51.100.7").status_code == 302


def test_right_keys_are_not_throttled(hooks: Hooks, key: str) -> None:
    for attempt in range(25):
        assert hooks.publish(key, str(attempt)).status_code == 302
        hooks.publish_done(key, str(attempt))


def test_suspended_owner_cannot_publish(hooks: Hooks, key: str, alice: User) -> None:
    suspend_user(user=alice)
    assert hooks.publish(key).status_code == 403


def test_suspension_ends_the_running_broadcast(
    hooks: Hooks, key: str, alice: User, ingest_server: ControlServer
) -> None:
    stream_id = hooks.publish(key)["Location"]
    suspend_user(user=alice)
    assert Broadcast.objects.get().state == BroadcastState.ENDED
    assert ingest_server.dropped == [stream_id]
    assert hooks.update(key).status_code == 403


# --- Two encoders, one key


def test_second_encoder_is_refused_while_the_first_is_healthy(hooks: Hooks, key: str, channel: Channel) -> None:
    hooks.publish(key, "1")
    assert hooks.publish(key, "2").status_code == 403
    assert channel.ingest_notices.get().code == "second_encoder"
    assert Broadcast.objects.count() == 1


def test_done_of_the_refused_second_encoder_changes_nothing(hooks: Hooks, key: str) -> None:
    hooks.publish(key, "1")
    hooks.publish(key, "2")
    hooks.publish_done(key, "2")
    assert Broadcast.objects.get().state == BroadcastState.STARTING
    assert IngestSession.objects.open().get().client_id == "1"


def test_second_encoder_replaces_a_silent_first(hooks: Hooks, key: str, ingest_server: ControlServer) -> None:
    stream_id = hooks.publish(key, "1")["Location"]
    silence("1", HEALTHY_SECONDS + 1)
    assert hooks.publish(key, "2")["Location"] == stream_id
    assert ingest_server.dropped == [stream_id]
    hooks.publish_done(key, "1")  # nginx reports the dropped one
    assert IngestSession.objects.open().get().client_id == "2"
    assert hooks.update(key, "1").status_code == 403


def test_second_encoder_takes_over_even_when_the_control_socket_is_away(hooks: Hooks, key: str, settings: Any) -> None:
    hooks.publish(key, "1")
    silence("1", HEALTHY_SECONDS + 1)
    settings.INGEST_CONTROL_SOCKET = "/nonexistent/socket"
    assert hooks.publish(key, "2").status_code == 302


# --- Replays and strangers


def test_replayed_publish_changes_nothing(hooks: Hooks, key: str) -> None:
    first = hooks.publish(key, "1")
    before = list(IngestSession.objects.values())
    assert hooks.publish(key, "1")["Location"] == first["Location"]
    assert list(IngestSession.objects.values()) == before


def test_done_of_an_unknown_client_changes_nothing(hooks: Hooks, key: str) -> None:
    hooks.publish(key, "1")
    assert hooks.publish_done(key, "999").status_code == 204
    assert Broadcast.objects.get().state == BroadcastState.STARTING


def test_replayed_done_does_not_end_the_next_session(hooks: Hooks, key: str) -> None:
    hooks.publish(key, "1")
    hooks.publish_done(key, "1")
    hooks.publish(key, "2")
    hooks.publish_done(key, "1")
    assert IngestSession.objects.open().get().client_id == "2"


def test_client_number_that_nginx_uses_again_ends_the_forgotten_session(hooks: Hooks, key: str, bob: User) -> None:
    create_channel(owner=bob)
    bobs_key = rotate_stream_key(channel=bob.channel)
    hooks.publish(key, "1")
    hooks.publish(bobs_key, "1")
    assert IngestSession.objects.open().get().broadcast.channel.owner == bob
    assert Broadcast.objects.get(channel__owner__login="alice").state == BroadcastState.RECONNECTING


# --- Updates


def test_update_keeps_the_session_alive(hooks: Hooks, key: str) -> None:
    hooks.publish(key)
    silence("1", 100)
    assert hooks.update(key).status_code == 204
    assert IngestSession.objects.get().last_seen_at > timezone.now() - timedelta(seconds=5)


def test_update_of_a_player_does_not_count_for_the_publisher(hooks: Hooks, key: str) -> None:
    hooks.publish(key)
    silence("1", 100)
    assert hooks.update(key, call="update_play").status_code == 204
    assert IngestSession.objects.get().last_seen_at < timezone.now() - timedelta(seconds=50)


def test_update_of_a_connection_we_do_not_know_disconnects_it(hooks: Hooks, key: str) -> None:
    assert hooks.update(key, "77").status_code == 403


def test_publisher_we_lost_sight_of_carries_on_when_it_is_heard_again(hooks: Hooks, key: str) -> None:
    from streaming.ingest.services import lose_session

    announce_live(stream_id=hooks.publish(key)["Location"])
    lose_session(session=IngestSession.objects.get(), now=timezone.now())
    assert Broadcast.objects.get().state == BroadcastState.RECONNECTING
    assert hooks.update(key).status_code == 204
    assert Broadcast.objects.get().state == BroadcastState.LIVE
    assert IngestSession.objects.get().end_cause == ""


# --- Playing


def test_our_puller_may_play(hooks: Hooks, key: str) -> None:
    stream_id = hooks.publish(key)["Location"]
    assert hooks.play(stream_id).status_code == 204


@pytest.mark.parametrize(
    "address", ["203.0.113.5", "10.0.0.1", "::ffff:203.0.113.5", "", "localhost", "127.0.0.1.evil"]
)
def test_nobody_else_may_play(hooks: Hooks, key: str, address: str) -> None:
    stream_id = hooks.publish(key)["Location"]
    assert hooks.play(stream_id, address=address).status_code == 403
    assert hooks.play(stream_id, address=address, appended="&addr=127.0.0.1").status_code == 403


@pytest.mark.parametrize("name", ["", "x", "../x", "0" * 24, "k" * 2048])
def test_nothing_that_is_not_on_air_may_be_played(hooks: Hooks, name: str) -> None:
    assert hooks.play(name).status_code == 403


def test_stream_key_is_no_name_to_play(hooks: Hooks, key: str) -> None:
    hooks.publish(key)
    assert hooks.play(key).status_code == 403


# --- Outages


def test_publish_fails_closed_without_redis(hooks: Hooks, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr("streaming.ingest.services.KEY_TRIES.allows", away)
    assert hooks.publish(key).status_code == 503
    assert not Broadcast.objects.exists()


def test_publish_fails_closed_without_the_media_side(hooks: Hooks, key: str, media: FakeMedia) -> None:
    media.failure = RedisConnectionError()
    assert hooks.publish(key).status_code == 503
    assert not IngestSession.objects.open().exists()


def test_running_broadcast_is_not_cut_while_the_database_is_away(
    hooks: Hooks, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(*_: object, **__: object) -> bool:
        raise OperationalError

    hooks.publish(key)
    monkeypatch.setattr("streaming.ingest.services.hear_from_publisher", away)
    assert hooks.update(key).status_code == 204


def test_session_end_says_why(hooks: Hooks, key: str) -> None:
    hooks.publish(key)
    hooks.publish_done(key)
    assert IngestSession.objects.get().end_cause == SessionEnd.DONE
