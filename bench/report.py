"""Prints what was measured as one table, and whether it meets its bar."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


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
        value = str(int(self.value)) if self.value == int(self.value) else f"{self.value:.3g}"
        return [self.name, f"{value} {self.unit}".strip(), bar, verdict, self.note]


HEAD = ["figure", "measured", "bar", "", "note"]


def report(title: str, lines: Sequence[Line]) -> int:
    """Print the table; the exit status of the command."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    print(f"\n{title}")
    for number, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    return 0 if all(line.passes for line in lines) else 1


def median_line(name: str, seconds: list[float], *, bar: float) -> Line:
    """The median of some rounds; the note shows each of them."""
    return Line(name, statistics.median(seconds), bar=bar, note=", ".join(f"{one:.2f}" for one in seconds))


def worst_line(name: str, seconds: list[float], *, bar: float) -> Line:
    """The worst of some rounds, for what must always hold."""
    return Line(name, max(seconds), bar=bar, note="worst of " + ", ".join(f"{one:.2f}" for one in seconds))
