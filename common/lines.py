"""What people type, made fit to be shown (pure)."""

import unicodedata
from typing import Any

from common.errors import InvalidInput

_UNSHOWABLE = {"Cc", "Cs", "Co", "Zl", "Zp"}  # Unicode categories: controls, surrogates, private use, line ends
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # would turn the page around


def check_line(text: Any, *, most: int, name: str) -> str:
    """One line without control characters, trimmed and in Unicode's composed form. Raises InvalidInput."""
    line = _trimmed(text, most, name)
    _check_characters(line, name)
    return line


def check_text(text: Any, *, most: int, name: str) -> str:
    """The same of several lines."""
    lines = _trimmed(text, most, name).splitlines()
    for line in lines:
        _check_characters(line.replace("\t", " "), name)
    return "\n".join(line.rstrip() for line in lines)


def _trimmed(text: Any, most: int, name: str) -> str:
    if not isinstance(text, str):
        raise InvalidInput(f"The {name} must be text.")
    trimmed = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(trimmed) > most:
        raise InvalidInput(f"The {name} has more than {most} characters.")
    return trimmed


def _check_characters(line: str, name: str) -> None:
    if any(unicodedata.category(character) in _UNSHOWABLE or character in _BIDI_CONTROLS for character in line):
        raise InvalidInput(f"The {name} contains characters that cannot be shown.")
