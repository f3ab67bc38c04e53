"""What the watch page asks the browser to fetch at once, so that no module and no playlist waits for another."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from streaming.models import Broadcast
from streaming.views.shared import PLAYER_MODULES

JS = Path(__file__).parents[2] / "static" / "js"
TEMPLATES = Path(__file__).parents[2] / "templates"
IMPORT = re.compile(r'^import [^"]*"(\.[^"]+)"', re.MULTILINE)


def imported_by(module: Path) -> set[Path]:
    """All that it waits for, over any number of steps."""
    found: set[Path] = set()
    left = [module]
    while left:
        one = left.pop()
        new = {(one.parent / name).resolve() for name in IMPORT.findall(one.read_text())} - found
        found |= new
        left += new
    return found


def test_every_module_that_the_player_waits_for_is_preloaded() -> None:
    waited_for = imported_by(JS / "pages" / "watch.js")
    assert len(waited_for) > 20
    assert {str(path.relative_to(JS).with_suffix("")) for path in waited_for} <= set(PLAYER_MODULES)


def test_every_module_that_all_pages_wait_for_is_preloaded_beside_the_player() -> None:
    """Scripts run in order: what the shell waits for, the player waits for."""
    waited_for = {str(path.relative_to(JS).with_suffix("")) for path in imported_by(JS / "shell.js")}
    of_all_pages = set(re.findall(r"modulepreload[^>]*'js/([\w/]+)\.js'", (TEMPLATES / "base.html").read_text()))
    assert "shared/search_box" in waited_for
    assert waited_for <= set(PLAYER_MODULES) | of_all_pages
    assert of_all_pages <= waited_for


@pytest.mark.django_db
def test_playlist_that_the_player_asks_for_first_is_preloaded(on_air: Broadcast) -> None:
    page = Client().get(f"/{on_air.channel.owner.login}").content.decode()
    [preloaded] = re.findall(r'<link rel="preload" as="fetch" crossorigin href="([^"]*)"', page)
    shown = json.loads(re.search(r'id="watch-state" type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]
    assert preloaded == shown["playback"]["hls"]
    assert preloaded.endswith("/index.m3u8")
