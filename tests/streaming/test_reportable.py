"""Channels and people as they are reported."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from accounts.reports.kinds import kind_named
from accounts.services import suspend_user
from common.errors import NotThere
from streaming.models import Broadcast, Channel
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db


def test_a_channel_comes_with_what_is_on_air(alice: User, bob: User) -> None:
    Channel.objects.filter(owner=alice).update(title="The mill", about="I paint.", tags=["watercolour"])
    broadcast = Broadcast.objects.create(channel=alice.channel, state="live", title="The wheel")
    subject = kind_named("channel").find("Alice", bob)
    facts = dict(subject.facts)
    assert (facts["Title"], facts["About"], facts["Tags"]) == ("The mill", "I paint.", "watercolour")
    assert (facts["Its title"], facts["Broadcast"].split()[0]) == ("The wheel", broadcast.public_id)
    assert (subject.owner, subject.path, subject.key) == (alice, "/alice", str(alice.channel.pk))
    assert subject.title == "The channel of alice"


def test_a_person_is_another_subject_than_the_channel(alice: User, bob: User) -> None:
    subject = kind_named("user").find("alice", bob)
    assert (subject.owner, subject.key, dict(subject.facts)["Login"]) == (alice, str(alice.pk), "alice")


@pytest.mark.parametrize("kind", ["channel", "user"])
def test_who_is_suspended_or_unknown_is_not_there(kind: str, alice: User, bob: User) -> None:
    suspend_user(user=alice)
    for name in ("alice", "nobody_here", "a\x00b", "../..", "x" * 500):
        with pytest.raises(NotThere):
            kind_named(kind).find(name, bob)


@pytest.mark.parametrize("kind", ["channel", "user"])
def test_staff_find_it_in_the_admin(kind: str, alice: User, settings: LazySettings) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", password=None))
    assert browser.get(kind_named(kind).find("alice", alice).staff_path).status_code == 200
