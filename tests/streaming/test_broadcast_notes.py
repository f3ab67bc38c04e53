"""What is noted of a running broadcast: changes of title and category, and markers."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from common.errors import Conflict, InvalidInput, TooMany
from streaming.broadcast_states import BroadcastState
from streaming.limits import NOTES_MAX
from streaming.models import Broadcast, BroadcastNote, Category, Channel
from streaming.services import add_marker, update_channel
from streaming.subscriptions import is_subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_air(channel: Channel) -> Broadcast:
    started_at = timezone.now() - timedelta(minutes=10)
    return Broadcast.objects.create(
        channel=channel, title="Warming up", state=BroadcastState.LIVE, started_at=started_at
    )


def noted(broadcast: Broadcast) -> list[tuple[str, str]]:
    return list(broadcast.notes.values_list("kind", "text"))


def test_the_first_change_comes_with_what_was_before(on_air: Broadcast, channel: Channel) -> None:
    chess = Category.objects.create(name="Board games", slug="board-games")
    update_channel(channel=channel, title="Chess", category=chess)
    update_channel(channel=channel, title="More chess")
    assert noted(on_air) == [
        ("title", "Warming up"),
        ("category", ""),
        ("title", "Chess"),
        ("category", "Board games"),
        ("title", "More chess"),
    ]
    assert [note.at for note in on_air.notes.all()[:2]] == [on_air.created_at] * 2
    on_air.refresh_from_db()
    assert (on_air.title, on_air.category) == ("More chess", chess)


def test_what_changes_nothing_is_not_noted(on_air: Broadcast, channel: Channel) -> None:
    update_channel(channel=channel, title="Warming up", category=None, about="Something else", tags=["chess"])
    assert noted(on_air) == []


def test_an_ended_broadcast_gets_no_notes(on_air: Broadcast, channel: Channel) -> None:
    Broadcast.objects.update(state=BroadcastState.ENDED)
    update_channel(channel=channel, title="Tomorrow")
    with pytest.raises(Conflict):
        add_marker(broadcast=on_air, text="Too late")
    assert noted(on_air) == []


def test_a_broadcast_that_is_not_on_air_yet_cannot_be_marked(on_air: Broadcast) -> None:
    Broadcast.objects.update(started_at=None)
    with pytest.raises(Conflict):
        add_marker(broadcast=on_air, text="Too early")


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "x" * 81, "\u202eabc", None])
def test_a_marker_is_one_short_line(on_air: Broadcast, text: Any) -> None:
    with pytest.raises(InvalidInput):
        add_marker(broadcast=on_air, text=text)


def test_notes_are_bounded(on_air: Broadcast, channel: Channel) -> None:
    full = [BroadcastNote(broadcast=on_air, at=on_air.created_at, kind="marker", text="x") for _ in range(NOTES_MAX)]
    BroadcastNote.objects.bulk_create(full)
    with pytest.raises(TooMany):
        add_marker(broadcast=on_air, text="One more")
    update_channel(channel=channel, title="Chess")
    assert on_air.notes.count() == NOTES_MAX
    on_air.refresh_from_db()
    assert on_air.title == "Chess"


def test_nobody_has_subscribed_yet_and_the_owner_needs_not(channel: Channel, alice: User, bob: User) -> None:
    assert is_subscriber(user=alice, channel=channel)
    assert not is_subscriber(user=bob, channel=channel)


def test_a_subscriber_is_one_of_this_channel(
    channel: Channel, bob: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (channel.pk, bob.pk)
    monkeypatch.setattr("streaming.subscriptions.subscribed_months", lambda *, places: {there: 3})
    assert is_subscriber(user=bob, channel=channel)
    assert not is_subscriber(user=charlie, channel=channel)
    assert not is_subscriber(user=bob, channel=charlie.channel)
