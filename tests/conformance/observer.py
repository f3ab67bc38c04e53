"""Asks one broadcast's media of a server and notes every exchange in a capture."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.capture import Capture, Exchange, Happening
from tests.conformance.client import Client
from tests.conformance.keeping import Objects

ACCEPT_GZIP = {"Accept-Encoding": "gzip"}
TICK_SECONDS = 0.01
STALL_SECONDS = 0.03  # the loop came back this much late: the machine was busy with something else


class Observer:
    """`prefix` is the path of the broadcast: `/media/<token>/<stream id>`. Large bodies go to files under `folder`."""

    def __init__(self, client: Client, prefix: str, capture: Capture, *, folder: Path | None = None) -> None:
        self.client, self.prefix, self.capture = client, prefix, capture
        self._objects = Objects(folder / "objects" if folder else None)

    async def ask(
        self,
        path: str,
        query: str = "",
        *,
        purpose: str,
        headers: Mapping[str, str] = ACCEPT_GZIP,
        method: str = "GET",
        prefix: str | None = None,
    ) -> Exchange:
        """One exchange, noted when its answer is complete. `prefix` when it is not this broadcast's."""
        file, _, span = path.partition("#")
        headers = {**headers, "Range": f"bytes={span}"} if span else headers
        target = f"{self.prefix if prefix is None else prefix}/{file}" + (f"?{query}" if query else "")
        reply = await self.client.request(target, method=method, headers=headers)
        exchange = Exchange(
            path=path,
            query=query,
            purpose=purpose,
            asked_at=reply.asked_at,
            first_byte_at=reply.first_byte_at,
            done_at=reply.done_at,
            wall=time.time(),
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            wire_size=reply.wire_size,
            http_version=reply.http_version,
            asked_headers={name.lower(): value for name, value in headers.items()},
            method=method,
            whole=reply.whole,
        )
        exchange = self._objects.take(exchange)
        self.capture.exchanges.append(exchange)
        return exchange

    def note(self, happening: str) -> None:
        """Something is done to the broadcast now."""
        self.capture.happenings.append(Happening(happening, time.monotonic(), time.time()))

    async def watch_the_clock(self) -> None:
        """Note when this process does not get to run, so that rules about time do not blame the server for it."""
        due = time.monotonic()
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(max(due - time.monotonic(), 0))
            now = time.monotonic()
            if now - due > STALL_SECONDS:
                self.capture.stalls.append((now, now - due))
                due = now
