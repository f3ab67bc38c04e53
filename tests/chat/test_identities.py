"""Sessions and tokens become people, many at once, exactly as Django would see each alone."""

from datetime import timedelta
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, get_user
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.services import create_api_token, create_chat_token, create_limited_token, create_user, suspend_user
from chat.core.roles import Role
from chat.identities import Credential, Introduction, identify
from chat.models import Ban, RoomRole
from streaming.models import Channel, Follow

pytestmark = pytest.mark.django_db


def session_of(user: User) -> str:
    browser = Client()
    browser.force_login(user)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


def by_session(key: str, room: Channel) -> Introduction:
    return Introduction(Credential(session_key=key), room.pk)


@pytest.fixture
def room(alice: User) -> Channel:
    return Channel.objects.get(owner=alice)


def test_a_token_does_in_chat_what_its_scopes_say(room: Channel, alice: User) -> None:
    scopes = {"reads": ["chat:read"], "writes": ["chat:read", "chat:edit"], "clips": ["clips:edit", "channel:moderate"]}
    shown = {
        name: Introduction(Credential(token=create_limited_token(user=alice, name=name, scopes=some)), room.pk)
        for name, some in scopes.items()
    }
    found = identify(list(shown.values()))
    assert {name: found[one].may_write for name, one in shown.items() if one in found} == {
        "reads": False,
        "writes": True,
    }


def test_everyone_is_seen_with_role_and_standing(room: Channel, alice: User, bob: User, charlie: User) -> None:
    dave, staff = create_user(login="dave"), create_user(login="eve")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    RoomRole.objects.create(room=room, user=bob, role=Role.MODERATOR)
    Follow.objects.create(user=charlie, channel=room)
    EmailAddress.objects.create(user=charlie, email="c@example.org", verified=True)
    Ban.objects.create(room=room, user=charlie, until=timezone.now() + timedelta(minutes=5))
    Ban.objects.create(room=room, user=dave)
    people = {user.login: by_session(session_of(user), room) for user in (alice, bob, charlie, dave, staff)}
    people["bot"] = Introduction(Credential(token=create_chat_token(user=bob, name="bot", may_moderate=False)), room.pk)
    people["script"] = Introduction(Credential(token=create_api_token(user=alice, name="script")), room.pk)
    found = identify(list(people.values()))
    seen = {name: found[introduction] for name, introduction in people.items()}
    roles = {name: (identity.speaker.login, identity.speaker.role.name) for name, identity in seen.items()}
    assert roles == {
        "alice": ("alice", "BROADCASTER"),
        "bob": ("bob", "MODERATOR"),
        "charlie": ("charlie", "VIEWER"),
        "dave": ("dave", "VIEWER"),
        "eve": ("eve", "STAFF"),
        "bot": ("bob", "MODERATOR"),
        "script": ("alice", "BROADCASTER"),
    }
    standings = {name: identity.standing and identity.standing.rule for name, identity in seen.items()}
    assert {name for name, rule in standings.items() if rule} == {"charlie", "dave"}
    assert (standings["charlie"], standings["dave"]) == ("timeout", "banned")
    assert [name for name, identity in seen.items() if not identity.may_moderate] == ["bot"]
    charlie_seen = seen["charlie"].speaker
    assert charlie_seen.email_verified
    assert charlie_seen.followed_at is not None
    assert not seen["bob"].speaker.email_verified


def test_as_many_queries_for_a_hundred_as_for_one(
    room: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [by_session(session_of(create_user(login=f"viewer{number}")), room) for number in range(30)]
    for number in (1, 30):
        with django_assert_num_queries(8):
            assert len(identify(people[:number])) == number


@pytest.mark.parametrize(
    "fault", ["none", "expired", "deleted", "signed out", "suspended", "password changed", "tampered", "no hash"]
)
def test_a_session_counts_exactly_when_django_says_so(room: Channel, bob: User, fault: str) -> None:
    key = session_of(bob)
    session = Session.objects.get(session_key=key)
    match fault:
        case "expired":
            Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        case "deleted":
            bob.delete()
        case "signed out":
            session.delete()
        case "suspended":
            suspend_user(user=bob)
        case "password changed":
            bob.set_password("something else")
            bob.save()
        case "tampered":
            Session.objects.update(session_data=session.session_data[:-1] + "_")
        case "no hash":
            store = import_module(settings.SESSION_ENGINE).SessionStore(key)
            del store[HASH_SESSION_KEY]
            store.save()
    found = identify([by_session(key, room)])
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    assert bool(found) == get_user(request).is_authenticated == (fault == "none")


def test_nobody_is_in_a_room_that_is_gone(room: Channel, bob: User) -> None:
    introduction = Introduction(by_session(session_of(bob), room).credential, room.pk + 999)
    assert identify([introduction]) == {}
    assert "…" in repr(introduction.credential)
