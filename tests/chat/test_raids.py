"""What chat has to do with raids: whom it lets in, what a room is told, and what is typed."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from chat import redis_keys
from chat.carrying_out import carry_out
from chat.core.commands import CancelRaid, StartRaid, UsageError, parse_command
from chat.core.irc import IrcSession
from chat.core.irc_rooms import IrcRoom
from chat.core.roles import Role
from chat.models import RoomRole
from chat.moderation import ban_user, change_modes, warn_user
from chat.redis_connections import redis_client
from common.errors import Conflict
from streaming import redis_keys as streaming_keys
from streaming.models import Channel, Raid
from streaming.raids.arrivals import count_arrived
from streaming.raids.services import advance_raids, raid_refusal
from tests.chat.test_irc_session import NOW_MS, in_alice, told

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alices(alice: User) -> Channel:
    return _on_air(alice)


@pytest.fixture
def bobs(bob: User) -> Channel:
    return _on_air(bob)


def _on_air(owner: User) -> Channel:
    channel = Channel.objects.get_or_create(owner=owner)[0]
    Channel.objects.filter(pk=channel.pk).update(is_live=True)
    channel.broadcasts.create(state="live", started_at=timezone.now())
    channel.refresh_from_db()
    return channel


def told_in(room: Channel) -> list[dict[str, Any]]:
    rows: Any = redis_client().xrange(redis_keys.room_history(room.pk))
    return [json.loads(fields["e"]) for _, fields in rows]


def test_room_hears_who_arrived_with_how_many(alices: Channel, bobs: Channel, alice: User) -> None:
    said = carry_out(room_id=alices.pk, user_id=alice.pk, command=StartRaid("bob"))
    assert "Your viewers go to bob in" in said
    raid = Raid.objects.get()
    advance_raids(timezone.now() + timedelta(seconds=600))
    redis_client().sadd(streaming_keys.raid_arrived(raid.pk, bobs.pk), "user-8", "user-9")
    assert count_arrived(raid_id=raid.pk, target_id=bobs.pk) == 2
    advance_raids(timezone.now() + timedelta(seconds=700))
    (raided,) = told_in(bobs)
    assert (raided["type"], raided["user"]["login"], raided["viewers"]) == ("raided", "alice", 2)
    assert told_in(alices) == []


def test_unraid_is_told_where_the_raid_began(alices: Channel, bobs: Channel, alice: User) -> None:
    carry_out(room_id=alices.pk, user_id=alice.pk, command=StartRaid("bob"))
    assert carry_out(room_id=alices.pk, user_id=alice.pk, command=CancelRaid()) == "The raid is cancelled."
    (told_here,) = told_in(alices)
    assert told_here["type"] == "raid_cancelled"
    assert told_in(bobs) == []


def test_banned_raider_stays_out_and_a_warned_one_does_not(
    alices: Channel, bobs: Channel, alice: User, bob: User
) -> None:
    warn_user(room=bobs, actor=bob, login="alice", reason="Be kind.")
    assert raid_refusal(source=alices, target=bobs) is None
    ban_user(room=bobs, actor=bob, login="alice")
    with pytest.raises(Conflict, match="cannot be raided by you"):
        carry_out(room_id=alices.pk, user_id=alice.pk, command=StartRaid("bob"))


def test_shield_mode_lets_only_helpers_in(alices: Channel, bobs: Channel, alice: User, bob: User) -> None:
    change_modes(room=bobs, actor=bob, changes={"shield": True})
    assert raid_refusal(source=alices, target=bobs) is not None
    RoomRole.objects.create(room=bobs, user=alice, role=Role.VIP)
    assert raid_refusal(source=alices, target=bobs) is None


def test_commands_are_the_broadcasters() -> None:
    assert parse_command("/raid @Bob", Role.BROADCASTER) == StartRaid("bob")
    assert parse_command("/unraid", Role.BROADCASTER) == CancelRaid()
    for text in ("/raid", "/raid a b", "/unraid now"):
        with pytest.raises(UsageError) as error:
            parse_command(text, Role.BROADCASTER)
        assert error.value.code == "usage"
    with pytest.raises(UsageError) as error:
        parse_command("/raid bob", Role.MODERATOR)
    assert error.value.code == "not_allowed"


RAIDER = {"id": 104, "login": "dave", "display_name": "Dave", "badges": []}
EVENT = {"seq": 5, "id": "r1", "sent_at": "2026-01-01T00:00:00.123Z", "user": RAIDER}


def test_raid_is_told_over_irc_as_twitch_tells_it() -> None:
    session: IrcSession = in_alice()
    raided = {**EVENT, "type": "raided", "viewers": 42, "picture": ""}
    session.happened("alice", json.dumps(raided).encode(), NOW_MS)
    assert told(session) == (
        "@badge-info=;badges=;color=;display-name=Dave;emotes=;flags=;id=r1;login=dave;mod=0;msg-id=raid;"
        "msg-param-displayName=Dave;msg-param-login=dave;msg-param-profileImageURL=;msg-param-viewerCount=42;"
        "room-id=101;subscriber=0;system-msg=42\\sraiders\\sfrom\\sDave\\shave\\sjoined!;"
        "tmi-sent-ts=1767225600123;user-id=104;user-type= :tmi.twitch.tv USERNOTICE #alice\n"
    )


def test_unraid_is_told_over_irc_as_twitch_tells_it() -> None:
    session: IrcSession = in_alice()
    session.happened("alice", json.dumps({**EVENT, "type": "raid_cancelled"}).encode(), NOW_MS)
    line = told(session)
    assert ";msg-id=unraid;" in line
    assert "msg-param" not in line
    assert line.endswith(" :tmi.twitch.tv USERNOTICE #alice\n")


def test_without_commands_irc_clients_hear_nothing_of_it() -> None:
    session = in_alice(caps=False)
    session.happened("alice", json.dumps({**EVENT, "type": "raided", "viewers": 1, "picture": ""}).encode(), NOW_MS)
    assert told(session) == ""
    assert isinstance(session.rooms["alice"], IrcRoom)
