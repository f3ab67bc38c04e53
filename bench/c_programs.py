"""The load generators and references that are written in C, since Python would be the limit; compiled on first use."""

import subprocess
from pathlib import Path

from bench.report import KEPT

SOURCES = Path(__file__).parent


def program(name: str) -> Path:
    """Compiled `bench/<name>.c`."""
    source, made = SOURCES / f"{name}.c", KEPT / name
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        KEPT.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", str(made), str(source)], check=True)
        except FileNotFoundError:
            raise SystemExit("This benchmark needs gcc: apt-get install gcc libc6-dev") from None
    return made
