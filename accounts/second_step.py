"""The second step of signing in: codes of an app, passkeys, recovery codes. allauth does it; its secrets are sealed."""

from base64 import urlsafe_b64encode
from typing import cast
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User

COUNTS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def has_second_step(user: User) -> bool:
    """Whether a password alone does not sign this user in."""
    return bool(Authenticator.objects.filter(user=user, type__in=COUNTS).exists())


def lacks_second_step(request: HttpRequest) -> bool:
    """Whether who asks is staff who must set one up first. Looked up once: the admin asks for every model."""
    if not settings.STAFF_SECOND_STEP:
        return False
    user = cast(User, request.user)
    known: bool | None = getattr(user, "_has_second_step", None)
    if known is None:
        known = user._has_second_step = has_second_step(user)  # type: ignore[attr-defined]
    return not known


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    """Secrets are encrypted, and what authenticators are told is of the configured site, not of the request."""

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: User) -> str:
        return user.login

    def _get_site_name(self) -> str:
        return str(urlsplit(settings.SITE_URL).hostname)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": self._get_site_name(), "name": self._get_site_name()}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        return super().get_public_key_credential_user_entity(user) | {"name": user.login}  # type: ignore[no-any-return]


def _seal() -> Fernet:
    return Fernet(urlsafe_b64encode(settings.SECOND_STEP_KEY))
