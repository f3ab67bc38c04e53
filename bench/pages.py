"""How long the site takes for a page with 100,000 live channels and a million users, and what it asks the database.

    python -m bench.pages [--scale 1] [--rounds 150] [--only front,search]

Makes a site of that size (once, `manage.py seed`: some minutes and 4 GB in var/bench), and one of a hundredth, and
starts PostgreSQL, Redis and the site's own process on each. Rivals in the same run: the same page on the small site
(how it grows), and a list as a paginator makes it, by counting and skipping. The worst questions' plans are left in
var/bench/pages.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from bench.page_limits import MOST_QUERIES
from bench.query_watch import SLOW_QUERIES
from bench.report import KEPT, Line, report
from bench.seeded import run, seeded, site

HERE = KEPT / "pages"
SMALL = 0.01  # times the size that is measured


def measured(scale: float, rounds: int, only: str) -> dict[str, Any]:
    """What `page_measurement` writes."""
    HERE.mkdir(parents=True, exist_ok=True)
    result, slow = HERE / f"result-{scale:g}.json", HERE / "slow.jsonl"
    slow.unlink(missing_ok=True)
    with seeded(scale) as environment:
        environment |= {SLOW_QUERIES: str(slow), "PYTHONPATH": str(Path.cwd())}
        with site(environment, "bench.measured_site") as port:
            words = ["-m", "bench.page_measurement", str(port), str(result), "--rounds", str(rounds)]
            run(environment, *words, *(["--only", only] if only else []))
    answer: dict[str, Any] = json.loads(result.read_text())
    return answer


def p(values: list[float], percent: int) -> float:
    """A percentile; of many values the p-th of a hundred parts."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def lines_of(large: dict[str, Any], small: dict[str, Any]) -> list[Line]:
    lines = []
    for name, page in large["pages"].items():
        p95, before = p(page["ms"], 95), p(small["pages"][name]["ms"], 95)
        queries, few = max(page["queries"]), max(small["pages"][name]["queries"])
        note = (
            f"p50 {p(page['ms'], 50):.0f}, p99 {p(page['ms'], 99):.0f}, first {page['first_ms']:.0f} ms; "
            f"{queries} queries, p95 {p(page['sql_ms'], 95):.0f} ms (small site: {few}, {p95 / before:.1f}× its p95)"
        )
        lines.append(Line(f"{name}: p95", p95, "ms", bar=page["bar"], note=note))
    pages = large["pages"]
    most = max(pages, key=lambda name: max(pages[name]["queries"]))
    lines.append(Line("most queries of a page", max(pages[most]["queries"]), "", bar=MOST_QUERIES, note=most))
    more = [name for name in pages if max(pages[name]["queries"]) > max(small["pages"][name]["queries"])]
    lines.append(Line("pages with more queries than on the small site", len(more), "", bar=0, note=", ".join(more)))
    listing = next((pages[name] for name in ("browse, everyone live", "API, streams") if name in pages), None)
    if listing:
        ratio = statistics.median(large["naive_ms"]) / max(p(listing["sql_ms"], 50), 0.01)
        note = f"counting and skipping {statistics.median(large['naive_ms']):.0f} ms, in the database alone"
        lines.append(Line("a list by counting and skipping, against ours", ratio, "×", bar=5, at_least=True, note=note))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    small = measured(options.scale * SMALL, options.rounds, options.only)
    large = measured(options.scale, options.rounds, options.only)
    title = f"Pages with {100_000 * options.scale:,.0f} live channels and {1_000_000 * options.scale:,.0f} users"
    print(f"The worst plans are in {os.path.relpath(HERE)}.")
    return report(title, lines_of(large, small))


if __name__ == "__main__":
    sys.exit(main())
