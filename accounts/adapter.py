"""How sign-up by allauth makes our users."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.invitations import is_open, redeem_invitation
from accounts.leaving import stay
from accounts.models import User
from accounts.names import check_login
from accounts.notifications.safety import greet_browser
from accounts.signals import user_created
from accounts.tasks import send_letter
from common.addresses import absolute
from common.errors import DomainError, Gone

INVITATION = "invitation"  # in the session of who came with one


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Logins are lower case; what the user typed stays as the display name."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.SIGN_UP == "invite":
            return is_open(request.session.get(INVITATION, ""))
        return bool(settings.SIGN_UP == "open")

    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            check_login(login=username)
        except DomainError as error:
            raise ValidationError(error.text, code=error.code) from None
        return username  # with its case: save_user() keeps it as the display name

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        """Who asked to leave may come in again; login() notes it, after the second step."""
        if user.leaving_at is not None and user.left_at is None and user.suspended_at is None:
            user.is_active = True  # of this object only
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: User) -> None:
        if user.leaving_at is not None and stay(user=user):
            messages.success(request, "Welcome back. Your account stays.")
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, *, signup: bool, **more: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, signup=signup, **more)
        greet_browser(request=request, response=response, user=user, new_account=signup)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Addresses in mails are of the configured site, whatever name the request came in under."""
        words = {"user": context.get("user"), "email": email, "site": settings.SITE_NAME}
        words["reset_url"] = absolute(reverse("account_reset_password"))
        words |= {key: _on_own_site(value) if key.endswith("url") else value for key, value in context.items()}
        subject = render_to_string(f"{template_prefix}_subject.txt", words)
        text = render_to_string(f"{template_prefix}_message.txt", words)
        send_letter.delay(email, subject, text)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        super().send_notification_mail(template_prefix, user, {"user": user, **(context or {})}, email)

    def is_safe_url(self, url: str) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # no address at all, such as //[::1]@elsewhere
            return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """An address is no login: trying it as both would check a known one twice, which takes longer to answer."""
        if "@" in str(credentials.get("username") or ""):
            credentials["email"] = credentials.pop("username")
        return super().authenticate(request, **credentials)

    def send_account_already_exists_mail(self, email: str) -> None:
        make_password(secrets.token_hex())  # what making the account would have taken
        super().send_account_already_exists_mail(email)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Who has shown that an address is his gets it from who only typed it."""
        holders = User.objects.filter(email__iexact=email_address.email).exclude(pk=email_address.user_id)
        verified = EmailAddress.objects.filter(email__iexact=email_address.email, verified=True)
        holders.exclude(pk__in=verified.values("user_id")).update(email=None)
        return bool(super().confirm_email(request, email_address))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Per account and address: who guesses wrong elsewhere does not keep the owner out."""
        login = str(credentials.get("email") or credentials.get("username") or "").lower()
        return f"{self.get_client_ip(request)}:{login}"

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        super().save_user(request, user, form, commit=False)
        user.display_name = user.login
        user.login = user.login.lower()
        user.email = user.email or None
        if commit:
            # Together, so that nobody exists without what the listeners make for them.
            with _as_sign_up_errors(request), transaction.atomic():
                user.save()
                if settings.SIGN_UP == "invite":
                    redeem_invitation(code=request.session.pop(INVITATION, ""), user=user)
                user_created.send(sender=User, user_id=user.pk)
        return user


def _on_own_site(address: str) -> str:
    return absolute(urlunsplit(urlsplit(address)._replace(scheme="", netloc="")))


@contextmanager
def _as_sign_up_errors(request: HttpRequest) -> Iterator[None]:
    """Someone was first with the name, the address or the invitation, since the form was looked at."""
    try:
        yield
    except Gone as error:
        messages.error(request, error.text)
    except IntegrityError:
        messages.error(request, "Somebody took this login or address in this moment. Choose another one.")
    else:
        return
    raise ImmediateHttpResponse(redirect("account_signup"))
