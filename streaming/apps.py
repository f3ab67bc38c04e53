"""Django's entry for this app."""

from importlib import import_module

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    name = "streaming"

    def ready(self) -> None:
        import_module("streaming.receivers")
        import_module("streaming.own_tables")
        import_module("streaming.reportable")
