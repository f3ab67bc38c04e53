"""Pictures of every page in every state, at 1440, 820 and 390 px in both themes, with a channel really on air.

    python -m tests.screenshots [--only NAME…] [--out DIR] [--no-axe]

They go to var/screenshots with an index.html. Prints what is wrong (text that overlaps or is cut off, overflow, also at
320 px, layout shift, errors, focus that is not seen, what axe-core finds) and fails if there is anything.
"""

import argparse
import html
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.browser import CHROMIUM, CHROMIUM_FLAGS
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Stack
from tests.look.conversation import say_lines
from tests.look.places import PLACES, Place
from tests.look.walk import SIZES, THEMES, Finding, Site, Walk

OUT = Path(__file__).parents[1] / "var" / "screenshots"
RECORDED_SECONDS, SHOWN_SECONDS = 12, 12
PREPARE = "import json; from tests.look.cast import make_cast; print(json.dumps(make_cast(pictures=True)))"
STYLE = """body { font: 14px sans-serif; background: #888 }
img { width: 100%; max-height: 340px; object-fit: cover; object-position: top }
td { width: 16%; vertical-align: top }"""
COUNT = "from tests.look.cast import set_counts; set_counts()"


def main() -> int:
    options = _options()
    places = [place for place in PLACES if not options.only or place.name.startswith(tuple(options.only))]
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    with Stack(TRANSCODED_RUNGS=1) as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        with _on_air(stack) as site:
            walk = Walk(browser, site, options.out)
            for place in places:
                walk.visit(place, axe_widths=() if options.no_axe else (1440, 390))
                print(".", end="", flush=True)
            walk.close()
        browser.close()
    _write_index(options.out, places, walk.findings)
    print(f"\n{len(list(options.out.glob('*.jpg')))} pictures of {len(places)} places: {options.out}/index.html")
    for finding in sorted({(one.kind, one.text, one.where, one.place) for one in walk.notes}):
        print("note:", *finding)
    for one in walk.findings:
        print(one)
    return 1 if walk.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.screenshots")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="places whose names begin so")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--no-axe", action="store_true")
    return parser.parse_args()


@contextmanager
def _on_air(stack: Stack) -> Iterator[Site]:
    """Alice's second broadcast of the evening; the first can be watched again, and a clip of it."""
    alice = stack.create_user("alice", streamer=True)
    first = Show(stack, alice, loop=True)
    first.begin()
    first.wait_until_live()
    time.sleep(RECORDED_SECONDS)
    wanted = {"channel": "alice", "duration_seconds": 8, "title": "The wheel turns"}
    clip = stack.api("POST", "/clips", as_=alice, json=wanted)
    clip.raise_for_status()
    first.finish()
    video = recording_of(first)["id"]
    facts = json.loads(stack.manage("shell", "-c", PREPARE).strip().splitlines()[-1])
    names = facts["names"] | {"video": video, "clip": clip.json()["id"]}
    with Show(stack, alice, loop=True):
        time.sleep(SHOWN_SECONDS)
        say_lines(stack.url, facts)
        with _time_standing_still(stack):
            stack.manage("shell", "-c", COUNT)
            yield Site(stack.url, names, facts["sessions"], facts["error_pages"], has_media=True)


@contextmanager
def _time_standing_still(stack: Stack) -> Iterator[None]:
    """Without beat nobody counts anew the viewers that are made up."""
    beat = stack.processes("config beat")
    for process in beat:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in beat:
            os.kill(process.pid, signal.SIGCONT)


def _write_index(out: Path, places: list[Place], findings: list[Finding]) -> None:
    """A page of all pictures, a row for each place, and what was found."""
    columns = [(width, theme) for width in SIZES for theme in THEMES]
    rows = [
        f"<tr><th>{place.name}</th>{''.join(_cell(out, place, *column) for column in columns)}</tr>" for place in places
    ]
    head = "".join(f"<th>{width} {theme}</th>" for width, theme in columns)
    found = "".join(f"<li>{html.escape(str(one))}</li>" for one in findings) or "<li>nothing</li>"
    page = f"<!doctype html><meta charset=utf-8><title>Every page</title><style>{STYLE}</style>"
    page += f"<h1>Found</h1><ul>{found}</ul>"
    (out / "index.html").write_text(f"{page}<table><tr><th></th>{head}</tr>{''.join(rows)}</table>")


def _cell(out: Path, place: Place, width: int, theme: str) -> str:
    name = f"{place.name}-{width}-{theme}.jpg"
    return (
        f'<td><a href="{name}"><img loading="lazy" src="{name}" alt="{name}"></a></td>'
        if (out / name).exists()
        else "<td></td>"
    )


if __name__ == "__main__":
    sys.exit(main())
