"""What each new stack would make alike at its first start, made once: a database with its tables, and static files."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / "var" / "test-stacks"
MADE_FROM = ("*/migrations/*.py", "static/**/*", "requirements.txt", "package-lock.json", "config/*.py", "stack/*.py")
DRAFT = "millrace-prepared-"
COPIED = ("postgres", "static", "run/migrated", "run/static-files")
LIMIT_SECONDS = 120


def copy_prepared(data: Path) -> None:
    """Into a data directory that does not exist yet."""
    home = HOME / _digest()
    if not home.exists():
        _make(home)
    data.mkdir(mode=0o755)
    _copy(home, data)


def _make(home: Path) -> None:
    """Under a name of its own first: two that begin at the same moment do not disturb one another."""
    draft = Path(tempfile.mkdtemp(prefix=DRAFT))
    draft.chmod(0o755)  # PostgreSQL drops root and must still reach its directory
    try:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
        command = [sys.executable, "-m", "bench.prepared", str(draft / "data")]
        environment |= {"MILLRACE_DATA": str(draft / "data"), "DJANGO_SETTINGS_MODULE": "config.settings"}
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=LIMIT_SECONDS, stdout=quiet)
        kept = HOME / draft.name
        kept.mkdir(parents=True)
        _copy(draft / "data", kept)
        if not home.exists():
            kept.rename(home)
        for older in HOME.iterdir():
            if older != home and (older == kept or not older.name.startswith(DRAFT)):
                shutil.rmtree(older, ignore_errors=True)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes."""
    for name in COPIED:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(source / name), str(target / name)], check=True)


def _digest() -> str:
    files = sorted(path for pattern in MADE_FROM for path in ROOT.glob(pattern) if path.is_file())
    digest = hashlib.sha256()
    for file in files:
        digest.update(os.fsencode(file.relative_to(ROOT)) + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def main() -> None:
    """The same steps as `stack.run` takes before it starts anything."""
    from stack import preparation
    from stack.with_services import running

    data = Path(sys.argv[1])
    data.mkdir(mode=0o755)
    with running(data, durable=True):
        (data / "run").mkdir(exist_ok=True)
        preparation.migrate()
        preparation.collect_static()


if __name__ == "__main__":
    main()
