"""Brings into docs/performance.md the latest tables which the commands in bench/ left in var/bench/.

python -m bench.performance

What was not measured here stays as the page has it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.report import KEPT, Line

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
INTRODUCTION = """\
# Performance

What was measured, with the command that measures it and a rival in the same run where there is one. This page is made
from the commands' own output by `python -m bench.performance`; a figure that misses its bar says so. Each table is the
latest run of its command, one run on one machine: what varies from run to run can miss its bar in another.

"""
# In the order of a viewer's path; what is not named here comes last.
ORDER = [
    "tests.conformance",
    "bench.glass_to_glass --profile ladder",
    "bench.glass_to_glass --profile fastest",
    "bench.glass_to_glass",
    "bench.publish_to_first_frame",
    "bench.publish_to_first_part",
    "bench.page_to_first_frame",
    "bench.throttle",
    "bench.dvr_seek",
    "bench.end_to_vod",
    "bench.recording_seek",
    "bench.consolidation",
    "bench.clips",
    "bench.players",
    "bench.odd_sources",
    "bench.encoding_cost",
    "bench.origin_held",
    "bench.origin_requests",
    "bench.two_hosts",
    "bench.encoder_return",
    "bench.kill_recovery",
    "bench.viewer_counts",
    "bench.unique_viewers",
    "bench.count_viewers",
    "bench.raid",
    "bench.chat_fanout",
    "bench.chat_rooms",
    "bench.chat_connects",
    "bench.chat_publish",
    "bench.chat_order",
    "bench.chat_relay",
    "bench.chat_storm",
    "bench.page_budgets",
    "bench.chat_page",
    "bench.chat_replay",
]
_TITLE = re.compile(r"^## (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"^`python -m ([^`]+)`", re.MULTILINE)


@dataclass(frozen=True)
class Table:
    """What one command printed last. `at` in Unix seconds."""

    command: str
    at: float
    title: str
    lines: list[Line]
    others: tuple[str, ...] = ()  # commands with the same title, whose lines are here as well

    @classmethod
    def read(cls, path: Path) -> "Table":
        kept: dict[str, Any] = json.loads(path.read_text())
        return cls(kept["command"], kept["at"], kept["title"], [Line(**line) for line in kept["lines"]])

    @property
    def place(self) -> tuple[int, str]:
        return place_of(self.command)

    def joined(self, other: "Table") -> "Table":
        """Several runs of one command, each with other options, as one table."""
        lines, at = [*self.lines, *other.lines], max(self.at, other.at)
        return Table(self.command, at, self.title, lines, (*self.others, other.command))

    def markdown(self) -> str:
        """The columns nobody uses are left out."""
        rows = [["figure", "measured", "bar", "", "note"], *(line.cells() for line in self.lines)]
        used = [index for index in range(5) if any(row[index] for row in rows[1:])]
        head, *body = ([_escaped(row[index]) for index in used] for row in rows)
        drawn = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(used), *body)]
        day = time.strftime("%Y-%m-%d", time.gmtime(self.at))
        commands = ", ".join(f"`python -m {command}`" for command in (self.command, *self.others))
        return f"## {self.title}\n{commands}, {day}\n\n" + "\n".join(drawn) + "\n"


def place_of(command: str) -> tuple[int, str]:
    """Where the table of a command stands."""
    longest_first = sorted(range(len(ORDER)), key=lambda index: -len(ORDER[index]))
    found = (index for index in longest_first if command.startswith(ORDER[index]))
    return next(found, len(ORDER)), command


def kept_tables(page: str) -> dict[str, tuple[tuple[int, str], str]]:
    """The tables of a page that was made before, by title: place and text."""
    texts = [f"## {text.rstrip()}\n" for text in page.split("\n## ")[1:]]
    return {_TITLE.findall(text)[0]: (place_of(_COMMAND.findall(text)[0]), text) for text in texts}


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def machine() -> str:
    """One sentence: processor, cores, memory and the versions that matter."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    total = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    gibibytes = round(int(total[1]) / 2**20) if total else 0
    versions = ", ".join(filter(None, (_version("ffmpeg", "-version"), _version("nginx", "-v"))))
    name = model[1] if model else "an unnamed processor"
    return f"Machine: {os.cpu_count()} cores of {name}, {gibibytes} GiB of memory; {versions}.\n\n"


def _version(program: str, option: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        return ""
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    found = re.search(r"(?:version |nginx/)([0-9.]+)", done.stdout + done.stderr)
    return f"{program} {found[1]}" if found else ""


def main() -> int:
    tables = sorted((Table.read(path) for path in KEPT.glob("*.json")), key=lambda table: table.place)
    if not tables:
        print("Nothing was measured yet: run the commands in bench/ first.", file=sys.stderr)
        return 1
    groups = groupby(sorted(tables, key=lambda table: (table.place[0], table.title)), key=lambda table: table.title)
    measured = [reduce(Table.joined, group) for _, group in groups]
    tables_by_title = kept_tables(PAGE.read_text())
    tables_by_title |= {table.title: (table.place, table.markdown()) for table in measured}
    texts = [text for _, text in sorted(tables_by_title.values())]
    PAGE.write_text(INTRODUCTION + machine() + "\n".join(texts))
    print(f"{PAGE}: {len(measured)} of {len(texts)} tables are from here")
    return 0


if __name__ == "__main__":
    sys.exit(main())
