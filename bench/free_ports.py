"""Finds ports nobody listens on."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """`count` different ports, free at this moment."""
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_block(size: int, *, start: int = 24_000, end: int = 60_000) -> int:
    """The first of `size` consecutive free ports: a stack counts its ports up from one."""
    for first in range(start, end, size):
        with ExitStack() as open_sockets:
            try:
                for port in range(first, first + size):
                    open_sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise OSError("no free ports")
