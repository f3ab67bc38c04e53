"""Players of others play what we make, live, recorded, and recorded as one file a rendition, with low latency and
without: 20 s each, without a stall.

python -m bench.players

hls.js and Shaka Player run in the browser with their own defaults, not with our player around them; FFmpeg and mpv play
without a screen. mpv is `apt install mpv`. All of them play HLS; Shaka Player plays DASH too.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from bench.browser import Browser
from bench.inside import consolidate
from bench.recordings import recording_of
from bench.report import Line, report
from bench.show import Show
from bench.stack import ROOT, Stack

PLAYED_SECONDS = 20
GIVE_UP_SECONDS = 45
LIBRARIES = {"hls.js": "hls.js/dist/hls.min.js", "Shaka Player": "shaka-player/dist/shaka-player.compiled.js"}
# Each sets `window.ready` to a promise; `url` and `low` are known to it.
BEGIN = {
    "hls.js": """const hls = new Hls({ lowLatencyMode: low });
      hls.on("hlsError", (_, { fatal, details }) => { if (fatal) window.failure = details; });
      hls.loadSource(url); hls.attachMedia(video);""",
    "Shaka Player": """const player = new shaka.Player();
      player.addEventListener("error", ({ detail }) => { window.failure = String(detail.code); });
      await player.attach(video);
      player.configure({ streaming: { lowLatencyMode: low } });
      await player.load(url);""",
}
PAGE = """async ([url, low]) => {
  document.body.innerHTML = "<video muted></video>";
  const video = document.querySelector("video");
  window.stalls = 0;
  window.failure = "";
  video.addEventListener("playing", () => {
    window.startedAt ??= video.currentTime;
    video.addEventListener("waiting", () => { window.stalls += 1; });
  }, { once: true });
  try { BEGIN } catch (error) { window.failure = String(error.code ?? error); }
  await video.play().catch(() => {});
}"""


@dataclass(frozen=True)
class Played:
    """How much of a stream a player played, in seconds."""

    player: str
    what: str
    seconds: float
    stalls: int = 0
    failure: str = ""

    @property
    def line(self) -> Line:
        note = ", ".join(filter(None, [f"{self.stalls} stalls" if self.stalls else "", self.failure]))
        return Line(f"{self.player}: {self.what}", self.seconds, bar=PLAYED_SECONDS, at_least=True, note=note)


def in_browser(
    page: Page, player: str, url: str, what: str, *, low: bool = False, wanted: float = PLAYED_SECONDS
) -> Played:
    """On a page of the stack's own, whose policy must be bypassed."""
    page.goto(url.split("/media/")[0])
    page.add_script_tag(path=ROOT / "node_modules" / LIBRARIES[player])
    page.evaluate(PAGE.replace("BEGIN", BEGIN[player]), [url, low])
    seconds = 0.0
    for _ in range(GIVE_UP_SECONDS * 2):
        seconds = float(page.evaluate("() => document.querySelector('video').currentTime - (window.startedAt ?? 1e9)"))
        if seconds >= wanted or page.evaluate("() => window.failure"):
            break
        page.wait_for_timeout(500)
    mode = "low latency" if low else "standard"
    stalls, failure = page.evaluate("() => [window.stalls, window.failure]")
    return Played(player, f"{what}, {mode}", max(seconds, 0.0), stalls, failure)


def ffmpeg(url: str, what: str) -> Played:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-progress", "pipe:1", "-re", "-i", url]
    command += ["-t", str(PLAYED_SECONDS + 1), "-f", "null", "-"]
    return _native("FFmpeg", what, command, r"out_time_us=(\d+)", 1e6)


def mpv(url: str, what: str) -> Played:
    command = ["mpv", "--no-config", "--vo=null", "--ao=null", f"--length={PLAYED_SECONDS + 1}"]
    command += ["--term-status-msg=at ${=time-pos} of ${=playback-time}", url]
    return _native("mpv", what, command, r"at ([\d.]+) of", 1)


def _native(player: str, what: str, command: list[str], position: str, unit: float) -> Played:
    """What a player's own output says of its position, from the first to the last."""
    if not shutil.which(command[0]):
        return Played(player, what, 0, failure=f"not here: apt install {command[0]}")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIVE_UP_SECONDS * 2)
    except subprocess.TimeoutExpired:
        return Played(player, what, 0, failure="did not come to an end")
    places = [float(place) / unit for place in re.findall(position, done.stdout + done.stderr)]
    seconds = places[-1] - places[0] if places else 0.0
    failure = f"exit {done.returncode}: {done.stderr.strip()[-80:]}" if done.returncode else ""
    return Played(player, what, seconds, failure=failure)


def everywhere(browser: Browser, addresses: Mapping[str, str], what: str) -> Iterator[Played]:
    """`addresses`: the answer of the playback API."""
    cases = [(player, "hls", low) for player in LIBRARIES for low in (True, False)]
    cases += [("Shaka Player", "dash", low) for low in (True, False)]
    for player, form, low in cases:
        viewer = browser.new_viewer(bypass_csp=True)
        yield in_browser(viewer.page, player, addresses[form], f"{what} {form.upper()}", low=low)
        browser.close_viewers()
    yield ffmpeg(addresses["hls"], f"{what} HLS")
    yield mpv(addresses["hls"], f"{what} HLS")


def addresses_of(stack: Stack, resource: str) -> dict[str, str]:
    """Where a broadcast or recording is to be played."""
    answer = stack.api("GET", f"{resource}/playback")
    answer.raise_for_status()
    return dict(answer.json())


def main() -> int:
    with Stack(TRANSCODED_RUNGS=2, CONSOLIDATE_AFTER=86_400) as stack, Browser() as browser:
        show = Show(stack, stack.create_user("alice", streamer=True), loop=True)
        with show:
            played = list(everywhere(browser, addresses_of(stack, f"/streams/{show.stream_id}"), "live"))
            show.finish()
            recording = f"/videos/{recording_of(show)['id']}"
            played += everywhere(browser, addresses_of(stack, recording), "recorded")
            consolidate(stack, show.stream_id)
            played += everywhere(browser, addresses_of(stack, recording), "one file")
    return report("Players of others", [one.line for one in played])


if __name__ == "__main__":
    sys.exit(main())
