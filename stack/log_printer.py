"""Shows on the terminal what in the processes' logs someone should see now; the rest stays in the files."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stack.terminal import paint

COLOURS = ["cyan", "green", "magenta", "blue", "yellow"]
# How the processes say how bad a line is: Python, Celery, nginx, PostgreSQL; a line without belongs to the one before.
LEVEL = re.compile(
    r"^(?:\d{4}-\d\d-\d\d [\d:,]+ (?P<python>[A-Z]+) "
    r"|\[\d{4}-\d\d-\d\d [\d:,]+: (?P<celery>[A-Z]+)/"
    r"|\d{4}/\d\d/\d\d [\d:]+ (?:\[(?P<nginx>[a-z]+)\])"
    r"|\d{4}-\d\d-\d\d [\d:.]+ UTC \[\d+\] (?P<postgres>[A-Z]+): "
    r"|(?P<access>\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:\d\d ))"
)
SHOWN = {"WARN", "WARNING", "ERROR", "CRITICAL", "CRIT", "error", "crit", "alert", "emerg", "PANIC"}
# They talk of their own starts and stops; only PostgreSQL's PANIC concerns anyone.
QUIET = {"redis", "live-redis", "postgres"}
# supervisord at its start, about what we chose: the control socket is guarded by its file mode.
EXPECTED = "Server 'unix_http_server' running without any HTTP authentication checking"
LONGEST_LINE = 600


@dataclass
class FollowedLog:
    """One log file, read from its end, across rotation."""

    path: Path
    colour: str
    file: IO[bytes] | None = None
    inode: int = 0
    rest: bytes = b""
    showing: bool = False

    def new_lines(self) -> Iterator[str]:
        """Whole lines written since the last call."""
        while True:
            chunk = self.file.read() if self.file else b""
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
            if not self._moved_on():
                return

    def _moved_on(self) -> bool:
        """Whether the file was rotated (or appeared) and the new one is open now."""
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            return False
        if inode == self.inode:
            return False
        if self.file:
            self.file.close()
        self.file, self.inode, self.rest = self.path.open("rb"), inode, b""
        return True

    def skip_to_end(self) -> None:
        """What was written before this start has been seen."""
        if self._moved_on() and self.file:
            self.file.seek(0, os.SEEK_END)

    def shows(self, line: str) -> bool:
        """Whether `line`, or the entry that it continues, should be seen."""
        match = LEVEL.match(line)
        if match:
            level = next((group for group in match.groups() if group), "")
            self.showing = level in SHOWN and (self.path.stem not in QUIET or level == "PANIC")
        elif self.path.stem not in QUIET and self.path.stem != "edge" and not line.startswith((" ", "\t")):
            self.showing = bool(line.strip())  # not from a logger: an interpreter's last words
        return self.showing


class LogPrinter:
    """Follows every log of the stack."""

    def __init__(self, logs: Path, names: list[str]) -> None:
        self._width = max(map(len, names))
        self._logs = [
            FollowedLog(logs / f"{name}.log", COLOURS[index % len(COLOURS)]) for index, name in enumerate(names)
        ]
        for log in self._logs:
            log.skip_to_end()

    def lines(self) -> Iterator[str]:
        """What to print now: prefixed, coloured, cut to a bearable length."""
        for log in self._logs:
            for line in log.new_lines():
                if log.shows(line) and line.strip() and EXPECTED not in line:
                    yield f"{paint(log.colour, log.path.stem.ljust(self._width))} │ {line[:LONGEST_LINE]}"
