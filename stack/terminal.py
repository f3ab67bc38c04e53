"""What is said to the person who started the stack."""

import os
import sys

COLOURS = {
    "dim": "2",
    "bold": "1",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


def say(text: str = "") -> None:
    """One line on the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One sentence about what went wrong."""
    sys.stderr.write(paint("red", "Millrace: ") + text + "\n")


def paint(colour: str, text: str) -> str:
    """`text` in a colour where the terminal shows one (see no-color.org)."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m"
