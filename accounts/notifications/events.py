"""The one place that tells open pages; after the commit, so that nobody hears of what did not happen.

One message carries a whole batch of people, and each process of the site picks those whose pages it holds: telling
100,000 followers costs 20 messages, not 100,000.
"""

import json
import logging
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError

from accounts.notifications import redis_keys
from accounts.notifications.models import Happening
from common.redis import redis_client

logger = logging.getLogger(__name__)


def publish_happening(*, happening: Happening, user_ids: Sequence[int]) -> None:
    """Show it on the open pages of these people."""
    _publish(user_ids, {"type": "notification", **described(happening)})


def publish_unread(*, user_id: int, unread: int) -> None:
    """The person read something on one page: the badge of the others follows."""
    _publish([user_id], {"type": "unread", "unread": unread})


def described(happening: Happening) -> dict[str, Any]:
    """A happening as pages, push and API have it."""
    return {
        "id": happening.pk,
        "kind": happening.kind,
        "text": happening.text,
        "detail": happening.detail,
        "path": happening.path,
        "created_at": happening.created_at.isoformat(),
    }


def _publish(user_ids: Sequence[int], message: dict[str, Any]) -> None:
    if not user_ids:
        return
    try:
        redis_client().publish(redis_keys.TOLD, json.dumps({"users": list(user_ids), "message": message}))
    except (RedisError, OSError) as error:  # the page sees it when it is loaded next
        logger.warning("Open pages not told: %s", type(error).__name__)
