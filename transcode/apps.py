"""Django's entry for this app."""

from django.apps import AppConfig

from common import metrics


class TranscodeConfig(AppConfig):
    name = "transcode"

    def ready(self) -> None:
        from transcode.media_metrics import MediaCollector

        metrics.register(MediaCollector())
