"""The origin's process: playlists with blocking reload and the live edge's bytes. Uses no database.

python -m transcode.origin_server [--host 127.0.0.1] --port PORT
"""

import argparse
import asyncio
import os
import signal
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
import uvloop
from django.conf import settings

FLUSH_SECONDS = 0.2  # for the last answers to leave


async def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT."""
    from transcode.http_server import Server
    from transcode.live_edge import LiveEdge
    from transcode.live_store import connect
    from transcode.origin import Origin
    from transcode.revocations import Generations

    stopping = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    redis = connect()
    edge = LiveEdge(redis, Path(settings.LIVE_EDGE_DIR))
    edge.start()
    server = Server(Origin(edge, Generations(redis)))
    await server.start(host=host, port=port)
    await stopping.wait()
    await edge.stop()
    await asyncio.sleep(FLUSH_SECONDS)
    await server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m transcode.origin_server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    django.setup()
    uvloop.run(serve(options.host, options.port))


if __name__ == "__main__":
    main()
