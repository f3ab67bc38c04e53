"""Where uploads lie until they are recordings: one file each on this machine's disk, whose size says how much has come.

A process that is killed leaves whole bytes behind, and whoever asks next goes on from there. FFmpeg runs as a user who
may not enter the folder; it is given the open file.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from common.errors import Conflict
from common.one_at_a_time import only_one_here

_FOLDER_MODE, _FILE_MODE = 0o700, 0o644
_LOCK = ".working"


def path_of(public_id: str) -> Path:
    """The file of one upload, whether it is there or not."""
    return _folder() / public_id


def size_of(public_id: str) -> int:
    """Bytes that have come."""
    try:
        return path_of(public_id).stat().st_size
    except FileNotFoundError:
        return 0


@contextmanager
def appending(public_id: str) -> Iterator[BinaryIO]:
    """The file, to be added to by one process at a time; what was added is on disk afterwards. Raises Conflict."""
    descriptor = os.open(path_of(public_id), os.O_RDWR | os.O_CREAT | os.O_APPEND, _FILE_MODE)
    os.fchmod(descriptor, _FILE_MODE)  # whatever the umask says
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = "A part of this file is being received already. Wait a moment and go on."
            raise Conflict(text, code="busy") from None
        yield file
        os.fsync(file.fileno())


def remove(public_id: str) -> None:
    """Safe to repeat."""
    path_of(public_id).unlink(missing_ok=True)


def names() -> list[str]:
    """The uploads that have a file here."""
    return [entry.name for entry in os.scandir(_folder()) if entry.name != _LOCK]


def free_bytes() -> int:
    return shutil.disk_usage(_folder()).free


def only_worker() -> AbstractContextManager[bool]:
    """Whether nobody else on this machine works on uploads; nobody begins while we do. Who is killed holds nothing."""
    return only_one_here(_folder() / _LOCK)


def _folder() -> Path:
    folder: Path = settings.UPLOADS_DIR
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    return folder
