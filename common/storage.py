"""Files on local disk, kept as object storage keeps them: under a name is a whole file, the old or the new one, also
when its writer is killed. (`object_storage` is S3, with the same additions to Django's interface.)"""

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

PART_SUFFIX = ".part"  # what is still being written; one that stays belongs to a writer that was killed


class WholeFileStorage(FileSystemStorage):
    """Django's writes under the name itself, and never replaces a file."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # replaced, as S3 does

    def _save(self, name: str, content: "File[Any]") -> str:
        target = Path(name)
        part = str(target.with_name(f".{target.name}.{secrets.token_hex(4)}{PART_SUFFIX}"))
        written = super()._save(part, content)  # type: ignore[misc]  # not in the stubs
        Path(self.path(written)).replace(self.path(name))
        return name

    def read_range(self, name: str, at: int, size: int) -> bytes:
        """`size` bytes from offset `at` on, fewer at the end of the file. Raises FileNotFoundError."""
        with open(self.path(name), "rb") as file:
            return os.pread(file.fileno(), size, at)

    def settle(self, name: str) -> None:
        """Return when the file survives a power failure."""
        for path in (self.path(name), str(Path(self.path(name)).parent)):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
