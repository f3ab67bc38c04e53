"""One order for everyone, under kills and reconnects: nothing acknowledged is lost, doubled or moved.

This is the short form of `python -m bench.chat_order`, with every fault once.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.services import create_api_token, create_user
from streaming.models import Channel
from tests.chat.gateway_process import PrivateRedis
from tests.chat.order.storm import Plan, Storm

WRITERS = 20


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def writers(transactional_db: None) -> tuple[int, list[str]]:
    room, _ = Channel.objects.get_or_create(owner=create_user(login="alice"))
    users = [create_user(login=f"writer{number}") for number in range(WRITERS)]
    return room.pk, [create_api_token(user=user, name="order") for user in users]


async def test_nothing_acknowledged_is_lost_doubled_or_moved(
    own_redis: PrivateRedis, writers: tuple[int, list[str]]
) -> None:
    faults = ("gateway", "subscribers", "redis", "wave", "drain")
    plan = Plan(seconds=6, readers=25, seed=1, faults=faults, pause=(0.1, 0.3))
    outcome = await Storm(plan, own_redis, *writers).run()
    assert outcome.violations() == []
    assert len(outcome.acked) > 300
    assert set(outcome.faults) == set(plan.faults)
    assert outcome.connects > plan.readers + WRITERS


async def test_without_its_defences_the_same_run_fails(own_redis: PrivateRedis, writers: tuple[int, list[str]]) -> None:
    plan = Plan(seconds=1, readers=6, seed=1, faults=("wave",), pause=(0.05, 0.1), gateways=1, defended=False)
    found = (await Storm(plan, own_redis, *writers).run()).violations()
    assert any("reader 1: text" in violation for violation in found), "writers without nonces said things twice"
    assert any("came after" in violation for violation in found), "readers without since= were told things twice"
    assert not any("reader 1: " in violation and "came after" in violation for violation in found)
