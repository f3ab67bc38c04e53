"""Counting tries."""

from redis import Redis

from common.rate_limit import RateLimit


def test_limit_is_per_key_and_counts_every_try(empty_redis: Redis) -> None:
    limit = RateLimit("test", limit=3, seconds=60)
    assert [limit.allows("a") for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows("b")


def test_forgiven_tries_do_not_count(empty_redis: Redis) -> None:
    limit = RateLimit("test", limit=1, seconds=60)
    for _ in range(5):
        assert limit.allows("a")
        limit.forgive("a")


def test_every_counter_expires(empty_redis: Redis) -> None:
    limit = RateLimit("test", limit=1, seconds=60)
    limit.allows("a")
    limit.allows("a")
    assert all(0 < empty_redis.ttl(name) <= 60 for name in empty_redis.keys("*"))
