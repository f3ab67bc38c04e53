"""The Lua scripts that write to rooms: read once, run by their digest, sent again to a Redis that forgot them."""

from hashlib import sha1
from pathlib import Path
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import NoScriptError

_FOLDER = Path(__file__).parent


class Script:
    """One script; its KEYS are on one room's shard."""

    def __init__(self, *files: str) -> None:
        self._text = "\n".join((_FOLDER / name).read_text() for name in files)
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def run(self, redis: Redis, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        try:
            return redis.evalsha(self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return redis.eval(self._text, len(keys), *keys, *arguments)

    async def run_async(self, redis: AsyncRedis, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        """As `run`; raises NoScriptError when Redis does not know the script: the caller hears that it is new."""
        return await redis.evalsha(self._digest, len(keys), *keys, *arguments)

    async def send(self, redis: AsyncRedis) -> None:
        await redis.script_load(self._text)


PUBLISH = Script("append.lua", "publish.lua")
MODERATE = Script("append.lua", "moderate.lua")
VOTE = Script("votes.lua", "vote.lua")
TELL_VOTES = Script("votes.lua", "tell_votes.lua")
LOAD_BANS = Script("load_bans.lua")
