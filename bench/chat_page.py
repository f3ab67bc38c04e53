"""Claim: the channel page takes 20 messages a second for ten minutes without a long task, and does not grow.

    python -m bench.chat_page [--seconds 600]

Chromium on a channel that is not live, signed out, chat in view. Long tasks are the browser's own (over 50 ms), as
is the time its main thread worked; memory is the page's heap after a forced collection, at the beginning (once the
list is full) and at the end.
"""

import argparse
import itertools
import json
import sys
import time

from playwright.sync_api import CDPSession, Page
from websockets.sync.client import ClientConnection, connect

from bench.browser import Browser
from bench.report import Line, report
from bench.stack import Stack

RATE, WRITERS = 20, 8
FULL_SECONDS = 20  # the list holds 300 lines then
LONGEST_TASK_MS, NODES, GROWTH = 100.0, 300, 1.1
LINES = (
    "hello everybody",
    "that was close!! @writer1 did you see it",
    "a longer message, as people write them when they explain something to others who came later and ask what happened",
    "https://example.org/a/clip/of/it look at this",
    "gg gg gg gg 🎉🎉🎉",
    "/me waves",
)
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ entryTypes: ["longtask"] });
"""


def talk(sockets: list[ClientConnection], seconds: float, numbers: "itertools.count[int]", page: Page) -> None:
    """RATE messages a second; the page's own events are served meanwhile."""
    began = time.monotonic()
    for sent in range(int(seconds * RATE)):
        number = next(numbers)
        text = f"{LINES[number % len(LINES)]} {number}"
        sockets[number % len(sockets)].send(json.dumps({"type": "say", "text": text}))
        left = began + (sent + 1) / RATE - time.monotonic()
        if left > 0:
            page.wait_for_timeout(left * 1000)


def heap(session: CDPSession) -> float:
    """Bytes in use once everything that can be forgotten is."""
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"])


def busy_ms(session: CDPSession) -> float:
    """What the page's main thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_page")
    parser.add_argument("--seconds", type=int, default=600)
    seconds = parser.parse_args().seconds
    numbers = itertools.count()
    with Stack(CHAT_USER_RATE=100_000) as stack, Browser() as browser:
        alice = stack.create_user("alice", streamer=True)
        writers = stack.create_users([f"writer{number}" for number in range(WRITERS)])
        viewer = browser.new_viewer(reads_frames=False)
        page = viewer.page
        page.add_init_script(WATCH)
        viewer.open(f"{stack.url}/alice")
        url = f"{stack.url.replace('http', 'ws')}/api/v1/chat/{alice.channel_id}"
        headers = [{"Authorization": f"Bearer {writer.api_token}"} for writer in writers]
        sockets = [connect(url, additional_headers=one, compression=None, max_queue=None) for one in headers]
        talk(sockets, FULL_SECONDS, numbers, page)
        session = page.context.new_cdp_session(page)
        before = heap(session)
        session.send("Performance.enable")
        idle = busy_ms(session)
        page.evaluate("() => { window.longTasks.length = 0; }")
        talk(sockets, seconds, numbers, page)
        worked = (busy_ms(session) - idle) / (seconds * RATE)
        tasks = page.evaluate("() => window.longTasks")
        lines = page.evaluate("() => document.querySelector('[data-log]').childElementCount")
        newest = page.evaluate("() => document.querySelector('[data-log]').lastElementChild.textContent")
        after = heap(session)
        for socket in sockets:
            socket.close()
    if str(next(numbers) - 1) not in newest:
        raise SystemExit(f"Void: the newest message on the page is {newest!r}.")
    table = [
        Line("longest task", max(tasks, default=0.0), "ms", LONGEST_TASK_MS, note=f"{len(tasks)} over 50 ms"),
        Line("work of the main thread a message", worked, "ms"),
        Line("lines in the page", lines, "", NODES),
        Line("heap at the end : once full", after / before, "×", GROWTH, note=f"{after / 1e6:.1f} MB"),
    ]
    return report(f"A page with {RATE} messages a second, {seconds} s", table)


if __name__ == "__main__":
    sys.exit(main())
