"""Migrates the database and collects static files, each only when something has changed since the last start."""

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import brotli
import psycopg
from django.conf import settings

from stack.errors import StackError
from stack.terminal import say

COMPRESSED_SUFFIXES = {".js", ".css", ".svg", ".map"}


def migrate() -> None:
    """Bring the schema up to date. The stamp also names what the database says it has, in case it was replaced."""
    files = sorted(settings.BASE_DIR.glob("*/migrations/*.py"))
    wanted = _digest([*files, settings.BASE_DIR / "requirements.txt"])
    if _stamp("migrated") == f"{wanted} {_applied()}":
        return
    say("  Updating the database …")
    _manage("migrate", "--no-input", "--skip-checks")
    _write_stamp("migrated", f"{wanted} {_applied()}")


def collect_static() -> None:
    """Copy what browsers load to STATIC_ROOT under names with a content hash."""
    files = sorted(path for path in (settings.BASE_DIR / "static").rglob("*") if path.is_file())
    sources = [settings.BASE_DIR / name for name in ("requirements.txt", "package-lock.json", "config/staticfiles.py")]
    digest = _digest([*files, *sources])
    if _stamp("static-files") == digest and (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return
    say("  Collecting static files …")
    _manage("collectstatic", "--no-input", "--clear", "--skip-checks")
    _compress_static()
    _write_stamp("static-files", digest)


def _compress_static() -> None:
    """Compress once what nginx would otherwise compress for every visitor; it sends `.br` or `.gz` beside a file."""
    for path in list(Path(settings.STATIC_ROOT).rglob("*")):
        if path.is_file() and path.suffix in COMPRESSED_SUFFIXES:
            plain = path.read_bytes()
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(plain, mtime=0))
            path.with_name(f"{path.name}.br").write_bytes(brotli.compress(plain, mode=brotli.MODE_TEXT))


def _manage(*arguments: str) -> None:
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments, "--verbosity", "0"]
    done = subprocess.run(manage, capture_output=True, text=True, check=False, cwd=settings.BASE_DIR)
    if done.returncode != 0:
        log = Path(settings.DATA_DIR) / "logs" / f"{arguments[0]}.log"
        log.write_text(done.stdout + done.stderr)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StackError(f"`manage.py {arguments[0]}` failed ({reason}); all of it is in {log}.")


def _applied() -> str:
    """A digest of the migrations that the database has, or of none."""
    database = settings.DATABASES["default"]
    connection_fields = {
        "host": database["HOST"],
        "port": database["PORT"] or None,
        "user": database["USER"],
        "password": database["PASSWORD"] or None,
        "dbname": database["NAME"],
        "connect_timeout": 5,
    }
    try:
        with psycopg.connect(**connection_fields) as connection:
            made = connection.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,)
            query = "SELECT app, name FROM django_migrations ORDER BY app, name"
            rows = connection.execute(query).fetchall() if made else []
    except psycopg.OperationalError as error:
        raise StackError(f"The database does not answer: {str(error).strip().splitlines()[0]}") from None
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        if file.exists():
            digest.update(os.fsencode(file) + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _stamp(name: str) -> str | None:
    file = Path(settings.DATA_DIR) / "run" / name
    return file.read_text() if file.exists() else None


def _write_stamp(name: str, text: str) -> None:
    (Path(settings.DATA_DIR) / "run" / name).write_text(text)
