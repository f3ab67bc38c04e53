"""What one start of the stack runs: groups of processes, with everything they need laid out on disk."""

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from common.environment import env_list
from stack import nginx, services
from stack.errors import StackError
from stack.processes import read_procfile
from stack.services import Program


def make_plan(*, demo: bool) -> dict[str, list[Program]]:
    """Groups in the order of starting: what keeps state, our own processes, and the two doors to the outside."""
    data = Path(settings.DATA_DIR)
    state = services.own_services(data, os.environ)
    _prepare_media_directories()
    values: dict[str, Callable[[], dict[str, str]]] = {
        "ingest": nginx.ingest_values,
        "edge": lambda: nginx.edge_values(env_list("MILLRACE_TRUSTED_PROXIES", [])),
    }
    prefixes = {name: nginx.write_config(name, make()) for name, make in values.items() if services.runs_here(name)}
    for name, prefix in prefixes.items():
        nginx.check(name, prefix)
    os.environ.update(_filled_in())
    procfile = (Path(settings.BASE_DIR) / "Procfile").read_text()
    every = {program.name: program for program in read_procfile(procfile, dict(os.environ))}
    _check_names({*every, "postgres", "redis", "live-redis"})
    programs = {name: program for name, program in every.items() if services.runs_here(name)}
    doors = [
        dataclasses.replace(programs.pop(name), child_options=nginx.child_options(name, prefix))
        for name, prefix in prefixes.items()
    ]
    app = [*programs.values(), *([Program("demo", [sys.executable, "-m", "stack.demo"])] if demo else [])]
    return {name: group for name, group in (("state", state), ("app", app), ("doors", doors)) if group}


def _check_names(known: set[str]) -> None:
    unknown = sorted(set(settings.PROCESSES) - known)
    if unknown:
        raise StackError(f"MILLRACE_PROCESSES names {unknown[0]}, which is none of {', '.join(sorted(known))}.")


def _filled_in() -> dict[str, str]:
    """The variables that the Procfile names, with the defaults filled in."""
    return {
        "MILLRACE_DATA": str(settings.DATA_DIR),
        "MILLRACE_PORT": str(settings.PORT),
        "MILLRACE_SITE_PORT": str(settings.SITE_PORT),
        "MILLRACE_CHAT_PORT": str(settings.CHAT_PORT),
        "MILLRACE_IRC_PORT": str(settings.IRC_PORT),
        "MILLRACE_ORIGIN_PORT": str(settings.ORIGIN_PORT),
        "MILLRACE_RTMP_PORT": str(settings.RTMP_PORT),
        "MILLRACE_LIVE_BROADCASTS": str(settings.LIVE_BROADCASTS),
        "PYTHONUNBUFFERED": "1",
        # Celery's advice not to run as root, once per worker and start; docs/operating.md says it better.
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
    }


def _prepare_media_directories() -> None:
    """Storage, and an empty live edge in memory that only we and the edge can look into."""
    media = Path(settings.MEDIA_ROOT)
    for kept in (media / "previews", media / "broadcasts"):
        kept.mkdir(parents=True, exist_ok=True)
    live = Path(settings.LIVE_EDGE_DIR)
    if live.is_symlink() or (live.exists() and live.stat().st_uid != os.getuid()):
        raise StackError(f"{live} belongs to someone else: remove it, or choose another with MILLRACE_LIVE_EDGE.")
    shutil.rmtree(live, ignore_errors=True)
    live.mkdir(parents=True)
    live.chmod(0o700 if nginx.edge_user() in {None, "root"} else 0o711)
