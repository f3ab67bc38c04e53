"""Django's entry for this app."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        import_module("accounts.own_tables")
        import_module("accounts.notifications.receivers")
