"""A worker dies between listing a segment and storing it: its heir stores it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.transcode.test_packager import Show
from tests.transcode.test_storage import STREAM, media
from transcode import redis_keys
from transcode.live_store import LiveStore, Uploader, connect, is_stored, store_object
from transcode.unstored import find_unstored

__all__ = ["media"]

pytestmark = pytest.mark.usefixtures("media", "empty_redis")


class Dead:
    """What a worker left that had made three segments and some parts."""

    def __init__(self, store: LiveStore, show: Show) -> None:
        self.store = store
        self.listed = {name: list(track.window.segments) for name, track in show.tracks.items()}
        finished = [entry.finished for entry in show.made if entry.finished]
        self.bodies = {f"{one.rendition}/{one.name}": one.body for one in finished}
        inits = {f"{entry.rendition}/{entry.init_name}": entry.init for entry in show.made if entry.init_name}
        self.everything = {**self.bodies, **inits}

    def stored(self, *but: str) -> None:
        """Everything except these files."""
        for path, body in self.everything.items():
            if path not in but:
                store_object(STREAM, path, body)

    async def found(self) -> dict[str, bytes]:
        return dict(await find_unstored(self.store, self.listed))


@pytest.fixture
async def dead() -> AsyncIterator[Dead]:
    redis = connect()
    show = Show()
    show.play(0, 170)
    store = LiveStore(redis, STREAM)
    await store.become_writer()
    await store.publish(show.made)
    yield Dead(store, show)
    await redis.aclose()


async def test_nothing_is_found_where_everything_is_stored(dead: Dead) -> None:
    dead.stored()
    assert await dead.found() == {}


async def test_newest_segments_that_are_not_stored_are_found_from_their_parts(dead: Dead) -> None:
    missing = {"source/1-1.m4s", "source/1-2.m4s", "audio/1-2.m4s"}
    dead.stored(*missing)
    assert await dead.found() == {path: dead.bodies[path] for path in missing}


async def test_half_a_file_is_none(dead: Dead) -> None:
    dead.stored()
    store_object(STREAM, "360p/1-2.m4s", dead.bodies["360p/1-2.m4s"][:-1])
    assert await dead.found() == {"360p/1-2.m4s": dead.bodies["360p/1-2.m4s"]}


async def test_initialization_section_is_found_with_its_first_segments(dead: Dead) -> None:
    missing = {path for path in dead.everything if path.startswith("360p/")}
    dead.stored(*missing)
    assert await dead.found() == {path: dead.everything[path] for path in missing}


async def test_segment_whose_parts_have_expired_is_given_up(dead: Dead, caplog: pytest.LogCaptureFixture) -> None:
    dead.stored("source/1-1.m4s", "source/1-2.m4s")
    await dead.store.redis.delete(redis_keys.object_key(STREAM, "source", "1-1.0.m4s"))
    assert set(await dead.found()) == {"source/1-2.m4s"}
    assert "source/1-1.m4s" in caplog.text


async def test_heir_stores_them_before_it_is_done_and_waits_for_storage(
    dead: Dead, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead.stored("source/1-2.m4s")
    failures, look = [OSError("away")], is_stored

    def flaky(stream_id: str, path: str, size: int) -> bool:
        if failures:
            raise failures.pop()
        return look(stream_id, path, size)

    monkeypatch.setattr("transcode.unstored.is_stored", flaky)
    uploader = Uploader(STREAM)
    uploader.inherit(lambda: find_unstored(dead.store, dead.listed))
    await asyncio.wait_for(uploader.drain(), 10)
    await uploader.close()
    stored = media / "broadcasts" / STREAM / "source" / "1-2.m4s"
    assert stored.read_bytes() == dead.bodies["source/1-2.m4s"]
