"""Notices for a streamer about attempts to go live."""

from streaming.events import publish_notice
from streaming.limits import NOTICES_KEPT
from streaming.models import IngestNotice


def add_notice(*, channel_id: int, code: str, text: str) -> None:
    """Tell the streamer, now and in the list on the dashboard; only the newest are kept."""
    notice = IngestNotice.objects.create(channel_id=channel_id, code=code[:40], text=text[:300])
    newest = IngestNotice.objects.filter(channel_id=channel_id).order_by("-pk").values("pk")[:NOTICES_KEPT]
    IngestNotice.objects.filter(channel_id=channel_id).exclude(
        pk__in=list(newest.values_list("pk", flat=True))
    ).delete()
    publish_notice(channel_id=channel_id, code=notice.code, text=notice.text)
