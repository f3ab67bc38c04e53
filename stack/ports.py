"""Which ports a stack needs, and who has them when they are taken."""

import errno
import os
import socket
from pathlib import Path

from django.conf import settings

from stack.errors import StackError
from stack.services import runs_here


def needed_ports() -> dict[str, int]:
    """Variable to change → port."""
    tls = {"MILLRACE_TLS_PORT": settings.TLS_PORT} if settings.TLS_CERT else {}
    ports = {
        "edge": {"MILLRACE_PORT": settings.PORT, **tls},
        "site": {"MILLRACE_SITE_PORT": settings.SITE_PORT},
        "chat": {"MILLRACE_CHAT_PORT": settings.CHAT_PORT},
        "irc": {"MILLRACE_IRC_PORT": settings.IRC_PORT},
        "origin": {"MILLRACE_ORIGIN_PORT": settings.ORIGIN_PORT},
        "ingest": {"MILLRACE_RTMP_PORT": settings.RTMP_PORT, "MILLRACE_HOOK_PORT": settings.INGEST_HOOK_PORT},
    }
    return {name: port for process, own in ports.items() if runs_here(process) for name, port in own.items()}


def check_ports(ports: dict[str, int]) -> None:
    """One sentence about the first port that cannot be had."""
    taken_by: dict[int, str] = {}
    for variable, port in ports.items():
        if port in taken_by:
            raise StackError(f"{variable} and {taken_by[port]} are both {port}: give each its own port.")
        taken_by[port] = variable
        _check_port(variable, port)


def _check_port(variable: str, port: int) -> None:
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that wind down do not matter
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104  a probe: it never listens
        except OSError as error:
            raise StackError(_sentence(variable, port, error)) from None


def _sentence(variable: str, port: int, error: OSError) -> str:
    if error.errno == errno.EACCES:
        return (
            f"Port {port} is for root only: choose a higher one with {variable}, for example {variable}={port + 8000}."
        )
    owner = port_owner(port)
    by = f" by {owner}" if owner else ""
    hint = 100 if port + 100 < 65_000 else -100
    return f"Port {port} is already taken{by}: stop that, or choose another, for example {variable}={port + hint}."


def port_owner(port: int) -> str | None:
    """`name (process 123)` of who listens there, as far as this user may know."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, inodes):
            return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    """/proc/net/tcp: local address:port in hex is the 2nd column, state the 4th (0A: listening), inode the 10th."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                inodes.add(columns[9])
    return inodes


def _holds(process: Path, inodes: set[str]) -> bool:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # it ended, or belongs to someone else
        return False
    return any(_target(descriptor) in wanted for descriptor in descriptors)


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)
    except OSError:  # closed since
        return ""
