"""Claim: the number of viewers is right within 15 s of anything that happens, and uniques within 1 %.

    python -m bench.viewer_counts [browsers]

A stack with its real edge, site, worker and clock, and a channel on air without video. Viewers come by real sockets
through the edge: browsers, some with three tabs, accounts signed in on two devices, embedded players, native players
by requests. So do those who are none: programs that beat once, pages that only look. Then some leave, some vanish
with their connection standing, some close one tab of several. After each the figure that the API tells is compared
with the truth until it is right, and once more when it has had time to go wrong again.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from bench.audience_stack import AudienceStack
from bench.page_sockets import PageSocket, browser_cookie, open_socket
from bench.report import Line, report

BAR_SECONDS = 15.0
GIVE_UP_SECONDS = 60.0
LATER_SECONDS = 12.0  # long enough for a second count after the first that was right
BEAT_SECONDS = 4.0


@dataclass
class Crowd:
    """Who is there, by kind; `present` is the truth."""

    stack: AudienceStack
    browsers: int
    single: list[PageSocket] = field(default_factory=list)
    tabs: list[list[PageSocket]] = field(default_factory=list)
    devices: list[list[PageSocket]] = field(default_factory=list)
    embeds: list[PageSocket] = field(default_factory=list)
    lookers: list[PageSocket] = field(default_factory=list)
    natives: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def present(self) -> int:
        lists = (self.single, self.tabs, self.devices, self.embeds, self.natives)
        return sum(len(one) for one in lists)

    async def watch(self, number: int, cookie: str) -> PageSocket:
        socket = await open_socket(self.stack.port, "alice", cookie=cookie, number=number)
        socket.say({"type": "watching"})
        return socket

    async def come(self) -> None:
        key, browsers = self.stack.secret_key, self.browsers
        sessions = await asyncio.to_thread(self.stack.sessions, browsers // 20, 2)
        for number in range(browsers):
            self.single.append(await self.watch(number, browser_cookie(key, number)))
        for number in range(browsers, browsers + browsers // 10):
            self.tabs.append([await self.watch(number, browser_cookie(key, number)) for _ in range(3)])
        for number, cookies in enumerate(sessions):
            self.devices.append([await self.watch(number, f"sessionid={one}") for one in cookies])
        for number in range(browsers // 10):
            self.embeds.append(await self.watch(20_000 + number, ""))
            self.lookers.append(await open_socket(self.stack.port, "alice", number=30_000 + number))
        for number in range(browsers // 20):
            self.natives.append(asyncio.create_task(self.native(40_000 + number, beats=10_000)))
            await self.native(50_000 + number, beats=1)

    async def native(self, number: int, beats: int) -> None:
        """A player without a socket. It goes round the edge, which would write down where it comes from."""
        body: dict[str, str] = {}
        address = {"X-Forwarded-For": f"10.{number // 60_000}.{number // 250 % 250}.{number % 250}"}
        site = f"http://127.0.0.1:{self.stack.port + 1}/api/v1/streams/alice/watching"
        async with httpx.AsyncClient(headers={**address, "Host": f"127.0.0.1:{self.stack.port}"}, timeout=30) as client:
            for left in range(beats, 0, -1):
                body = {"viewer": (await client.post(site, json=body)).json()["viewer"]}
                if left > 1:
                    await asyncio.sleep(BEAT_SECONDS)

    async def right_after(self) -> float:
        """Seconds until the figure is the truth; still so some seconds later, or it does not count."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < GIVE_UP_SECONDS:
            if await self.told() == self.present:
                await asyncio.sleep(LATER_SECONDS)
                if await self.told() == self.present:
                    return took
            await asyncio.sleep(0.25)
        return took

    async def told(self) -> int:
        answer = await asyncio.to_thread(self.stack.api, "GET", "/streams/alice")
        return int(answer.json()["viewers"])


async def leave(crowd: Crowd) -> None:
    for socket in crowd.single[: crowd.browsers // 4]:
        socket.leave()
    del crowd.single[: crowd.browsers // 4]


async def vanish(crowd: Crowd) -> None:
    for socket in crowd.single[: crowd.browsers // 4]:
        socket.vanish()
    del crowd.single[: crowd.browsers // 4]


async def close_a_tab(crowd: Crowd) -> None:
    for pages in (*crowd.tabs, *crowd.devices):
        pages.pop().leave()


async def stop_natives(crowd: Crowd) -> None:
    for task in crowd.natives:
        task.cancel()
    crowd.natives.clear()


async def measure(stack: AudienceStack, browsers: int) -> tuple[list[Line], int]:
    """A line for each thing that happens, and how many people ever watched."""
    crowd = Crowd(stack, browsers)
    acts: list[tuple[str, Callable[[Crowd], Awaitable[None]]]] = [
        ("all came", Crowd.come),
        ("a quarter left", leave),
        ("a quarter vanished without goodbye", vanish),
        ("everyone with several pages closed one", close_a_tab),
        ("native players stopped", stop_natives),
    ]
    lines, ever = [], 0
    for name, act in acts:
        await act(crowd)
        ever = ever or crowd.present + browsers // 20  # programs that beat once were there, too
        seconds = await crowd.right_after()
        lines.append(Line(f"right after {name}", seconds, "s", BAR_SECONDS, note=f"{crowd.present:,} viewers"))
    return lines, ever


def main() -> int:
    browsers = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with AudienceStack() as stack:
        stack.streamers("alice")
        lines, ever = asyncio.run(measure(stack, browsers))
        stack.manage("shell", "-c", "from streaming.audience.viewers import count_ended\n"
                     "from streaming.models import Broadcast\n"
                     "count_ended(stream_id=Broadcast.objects.get().public_id)")  # fmt: skip
        figure = "from streaming.models import Broadcast; print('ever', Broadcast.objects.get().unique_viewers)"
        counted = int(stack.manage("shell", "-c", figure).split("ever ")[1])
    error = abs(counted - ever) / ever * 100
    lines.append(Line("uniques, error", error, "%", 1.0, note=f"{counted:,} counted, {ever:,} came"))
    return report(f"Viewers counted right: {browsers:,} browsers and who else comes", lines)


if __name__ == "__main__":
    sys.exit(main())
