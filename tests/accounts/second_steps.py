"""What an authenticator app shows, for tests."""

import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from accounts.models import User


def give_second_step(user: User) -> str:
    """Set up an app; its secret."""
    secret: str = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def give_recovery_codes(user: User) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes


def code_of(secret: str, *, steps_ago: int = 0) -> str:
    """What the app shows, or showed."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 - steps_ago)))
