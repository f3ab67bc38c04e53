"""What stream keys look like."""

import pytest

from streaming.stream_keys import is_ingest_name, key_digest, new_stream_key, shown_part


def test_ten_thousand_keys_differ_and_are_recognisable() -> None:
    keys = {new_stream_key() for _ in range(10_000)}
    assert len(keys) == 10_000
    assert all(key.startswith("live_") and len(key) >= 5 + 22 and is_ingest_name(key) for key in keys)


@pytest.mark.parametrize("name", ["a", "live_Ab-9", "x" * 64])
def test_names_the_ingest_server_may_use(name: str) -> None:
    assert is_ingest_name(name)


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a/b", "../x", "a\n", "é", "ａ", "a\x00", "a.b", "%2e"])
def test_names_it_may_not_use(name: str) -> None:
    assert not is_ingest_name(name)


def test_digest_depends_on_key_and_pepper() -> None:
    assert len({key_digest(b"p", "k"), key_digest(b"q", "k"), key_digest(b"p", "l")}) == 3
    assert key_digest(b"p", "k") == key_digest(b"p", "k")


def test_shown_part_leaves_the_key_unguessable() -> None:
    key = new_stream_key()
    assert len(key) - len(shown_part(key)) >= 22
