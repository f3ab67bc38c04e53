"""The Lua scripts that write to rooms: read once, run by their digest, sent again to a Redis that forgot them."""

from hashlib import sha1
from pathlib import Path
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import NoScriptError

from chat.redis_connections import is_cluster

_FOLDER = Path(__file__).parent


class Script:
    """One script; its KEYS are on one room's shard. In a cluster it publishes on that shard only."""

    def __init__(self, *files: str) -> None:
        text = "\n".join((_FOLDER / name).read_text() for name in files)
        self._texts = {
            sharded: f"local PUBLISH = '{'SPUBLISH' if sharded else 'PUBLISH'}'\n{text}" for sharded in (False, True)
        }
        self._digests = {
            sharded: sha1(text.encode(), usedforsecurity=False).hexdigest() for sharded, text in self._texts.items()
        }

    @property
    def digest(self) -> str:
        """What one server knows the script by."""
        return self._digests[False]

    def run(self, redis: Redis, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        sharded = is_cluster(redis)
        try:
            return redis.evalsha(self._digests[sharded], len(keys), *keys, *arguments)
        except NoScriptError:
            return redis.eval(self._texts[sharded], len(keys), *keys, *arguments)

    async def run_async(self, redis: AsyncRedis, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        """As `run`; raises NoScriptError when Redis does not know the script: the caller hears that it is new."""
        return await redis.evalsha(self._digests[is_cluster(redis)], len(keys), *keys, *arguments)

    async def send(self, redis: AsyncRedis, keys: tuple[str, ...]) -> None:
        """Make it known to the Redis that these keys are on: the others of a cluster may be away."""
        if is_cluster(redis):
            cluster: Any = redis
            node = cluster.get_node_from_key(keys[0])
            await cluster.execute_command("SCRIPT LOAD", self._texts[True], target_nodes=node)
        else:
            await redis.script_load(self._texts[False])


PUBLISH = Script("append.lua", "publish.lua")
MODERATE = Script("append.lua", "moderate.lua")
VOTE = Script("votes.lua", "vote.lua")
TELL_VOTES = Script("votes.lua", "tell_votes.lua")
LOAD_BANS = Script("load_bans.lua")
