"""A viewer seeks back in a running broadcast: from the click on the seek bar to the first frame of that time.

python -m bench.dvr_seek [--minutes 31]

The broadcast is made in real time (the source alone, without other qualities), so the command takes as long as it goes
back: a sender that hurries would put dates in the future, and the player would rightly not believe them.
"""

import argparse
import sys
import time
from dataclasses import dataclass

from bench.browser import Browser, Viewer
from bench.report import Line, median_line, report
from bench.show import Show
from bench.stack import Stack

ROUNDS = 5
BAR_SECONDS = 1.0
GIVE_UP_SECONDS = 20
MARGIN_SECONDS = 60  # what the broadcast is longer than the way back
PLAYED_MS = 3_000


# Runs in the page: acts, and resolves with the seconds until the first frame for which `arrived` is true.
TIMED = """([control, at]) => new Promise((resolve) => {
  const { player, video } = window.millracePlayer;
  const asked = performance.now();
  const seek = document.querySelector("#player [data-seek]");
  if (control === "seek") {
    seek.value = String(at);
    for (const name of ["input", "change"]) seek.dispatchEvent(new Event(name));
  } else document.querySelector("#player [data-live]").click();
  const look = (_now, frame) => {
    const now = player.engine.unixAt(frame.mediaTime);
    const wanted = control === "seek" ? at : player.engine.span?.edge;
    const beside = now === null ? Infinity : Math.abs(now - wanted);
    if (beside < 4) resolve([(frame.expectedDisplayTime - asked) / 1000, beside]);
    else video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
})"""


@dataclass(frozen=True)
class Seek:
    """Seconds until the first frame of the past, how far beside the wanted place it was, and until live again."""

    back: float
    beside: float
    live_again: float


def seek(viewer: Viewer, *, seconds_back: float) -> Seek:
    """By the player's own seek bar, as a drag ends on it, and back by the LIVE button."""
    back, beside = viewer.page.evaluate(TIMED, ["seek", time.time() - seconds_back])
    viewer.page.wait_for_timeout(PLAYED_MS)
    live_again, _ = viewer.page.evaluate(TIMED, ["live", 0])
    viewer.page.wait_for_timeout(PLAYED_MS)
    return Seek(back, beside, live_again)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=31.0, help="length of the broadcast")
    seconds = options.parse_args().minutes * 60
    with Stack(TRANSCODED_RUNGS=0) as stack, Browser() as browser, _show(stack) as show:
        time.sleep(max(seconds - MARGIN_SECONDS / 2, 0))
        viewer = browser.new_viewer()
        viewer.open(show.page)
        viewer.wait_for_frame(lambda frame: frame.number is not None, seconds=GIVE_UP_SECONDS)
        viewer.page.wait_for_timeout(PLAYED_MS)
        seeks = [seek(viewer, seconds_back=seconds - MARGIN_SECONDS) for _ in range(ROUNDS)]
    minutes = f"{(seconds - MARGIN_SECONDS) / 60:g} min back"
    lines = [
        median_line(f"seek {minutes} to first frame", [one.back for one in seeks], bar=BAR_SECONDS),
        Line("beside the place wanted", max(one.beside for one in seeks), note="the worst"),
        median_line("LIVE button to live frame", [one.live_again for one in seeks], bar=BAR_SECONDS),
    ]
    return report("Seek in a running broadcast", lines)


def _show(stack: Stack) -> Show:
    return Show(stack, stack.create_user("alice", streamer=True), loop=True)


if __name__ == "__main__":
    sys.exit(main())
