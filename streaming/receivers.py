"""What streaming does when something happens below it: one line each."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import user_created, user_leaving, user_renamed, user_suspended
from streaming import broadcast_services, channel_services, go_live, leaving
from streaming.audience import viewers
from streaming.discovery import search_index
from streaming.signals import broadcast_ended, broadcast_started, channel_followed
from transcode import signals as media


@receiver(user_created)
def on_user_created(user_id: int, **_: Any) -> None:
    channel_services.create_channel_of_user(user_id=user_id)


@receiver(user_renamed)
def on_user_renamed(user_id: int, **_: Any) -> None:
    search_index.index_channel_of(user_id=user_id)


@receiver(user_suspended)
def on_user_suspended(user_id: int, **_: Any) -> None:
    broadcast_services.end_broadcasts_of_user(user_id=user_id)


@receiver(broadcast_started)
def on_broadcast_started(stream_id: str, **_: Any) -> None:
    go_live.queue_announcement(stream_id=stream_id)


@receiver(user_leaving)
def on_user_leaving(user_id: int, **_: Any) -> None:
    leaving.clear_channel_of_user(user_id=user_id)


@receiver(channel_followed)
def on_channel_followed(channel_id: int, user_id: int, **_: Any) -> None:
    go_live.queue_follower(channel_id=channel_id, user_id=user_id)


@receiver(media.source_described)
def on_source_described(stream_id: str, source: dict[str, Any], warnings: list[dict[str, Any]], **_: Any) -> None:
    broadcast_services.describe_source(stream_id=stream_id, source=source, warnings=warnings)


@receiver(media.source_refused)
def on_source_refused(stream_id: str, code: str, text: str, **_: Any) -> None:
    broadcast_services.refuse_source(stream_id=stream_id, code=code, text=text)


@receiver(media.run_live)
def on_run_live(stream_id: str, **_: Any) -> None:
    broadcast_services.announce_live(stream_id=stream_id)


@receiver(media.live_finished)
def on_live_finished(stream_id: str, **_: Any) -> None:
    broadcast_services.announce_recording(stream_id=stream_id)


@receiver(media.preview_ready)
def on_preview_ready(stream_id: str, path: str, **_: Any) -> None:
    broadcast_services.note_preview(stream_id=stream_id, path=path)


@receiver(broadcast_ended)
def on_broadcast_ended(stream_id: str, **_: Any) -> None:
    viewers.count_ended(stream_id=stream_id)
