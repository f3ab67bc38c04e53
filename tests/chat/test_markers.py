"""Markers over the API and from the chat: for the streamer and for those who help on the channel."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token
from chat.carrying_out import carry_out
from chat.core.commands import Mark
from chat.core.roles import Role
from chat.models import RoomRole
from common.errors import Conflict, InvalidInput, NotAllowed
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast

pytestmark = pytest.mark.django_db


@pytest.fixture
def on_air(alice: User, bob: User) -> Broadcast:
    RoomRole.objects.create(room=alice.channel, user=bob, role=Role.MODERATOR)
    return Broadcast.objects.create(channel=alice.channel, state=BroadcastState.LIVE, started_at=timezone.now())


def mark(user: User | None, stream: str, text: str = "Checkmate") -> int:
    headers = {"Authorization": f"Bearer {create_api_token(user=user, name='test')}"} if user else {}
    client = Client(headers=headers)
    answer = client.post(f"/api/v1/streams/{stream}/markers", {"text": text}, content_type="application/json")
    return answer.status_code


def test_streamer_and_moderators_may(on_air: Broadcast, alice: User, bob: User, charlie: User) -> None:
    assert mark(alice, on_air.public_id, "From Alice") == 201
    assert mark(bob, "alice", "From Bob") == 201
    assert mark(charlie, on_air.public_id) == 403
    assert mark(None, on_air.public_id) == 401
    RoomRole.objects.update(role=Role.VIP)
    assert mark(bob, "alice") == 403
    assert list(on_air.notes.values_list("text", flat=True)) == ["From Alice", "From Bob"]


def test_marker_is_set_from_the_chat(on_air: Broadcast, alice: User, bob: User, charlie: User) -> None:
    room = alice.channel
    told = carry_out(room_id=room.pk, user_id=bob.pk, command=Mark("Mate in two"))
    assert told == "Marked: Mate in two. It is a chapter of the recording."
    carry_out(room_id=room.pk, user_id=alice.pk, command=Mark(""))
    assert list(on_air.notes.values_list("text", flat=True)) == ["Mate in two", "Marker"]
    with pytest.raises(NotAllowed):
        carry_out(room_id=room.pk, user_id=charlie.pk, command=Mark("Charlie was here"))
    with pytest.raises(InvalidInput):
        carry_out(room_id=room.pk, user_id=bob.pk, command=Mark("x" * 81))
    Broadcast.objects.update(state=BroadcastState.ENDED)
    with pytest.raises(Conflict):
        carry_out(room_id=room.pk, user_id=bob.pk, command=Mark("Too late"))
    assert on_air.notes.count() == 2


def test_nonsense_is_refused(on_air: Broadcast, alice: User) -> None:
    assert mark(alice, "alice", "") == 400
    assert mark(alice, "alice", "x" * 81) == 400
    assert mark(alice, "0" * 24) == 404
    assert mark(alice, "nobody") == 404
    Broadcast.objects.update(state=BroadcastState.ENDED)
    assert mark(alice, "alice") == 409
    Broadcast.objects.all().delete()
    assert mark(alice, "alice") == 404
