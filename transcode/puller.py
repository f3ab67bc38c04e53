"""Plays a broadcast from the ingest server over RTMP: the asyncio shell around `rtmp.PlaySession`."""

import asyncio
from collections.abc import AsyncIterator

from transcode import rtmp

READ_BYTES = 65_536
CONNECT_SECONDS = 3.0


async def pull(host: str, port: int, app: str, name: str, page_url: str) -> AsyncIterator[rtmp.Event]:
    """Events of one playing connection until the server closes it.

    Raises OSError when the server is not there, RtmpError when it does not speak RTMP.
    """
    reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
    session = rtmp.PlaySession(app, f"rtmp://{host}:{port}/{app}", name, page_url=page_url)
    try:
        while True:
            writer.write(session.data_to_send())
            await writer.drain()
            data = await reader.read(READ_BYTES)
            if not data:
                return
            for event in session.receive_data(data):
                yield event
    finally:
        writer.close()
