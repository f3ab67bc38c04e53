"""What vod does on a schedule: each task calls one service."""

from celery import shared_task

from vod import purging, services, upload_work


@shared_task(name="vod.create_missing_vods")
def create_missing_vods() -> None:
    services.create_missing_vods()


@shared_task(name="vod.purge_recordings")
def purge_recordings() -> None:
    purging.purge_recordings()


@shared_task(name="vod.work_on_uploads")
def work_on_uploads() -> None:
    upload_work.work_on_uploads()
