"""Django's entry for this app."""

from importlib import import_module

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        import_module("chat.receivers")
        import_module("chat.own_tables")
        import_module("chat.reportable")
