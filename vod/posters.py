"""Which picture stands for a recording, on cards, in feeds and in link previews: its owner's choice."""

import logging
from functools import partial
from subprocess import SubprocessError

from django.db import transaction

from common.errors import InvalidInput, TooMany
from common.pictures import PictureLimits, check_picture, encode_wide
from common.rate_limit import RateLimit
from transcode import services as media
from transcode.errors import NotRecorded
from vod.cold_storage import check_at_hand
from vod.limits import POSTER_BYTES, POSTER_SIDE_MAX, POSTER_SIDE_MIN, POSTER_WIDTH, POSTERS_PER_HOUR
from vod.models import Vod
from vod.search_entries import index_vods

log = logging.getLogger(__name__)

LIMITS = PictureLimits(
    bytes=POSTER_BYTES, side_min=POSTER_SIDE_MIN, side_max=POSTER_SIDE_MAX, pixels=POSTER_SIDE_MAX * POSTER_SIDE_MAX
)
_CHOSEN = RateLimit("posters", limit=POSTERS_PER_HOUR, seconds=3600)


def choose_frame(*, vod: Vod, seconds: float) -> None:
    """Have the picture at this second taken. Raises InvalidInput, Conflict, TooMany."""
    if not 0 <= seconds <= vod.duration_seconds:
        raise InvalidInput("Say a time within the recording.")
    check_at_hand(vod=vod)
    _check_rate(vod)
    transaction.on_commit(partial(_send, vod.public_id, seconds))


def choose_picture(*, vod: Vod, data: bytes) -> None:
    """Take a file from its owner. Raises InvalidInput, saying what to change, and TooMany."""
    _check_rate(vod)
    picture = encode_wide(data, check_picture(data, LIMITS), POSTER_WIDTH)
    _show(vod, media.store_poster(stream_id=vod.broadcast.public_id, picture=picture))


def draw_frame(*, public_id: str, seconds: float) -> None:
    """Take the picture at this second. What cannot be taken leaves the one there is."""
    vod = Vod.objects.kept().select_related("broadcast").filter(public_id=public_id).first()
    if vod is None:
        return
    try:
        _show(vod, media.draw_poster(stream_id=vod.broadcast.public_id, seconds=seconds))
    except (NotRecorded, OSError, SubprocessError):
        log.exception("no picture of %s at %s s", public_id, seconds)


def _show(vod: Vod, path: str) -> None:
    Vod.objects.filter(pk=vod.pk).update(preview_path=path)
    index_vods(pks=[vod.pk])


def _check_rate(vod: Vod) -> None:
    if not _CHOSEN.allows(str(vod.channel_id)):
        wait = _CHOSEN.wait_seconds(str(vod.channel_id))
        raise TooMany("You have chosen many pictures within an hour. Wait a while.", retry_seconds=wait)


def _send(public_id: str, seconds: float) -> None:
    from vod.tasks import draw_poster

    draw_poster.delay(public_id, seconds)
