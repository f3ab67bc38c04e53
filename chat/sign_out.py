"""Ends the open connections of someone whose right to speak has changed, in every gateway at once."""

import json
import logging
from dataclasses import dataclass

from redis.exceptions import RedisError

from chat import redis_keys
from common.redis import redis_client

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignOut:
    """Close the connections of this user, in one room or (None) in all."""

    user_id: int
    room_id: int | None


def sign_out_everywhere(*, user_id: int) -> None:
    """Close the user's connections; a page that may still speak connects again by itself and is asked who it is."""
    _order({"sign_out": user_id})


def sign_out_of_room(*, room_id: int, user_id: int) -> None:
    """The same in one room, where his role or his standing has changed."""
    _order({"sign_out": user_id, "room": room_id})


def _order(order: dict[str, int]) -> None:
    try:
        redis_client().publish(redis_keys.gateways_feed(), json.dumps(order))
    except RedisError as error:  # nobody can speak while Redis is away; signing out must work all the same
        log.warning("Connections of user %s stay open: %s", order["sign_out"], error)


def parse_sign_out(order: bytes) -> SignOut | None:
    """The order to the gateways; None for orders this version does not know."""
    body = json.loads(order)
    user_id, room_id = body.get("sign_out"), body.get("room")
    return SignOut(user_id, room_id) if isinstance(user_id, int) else None
