"""Every variable that anything reads is described in docs/operating.md, and nothing else is."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
VARIABLE = re.compile(r"\bMILLRACE_[A-Z_]+\b")
# Read by the installer and the runner as well as by Django.
SOURCES = ["config/settings.py", "stack", "docker", "Procfile", "manage.py", "Makefile"]
DOCUMENT = ROOT / "docs" / "operating.md"


def variables_in(path: Path) -> set[str]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    return {name for file in files for name in VARIABLE.findall(file.read_text())}


def test_every_variable_is_documented() -> None:
    read = set().union(*(variables_in(ROOT / source) for source in SOURCES))
    assert "MILLRACE_PORT" in read
    assert read - variables_in(DOCUMENT) == set()


def test_no_variable_is_documented_that_nothing_reads() -> None:
    read = set().union(*(variables_in(ROOT / source) for source in SOURCES))
    assert variables_in(DOCUMENT) - read == set()
