"""Channels and broadcasts in the API, and what must not be possible with them."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import User
from accounts.services import create_api_token, create_limited_token, create_user, suspend_user
from streaming.broadcast_services import announce_live
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Category, Channel
from streaming.services import end_broadcast, note_recording
from tests.conftest import PASSWORD
from tests.streaming.conftest import FakeMedia
from transcode import playback_tokens

pytestmark = pytest.mark.django_db
JSON = "application/json"


def signed_in(user: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


@pytest.fixture
def broadcast(channel: Channel) -> Broadcast:
    """Alice is live."""
    broadcast = Broadcast.objects.create(channel=channel, title="Chess tonight")
    broadcast.ingest_sessions.create(client_id="1")
    announce_live(stream_id=broadcast.public_id)
    broadcast.refresh_from_db()
    return broadcast


# --- Reading


def test_live_broadcasts_are_listed_most_watched_first(broadcast: Broadcast, bob: User) -> None:
    Channel.objects.filter(owner=bob).update(viewer_count=5, is_live=True)
    Broadcast.objects.create(channel=bob.channel, state=BroadcastState.LIVE, started_at=broadcast.started_at)
    listed = Client().get("/api/v1/streams").json()
    assert listed["count"] == 2
    assert [row["channel"]["login"] for row in listed["results"]] == ["bob", "alice"]
    assert listed["results"][1]["title"] == "Chess tonight"


def test_list_costs_the_same_for_one_and_for_many(
    broadcast: Broadcast, bob: User, charlie: User, django_assert_max_num_queries: Any
) -> None:
    for user in (bob, charlie):
        Broadcast.objects.create(channel=user.channel, state=BroadcastState.LIVE, started_at=broadcast.started_at)
    with django_assert_max_num_queries(2):
        Client().get("/api/v1/streams")


def test_category_filter(broadcast: Broadcast) -> None:
    category, _ = Category.objects.get_or_create(name="Chess", slug="chess")
    assert Client().get("/api/v1/streams?category=chess").json()["count"] == 0
    Broadcast.objects.update(category=category)
    assert Client().get("/api/v1/streams?category=chess").json()["count"] == 1


@pytest.mark.parametrize("query", ["limit=1000", "limit=-1", "offset=x", "limit=0", "category=%00", "category='"])
def test_strange_queries_do_no_harm(broadcast: Broadcast, query: str) -> None:
    assert Client().get(f"/api/v1/streams?{query}").status_code in {200, 400, 404}


def test_stream_by_login_and_by_id(broadcast: Broadcast) -> None:
    by_login = Client().get("/api/v1/streams/Alice").json()
    assert by_login == Client().get(f"/api/v1/streams/{broadcast.public_id}").json()
    assert by_login["id"] == broadcast.public_id


def test_nothing_secret_in_any_public_answer(broadcast: Broadcast, alice: User, key: str) -> None:
    for path in ("streams", "streams/alice", "channels/alice", "streams/alice/playback"):
        text = Client().get(f"/api/v1/{path}").content.decode()
        assert "digest" not in text
        assert key not in text
        assert str(alice.email) not in text
        assert "203.0.113" not in text


def test_suspended_channel_is_not_there(broadcast: Broadcast, alice: User) -> None:
    suspend_user(user=alice)
    for path in ("streams/alice", f"streams/{broadcast.public_id}", "channels/alice", "streams/alice/playback"):
        assert Client().get(f"/api/v1/{path}").status_code == 404
    assert Client().get("/api/v1/streams").json()["count"] == 0


# --- Playback


def test_live_playback_is_signed_for_this_broadcast_only(broadcast: Broadcast) -> None:
    answer = Client().get("/api/v1/streams/alice/playback")
    hls = answer.json()["hls"]
    assert set(answer.json()) == {"hls", "dash", "dvr", "dvr_seconds", "storyboard", "expires_at"}
    assert answer.json()["dvr"] == hls.replace("index.m3u8", "dvr/index.m3u8")
    assert answer.json()["dash"] == hls.replace("index.m3u8", "manifest.mpd")
    assert answer.json()["storyboard"] == hls.replace("index.m3u8", "storyboard.json")
    assert answer.json()["dvr_seconds"] == settings.DVR_SECONDS == 14_400
    assert hls.startswith("http://testserver/media/")
    _, _, _, _, token, stream_id, name = hls.split("/")
    assert (stream_id, name) == (broadcast.public_id, "index.m3u8")
    assert answer["Cache-Control"] == "no-store"
    now = broadcast.created_at.timestamp()
    signing_key = settings.PLAYBACK_SIGNING_KEY
    assert playback_tokens.is_valid(key=signing_key, token=token, stream_id=stream_id, now=now)
    # Negative controls: another broadcast, after its time, another key, each byte changed.
    late = now + settings.PLAYBACK_TOKEN_SECONDS + 120
    assert not playback_tokens.is_valid(key=signing_key, token=token, stream_id="0" * 24, now=now)
    assert not playback_tokens.is_valid(key=signing_key, token=token, stream_id=stream_id, now=late)
    assert not playback_tokens.is_valid(key=b"other", token=token, stream_id=stream_id, now=now)
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        assert not playback_tokens.is_valid(key=signing_key, token=changed, stream_id=stream_id, now=now)


def test_playback_of_what_is_not_there(channel: Channel) -> None:
    assert Client().get("/api/v1/streams/nobody/playback").status_code == 404
    assert Client().get(f"/api/v1/streams/{'0' * 24}/playback").status_code == 404
    offline = Client().get("/api/v1/streams/alice/playback")
    assert (offline.status_code, offline.json()["code"]) == (404, "offline")


def test_playback_before_the_first_segment(channel: Channel) -> None:
    Broadcast.objects.create(channel=channel)
    answer = Client().get("/api/v1/streams/alice/playback")
    assert (answer.status_code, answer.json()["code"]) == (404, "starting")


def test_playback_after_the_end(broadcast: Broadcast) -> None:
    end_broadcast(broadcast=broadcast, reason="Over.")
    for name in ("alice", broadcast.public_id):
        assert Client().get(f"/api/v1/streams/{name}/playback").status_code == 410
    note_recording(stream_id=broadcast.public_id, page_path="/videos/x")
    for name in ("alice", broadcast.public_id):
        hls = Client().get(f"/api/v1/streams/{name}/playback").json()["hls"]
        assert hls.endswith(f"/{broadcast.public_id}/vod/index.m3u8")


# --- Writing, and who may


OWNER_ROUTES = [
    ("patch", "channels/alice"),
    ("post", "channels/alice/stream-key"),
    ("get", "channels/alice/health"),
    ("post", "streams/{id}/end"),
]


@pytest.mark.parametrize(("method", "path"), OWNER_ROUTES)
def test_only_the_owner_may(broadcast: Broadcast, bob: User, alice: User, method: str, path: str) -> None:
    url = "/api/v1/" + path.format(id=broadcast.public_id)
    assert getattr(Client(), method)(url, content_type=JSON).status_code == 401
    assert getattr(signed_in(bob), method)(url, content_type=JSON).status_code == 403
    assert getattr(signed_in(alice), method)(url, content_type=JSON).status_code == 200


def test_session_needs_the_csrf_token(broadcast: Broadcast, alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post("/api/v1/channels/alice/stream-key", content_type=JSON).status_code == 403
    assert browser.post("/api/v1/channels/alice/stream-key", "a=b", content_type="text/plain").status_code in {403, 415}


def test_owner_changes_the_words_and_nothing_else(channel: Channel, alice: User, bob: User) -> None:
    """Mass assignment: fields that are not offered are not taken."""
    wanted = {
        "title": "Hello",
        "tags": ["one"],
        "tier": "partner",
        "is_live": True,
        "viewer_count": 999,
        "follower_count": 999,
        "owner": bob.pk,
        "channel_id": 12345,
        "login": "bob",
    }
    before = Channel.objects.filter(pk=channel.pk).values().get()
    answer = signed_in(alice).patch("/api/v1/channels/alice", wanted, content_type=JSON)
    assert (answer.status_code, answer.json()["title"]) == (200, "Hello")
    changed = {"title": "Hello", "tags": ["one"], "facets": ["tag:one", "lang:en"]}
    assert Channel.objects.filter(pk=channel.pk).values().get() == before | changed


@pytest.mark.parametrize(
    "wanted",
    [{"title": "x" * 200}, {"tags": "x"}, {"category": "none"}, {"title": "a\u202eb"}, [], "x", {"title": None}],
)
def test_nonsense_gets_a_clear_400(channel: Channel, alice: User, wanted: Any) -> None:
    assert signed_in(alice).patch("/api/v1/channels/alice", wanted, content_type=JSON).status_code == 400


def test_broken_json_gets_a_clear_400(channel: Channel, alice: User) -> None:
    assert signed_in(alice).patch("/api/v1/channels/alice", "{", content_type=JSON).status_code == 400


def test_rotated_key_is_answered_once_and_not_cached(channel: Channel, alice: User) -> None:
    answer = signed_in(alice).post("/api/v1/channels/alice/stream-key")
    assert answer.json()["stream_key"].startswith("live_")
    assert answer["Cache-Control"] == "no-store"


def test_a_session_replaces_the_key_only_once_it_is_confirmed(channel: Channel, alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    refused = browser.post("/api/v1/channels/alice/stream-key")
    assert (refused.status_code, refused.json()["code"]) == (403, "reauthenticate")
    assert not channel.stream_keys.exists()
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert browser.post("/api/v1/channels/alice/stream-key").json()["stream_key"].startswith("live_")


@pytest.mark.parametrize(("scope", "status"), [("channel:manage:stream_key", 200), ("channel:manage:broadcast", 403)])
def test_a_token_replaces_the_key_with_its_scope_only(channel: Channel, alice: User, scope: str, status: int) -> None:
    token = create_limited_token(user=alice, name="deck", scopes=[scope])
    program = Client(headers={"Authorization": f"Bearer {token}"})
    assert program.post("/api/v1/channels/alice/stream-key").status_code == status
    assert channel.stream_keys.exists() == (status == 200)


def test_rotation_is_throttled(channel: Channel, alice: User) -> None:
    client = signed_in(alice)
    statuses = [client.post("/api/v1/channels/alice/stream-key").status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2


def test_follow_and_unfollow(channel: Channel, charlie: User, alice: User) -> None:
    client = signed_in(charlie)
    assert client.post("/api/v1/channels/alice/follow").json() == {"following": True, "follower_count": 1}
    assert client.post("/api/v1/channels/alice/follow").json() == {"following": True, "follower_count": 1}
    assert client.delete("/api/v1/channels/alice/follow").json() == {"following": False, "follower_count": 0}
    assert signed_in(alice).post("/api/v1/channels/alice/follow").status_code == 400
    assert Client().post("/api/v1/channels/alice/follow").status_code == 401


def test_owner_ends_the_broadcast(broadcast: Broadcast, alice: User) -> None:
    answer = signed_in(alice).post(f"/api/v1/streams/{broadcast.public_id}/end")
    assert answer.json()["state"] == "ended"


def test_health_shows_measurements_and_notices(broadcast: Broadcast, alice: User, media: FakeMedia) -> None:
    media.status = {"bitrate_kbps": 6000, "fps": 30}
    broadcast.channel.ingest_notices.create(code="second_encoder", text="Refused.")
    health = signed_in(alice).get("/api/v1/channels/alice/health").json()
    assert (health["state"], health["status"]["fps"]) == ("live", 30)
    assert health["notices"][0]["code"] == "second_encoder"


# --- Tokens, outages, description


def test_wrong_token_is_refused_even_where_anyone_may_read(broadcast: Broadcast) -> None:
    assert (
        Client(headers={"Authorization": "Bearer mrt_wrongwrongwrongwrong"}).get("/api/v1/streams").status_code == 401
    )


def test_outage_is_a_503_with_a_sentence(broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr("streaming.views.api.get_stream", away)
    answer = Client().get("/api/v1/streams/alice")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "3")


def test_openapi_document_has_no_warnings(capfd: pytest.CaptureFixture[str]) -> None:
    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn")
    document = capfd.readouterr().out
    for path in ("/api/v1/streams/{name}/playback", "/api/v1/channels/{login}/stream-key", "/api/v1/videos"):
        assert path in document


def test_schema_is_served(db: None) -> None:
    assert Client().get("/api/v1/schema").status_code == 200


@pytest.mark.django_db
def test_long_list_is_read_page_by_page_and_never_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.api.COUNTED_MOST", 3)
    for number in range(6):
        channel = Channel.objects.get(owner=create_user(login=f"streamer{number}"))
        Channel.objects.filter(pk=channel.pk).update(is_live=True, viewer_count=number)
        Broadcast.objects.create(channel=channel, state="live", started_at=timezone.now())
    seen, address = [], "/api/v1/streams?limit=2"
    counts = []
    while address:
        page = Client().get(address).json()
        seen += [
            one["channel"]["login"] if isinstance(one["channel"], dict) else one["channel"] for one in page["results"]
        ]
        counts.append(page["count"])
        address = page["next"]
    assert seen == [f"streamer{number}" for number in reversed(range(6))]
    assert counts == [3, 5, 6]  # at least so many, and in the end all
    assert Client().get("/api/v1/streams?offset=100").json() | {"previous": None} == {
        "count": 3, "next": None, "previous": None, "results": [],
    }  # fmt: skip
