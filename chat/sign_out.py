"""Ends the open connections of someone whose right to speak has changed, in every gateway at once."""

import json
import logging

from redis.exceptions import RedisError

from chat import redis_keys
from common.redis import redis_client

log = logging.getLogger(__name__)


def sign_out_everywhere(*, user_id: int) -> None:
    """Close the user's connections; a page that may still speak connects again by itself and is asked who it is."""
    try:
        redis_client().publish(redis_keys.gateways_feed(), json.dumps({"sign_out": user_id}))
    except RedisError as error:  # nobody can speak while Redis is away; signing out must work all the same
        log.warning("Connections of user %s stay open: %s", user_id, error)


def user_to_sign_out(order: bytes) -> int | None:
    """The user named in an order to the gateways; None for orders this version does not know."""
    user_id = json.loads(order).get("sign_out")
    return user_id if isinstance(user_id, int) else None
