"""Colours of names, as people type them."""

import re

_HEX = re.compile(r"#[0-9A-F]{6}")
# The names that Twitch knows.
NAMED = {
    "blue": "#0000FF",
    "blueviolet": "#8A2BE2",
    "cadetblue": "#5F9EA0",
    "chocolate": "#D2691E",
    "coral": "#FF7F50",
    "dodgerblue": "#1E90FF",
    "firebrick": "#B22222",
    "goldenrod": "#DAA520",
    "green": "#008000",
    "hotpink": "#FF69B4",
    "orangered": "#FF4500",
    "red": "#FF0000",
    "seagreen": "#2E8B57",
    "springgreen": "#00FF7F",
    "yellowgreen": "#9ACD32",
}
NO_COLOR = ""  # pages choose one
COLOR_HELP = "A colour is #RRGGBB, such as #1E90FF, or one of " + ", ".join(NAMED) + "; none gives yours back."


def parse_color(text: str) -> str | None:
    """`#RRGGBB` in capitals, NO_COLOR for `none`; None when it is no colour."""
    word = text.strip().lower().replace("_", "")
    if word in {"none", "default"}:
        return NO_COLOR
    color = NAMED.get(word, word.upper())
    return color if _HEX.fullmatch(color) else None
