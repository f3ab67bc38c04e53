"""What is asked of storage beyond Django's interface: pieces of large files, files that are made while they are
written, whole folders."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage, storages

HOT, WARM, COLD = "hot", "warm", "cold"  # tiers of storage; all but the first are names in `STORAGES`
Found = TypeVar("Found")


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


class MediaStorage(Protocol):
    """What both of ours in common/ are; Django's proxy of one has no such type."""

    def save(self, name: str, content: "File[Any]") -> str: ...
    def delete(self, name: str) -> None: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...
    def read_range(self, name: str, at: int, size: int) -> bytes: ...
    def settle(self, name: str) -> None: ...
    def listdir(self, path: str) -> tuple[list[str], list[str]]: ...
    def get_modified_time(self, name: str) -> datetime: ...


def tiers() -> list[str]:
    """Those that this installation has."""
    return [HOT, *(tier for tier in (WARM, COLD) if tier in settings.STORAGES)]


def storage_of(tier: str) -> MediaStorage:
    """Hot is the storage of everything else, too."""
    return cast(MediaStorage, default_storage if tier == HOT else storages[tier])


def read_range(key: str, at: int, size: int) -> bytes:
    """`size` bytes of a stored file from offset `at` on, fewer at its end; from any storage that is played from. Raises
    FileNotFoundError."""
    return _playable(lambda storage: storage.read_range(key, at, size))


def size_of(key: str) -> int:
    """Bytes of a stored file, in any storage that is played from. Raises FileNotFoundError."""
    return _playable(lambda storage: storage.size(key))


def settle(key: str) -> None:
    """Return when a stored file survives a power failure."""
    storage_of(HOT).settle(key)


def _playable(ask: "Callable[[MediaStorage], Found]") -> "Found":
    try:
        return ask(storage_of(HOT))
    except FileNotFoundError:
        if WARM not in tiers():
            raise
    return ask(storage_of(WARM))


def list_names(folder: str, *, tier: str = HOT) -> list[str]:
    """The files right in a folder; none when there is no such folder."""
    return _listed(storage_of(tier), folder)[1]


def list_folders(folder: str, *, tier: str = HOT) -> list[str]:
    """The folders right in a folder; none when there is no such folder."""
    return _listed(storage_of(tier), folder)[0]


def delete_folder(folder: str, *, tier: str = HOT) -> None:
    """Everything below `folder`, and itself. Safe to repeat."""
    storage = storage_of(tier)
    folders, files = _listed(storage, folder)
    for name in folders:
        delete_folder(f"{folder}/{name}", tier=tier)
    for name in files:
        storage.delete(f"{folder}/{name}")
    storage.delete(folder)  # local disk has a directory, S3 has nothing


def _listed(storage: MediaStorage, folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return [], []
    return list(folders), list(files)
