"""What vod does on a schedule, and behind requests: each task calls one service."""

from celery import shared_task

from vod import clip_services, services


@shared_task(name="vod.create_missing_vods")
def create_missing_vods() -> None:
    services.create_missing_vods()


@shared_task(name="vod.make_clips")
def make_clips() -> None:
    clip_services.make_clips()


@shared_task(name="vod.look_after_clips")
def look_after_clips() -> None:
    clip_services.make_clips()  # those whose worker was killed, or never told
    clip_services.drop_deleted_files()
