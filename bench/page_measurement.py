"""Asks the pages of a made-up site one after the other, inside its environment; `bench.pages` starts it.

    python -m bench.page_measurement PORT RESULT [--rounds 150] [--only front]

Writes {case: {"ms": […], "queries": […], "sql_ms": […], "bar": …}} as JSON, and the worst questions' plans beside it.
"""

import argparse
import http.client
import json
import os
import random
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import DatabaseError, connection, transaction  # noqa: E402

from bench.page_cases import Case, all_cases  # noqa: E402
from bench.query_watch import HEADER, SLOW_QUERIES  # noqa: E402

WARM_UP_ROUNDS = 10
PLANS_KEPT = 12
DEEP = 50_000  # rows that a naive list counts through


class NotAnswered(Exception):
    """A page did not answer 200: it would be measured too well."""


@dataclass
class Measured:
    """Milliseconds of each answer, as the client saw it, and what the database had to do with it."""

    bar: float
    ms: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    sql_ms: list[float] = field(default_factory=list)
    first_ms: float = 0.0


class Client:
    """One connection; another address of a visitor for each request, as one address may not ask so often."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._chance = random.Random(1)

    def ask(self, path: str, session: str) -> tuple[float, int, float]:
        """Milliseconds, queries, and their milliseconds."""
        address = ".".join(str(self._chance.randrange(1, 255)) for _ in range(4))
        headers = {"X-Forwarded-For": address, "Host": "127.0.0.1"}
        if session:
            headers["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={session}"
        began = perf_counter()
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        answer.read()
        spent = (perf_counter() - began) * 1000
        if answer.status != 200:
            raise NotAnswered(f"{path}: {answer.status}")
        count, sql, _all = answer.headers[HEADER].split()
        return spent, int(count), float(sql)


def measure(client: Client, cases: list[Case], rounds: int) -> dict[str, Measured]:
    """All cases by turns, so that what disturbs for a moment does not fall upon one."""
    measured = {case.name: Measured(case.bar) for case in cases}
    for case in cases:  # the first time: nothing of it is in any cache
        measured[case.name].first_ms = client.ask(case.paths[0], case.session)[0]
    for number in range(-WARM_UP_ROUNDS, rounds):
        for case in cases:
            ms, queries, sql_ms = client.ask(case.paths[number % len(case.paths)], case.session)
            if number >= 0:
                one = measured[case.name]
                one.ms.append(ms)
                one.queries.append(queries)
                one.sql_ms.append(sql_ms)
    return measured


def naive_list_ms(times: int = 7) -> list[float]:
    """What a list costs that counts its rows and skips to a page: the usual paginator's two questions."""
    rows = """
        FROM streaming_broadcast broadcast JOIN streaming_channel channel ON channel.id = broadcast.channel_id
        JOIN accounts_user owner ON owner.id = channel.owner_id
        WHERE broadcast.state = 'live' AND owner.is_active
    """
    spent = []
    with connection.cursor() as cursor:
        for _ in range(times):
            began = perf_counter()
            cursor.execute(f"SELECT count(*) {rows}")
            (count,) = cursor.fetchone()
            order = "ORDER BY channel.viewer_count DESC, broadcast.id"
            cursor.execute(f"SELECT broadcast.* {rows} {order} OFFSET %s LIMIT 24", [min(DEEP, count // 2)])
            cursor.fetchall()
            spent.append((perf_counter() - began) * 1000)
    return spent


def keep_plans(slow: Path, directory: Path) -> None:
    """EXPLAIN ANALYZE of the worst question of each kind."""
    worst: dict[str, dict[str, object]] = {}
    for line in slow.read_text().splitlines() if slow.exists() else ():
        asked = json.loads(line)
        if asked["seconds"] > float(str(worst.get(asked["sql"], asked)["seconds"])) or asked["sql"] not in worst:
            worst[asked["sql"]] = asked
    for old in directory.glob("plan-*.txt"):
        old.unlink()
    ordered = sorted(worst.values(), key=lambda one: -float(str(one["seconds"])))
    for number, asked in enumerate(ordered[:PLANS_KEPT]):
        text = f"{asked['path']}: {float(str(asked['seconds'])) * 1000:.0f} ms\n\n{asked['sql']}\n{asked['values']}\n\n"
        (directory / f"plan-{number:02}.txt").write_text(text + _plan(asked))


def _plan(asked: dict[str, object]) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {asked['sql']}", asked["values"] or None)  # type: ignore[arg-type]
            plan = "\n".join(line for (line,) in cursor.fetchall())
            transaction.set_rollback(True)
            return plan + "\n"
    except DatabaseError as error:
        return f"no plan: {error}\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("result", type=Path)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--only", default="", help="cases whose names begin so, with commas between")
    options = parser.parse_args()
    slow = Path(os.environ[SLOW_QUERIES])
    cases = [case for case in all_cases() if case.name.startswith(tuple(options.only.split(",")))]
    measured = measure(Client(options.port), cases, options.rounds)
    keep_plans(slow, options.result.parent)
    answer = {"pages": {name: vars(one) for name, one in measured.items()}, "naive_ms": naive_list_ms()}
    options.result.write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
