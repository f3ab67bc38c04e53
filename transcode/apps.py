"""Django's entry for this app."""

from django.apps import AppConfig


class TranscodeConfig(AppConfig):
    name = "transcode"
