"""Looks at processes through /proc: whose child they are, what they say in public, what they hold open."""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process; the start time tells it from a later one with the same id."""

    pid: int
    parent: int
    started: int
    name: str
    command: str

    def kill(self) -> None:
        """SIGKILL, if it is still this one."""
        with contextlib.suppress(ProcessLookupError):
            if read_process(self.pid) == self:
                os.kill(self.pid, signal.SIGKILL)

    def __str__(self) -> str:
        return f"{self.pid} {self.command[:120] or self.name}"


def read_process(pid: int) -> Process | None:
    """The process with this id, or None when there is none (a zombie is none)."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    state, parent, started = fields[0], int(fields[1]), int(fields[19])
    return None if state == "Z" else Process(pid, parent, started, name, command.strip())


def all_processes() -> list[Process]:
    found = (read_process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return [process for process in found if process]


def descendants_of(pid: int, processes: list[Process]) -> list[Process]:
    """The process itself and everything below it."""
    family = {pid}
    grown = True
    while grown:
        children = {process.pid for process in processes if process.parent in family}
        grown = not children <= family
        family |= children
    return [process for process in processes if process.pid in family]


def still_running(processes: list[Process]) -> list[Process]:
    def is_same(process: Process) -> bool:
        now = read_process(process.pid)
        return now is not None and now.started == process.started

    return [process for process in processes if is_same(process)]


def with_open_files_under(root: Path) -> list[Process]:
    """Processes that live in a directory: open files, working directory or arguments. Finds daemons that left home."""
    found = []
    for process in all_processes():
        if str(root) in process.command or any(path.startswith(f"{root}/") for path in _held(process.pid)):
            found.append(process)
    return found


def _held(pid: int) -> list[str]:
    links = [PROC / str(pid) / "cwd"]
    with contextlib.suppress(OSError):
        links += list((PROC / str(pid) / "fd").iterdir())
    held = []
    for link in links:
        with contextlib.suppress(OSError):
            held.append(str(link.readlink()))
    return held


def pin(core: int, *pids: int) -> None:
    """Let all threads of these processes run on this core alone."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})
