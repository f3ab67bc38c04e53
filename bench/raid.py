"""Claim: of a raid with 1,000 viewers, 99 % watch the target within 10 s of the end of the count-down.

    python -m bench.raid [viewers]

A stack with its real edge, site, worker and clock, and two channels on air without video. The viewers are sockets
through the edge that do what the page does (static/js/shared/raid_banner.js): watch, hear of the raid, wait for the
moment that falls to each, open the target's socket, watch there and say that the raid sent them. One has arrived when
the target's state, with the address of its picture, is there. Then each asks for the target's page at a moment of his
own, as the page does. What the site itself counted is compared.
"""

import asyncio
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx

from bench.audience_stack import AudienceStack
from bench.page_sockets import PageSocket, browser_cookie, open_socket
from bench.report import Line, report
from bench.stack import Person

BAR_SECONDS = 10.0
BAR_PERCENT = 99.0
COUNT_DOWN_SECONDS = 15
COMING_AT_ONCE = 25
STAYING = 0.1  # of the viewers press Stay here, which is said beside


@dataclass
class Viewer:
    """One page: on the source first, then on the target. Times are of the monotonic clock."""

    stack: AudienceStack
    number: int
    cookie: str
    stays: bool
    socket: PageSocket | None = None
    told: float = 0.0  # of the raid
    sent_at: float = 0.0
    arrived_at: float = 0.0
    page_seconds: float = 0.0
    work: asyncio.Task[None] | None = None

    async def come(self) -> None:
        self.socket = await open_socket(
            self.stack.port, "alice", cookie=self.cookie, number=self.number, hears=self.hear
        )
        self.socket.say({"type": "watching"})

    def hear(self, message: dict[str, Any]) -> None:
        raid = message.get("raid")
        if raid is None:
            return
        self.told = self.told or time.monotonic()
        if raid["state"] == "moving" and not self.stays and self.work is None:
            self.sent_at = time.monotonic()
            self.work = asyncio.create_task(self.go(raid))

    async def go(self, raid: dict[str, Any]) -> None:
        await asyncio.sleep(random.random() * raid["spread_seconds"])
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def see(message: dict[str, Any]) -> None:
            if message.get("playback") and not there.done():
                there.set_result(None)

        assert self.socket is not None
        self.socket.say({"type": "stopped"})
        target = await open_socket(self.stack.port, raid["login"], cookie=self.cookie, number=self.number, hears=see)
        target.say({"type": "arrived", "raid": raid["id"]})
        target.say({"type": "watching"})
        await there
        self.arrived_at = time.monotonic()
        await asyncio.sleep(random.random() * raid["page_spread_seconds"])
        async with httpx.AsyncClient(base_url=self.stack.url, timeout=60) as client:
            began = time.monotonic()
            (await client.get(raid["url"], headers={"Cookie": self.cookie})).raise_for_status()
            self.page_seconds = time.monotonic() - began


async def measure(stack: AudienceStack, alice: Person, viewers: int) -> tuple[list[Viewer], float, dict[str, Any]]:
    """The viewers, when the count-down was over, and what the site says of the raid."""
    crowd = [
        Viewer(stack, number, browser_cookie(stack.secret_key, number), stays=number >= viewers)
        for number in range(round(viewers * (1 + STAYING)))
    ]
    for first in range(0, len(crowd), COMING_AT_ONCE):
        await asyncio.gather(*(viewer.come() for viewer in crowd[first : first + COMING_AT_ONCE]))
    await asyncio.sleep(12)  # the site knows how many there are
    began = time.monotonic()
    body = {"to": "bob", "seconds": COUNT_DOWN_SECONDS}
    raid = (await asyncio.to_thread(stack.api, "POST", "/raids", as_=alice, json=body)).json()
    over = began + COUNT_DOWN_SECONDS
    await asyncio.sleep(COUNT_DOWN_SECONDS + 25)
    figures = "from streaming.models import Raid\none = Raid.objects.get()\n"
    figures += "print('raid', one.state, one.viewers, one.arrived)"
    state, watched, arrived = (await asyncio.to_thread(stack.manage, "shell", "-c", figures)).split("raid ")[1].split()
    await asyncio.wait([viewer.work for viewer in crowd if viewer.work], timeout=90)
    return crowd, over, {**raid, "state": state, "viewers": int(watched), "arrived": int(arrived)}


def main() -> int:
    viewers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with AudienceStack() as stack:
        alice, _bob = stack.streamers("alice", "bob")
        crowd, over, raid = asyncio.run(measure(stack, alice, viewers))
    going = [viewer for viewer in crowd if not viewer.stays]
    arrivals = sorted(viewer.arrived_at - over for viewer in going if viewer.arrived_at)
    in_time = sum(one <= BAR_SECONDS for one in arrivals) / len(going) * 100
    pages = sorted(viewer.page_seconds for viewer in going if viewer.page_seconds)
    strays = sum(bool(viewer.arrived_at) for viewer in crowd if viewer.stays)
    lines = [
        Line(
            "watching the target within 10 s",
            in_time,
            "%",
            BAR_PERCENT,
            at_least=True,
            note=f"{len(going):,} were sent",
        ),
        Line("arrival, median", arrivals[len(arrivals) // 2], "s"),
        Line("arrival, slowest of 99 %", arrivals[int(len(arrivals) * 0.99) - 1], "s", BAR_SECONDS),
        Line("moved although they stay", strays, "", 0.0, note=f"{len(crowd) - len(going)} pressed Stay here"),
        Line(
            "told in the target's chat, of those sent",
            raid["arrived"] / len(going) * 100,
            "%",
            BAR_PERCENT,
            at_least=True,
        ),
        Line(
            "target's page, slowest of 99 %", pages[int(len(pages) * 0.99) - 1], "s", note=f"{len(pages):,} opened it"
        ),
    ]
    return report(f"A raid of {viewers:,} viewers", lines)


if __name__ == "__main__":
    sys.exit(main())
