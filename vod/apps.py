"""Django's entry for this app."""

from django.apps import AppConfig


class VodConfig(AppConfig):
    name = "vod"
