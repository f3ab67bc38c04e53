"""What is old goes, and a list holds only so many."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.notifications import Kind, notify_user, pruning
from accounts.notifications.models import Happening, Notification

pytestmark = pytest.mark.django_db


def tell(user: User, count: int) -> None:
    for number in range(count):
        notify_user(user_id=user.pk, kind=Kind.LIVE, text=f"Channel {number} is live", path="/alice")


def test_old_ones_go_in_batches(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PRUNE_BATCH", 2)
    tell(alice, 5)
    Happening.objects.update(created_at=timezone.now() - timedelta(days=61))
    tell(alice, 1)
    tell(bob, 1)
    assert pruning.prune_notifications() == 5
    assert (Notification.objects.count(), Happening.objects.count()) == (2, 2)


def test_newest_of_too_many_stay(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "INBOX_MAX", 3)
    tell(alice, 5)
    tell(bob, 3)
    assert pruning.prune_notifications() == 2
    assert [one.happening.text for one in Notification.objects.of(alice.pk)] == [
        f"Channel {number} is live" for number in (4, 3, 2)
    ]
    assert Notification.objects.of(bob.pk).count() == 3


def test_nothing_to_do_is_nothing(alice: User) -> None:
    tell(alice, 1)
    assert pruning.prune_notifications() == 0


def test_a_row_of_someone_who_left_while_it_was_written_goes_with_its_happening(alice: User) -> None:
    tell(alice, 1)
    happening = Happening.objects.get()
    Notification.objects.create(user_id=alice.pk + 1_000, happening=happening)

    happening.delete()
    assert not Notification.objects.exists()
