"""Schedule and routes name tasks that there are, and queues that somebody works on."""

import re
from pathlib import Path

from django.conf import settings

from config.celery import app


def test_everything_scheduled_and_routed_is_a_task() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled
    assert scheduled | set(settings.CELERY_TASK_ROUTES) <= set(app.tasks)


def test_every_queue_has_workers() -> None:
    procfile = (Path(settings.BASE_DIR) / "Procfile").read_text()
    worked_on = set(re.findall(r" -Q (\w+)", procfile))

    assert {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} <= worked_on
    assert settings.CELERY_TASK_DEFAULT_QUEUE in worked_on
