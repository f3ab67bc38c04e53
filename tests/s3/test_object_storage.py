"""Recordings in a bucket of a real S3 service, also of one that fails."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from common import object_storage
from tests.s3.flaky_proxy import FlakyProxy
from tests.s3.radosgw import BUCKET, Radosgw
from tests.transcode.stored_broadcast import SIZES, STREAM, expected, files, played, store_broadcast
from transcode import stored_media
from transcode.consolidation import consolidate_recording
from transcode.object_store import WrittenOnce, read_range
from transcode.recordings import write_recording
from transcode.services import delete_recording
from transcode.storage_audit import audit_storage
from transcode.stored_media import read_file

pytestmark = pytest.mark.django_db
FAILING_SHARE = 0.2  # of all calls


def use(settings: Settings, s3: Radosgw, url: str, **options: Any) -> None:
    known = {
        "bucket_name": BUCKET,
        "endpoint_url": url,
        "region_name": "us-east-1",
        "access_key": s3.access_key,
        "secret_key": s3.secret_key,
        "addressing_style": "path",
    }
    backend = {"BACKEND": "common.object_storage.ObjectStorage", "OPTIONS": known | options}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    stored_media._archived.cache_clear()


@pytest.fixture(autouse=True)
def bucket(s3: Radosgw, settings: Settings) -> Iterator[None]:
    """Empty afterwards."""
    use(settings, s3, s3.url)
    yield
    client = s3.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for one in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=one["Key"])


def test_file_is_replaced_under_its_name_and_read_in_pieces() -> None:
    default_storage.save("a/b.bin", ContentFile(b"old"))
    assert default_storage.save("a/b.bin", ContentFile(b"0123456789")) == "a/b.bin"

    assert read_range("a/b.bin", 3, 4) == b"3456"
    assert read_range("a/b.bin", 8, 100) == b"89"
    assert (default_storage.size("a/b.bin"), default_storage.listdir("a")) == (10, ([], ["b.bin"]))
    assert default_storage.url("a/b.bin") == "/a/b.bin"
    with pytest.raises(FileNotFoundError):
        read_range("a/nothing.bin", 0, 1)
    with pytest.raises(FileNotFoundError):
        default_storage.open("a/nothing.bin").read()


def test_file_that_is_made_while_it_is_written_is_whole() -> None:
    """More than one part of a multipart upload."""
    pieces = [bytes([number]) * 700_001 for number in range(20)]
    default_storage.save("big.bin", WrittenOnce(iter(pieces), sum(map(len, pieces))))

    with default_storage.open("big.bin") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(b"".join(pieces)).digest()


def test_service_refuses_a_wrong_key(s3: Radosgw, settings: Settings) -> None:
    use(settings, s3, s3.url, secret_key="wrong")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        default_storage.save("a.bin", ContentFile(b"x"))


def test_bucket_is_private(s3: Radosgw) -> None:
    import httpx

    default_storage.save("a.bin", ContentFile(b"x"))
    assert httpx.get(f"{s3.url}/{BUCKET}/a.bin").status_code == 403


def test_recording_becomes_one_object_a_rendition() -> None:
    store_broadcast()
    write_recording(stream_id=STREAM)
    assert audit_storage().is_clean

    consolidate_recording(stream_id=STREAM)

    assert {name: played(name) for name in SIZES} == {name: expected(name) for name in SIZES}
    assert [files(name) for name in SIZES] == [["archive.mp4"]] * 2
    assert read_file(STREAM, "source/1-2.m4s") in expected("source")[1]
    assert audit_storage().is_clean
    delete_recording(stream_id=STREAM)
    assert default_storage.listdir(f"broadcasts/{STREAM}") == ([], [])


def test_everything_completes_while_one_call_in_five_fails(s3: Radosgw, settings: Settings) -> None:
    with FlakyProxy(s3.url, share=FAILING_SHARE) as proxy:
        use(settings, s3, proxy.url)
        store_broadcast()
        write_recording(stream_id=STREAM)
        consolidate_recording(stream_id=STREAM)
        assert proxy.failed > FAILING_SHARE / 2 * proxy.requests > 10

        use(settings, s3, s3.url)
        assert {name: digests(played(name)) for name in SIZES} == {name: digests(expected(name)) for name in SIZES}
        assert audit_storage().is_clean


def test_without_trying_again_it_would_not(s3: Radosgw, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""
    monkeypatch.setattr(object_storage, "ATTEMPTS", 1)
    with FlakyProxy(s3.url, share=FAILING_SHARE) as proxy:
        use(settings, s3, proxy.url)
        with pytest.raises(Exception, match=r"SlowDown|closed|endpoint|aborted"):
            store_broadcast()


def digests(runs: dict[int, bytes]) -> dict[int, str]:
    return {run: hashlib.sha256(body).hexdigest() for run, body in runs.items()}
