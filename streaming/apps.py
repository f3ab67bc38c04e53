"""Django's entry for this app."""

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    name = "streaming"
