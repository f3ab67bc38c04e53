"""What chat does when something happens below it: one line each."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import session_ended, token_revoked, user_leaving, user_renamed, user_suspended
from chat import leaving, raids
from chat.membership import moderates_room
from chat.orders import forget_user, sign_out_everywhere
from streaming import signals
from streaming.moderators import answer_with
from streaming.raids.guards import guard_with

answer_with(moderates_room)
guard_with(raids.guard_raid)


@receiver(signals.raid_arrived)
def on_raid_arrived(raid_id: int, **_: Any) -> None:
    raids.tell_arrival(raid_id=raid_id)


@receiver(signals.raid_cancelled)
def on_raid_cancelled(raid_id: int, **_: Any) -> None:
    raids.tell_cancelled(raid_id=raid_id)


@receiver(user_suspended)
def on_user_suspended(user_id: int, **_: Any) -> None:
    sign_out_everywhere(user_id=user_id)


@receiver(session_ended)
def on_session_ended(user_id: int, **_: Any) -> None:
    sign_out_everywhere(user_id=user_id)  # who still has another session connects again by himself


@receiver(user_leaving)
def on_user_leaving(user_id: int, **_: Any) -> None:
    leaving.forget_words_of_user(user_id=user_id)
    leaving.erase_pictures_of_user(user_id=user_id)


@receiver(user_renamed)
def on_user_renamed(user_id: int, **_: Any) -> None:
    forget_user(user_id=user_id)


@receiver(token_revoked)
def on_token_revoked(user_id: int, **_: Any) -> None:
    sign_out_everywhere(user_id=user_id)


@receiver(user_logged_out)
def on_user_logged_out(user: User | None, **_: Any) -> None:
    if user is not None:  # someone without a session pressed the button again
        sign_out_everywhere(user_id=user.pk)
