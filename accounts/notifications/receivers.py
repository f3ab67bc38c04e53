"""What notifications do when something happens to an account: one line each."""

from typing import Any

from allauth.account.signals import email_changed, password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.notifications import push, safety


@receiver((password_changed, password_reset, password_set))
def on_password_changed(user: User, **_: Any) -> None:
    safety.tell_of_change(user_id=user.pk, what="Your password was changed")


@receiver(email_changed)
def on_email_changed(user: User, **_: Any) -> None:
    safety.tell_of_change(user_id=user.pk, what="Your e-mail address was changed")


@receiver(authenticator_added)
def on_authenticator_added(user: User, **_: Any) -> None:
    safety.tell_of_change(user_id=user.pk, what="A second step was added to your sign-in")


@receiver(authenticator_removed)
def on_authenticator_removed(user: User, **_: Any) -> None:
    safety.tell_of_change(user_id=user.pk, what="A second step was removed from your sign-in")


@receiver(authenticator_reset)
def on_authenticator_reset(user: User, **_: Any) -> None:
    safety.tell_of_change(user_id=user.pk, what="Your recovery codes were replaced")


@receiver(user_logged_out)
def on_user_logged_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    push.forget_browser_of_session(request=request, user=user)
