"""Claim: beside a recording, chat is in step with the picture to within a second, wherever one seeks to.

    python -m bench.chat_replay [--seconds 90] [--seeks 100]

A streamer says something every second of a broadcast. Then its recording is sought through at random: by the picture's
own frame number it is known when that was sent, and what had been said by then. No rival: nothing open has a replay.
"""

import argparse
import random
import sys
import time
from typing import Any

from bench.browser import Browser, Viewer
from bench.recordings import recording_of
from bench.report import Line, report
from bench.show import Show
from bench.stack import Stack

BAR_SECONDS = 1.0
GIVE_UP_SECONDS = 15
SEED = 5
EDGE_SECONDS = 3.0  # nothing is sought so close to both ends
SETTLE_MS = 900  # for a page of messages to be fetched, and a tick
STORED_SECONDS = 5.0  # until a worker has put the last messages where recordings read them
NOW = """() => [
  frameCounter.readVideo(document.querySelector("#player-video")),
  [...document.querySelectorAll("[data-chat-replay] .chat__text")].map((text) => text.textContent),
]"""


def say(show: Show, text: str) -> float:
    """When it was said."""
    show.stack.api(
        "POST", f"/chat/{show.streamer.channel_id}/messages", as_=show.streamer, json={"text": text}
    ).raise_for_status()
    return time.time()


def open_recording(viewer: Viewer, show: Show) -> None:
    viewer.open(f"{show.stack.url}/videos/{recording_of(show)['id']}")
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)


def seek(viewer: Viewer, seconds: float) -> None:
    video = "document.querySelector('#player-video')"
    viewer.page.evaluate(f"at => {{ {video}.currentTime = at; }}", seconds)
    viewer.wait_until(f"!{video}.seeking && {video}.readyState >= 3", seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(SETTLE_MS)


def beside_picture(viewer: Viewer, show: Show, said: dict[str, float]) -> float:
    """By how many seconds the chat is ahead of the picture or behind it, at least; infinite when it is empty."""
    number, texts = viewer.page.evaluate(NOW)
    return offset(show.sent[number], texts, said)


def offset(sent_at: float, shown: list[str], said: dict[str, float]) -> float:
    """`said`: when each text was said, in order. Something said before the first must have been shown as well."""
    order = list(said)
    places: list[int] = [order.index(text) for text in shown]
    if not places or places != list(range(places[0], places[-1] + 1)):
        return float("inf")
    ahead = said[order[places[-1]]] - sent_at
    behind = sent_at - said[order[places[-1] + 1]] if places[-1] + 1 < len(order) else 0.0
    return max(ahead, behind, 0.0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chat_replay")
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--seeks", type=int, default=100)
    options = parser.parse_args()
    with Stack(TRANSCODED_RUNGS=0) as stack, Browser() as browser:
        streamer = stack.create_user("alice", streamer=True)
        with Show(stack, streamer) as show:
            said: dict[str, float] = {}
            until = time.time() + options.seconds
            while time.time() < until:
                text = f"message {len(said)}"
                said[text] = say(show, text)
                time.sleep(1)
            show.finish()
            time.sleep(STORED_SECONDS)
            offsets = seek_around(browser.new_viewer(), show, said, options)
    lines = [
        Line("beside the picture, worst", max(offsets), bar=BAR_SECONDS, note=f"{len(offsets)} seeks"),
        Line("beside the picture, median", sorted(offsets)[len(offsets) // 2]),
    ]
    return report("Chat beside a recording", lines)


def seek_around(viewer: Viewer, show: Show, said: dict[str, float], options: Any) -> list[float]:
    chance = random.Random(SEED)
    open_recording(viewer, show)
    offsets = []
    for _ in range(options.seeks):
        seek(viewer, chance.uniform(EDGE_SECONDS, options.seconds - EDGE_SECONDS))
        offsets.append(beside_picture(viewer, show, said))
    return offsets


if __name__ == "__main__":
    sys.exit(main())
