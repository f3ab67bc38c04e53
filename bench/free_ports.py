"""Finds ports nobody listens on."""

import random
import socket
from contextlib import ExitStack

FIRST_PORT, LAST_PORT = 24_000, 32_000


def free_ports(count: int) -> list[int]:
    """`count` different ports, free at this moment."""
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_block(size: int) -> int:
    """The first of `size` consecutive free ports: a stack counts its ports up from one.

    At random, so that two stacks that start at the same moment do not choose the same; below the ports that the kernel
    gives to outgoing connections.
    """
    starts = list(range(FIRST_PORT, LAST_PORT - size, size))
    random.shuffle(starts)
    for first in starts:
        with ExitStack() as open_sockets:
            try:
                for port in range(first, first + size):
                    open_sockets.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise OSError("no free ports")
