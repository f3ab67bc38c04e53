"""A whole stack that keeps its media in a bucket, and nothing of it on its disk."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.inside import consolidate
from bench.recordings import check_recording
from bench.show import Show
from bench.stack import Stack
from tests.s3.radosgw import BUCKET, Radosgw

ON_AIR_SECONDS = 8
PREVIEW_SECONDS = 20


@pytest.fixture
def stack(s3: Radosgw) -> Iterator[Stack]:
    bucket = {"BUCKET": BUCKET, "ENDPOINT": s3.url, "ACCESS_KEY": s3.access_key, "SECRET_KEY": s3.secret_key}
    own: dict[str, Any] = {f"S3_{name}": value for name, value in bucket.items()}
    with Stack(TRANSCODED_RUNGS=1, CONSOLIDATE_AFTER=86_400, **own) as running:
        yield running


def preview_of(stack: Stack, show: Show) -> bytes:
    """The picture that cards show, once there is one."""
    deadline = time.monotonic() + PREVIEW_SECONDS
    while True:
        path = stack.api("GET", f"/streams/{show.stream_id}").json().get("preview_url")
        if path:
            answer = stack.http.get(path)
            answer.raise_for_status()
            return answer.content
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_recording_is_in_the_bucket_and_plays_through_the_edge(stack: Stack, s3: Radosgw) -> None:
    with Show(stack, stack.create_user("alice", streamer=True)) as show:
        time.sleep(ON_AIR_SECONDS)
        assert preview_of(stack, show).startswith(b"\xff\xd8")
        show.finish()
        frames = check_recording(show).numbers
        assert len(frames) > ON_AIR_SECONDS * 25
        consolidate(stack, show.stream_id)
        assert check_recording(show).numbers == frames
        assert check_recording(show).numbers == frames  # from the edge's cache
    assert [path for path in (stack.data / "media").rglob("*") if path.is_file()] == []
    listed = s3.client().list_objects_v2(Bucket=BUCKET, Prefix=f"broadcasts/{show.stream_id}/source/")
    assert [one["Key"].rpartition("/")[2] for one in listed["Contents"]] == ["archive.mp4"]
    log = stack.log.read_text(errors="replace")
    assert s3.secret_key not in log
    assert s3.access_key not in log
