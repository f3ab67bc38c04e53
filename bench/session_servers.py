"""What bench.chat_connects measures: our gateway and plain Channels, for people with sessions of their own."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.chat_servers import Target, room_with_writers, running, temporary_database, temporary_redis
from bench.signed_in import sign_in
from tests.chat.gateway_process import GatewayProcess, free_port


@contextmanager
def session_servers(people: int) -> Iterator[tuple[tuple[Target, Target], list[str]]]:
    """Ours and plain Channels behind uvicorn, with one database, and the session keys of `people` users."""
    with ExitStack() as stack:
        database = stack.enter_context(temporary_database())
        redis = stack.enter_context(temporary_redis())
        room_id, _ = room_with_writers(0, 0)
        sessions = sign_in(people)
        gateway = GatewayProcess(redis.url)
        stack.callback(gateway.kill)
        port = free_port()
        argv = [sys.executable, "-m", "uvicorn", "bench.stock_session_chat:application", "--host", "127.0.0.1"]
        environment = os.environ | {"BENCH_REDIS_URL": redis.url, "MILLRACE_DB_NAME": database}
        options = ["--port", str(port), "--log-level", "error", "--backlog", "4096"]
        stock = stack.enter_context(running([*argv, *options], port, environment))
        yield (
            (
                Target("ours", gateway.url(room_id), (), gateway.pid),
                Target("stock", f"ws://127.0.0.1:{port}/room", (), stock),
            ),
            sessions,
        )
