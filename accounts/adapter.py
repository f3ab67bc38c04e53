"""How sign-up by allauth makes our users."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.signals import user_created


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Logins are lower case; what the user typed stays as the display name."""

    def clean_username(self, username: str, shallow: bool = False) -> str:
        super().clean_username(username.lower(), shallow=shallow)
        return username  # with its case: save_user() keeps it as the display name

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        super().save_user(request, user, form, commit=False)
        user.display_name = user.login
        user.login = user.login.lower()
        user.email = user.email or None
        if commit:
            # Together, so that nobody exists without what the listeners make for them.
            with transaction.atomic():
                user.save()
                user_created.send(sender=User, user_id=user.pk)
        return user
