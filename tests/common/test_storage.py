"""Local storage holds whole files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from common.storage import PART_SUFFIX, WholeFileStorage


class TornFile(ContentFile):  # type: ignore[type-arg]  # generic in its stubs only
    """Its reader fails in the middle."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"half"
        raise OSError("gone")


@pytest.fixture
def storage(tmp_path: Path) -> WholeFileStorage:
    return WholeFileStorage(tmp_path)


def test_file_is_replaced_under_its_name(storage: WholeFileStorage) -> None:
    storage.save("a/b.txt", ContentFile(b"old"))

    assert storage.save("a/b.txt", ContentFile(b"new")) == "a/b.txt"

    assert storage.open("a/b.txt").read() == b"new"
    assert storage.listdir("a") == ([], ["b.txt"])


def test_what_is_half_written_is_under_no_name_of_its_own(storage: WholeFileStorage) -> None:
    storage.save("a/b.txt", ContentFile(b"old"))

    with pytest.raises(OSError, match="gone"):
        storage.save("a/b.txt", TornFile(b"half and half"))

    assert storage.open("a/b.txt").read() == b"old"
    left = set(storage.listdir("a")[1]) - {"b.txt"}
    assert all(name.endswith(PART_SUFFIX) for name in left)
