"""Django's entry for this app."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
