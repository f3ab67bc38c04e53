"""Celery tasks of the media side: each loads by id and calls one thing."""

import uvloop
from celery import shared_task

from transcode import consolidation, previews, services, storyboards
from transcode import live_worker as live_worker  # connects the worker's signals
from transcode.supervisor import supervise


@shared_task(acks_late=False, expires=10)
def supervise_live(stream_id: str) -> None:
    """Own a broadcast's media work for as long as it lasts; returns at once when another worker owns it."""
    uvloop.run(supervise(stream_id))


@shared_task(expires=2)
def reconcile_live() -> None:
    """Give out free encoding slots, and send a worker to every broadcast that is wanted and has none."""
    services.reconcile_live()


@shared_task(expires=20, autoretry_for=(FileNotFoundError,), retry_kwargs={"max_retries": 4, "countdown": 1})
def make_preview(stream_id: str, init_path: str, segment_path: str) -> None:
    """Draw a picture of what is on air now."""
    previews.make_preview(stream_id=stream_id, init_path=init_path, segment_path=segment_path)


@shared_task(expires=20)
def update_storyboards() -> None:
    """Have the storyboard of every running broadcast brought up to date."""
    services.update_storyboards()


@shared_task(expires=30)
def update_storyboard(stream_id: str) -> None:
    """Draw what is new of one running broadcast."""
    storyboards.update_storyboard(stream_id=stream_id)


@shared_task(autoretry_for=(FileNotFoundError,), retry_kwargs={"max_retries": 4, "countdown": 5})
def finish_storyboard(stream_id: str) -> None:
    """Put the whole storyboard beside the recording."""
    storyboards.finish_storyboard(stream_id=stream_id)


@shared_task(expires=20)
def consolidate_recordings() -> None:
    """Have finished recordings put into one file for each rendition."""
    consolidation.request_consolidations()


@shared_task(expires=60)
def consolidate_recording(stream_id: str) -> None:
    """Put one finished recording into one file for each rendition."""
    consolidation.consolidate_recording(stream_id=stream_id)
