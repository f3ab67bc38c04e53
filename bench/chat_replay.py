"""Claim: beside a recording, chat is in step with the picture to within a second, wherever one seeks to.

    python -m bench.chat_replay [--seconds 70] [--seeks 100]

A streamer says something every second of a broadcast. Then its recording is sought through at random: by the picture's
own frame number it is known when that was sent, and what had been said by then. The same with two clips, one made while
it was on air and one of the recording, across a stretch in which the encoder was away; and what was removed from the
chat must be shown nowhere. No rival: nothing open has a replay.
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
MOST_SECONDS = 76.0  # the clip that is sent numbers 90 s of pictures, and an encoder that returns leaves ten out
AWAY_SECONDS = 6.0  # of the encoder, in the midst of it
CLIP_SECONDS = 60.0
CLIP_SEEKS = 20  # in each clip
READY_SECONDS = 20.0
REMOVED_EVERY = 7  # messages that are taken back
STORED_SECONDS = 5.0  # until a worker has put the last messages where recordings read them
NOW = """() => [
  frameCounter.readVideo(document.querySelector("#player-video")),
  [...document.querySelectorAll("[data-chat-replay] .chat__text")].map((text) => text.textContent),
]"""


class Talk:
    """What was said when, and which of it was removed again."""

    def __init__(self, show: Show) -> None:
        self._show, self.said, self.removed = show, dict[str, float](), set[str]()
        self._api = f"/chat/{show.streamer.channel_id}/messages"

    def go_on(self, seconds: float) -> None:
        """A message a second; some are taken back at once."""
        until = time.time() + seconds
        while time.time() < until:
            number = len(self.said) + len(self.removed)
            text = f"message {number}"
            answer = self._call("POST", self._api, json={"text": text})
            if number % REMOVED_EVERY == REMOVED_EVERY - 1:
                self._call("DELETE", f"/channels/{self._show.streamer.login}/chat/messages/{answer['id']}")
                self.removed.add(text)
            else:
                self.said[text] = time.time()
            time.sleep(1)

    def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = self._show.stack.api(method, path, as_=self._show.streamer, **request)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}


def open_page(viewer: Viewer, address: str) -> None:
    viewer.open(address)
    viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)


def make_clip(show: Show, *, breaks: int = 0, **place: Any) -> str:
    """Address of the page of a clip, which is over so many absences of the encoder."""
    wanted = {"duration_seconds": CLIP_SECONDS, **place}
    answer = show.stack.api("POST", "/clips", as_=show.streamer, json=wanted)
    answer.raise_for_status()
    clip, deadline = answer.json(), time.monotonic() + READY_SECONDS
    while clip["state"] == "making":
        assert time.monotonic() < deadline, "the clip is not made"
        time.sleep(0.1)
        clip = show.stack.api("GET", f"/clips/{clip['id']}").json()
    assert clip["state"] == "ready", clip["problem"]
    assert len(clip["spans"]) == 1 + breaks, "the clip is not over the absence"
    return f"{show.stack.url}{clip['url']}"


def seek(viewer: Viewer, seconds: float) -> None:
    video = "document.querySelector('#player-video')"
    viewer.page.evaluate(f"at => {{ {video}.currentTime = at; }}", seconds)
    viewer.wait_until(f"!{video}.seeking && {video}.readyState >= 3", seconds=GIVE_UP_SECONDS)
    viewer.page.wait_for_timeout(SETTLE_MS)


def beside_picture(viewer: Viewer, show: Show, talk: Talk) -> float:
    """By how many seconds the chat is ahead of the picture or behind it, at least; infinite when it is empty, or shows
    what was removed."""
    number, texts = viewer.page.evaluate(NOW)
    return float("inf") if talk.removed & set(texts) else offset(show.sent[number], texts, talk.said)


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
    parser.add_argument("--seconds", type=float, default=70.0)
    parser.add_argument("--seeks", type=int, default=100)
    options = parser.parse_args()
    if options.seconds > MOST_SECONDS:
        parser.error(f"at most {MOST_SECONDS:g} seconds: later on, numbers of pictures are used again")
    places: dict[str, list[float]] = {}
    with Stack(TRANSCODED_RUNGS=0) as stack, Browser() as browser:
        streamer = stack.create_user("alice", streamer=True)
        with Show(stack, streamer) as show:
            talk = Talk(show)
            talk.go_on(options.seconds / 2)
            show.publisher.drop()
            talk.go_on(AWAY_SECONDS)
            show.begin()
            talk.go_on(options.seconds / 2)
            live_clip = make_clip(show, breaks=1, channel=streamer.login)
            show.finish()
            time.sleep(STORED_SECONDS)
            recording = recording_of(show)
            middle = (options.seconds - CLIP_SECONDS) / 2
            later_clip = make_clip(show, breaks=1, video=recording["id"], offset_seconds=middle)
            viewer = browser.new_viewer()
            for name, address, length, seeks in (
                ("recording", f"{stack.url}/videos/{recording['id']}", options.seconds, options.seeks),
                ("clip made live", live_clip, CLIP_SECONDS, CLIP_SEEKS),
                ("clip of the recording", later_clip, CLIP_SECONDS, CLIP_SEEKS),
            ):
                open_page(viewer, address)
                places[name] = seek_around(viewer, show, talk, length, seeks)
    lines = []
    for name, offsets in places.items():
        lines += [
            Line(f"{name}: beside the picture, worst", max(offsets), bar=BAR_SECONDS, note=f"{len(offsets)} seeks"),
            Line(f"{name}: median", sorted(offsets)[len(offsets) // 2]),
        ]
    lines.append(Line("messages removed, shown nowhere", len(talk.removed), unit="", bar=1, at_least=True))
    return report("Chat beside recordings and clips", lines)


def seek_around(viewer: Viewer, show: Show, talk: Talk, length: float, seeks: int) -> list[float]:
    chance = random.Random(SEED)
    offsets = []
    for _ in range(seeks):
        seek(viewer, chance.uniform(EDGE_SECONDS, length - EDGE_SECONDS))
        offsets.append(beside_picture(viewer, show, talk))
    return offsets


if __name__ == "__main__":
    sys.exit(main())
