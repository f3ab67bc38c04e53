"""The panel's pure modules, run by Node.js: where emotes stand and which colours can be read."""

import json
import re
import subprocess
from typing import Any

import pytest
from django.conf import settings

CHAT = settings.BASE_DIR / "static/js/chat"
TOKENS = (settings.BASE_DIR / "static/css/tokens.css").read_text()
ONE, TWO = "a" * 24, "b" * 24


def ask(module: str, expression: str) -> Any:
    """What `expression` is, among the functions of a module without imports."""
    script = (CHAT / f"{module}.js").read_text() + f"\nconsole.log(JSON.stringify({expression}));"
    answer = subprocess.run(
        ["node", "--input-type=module", "-"], input=script, capture_output=True, text=True, timeout=20, check=True
    )
    return json.loads(answer.stdout)


CUT: list[tuple[str, Any, list[Any]]] = [
    ("hi Kappa you", {ONE: [[3, 7]]}, ["hi ", (ONE, "Kappa"), " you"]),
    ("Kappa Kappa", {ONE: [[0, 4], [6, 10]]}, [(ONE, "Kappa"), " ", (ONE, "Kappa")]),
    ("👋🏽 Kappa!", {ONE: [[3, 7]]}, ["👋🏽 ", (ONE, "Kappa"), "!"]),
    ("B A", {TWO: [[0, 0]], ONE: [[2, 2]]}, [(TWO, "B"), " ", (ONE, "A")]),
    ("hello", None, ["hello"]),
    ("hello", {}, ["hello"]),
    # What no server of ours sends: nothing but text comes out.
    ("hello", {"../../x": [[0, 4]]}, ["hello"]),
    ('x" onerror=y', {'"><script>': [[0, 3]]}, ['x" onerror=y']),
    ("hello", {ONE: [[0, 99]]}, ["hello"]),
    ("hello", {ONE: [[3, 1], [-1, 2], [0.5, 2], ["0", "4"], 7, None]}, ["hello"]),
    ("hello", {ONE: "0-4"}, ["hello"]),
    ("Kappa", {ONE: [[0, 3]], TWO: [[2, 4]]}, [(ONE, "Kapp"), "a"]),
]


def test_messages_are_cut_where_their_emotes_stand() -> None:
    cases = [[text, emotes] for text, emotes, _ in CUT]
    answers = ask("emote_parts", f"{json.dumps(cases)}.map(([text, emotes]) => emoteParts(text, emotes))")
    found = [
        [(part["picture"], part["text"]) if "picture" in part else part["text"] for part in one] for one in answers
    ]
    assert found == [parts for _, _, parts in CUT]


def test_what_one_has_just_written_is_cut_as_the_room_will() -> None:
    text = "👋🏽 Kappa hi Kappa"
    found = ask("emote_parts", f"findEmotes({json.dumps(text)}, new Map([['Kappa', '{ONE}']]))")
    assert found == {ONE: [[3, 7], [12, 16]]}


COLORS = ["#000000", "#FFFFFF", "#0000FF", "#00FF7F", "#FF0000", "#8A2BE2", "#777777", "#1E90FF", "#FFFF00", "#123456"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_colour_of_a_name_can_be_read_on_every_background(theme: str) -> None:
    made = ask("name_colors", f"{json.dumps(COLORS)}.map((color) => nameColors(color).{theme})")
    for color, readable in zip(COLORS, made, strict=True):
        for background in _backgrounds(theme):
            assert _contrast(readable, background) >= 4.5, (color, readable, background)


def test_a_colour_that_can_be_read_is_left_alone_and_hues_are_kept() -> None:
    assert ask("name_colors", "nameColors('#00FF7F').dark") == "#00FF7F"
    assert ask("name_colors", "nameColors('#0000FF').light") == "#0000FF"
    red, green, blue = _channels(ask("name_colors", "nameColors('#0000FF').dark"))
    assert blue == 1 and red == green > 0


def test_some_colours_cannot_be_read_as_they_are() -> None:
    """Negative control: without the adjustment the test above fails."""
    assert _contrast("#0000FF", _backgrounds("dark")[0]) < 4.5
    assert _contrast("#FFFF00", _backgrounds("light")[0]) < 4.5


@pytest.mark.parametrize("nonsense", ["null", "''", "'red'", "'#12345'", "'#1234567'", "'#GGGGGG'", "7"])
def test_what_is_no_colour_is_none(nonsense: str) -> None:
    assert ask("name_colors", f"nameColors({nonsense})") is None


def _backgrounds(theme: str) -> list[str]:
    """What messages stand on, from the tokens themselves: plain, touched, and mentioning the reader."""
    block = re.search(
        r"^\.theme-light \{(.*?)\n\}" if theme == "light" else r"^\.theme-dark \{(.*?)\n\}", TOKENS, re.S | re.M
    )
    assert block is not None
    one, two = (re.search(rf"--surface-{number}: (#\w+)", block[1]) for number in (1, 2))
    soft = re.search(r"--accent-soft: rgb\((\d+) (\d+) (\d+) / (\d+)%\)", block[1])
    assert one and two and soft
    share = int(soft[4]) / 100
    mixed = [
        round(share * int(soft[at + 1]) + (1 - share) * channel * 255) for at, channel in enumerate(_channels(one[1]))
    ]
    return [one[1], two[1], "#" + "".join(f"{channel:02x}" for channel in mixed)]


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's relative luminance, written once more."""

    def luminance(color: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(color)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
