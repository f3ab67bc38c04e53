"""Prints what was measured as one table, and whether it meets its bar, and keeps it for `bench.performance`."""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = Path(__file__).parent.parent / "var" / "bench"  # the latest table of each command


@dataclass(frozen=True)
class Line:
    """One figure. `bar` is the most it may be, or for a ratio the least; None where nothing is promised."""

    name: str
    value: float
    unit: str = "s"
    bar: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def passes(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def cells(self) -> list[str]:
        sign = "≥" if self.at_least else "≤"
        bar = "" if self.bar is None else f"{sign} {self.bar:g} {self.unit}".strip()
        verdict = "" if self.bar is None else ("met" if self.passes else "MISSED")
        value = str(int(self.value)) if float(self.value).is_integer() else f"{self.value:.3g}"
        return [self.name, f"{value} {self.unit}".strip(), bar, verdict, self.note]


HEAD = ["figure", "measured", "bar", "", "note"]


def report(title: str, lines: Sequence[Line]) -> int:
    """Print the table and keep it; the exit status of the command."""
    _keep(title, lines)
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    print(f"\n{title}")
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    return 0 if all(line.passes for line in lines) else 1


def command() -> str:
    """As it was typed: `bench.throttle`, `bench.glass_to_glass --profile ladder`."""
    spec = sys.modules["__main__"].__spec__
    module = spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).stem
    return " ".join([module, *sys.argv[1:]])


def _keep(title: str, lines: Sequence[Line]) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in command())
    table = {"command": command(), "at": time.time(), "title": title, "lines": [asdict(line) for line in lines]}
    (KEPT / f"{name}.json").write_text(json.dumps(table, indent=1))


def median_line(name: str, seconds: list[float], *, bar: float) -> Line:
    """The median of some rounds; the note shows each of them."""
    return Line(name, statistics.median(seconds), bar=bar, note=", ".join(f"{one:.2f}" for one in seconds))


def worst_line(name: str, seconds: list[float], *, bar: float) -> Line:
    """The worst of some rounds, for what must always hold."""
    return Line(name, max(seconds), bar=bar, note="worst of " + ", ".join(f"{one:.2f}" for one in seconds))
