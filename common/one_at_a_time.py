"""Lets one process of a machine do something at a time; the kernel forgets those that are killed."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one_here(path: Path) -> Iterator[bool]:
    """False when another process is in here, with the same file; nobody waits."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
