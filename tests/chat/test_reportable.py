"""Messages as they are reported: from the moment they are shown until they are removed."""

import uuid
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.reports.kinds import Subject, kind_named
from chat import redis_keys
from chat.core.events import Message, Person
from chat.models import ChatMessage
from chat.moderation import remove_message
from chat.redis_connections import redis_client
from common.errors import NotThere
from streaming.models import Channel
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db
Say = Callable[[Channel, User, str], str]


@pytest.fixture
def room(alice: User) -> Channel:
    return alice.channel


def find(room: Channel, message_id: str, viewer: User) -> Subject:
    return kind_named("message").find(f"{room.owner.login}:{message_id}", viewer)


def stored(room: Channel, sender: User, text: str) -> str:
    """In the log, as all are some seconds later."""
    row = ChatMessage.objects.create(
        id=uuid.uuid4(), room=room, seq=7, sender=sender, login=sender.login, display_name=str(sender), text=text,
        sent_at=timezone.now(),
    )  # fmt: skip
    return str(row.pk)


def said(room: Channel, sender: User, text: str) -> str:
    """A moment ago: only the room knows it."""
    person = Person(sender.pk, sender.login, str(sender))
    message = Message(id=str(uuid.uuid4()), sent_at=timezone.now().isoformat(), user=person, text=text, seq=7)
    redis_client().xadd(redis_keys.room_history(room.pk), {"e": message.to_json()}, id="7-0")
    redis_client().set(redis_keys.room_sequence(room.pk), 7)
    return message.id


@pytest.mark.parametrize("how", [stored, said], ids=["stored", "said"])
def test_a_message_is_found_wherever_it_is(how: Say, room: Channel, bob: User, charlie: User) -> None:
    message_id = how(room, bob, "You all are fools.")
    subject = find(room, message_id, charlie)
    facts = dict(subject.facts)
    assert (facts["Text"], facts["Said by"], facts["In the chat of"]) == ("You all are fools.", "bob", "alice")
    assert (subject.owner, subject.key, subject.path) == (bob, message_id, "/alice")
    assert subject.title == "A message of bob in the chat of alice"


@pytest.mark.parametrize("how", [stored, said], ids=["stored", "said"])
def test_what_was_removed_cannot_be_read_here(how: Say, room: Channel, alice: User, bob: User, charlie: User) -> None:
    message_id = how(room, bob, "You all are fools.")
    find(room, message_id, charlie)
    remove_message(room=room, actor=alice, message_id=message_id)
    ChatMessage.objects.update(removed_at=timezone.now())  # as the log's worker does it
    with pytest.raises(NotThere):
        find(room, message_id, charlie)


def test_what_is_none_is_not_there(room: Channel, bob: User, charlie: User) -> None:
    elsewhere = stored(bob.channel, charlie, "hello")
    names = (
        f"alice:{elsewhere}",
        f"nobody_here:{elsewhere}",
        "alice:",
        "alice",
        ":",
        "alice:x\x00",
        f"alice:{uuid.uuid4()}",
    )
    for name in names:
        with pytest.raises(NotThere):
            kind_named("message").find(name, bob)


def test_nobody_answers_for_what_somebody_said_who_has_left(room: Channel, bob: User, charlie: User) -> None:
    message_id = stored(room, bob, "hello")
    ChatMessage.objects.update(sender=None, login="left")
    assert find(room, message_id, charlie).owner is None


def test_staff_see_it_among_its_neighbours(room: Channel, bob: User, charlie: User, settings: LazySettings) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES
    message_id = stored(room, bob, "You all are fools.")
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", password=None))
    page, _, place = find(room, message_id, charlie).staff_path.partition("#")
    assert f'id="{place}"' in browser.get(page).content.decode()
