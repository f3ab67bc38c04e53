"""Invitations: made by staff, good for one sign-up until they end."""

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.utils import timezone

from accounts.limits import INVITATION_CODE_BYTES, INVITATION_CODE_MAX, INVITATIONS_OPEN_MAX
from accounts.models import Invitation, User
from common.errors import Conflict, Gone

TOO_LATE = "This invitation was used already, or it is too old. Ask for a new one."


def create_invitation(*, by: User | None, days: int, note: str = "") -> str:
    """Make one and return its code: the only time it is seen."""
    if Invitation.objects.open().count() >= INVITATIONS_OPEN_MAX:
        raise Conflict(f"There are {INVITATIONS_OPEN_MAX} open invitations. Delete some first.", code="too_many")
    code = secrets.token_urlsafe(INVITATION_CODE_BYTES)
    Invitation.objects.create(digest=_digest(code), note=note, by=by, expires_at=timezone.now() + timedelta(days=days))
    return code


def is_open(code: str) -> bool:
    """Whether somebody can sign up with this code."""
    return len(code) <= INVITATION_CODE_MAX and Invitation.objects.open().filter(digest=_digest(code)).exists()


def redeem_invitation(*, code: str, user: User) -> None:
    """Use it up, inside the transaction that makes the user. Raises Gone: the second of two at once finds no row."""
    digest = _digest(code[:INVITATION_CODE_MAX])
    if not Invitation.objects.open().filter(digest=digest).update(used_at=timezone.now(), used_by=user):
        raise Gone(TOO_LATE, code="invitation_gone")


def _digest(code: str) -> str:
    return hmac.new(settings.API_TOKEN_PEPPER, f"invitation:{code}".encode(), sha256).hexdigest()
