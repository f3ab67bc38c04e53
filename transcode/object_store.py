"""What is asked of storage beyond Django's interface: pieces of large files, files that are made while they are
written, whole folders."""

from collections.abc import Iterator
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage


class WrittenOnce(File):  # type: ignore[type-arg]  # generic in its stubs only
    """A file to be stored that is made while it is written; nothing of it is held for longer."""

    def __init__(self, pieces: Iterator[bytes], size: int) -> None:
        super().__init__(None)
        self.size = size
        self._pieces, self._rest = pieces, b""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield from self._pieces

    def read(self, size: int = -1) -> bytes:
        """S3's client takes it by this."""
        taken = bytearray(self._rest)
        for piece in self._pieces if size < 0 or len(taken) < size else ():
            taken += piece
            if 0 <= size <= len(taken):
                break
        cut = len(taken) if size < 0 else size
        self._rest = bytes(taken[cut:])
        return bytes(taken[:cut])

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return False

    def close(self) -> None:
        """There is nothing to close."""


def read_range(key: str, at: int, size: int) -> bytes:
    """`size` bytes of a stored file from offset `at` on, fewer at its end. Raises FileNotFoundError."""
    return bytes(_storage().read_range(key, at, size))


def settle(key: str) -> None:
    """Return when a stored file survives a power failure."""
    _storage().settle(key)


def list_names(folder: str) -> list[str]:
    """The files right in a folder; none when there is no such folder."""
    return _listed(folder)[1]


def list_folders(folder: str) -> list[str]:
    """The folders right in a folder; none when there is no such folder."""
    return _listed(folder)[0]


def delete_folder(folder: str) -> int:
    """Everything below `folder`; returns how many files. Safe to repeat."""
    folders, files = _listed(folder)
    count = sum(delete_folder(f"{folder}/{name}") for name in folders)
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)  # local disk has a directory, S3 has nothing
    return count + len(files)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return list(folders), list(files)


def _storage() -> Any:
    """One of ours in common/; Django's proxy has the types of neither."""
    return default_storage
