"""Django's entry for this app."""

from importlib import import_module

from django.apps import AppConfig


class VodConfig(AppConfig):
    name = "vod"

    def ready(self) -> None:
        import_module("vod.receivers")
        import_module("vod.own_tables")
        import_module("vod.reportable")
