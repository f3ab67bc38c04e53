"""The terminal shows what someone should see now, and nothing else."""

from pathlib import Path

import pytest

from stack.log_printer import LogPrinter


@pytest.fixture
def printer(tmp_path: Path) -> LogPrinter:
    (tmp_path / "site.log").write_text("2026-01-02 03:04:05,678 ERROR django from an earlier start\n")
    return LogPrinter(tmp_path, ["site", "edge", "live-1", "postgres"])


def write(directory: Path, name: str, text: str) -> None:
    with (directory / f"{name}.log").open("a") as file:
        file.write(text)


def test_warnings_and_errors_are_shown_with_what_belongs_to_them(printer: LogPrinter, tmp_path: Path) -> None:
    write(
        tmp_path,
        "site",
        "2026-01-02 03:04:05,678 INFO django all is well\n"
        "2026-01-02 03:04:05,678 ERROR django it broke\n"
        "Traceback (most recent call last):\n"
        "  File x\n"
        "2026-01-02 03:04:06,678 DEBUG django never mind\n"
        "  and its second line\n",
    )
    shown = [line.split("│ ")[1] for line in printer.lines()]
    assert shown == ["2026-01-02 03:04:05,678 ERROR django it broke", "Traceback (most recent call last):", "  File x"]


@pytest.mark.parametrize(
    ("name", "line", "is_shown"),
    [
        ("live-1", "[2026-01-02 03:04:05,678: WARNING/MainProcess] lost a lease", True),
        ("live-1", "[2026-01-02 03:04:05,678: INFO/MainProcess] received", False),
        ("edge", '2026-01-02T03:04:05+00:00 127.0.0.1 GET "/" 200 10 0.01', False),
        ("edge", "2026/01/02 03:04:05 [crit] 1#1: no space left", True),
        ("postgres", "2026-01-02 03:04:05.678 UTC [7] LOG:  checkpoint starting", False),
        ("postgres", "2026-01-02 03:04:05.678 UTC [7] ERROR:  a duplicate, which the site expects", False),
        ("postgres", "2026-01-02 03:04:05.678 UTC [7] PANIC:  disk full", True),
        ("site", "ModuleNotFoundError: said by the interpreter itself", True),
    ],
)
def test_each_kind_of_process_says_in_its_own_way_how_bad_it_is(
    printer: LogPrinter, tmp_path: Path, name: str, line: str, is_shown: bool
) -> None:
    write(tmp_path, name, line + "\n")
    assert bool(list(printer.lines())) is is_shown


def test_rotated_log_is_followed_into_the_new_file(printer: LogPrinter, tmp_path: Path) -> None:
    write(tmp_path, "site", "2026-01-02 03:04:05,678 ERROR django one\n2026-01-02 03:04:05,678 ERROR half a")
    assert [line[-3:] for line in printer.lines()] == ["one"]
    write(tmp_path, "site", " line\n")
    (tmp_path / "site.log").rename(tmp_path / "site.log.1")
    write(tmp_path, "site", "2026-01-02 03:04:05,678 ERROR django two\n")
    assert [line.split()[-1] for line in printer.lines()] == ["line", "two"]
