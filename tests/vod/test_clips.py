"""Asking for clips, making them, who may see and delete them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token, create_user, suspend_user
from chat.core.roles import Role
from chat.models import RoomRole
from common.one_at_a_time import only_one_here
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast
from transcode import services as media
from transcode.errors import ClipFailed, NotRecorded
from transcode.services import Clipped
from vod import clip_services, limits
from vod.models import Clip, Vod
from vod.services import create_vod, delete_vod, restore_vod, update_vod

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"
CLIPS = "/api/v1/clips"
BEGAN = 1_795_159_800.0
RECORDED_SECONDS = 120.0


@dataclass
class FakeMedia:
    """A media side that has recorded two minutes, and remembers what was cut and dropped."""

    recorded: float = RECORDED_SECONDS
    cut: list[tuple[str, float, float, bool]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    failure: Exception | None = None
    meanwhile: Callable[[], object] = lambda: None
    absent: set[str] = field(default_factory=set)  # clips whose end is not in storage

    def latest_span(self, *, stream_id: str, duration: float) -> tuple[float, float]:
        length = min(duration, self.recorded)
        return BEGAN + self.recorded - length, length

    def recorded_span(self, *, stream_id: str, starts_at: float, duration: float) -> tuple[float, float]:
        if not BEGAN <= starts_at < BEGAN + self.recorded:
            raise NotRecorded("Nothing.")
        return starts_at, min(duration, BEGAN + self.recorded - starts_at)

    def time_at(self, *, stream_id: str, offset: float) -> float:
        return BEGAN + offset

    def cut_clip(self, *, clip_id: str, stream_id: str, starts_at: float, duration: float, whole: bool) -> Clipped:
        self.cut.append((stream_id, starts_at - BEGAN, duration, whole))
        if clip_id in self.absent:
            raise NotRecorded("Not all of it.")
        self.meanwhile()
        if self.failure is not None:
            raise self.failure
        joins = ((20.0, starts_at + 30.0),) if duration > 20 else ()  # the encoder was away for ten seconds
        return Clipped(starts_at, duration, 1280, 720, 9_999, joins)

    def drop_clip(self, *, clip_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.dropped.append(clip_id)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMedia:
    made = FakeMedia()
    for name in ("latest_span", "recorded_span", "time_at", "cut_clip", "drop_clip"):
        monkeypatch.setattr(media, name, getattr(made, name))
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return made


@pytest.fixture
def on_air(broadcast: Broadcast) -> Broadcast:
    """Alice is live."""
    Broadcast.objects.update(state=BroadcastState.LIVE, ended_at=None)
    broadcast.refresh_from_db()
    return broadcast


@pytest.fixture
def vod(broadcast: Broadcast) -> Vod:
    """Alice's broadcast has ended and can be watched again."""
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


@pytest.fixture
def clip(vod: Vod, charlie: User) -> Clip:
    """Charlie's clip of Alice's recording, ready."""
    made = clip_services.create_clip(clipper=charlie, channel=vod.channel, vod=vod, title="Mate in two", offset=30)
    clip_services.make_clips()
    made.refresh_from_db()
    return made


def signed_in(user: User | None) -> Client:
    if user is None:
        return Client()
    return Client(headers={"Authorization": f"Bearer {create_api_token(user=user, name='test')}"})


def post(user: User | None, **wanted: Any) -> Any:
    return signed_in(user).post(CLIPS, wanted, content_type=JSON)


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- Asking for one


def test_the_newest_seconds_of_what_is_on_air(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    answer = post(charlie, channel="alice", duration_seconds=60, title="Mate in two")
    asked = answer.json()
    assert (answer.status_code, asked["state"], asked["video_url"]) == (202, "making", None)
    assert asked["url"] == f"/clips/{asked['id']}"
    clip_services.make_clips()
    assert fake.cut == [(on_air.public_id, RECORDED_SECONDS - 60, 60, True)]
    made = Client().get(f"{CLIPS}/{asked['id']}").json()
    assert (made["state"], made["title"]) == ("ready", "Mate in two")
    assert (made["channel"], made["clipper"]) == ("alice", "charlie")
    assert made["video_url"].endswith(f"/{asked['id']}/clip.mp4")
    assert made["poster_url"].endswith(f"/{asked['id']}/poster.jpg")
    assert made["stream"] == on_air.public_id
    assert [(span["seconds"], instant(span["starts_at"])) for span in made["spans"]] == [
        (0.0, BEGAN + RECORDED_SECONDS - 60),
        (20.0, BEGAN + RECORDED_SECONDS - 30),
    ]


def test_without_words_it_is_30_seconds_named_after_the_broadcast(on_air: Broadcast, charlie: User) -> None:
    asked = post(charlie, channel="alice").json()
    assert (asked["duration_seconds"], asked["title"]) == (30, "Chess tonight")


@pytest.mark.parametrize("where", ["offset", "date"])
def test_any_place_of_a_recording(vod: Vod, charlie: User, fake: FakeMedia, where: str) -> None:
    at = {"offset_seconds": 12.5} if where == "offset" else {"starts_at": date(12.5)}
    assert post(charlie, video=vod.public_id, duration_seconds=5, **at).status_code == 202
    clip_services.make_clips()
    ((stream_id, begins, duration, whole),) = fake.cut
    assert (stream_id, duration, whole) == (vod.broadcast.public_id, 5, True)
    assert begins == pytest.approx(12.5, abs=0.001)


def instant(date: str) -> float:
    return datetime.fromisoformat(date).timestamp()


def date(seconds: float) -> str:
    return datetime.fromtimestamp(BEGAN + seconds, UTC).isoformat()


def test_what_is_on_its_way_to_storage_may_be_clipped(on_air: Broadcast, charlie: User) -> None:
    asked = post(charlie, channel="alice", starts_at=date(RECORDED_SECONDS - 25)).json()
    assert asked["duration_seconds"] == 30


def test_a_broadcast_that_ended_a_moment_ago_may_be_clipped(broadcast: Broadcast, charlie: User) -> None:
    assert post(charlie, channel="alice", duration_seconds=20).status_code == 202
    Broadcast.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    assert code(post(charlie, channel="alice", duration_seconds=20)) == (409, "offline")


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"duration_seconds": 4.9}, 400),
        ({"duration_seconds": 90.1}, 400),
        ({"duration_seconds": -1}, 400),
        ({"duration_seconds": 1e308}, 400),
        ({"duration_seconds": "long"}, 400),
        ({"offset_seconds": -1}, 400),
        ({"offset_seconds": 119}, 400),  # 29 s more than there is
        ({"offset_seconds": 3600}, 400),
        ({"starts_at": "2001-01-01T00:00:00Z"}, 400),
        ({"starts_at": "yesterday"}, 400),
        ({"title": "x" * 141}, 400),
        ({"title": "a\u202eb"}, 400),
        ({"channel": "nobody"}, 404),
        ({"channel": "%00"}, 404),
        ({"video": "0" * 24}, 400),  # and a channel
        ({"channel": None}, 400),
    ],
)
def test_what_cannot_be_a_clip_is_refused(
    on_air: Broadcast, charlie: User, wanted: dict[str, Any], status: int
) -> None:
    answer = post(charlie, **{"channel": "alice", **wanted})
    assert answer.status_code == status, answer.content
    assert not Clip.objects.exists()


def test_too_young_a_broadcast_says_so(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    fake.recorded = 3
    assert code(post(charlie, channel="alice")) == (409, "too_young")
    fake.recorded = 8
    assert post(charlie, channel="alice").json()["duration_seconds"] == 8


def test_a_recording_needs_a_place(vod: Vod, charlie: User) -> None:
    assert code(post(charlie, video=vod.public_id)) == (400, "no_place")
    assert post(charlie, video="0" * 24, offset_seconds=1).status_code == 404


def test_who_is_not_signed_in_makes_none(on_air: Broadcast) -> None:
    assert post(None, channel="alice").status_code == 401


def test_a_private_recording_is_clipped_by_its_owner_alone(vod: Vod, alice: User, charlie: User) -> None:
    update_vod(vod=vod, visibility="private")
    assert post(charlie, video=vod.public_id, offset_seconds=1).status_code == 404
    made = post(alice, video=vod.public_id, offset_seconds=1).json()
    assert made["visibility"] == "private"
    assert signed_in(charlie).get(f"{CLIPS}/{made['id']}").status_code == 404
    assert signed_in(alice).get(f"{CLIPS}/{made['id']}").status_code == 200


def test_ten_thousand_requests_make_a_few_clips_and_are_told_why(on_air: Broadcast, charlie: User, bob: User) -> None:
    answers = [post(charlie, channel="alice") for _ in range(limits.CLIPS_PER_MINUTE + 3)]
    assert [answer.status_code for answer in answers] == [202] * limits.CLIPS_PER_MINUTE + [429] * 3
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Wait a minute" in answers[-1].json()["detail"]
    assert post(bob, channel="alice").status_code == 202  # others are not told off for it


def test_a_crowd_cannot_fill_the_line(on_air: Broadcast, charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLIPS_WAITING_MAX", 2)
    assert [post(charlie, channel="alice").status_code for _ in range(2)] == [202, 202]
    assert code(post(charlie, channel="alice")) == (429, "busy")
    clip_services.make_clips()
    assert post(charlie, channel="alice").status_code == 202


# --- Making them


def test_one_process_of_a_machine_makes_clips_at_a_time(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    post(charlie, channel="alice")
    with only_one_here(settings.DATA_DIR / "clips.lock") as alone:
        assert alone
        clip_services.make_clips()
        assert fake.cut == []
    clip_services.make_clips()
    assert len(fake.cut) == 1


def test_a_clip_whose_worker_was_killed_is_made_again(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    post(charlie, channel="alice")
    killed = Clip.objects.filter()
    killed.update(claimed_until=timezone.now() + timedelta(seconds=60), tries=1, has_files=True)
    clip_services.make_clips()
    assert fake.cut == []  # that worker may be alive
    killed.update(claimed_until=timezone.now() - timedelta(seconds=1))
    clip_services.make_clips()
    assert Clip.objects.get().state == "ready"


def test_one_that_kills_every_worker_is_given_up(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    post(charlie, channel="alice")
    Clip.objects.update(claimed_until=timezone.now() - timedelta(seconds=1), tries=limits.CLIP_TRIES)
    clip_services.make_clips()
    assert fake.cut == []
    assert (Clip.objects.get().state, Clip.objects.get().problem) == ("failed", clip_services.NOT_MADE)


def test_why_it_failed_is_told(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    fake.failure = ClipFailed("FFmpeg could not make the clip.")
    asked = post(charlie, channel="alice").json()
    clip_services.make_clips()
    told = Client().get(f"{CLIPS}/{asked['id']}").json()
    assert (told["state"], told["problem"], told["video_url"]) == ("failed", str(fake.failure), None)
    assert Client().get(CLIPS).json()["count"] == 0


def test_an_outage_is_sat_out(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    fake.failure = OSError("storage is away")
    post(charlie, channel="alice")
    clip_services.make_clips()
    assert (Clip.objects.get().state, len(fake.cut)) == ("making", 1)  # later, not at once
    fake.failure = None
    Clip.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    clip_services.make_clips()
    assert Clip.objects.get().state == "ready"


def test_who_waits_for_storage_holds_up_nobody(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    early = clip_services.create_clip(clipper=charlie, channel=on_air.channel, duration=20)
    clip_services.create_clip(clipper=charlie, channel=on_air.channel, duration=10)
    fake.absent = {early.public_id}
    fake.meanwhile = fake.absent.clear  # it is stored while the other is made
    clip_services.make_clips()
    assert [duration for _, _, duration, _ in fake.cut] == [20, 10, 20]
    assert set(Clip.objects.values_list("state", "tries")) == {("ready", 1)}


def test_what_never_came_to_storage_is_made_of_what_did(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    fake.failure = NotRecorded("Not all of it.")
    post(charlie, channel="alice")
    long_ago = timezone.now() - timedelta(seconds=limits.CLIP_WAIT_SECONDS + 1)
    Clip.objects.update(created_at=long_ago)
    clip_services.make_clips()
    assert [whole for *_, whole in fake.cut] == [False]
    assert Clip.objects.get().state == "failed"


# --- Seeing them


def test_lists_are_by_views_or_age(clip: Clip, vod: Vod, bob: User) -> None:
    newer = clip_services.create_clip(clipper=bob, channel=vod.channel, vod=vod, offset=1)
    assert [row["id"] for row in Client().get(CLIPS).json()["results"]] == [clip.public_id]  # the other is not made yet
    clip_services.make_clips()
    clip_services.count_view(clip=clip)
    views = [row["id"] for row in Client().get(f"{CLIPS}?channel=alice&sort=views").json()["results"]]
    new = [row["id"] for row in Client().get(f"{CLIPS}?sort=new").json()["results"]]
    assert (views, new) == ([clip.public_id, newer.public_id], [newer.public_id, clip.public_id])
    assert Client().get(f"{CLIPS}?channel=bob").json()["count"] == 0
    assert Client().get(f"{CLIPS}?sort=price").status_code == 400
    assert Client().get(f"{CLIPS}?channel=nobody").status_code == 404


def test_a_list_costs_the_same_for_one_and_for_many(
    clip: Clip, vod: Vod, bob: User, django_assert_max_num_queries: Any
) -> None:
    for offset in range(5):
        clip_services.create_clip(clipper=bob, channel=vod.channel, vod=vod, offset=offset)
    clip_services.make_clips()
    with django_assert_max_num_queries(2):
        assert Client().get(CLIPS).json()["count"] == 6


@pytest.mark.parametrize(("visibility", "stranger", "listed"), [("unlisted", 200, 0), ("private", 404, 0)])
def test_who_may_see_the_recording_may_see_its_clips(
    clip: Clip, vod: Vod, alice: User, charlie: User, visibility: str, stranger: int, listed: int
) -> None:
    assert (seen(clip, None), Client().get(CLIPS).json()["count"]) == (200, 1)
    update_vod(vod=vod, visibility=visibility)
    assert (seen(clip, None), seen(clip, charlie), seen(clip, alice)) == (stranger, stranger, 200)
    assert Client().get(CLIPS).json()["count"] == listed


def seen(clip: Clip, user: User | None) -> int:
    return int(signed_in(user).get(f"{CLIPS}/{clip.public_id}").status_code)


def test_clips_of_a_deleted_recording_stay_as_they_are(clip: Clip, vod: Vod, alice: User) -> None:
    delete_vod(vod=vod)
    assert (seen(clip, None), Client().get(f"{CLIPS}/{clip.public_id}").json()["video"]) == (200, None)
    restore_vod(public_id=vod.public_id, owner=alice)  # for its owner alone, and so are its clips
    assert (seen(clip, None), seen(clip, alice)) == (404, 200)


def test_clips_of_a_deleted_private_recording_stay_private(clip: Clip, vod: Vod) -> None:
    update_vod(vod=vod, visibility="private")
    delete_vod(vod=vod)
    assert seen(clip, None) == 404


def test_a_suspended_owners_clips_are_not_there(clip: Clip, alice: User) -> None:
    suspend_user(user=alice)
    assert (seen(clip, None), Client().get(CLIPS).json()["count"]) == (404, 0)


@pytest.mark.parametrize("name", ["1", "0" * 24, "..", "%00", "x" * 500])
def test_what_is_no_clip_is_not_there(clip: Clip, charlie: User, name: str) -> None:
    assert signed_in(charlie).get(f"{CLIPS}/{name}").status_code == 404
    assert signed_in(charlie).delete(f"{CLIPS}/{name}").status_code == 404


# --- Deleting them


@pytest.mark.parametrize(
    ("who", "status"),
    [("clipper", 204), ("broadcaster", 204), ("moderator", 204), ("staff", 204), ("vip", 403), ("viewer", 403)],
)
def test_who_may_delete_a_clip(clip: Clip, alice: User, bob: User, charlie: User, who: str, status: int) -> None:
    if who in {"moderator", "vip"}:
        role = Role.MODERATOR if who == "moderator" else Role.VIP
        RoomRole.objects.create(room=clip.channel, user=bob, role=role.value)
    User.objects.filter(pk=bob.pk).update(is_staff=who == "staff")
    user = {"clipper": charlie, "broadcaster": alice}.get(who, bob)
    assert signed_in(user).delete(f"{CLIPS}/{clip.public_id}").status_code == status
    assert seen(clip, None) == (404 if status == 204 else 200)


def test_a_moderator_of_another_channel_deletes_nothing(clip: Clip, bob: User) -> None:
    other = create_user(login="dora", password="correct horse battery")
    RoomRole.objects.create(room=other.channel, user=bob, role=Role.MODERATOR.value)
    assert signed_in(bob).delete(f"{CLIPS}/{clip.public_id}").status_code == 403
    assert signed_in(None).delete(f"{CLIPS}/{clip.public_id}").status_code == 401


def test_deleting_takes_the_files_along(clip: Clip, fake: FakeMedia) -> None:
    clip_services.delete_clip(clip=clip)
    assert fake.dropped == [clip.public_id]
    clip_services.drop_deleted_files()
    assert fake.dropped == [clip.public_id]
    assert Client().get(CLIPS).json()["count"] == 0


def test_files_that_could_not_be_deleted_are_deleted_later(clip: Clip, fake: FakeMedia) -> None:
    fake.failure = OSError("storage is away")
    clip_services.delete_clip(clip=clip)
    assert fake.dropped == []
    fake.failure = None
    clip_services.drop_deleted_files()
    assert fake.dropped == [clip.public_id]


def test_a_clip_deleted_while_it_is_made_leaves_no_file(on_air: Broadcast, charlie: User, fake: FakeMedia) -> None:
    made = clip_services.create_clip(clipper=charlie, channel=on_air.channel)
    fake.meanwhile = lambda: clip_services.delete_clip(clip=made)
    clip_services.make_clips()
    assert fake.dropped == []  # its worker was writing them
    clip_services.drop_deleted_files()
    assert fake.dropped == [made.public_id]
    assert Clip.objects.kept().count() == 0
