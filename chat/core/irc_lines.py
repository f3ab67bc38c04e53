"""IRC lines with tags, as Twitch writes them: RFC 1459 §2.3.1 with IRCv3 message tags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SERVER = "tmi.twitch.tv"  # clients compare it: with any other name tmi.js never finishes connecting
_ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_UNESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_FORBIDDEN = re.compile(r"[\0\r\n]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line from a client. The command is in capitals; the last parameter may hold spaces."""

    command: str
    parameters: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The last parameter, or nothing."""
        return self.parameters[-1] if self.parameters else ""


def parse_line(line: str) -> Line | None:
    """`[@tags ][:prefix ]COMMAND{ parameter}[ :last]`; None for a line without a command."""
    tags: dict[str, str] = {}
    if line.startswith("@"):
        block, _, line = line[1:].partition(" ")
        tags = {name: _unescape(value) for name, _, value in (tag.partition("=") for tag in block.split(";")) if name}
    line = line.lstrip(" ")
    if line.startswith(":"):
        line = line.partition(" ")[2].lstrip(" ")
    middle, colon, last = line.partition(" :")
    words = middle.split()
    if not words:
        return None
    return Line(words[0].upper(), (*words[1:], *([last] if colon else [])), tags)


def format_line(
    command: str, *parameters: str, prefix: str = SERVER, tags: Mapping[str, str] | None = None, last: str | None = None
) -> str:
    """One line to a client, without its end. `last` may hold spaces; tags always have a `=` (twitchio splits on it)."""
    block = ";".join(f"{name}={_escape(value)}" for name, value in sorted((tags or {}).items()))
    parts = [f"@{block}"] if block else []
    parts += [f":{prefix}"] if prefix else []
    parts += [command, *parameters]
    if last is not None:
        parts.append(f":{last}")
    return _FORBIDDEN.sub(" ", " ".join(parts))


def _escape(value: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in value)


def _unescape(value: str) -> str:
    unescaped, characters = [], iter(value)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            character = _UNESCAPES.get(following, following)
        unescaped.append(character)
    return "".join(unescaped)
