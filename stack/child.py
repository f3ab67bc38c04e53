"""Becomes one process of the stack: bound to its starter's life and with as few rights as it needs.

    python -I -S stack/child.py [--signal TERM] [--user NAME] [--cwd DIR] [--open DIR] [--unlink FILE] [--pid-file FILE]
                                -- COMMAND ARGUMENT…

Standard library only, and run by path, so that it costs a few milliseconds before each `exec`.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def main(arguments: list[str]) -> None:
    """Do what the options say, then `exec` the command; every option is about this process only."""
    split = arguments.index("--")
    options, command = _parse(arguments[:split]), arguments[split + 1 :]
    for path in options.unlink:
        with suppress(FileNotFoundError):  # a socket whose owner was killed would make the bind fail
            os.unlink(path)
    if options.pid_file:
        end_leftovers(Path(options.pid_file))
    if options.open:
        # Named by descriptor, a directory can be used by someone who may not walk the path to it: PostgreSQL under
        # its own user, with the data under /root.
        descriptor = os.open(options.open, os.O_RDONLY | os.O_DIRECTORY)
        os.set_inheritable(descriptor, True)
        command = [word.replace("{open}", f"/proc/self/fd/{descriptor}") for word in command]
    if options.cwd:
        os.chdir(options.cwd)
    if options.user:
        drop_to(options.user)
    die_with_parent(signal.Signals[f"SIG{options.signal}"])  # after the change of user, which clears it
    os.execvp(command[0], command)  # noqa: S606  an argv list by design


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stack/child.py")
    parser.add_argument("--signal", default="TERM", help="sent to the command when its starter dies")
    parser.add_argument("--user", help="drop to this user")
    parser.add_argument("--cwd", help="run there")
    parser.add_argument("--open", help="directory to open before dropping; {open} in the command names it")
    parser.add_argument("--unlink", action="append", default=[], help="stale socket to remove first")
    parser.add_argument("--pid-file", help="of a predecessor whose children may still hold its ports")
    return parser.parse_args(arguments)


def drop_to(user: str) -> None:
    """Give up root for good."""
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def die_with_parent(signum: signal.Signals) -> None:
    """Ask the kernel for `signum` when the parent dies, however it dies."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signum)
    if os.getppid() == 1:  # it died before we asked
        sys.exit("The process that started this one is gone.")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none can get lost."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all_children() -> None:
    """Kill and reap every child, and after `adopt_orphans` their children too, as they become ours."""
    me = str(os.getpid())
    with suppress(ChildProcessError):  # none is left
        while True:
            for process in Path("/proc").iterdir():
                if process.name.isdigit() and _stat_fields(process)[1:2] == [me]:
                    os.kill(int(process.name), signal.SIGKILL)  # at least a zombie until we reap it: never someone else
            os.waitpid(-1, 0)


def _stat_fields(process: Path) -> list[str]:
    """State, parent, process group, … of /proc/<pid>/stat: what follows the name, which may contain anything."""
    with suppress(OSError):
        return (process / "stat").read_text().rpartition(")")[2].split()
    return []


def end_leftovers(pid_file: Path) -> None:
    """Kill the children of a predecessor that was itself killed before it could stop them.

    nginx removes its pid file when it stops; one that is still there names a master that was killed. Its workers live
    on, keep the ports, and would serve with the old configuration. Each master leads its own process group.
    """
    with suppress(OSError, ValueError):
        group = int(pid_file.read_text())
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _is_leftover(entry, group):
                os.kill(int(entry.name), signal.SIGKILL)


def _is_leftover(process: Path, group: int) -> bool:
    with suppress(OSError):
        name = (process / "comm").read_text().strip()
        return name == "nginx" and _stat_fields(process)[2:3] == [str(group)] and int(process.name) != os.getpid()
    return False


if __name__ == "__main__":
    main(sys.argv[1:])
