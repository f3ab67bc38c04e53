"""What vod does on a schedule, and behind requests: each task calls one service."""

from typing import Any

from celery import Task, shared_task

from vod import (
    clip_services,
    cold_storage,
    downloads,
    highlights,
    posters,
    purging,
    quotas,
    retention,
    search_entries,
    services,
    upload_work,
    view_counts,
)
from vod.limits import DOWNLOAD_RETRY_SECONDS


@shared_task(name="vod.create_missing_vods")
def create_missing_vods() -> None:
    services.create_missing_vods()


@shared_task(name="vod.write_download", bind=True, max_retries=None)
def write_download(self: "Task[Any, Any]", public_id: str) -> None:
    if not downloads.make_download(public_id=public_id):
        raise self.retry(countdown=DOWNLOAD_RETRY_SECONDS)


@shared_task(name="vod.draw_poster")
def draw_poster(public_id: str, seconds: float) -> None:
    posters.draw_frame(public_id=public_id, seconds=seconds)


@shared_task(name="vod.remove_old_downloads")
def remove_old_downloads() -> None:
    downloads.remove_old_downloads()


@shared_task(name="vod.purge_recordings")
def purge_recordings() -> None:
    purging.purge_recordings()


@shared_task(name="vod.write_views")
def write_views() -> None:
    view_counts.write_views()


@shared_task(name="vod.make_highlight")
def make_highlight(public_id: str) -> None:
    highlights.make_highlight(public_id=public_id)


@shared_task(name="vod.make_waiting_highlights")
def make_waiting_highlights() -> None:
    highlights.make_waiting_highlights()


@shared_task(name="vod.look_after_waiters")
def look_after_waiters() -> None:
    cold_storage.look_after_waiters()


@shared_task(name="vod.expire_recordings")
def expire_recordings() -> None:
    retention.expire_recordings()


@shared_task(name="vod.count_usage")
def count_usage() -> None:
    quotas.count_usage()


@shared_task(name="vod.make_clips")
def make_clips() -> None:
    clip_services.make_clips()


@shared_task(name="vod.look_after_clips")
def look_after_clips() -> None:
    clip_services.make_clips()  # those whose worker was killed, or never told
    clip_services.drop_deleted_files()


@shared_task(name="vod.work_on_uploads")
def work_on_uploads() -> None:
    upload_work.work_on_uploads()


@shared_task(name="vod.repair_search")
def repair_search() -> None:
    search_entries.index_everything()
