"""When a live broadcast's preview picture is drawn anew: at its first segment, then every PREVIEW_EVERY_SECONDS."""

import logging
import time

from celery import current_app
from kombu.exceptions import OperationalError

from transcode.hls import names
from transcode.ladder import AUDIO
from transcode.limits import PREVIEW_EVERY_SECONDS
from transcode.packager import FinishedSegment

log = logging.getLogger(__name__)
TASK = "transcode.tasks.make_preview"  # by name: the task module imports the supervisor


class PreviewSchedule:
    """Sends the drawing of one broadcast's preview to a worker."""

    def __init__(self, stream_id: str) -> None:
        self._stream_id = stream_id
        self._next = 0.0

    def see(self, finished: FinishedSegment) -> None:
        """A segment was stored; draw it if it is time and it has a picture."""
        now = time.monotonic()
        if now < self._next or finished.rendition == AUDIO or not finished.body:
            return
        self._next = now + PREVIEW_EVERY_SECONDS
        init = f"{finished.rendition}/{names.init_name(finished.segment.epoch)}"
        segment = f"{finished.rendition}/{finished.name}"
        try:
            current_app.send_task(TASK, args=[self._stream_id, init, segment], countdown=0.3, retry=False)
        except (OperationalError, OSError):
            log.info("no preview of %s this time: the broker does not answer", self._stream_id)
