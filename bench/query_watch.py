"""A middleware that tells what each answer asked the database, and writes down what took long."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-Queries"  # "count milliseconds-of-them milliseconds-of-all"
SLOW_QUERIES = "BENCH_SLOW_QUERIES"  # names a file: a line for each that took SLOW_SECONDS
SLOW_SECONDS = 0.015

Answer = Callable[[HttpRequest], HttpResponse]


def query_watch(get_response: Answer) -> Answer:
    file = Path(os.environ[SLOW_QUERIES])

    def answer(request: HttpRequest) -> HttpResponse:
        seconds: list[float] = []

        def watch(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: dict[str, Any]) -> Any:
            began = time.perf_counter()
            try:
                return execute(sql, values, many, context)
            finally:
                seconds.append(time.perf_counter() - began)
                if seconds[-1] > SLOW_SECONDS and not many:
                    _write(file, request.path, sql, values, seconds[-1])

        began = time.perf_counter()
        with connection.execute_wrapper(watch):
            response = get_response(request)
        spent = time.perf_counter() - began
        response[HEADER] = f"{len(seconds)} {sum(seconds) * 1000:.2f} {spent * 1000:.2f}"
        return response

    return answer


def _write(file: Path, path: str, sql: str, values: Any, seconds: float) -> None:
    line = {"path": path, "sql": sql, "values": list(values or ()), "seconds": round(seconds, 4)}
    with file.open("a") as lines:
        lines.write(json.dumps(line, default=str) + "\n")
