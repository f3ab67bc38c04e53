"""Deleting one's account: asked for, undone by signing in, then done everywhere."""

import secrets
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from accounts.avatars import remove_avatar
from accounts.exports import remove_exports
from accounts.limits import LEAVE_AFTER_DAYS, LEAVERS_AT_ONCE, LEFT_LOGIN_DAYS
from accounts.models import User
from accounts.names import keep_login
from accounts.own_data import Leaving, OwnRows, tables
from accounts.sessions import end_every_session
from accounts.signals import user_leaving, user_suspended
from common.errors import InvalidInput, NotAllowed


def ask_to_leave(*, user: User, typed_login: str) -> None:
    """Nobody sees the account from now on; in LEAVE_AFTER_DAYS it is deleted, unless its owner signs in."""
    if typed_login.strip().lower() != user.login:
        raise InvalidInput(f"Type {user.login} to confirm.", code="not_confirmed")
    if user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        raise NotAllowed("You are the only one who runs this site. Give somebody else these rights first.")
    leaving_at = timezone.now() + timedelta(days=LEAVE_AFTER_DAYS)
    with transaction.atomic():
        User.objects.filter(pk=user.pk, is_active=True).update(is_active=False, leaving_at=leaving_at)
        end_every_session(user=user)
        transaction.on_commit(lambda: _tell(user.pk))
    user.is_active, user.leaving_at = False, leaving_at


def stay(*, user: User) -> bool:
    """Back again, as if nothing had been asked for. False when nothing had been, or he is gone or suspended."""
    came_back = User.objects.filter(pk=user.pk, leaving_at__isnull=False, left_at=None, suspended_at=None)
    if not came_back.update(is_active=True, leaving_at=None):
        return False
    user.is_active, user.leaving_at = True, None
    return True


def remove_leavers() -> int:
    """Delete the accounts whose time has come; returns how many."""
    due = list(User.objects.due_to_leave().filter(left_at=None)[:LEAVERS_AT_ONCE])
    for user in due:
        remove_account(user=user)
    return len(due)


def remove_account(*, user: User) -> None:
    """Take away everything of this person. Safe to repeat, and to kill: what was not noted as done is done again.

    A row with his id and a random name stays: what others have that was his, and jobs that still run, refer to it.
    """
    user_leaving.send(sender=User, user_id=user.pk)  # files first: without them nothing tells where they were
    remove_avatar(user=user)
    remove_exports(list(user.data_exports.all()))
    for table in tables():
        _deal_with(table, user)
    with transaction.atomic():
        keep_login(login=user.login, user=None, days=LEFT_LOGIN_DAYS)
        User.objects.filter(pk=user.pk).update(
            login=f"left_{secrets.token_hex(8)}",
            display_name="",
            email=None,
            password="!" + secrets.token_hex(20),
            is_staff=False,
            is_superuser=False,
            is_active=False,
            last_login=None,
            leaving_at=None,
            left_at=timezone.now(),
        )


def _deal_with(table: OwnRows, user: User) -> None:
    rows: Any = apps.get_model(table.model)._default_manager.filter(**{table.path: user})
    if table.leaving is Leaving.DELETE:
        rows.delete()
    elif table.leaving is Leaving.UNLINK:
        rows.update(**{table.path.partition("__")[0]: None})  # of channel__owner: the channel


def _tell(user_id: int) -> None:
    user_suspended.send(sender=User, user_id=user_id)  # ends the broadcast and the sockets
