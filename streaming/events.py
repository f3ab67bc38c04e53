"""The one place that pushes to a channel's pages; after the commit, so that nobody hears of what did not happen."""

import logging
from collections.abc import Mapping
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from streaming.watch_states import watch_state_of

logger = logging.getLogger(__name__)


EVERY_PAGE = "channels"  # the group of every page of whatever channel


def everyone(channel_id: int) -> str:
    """Group of every page that shows the channel."""
    return f"channel.{channel_id}"


def owner_only(channel_id: int) -> str:
    """Group of the owner's own pages."""
    return f"channel-owner.{channel_id}"


def publish_state(*, channel_id: int) -> None:
    """Push the channel's state to its pages once the running transaction is committed."""
    transaction.on_commit(lambda: _send_state(channel_id))


def publish_notice(*, channel_id: int, code: str, text: str) -> None:
    """Push a notice to the owner's pages once the running transaction is committed."""
    payload = {"type": "notice", "code": code, "text": text}
    transaction.on_commit(lambda: send({owner_only(channel_id): payload}))


def publish_viewers(counts: Mapping[int, int]) -> None:
    """Push the number of viewers, by channel id."""
    send({everyone(channel_id): {"type": "viewers", "viewers": count} for channel_id, count in counts.items()})


def ask_anew() -> None:
    """Every page reads its channel's state once more, soon: what was sent for a while did not arrive."""
    _send({EVERY_PAGE: {"type": "channel.ask_anew"}})


def send(payloads: Mapping[str, dict[str, Any]]) -> None:
    """Send one payload to each group. A page that misses one gets the next: an outage is logged, not raised."""
    _send({group: {"type": "channel.event", "payload": payload} for group, payload in payloads.items()})


def _send(messages: Mapping[str, dict[str, Any]]) -> None:
    try:
        async_to_sync(_send_all)(messages)
    except (RedisError, OSError) as error:
        logger.warning("Events not sent: %s", type(error).__name__)


async def _send_all(messages: Mapping[str, dict[str, Any]]) -> None:
    layer = get_channel_layer()
    for group, message in messages.items():
        await layer.group_send(group, message)


def _send_state(channel_id: int) -> None:
    send({everyone(channel_id): watch_state_of(channel_id=channel_id).as_event()})
