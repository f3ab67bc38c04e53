"""What vod does when something happens below it: one line each."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import user_leaving
from streaming.signals import recording_ready
from transcode.signals import recording_restored
from vod import cold_storage, leaving, services


@receiver(recording_ready)
def on_recording_ready(stream_id: str, **_: Any) -> None:
    services.create_vod(stream_id=stream_id)


@receiver(recording_restored)
def on_recording_restored(stream_id: str, **_: Any) -> None:
    cold_storage.go_on(stream_id=stream_id)


@receiver(user_leaving)
def on_user_leaving(user_id: int, **_: Any) -> None:
    leaving.remove_media_of_user(user_id=user_id)
