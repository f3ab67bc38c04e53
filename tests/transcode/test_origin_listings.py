"""Playlists of whole segments over HTTP: what viewers may rewind to, and key frames."""

import asyncio
from typing import cast

import pytest

from tests.conformance.playlist_reader import read
from tests.transcode.live_broadcast import LiveBroadcast, broadcast, eventually, http, origin, quickly, running
from transcode import redis_keys
from transcode.hls.dvr import decode_entries, encode_entry
from transcode.hls.window import Window
from transcode.live_store import as_bytes
from transcode.publisher import Publisher
from transcode.reports import Reports
from transcode.task_ending import end_tasks

__all__ = ["broadcast", "http", "origin", "running"]  # fixtures
SEGMENT_FRAMES = 50


async def later(broadcast: LiveBroadcast, segments: int) -> None:
    """The broadcast when so many segments are complete."""
    await broadcast.play(segments * SEGMENT_FRAMES + 30 - 130)


async def test_viewers_may_rewind_to_what_the_live_playlist_has_dropped(broadcast: LiveBroadcast) -> None:
    await later(broadcast, 40)
    live = read((await broadcast.get("source/index.m3u8")).text)
    multivariant = await broadcast.get("dvr/index.m3u8")
    dvr = await broadcast.get("dvr/source/index.m3u8")

    assert multivariant.text == (await broadcast.get("index.m3u8")).text  # addresses in it are relative
    assert dvr.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert dvr.headers["cache-control"] == "public, max-age=1"
    playlist = read(dvr.text)
    assert live.segments[0].msn > 10
    assert [one.msn for one in playlist.segments] == list(range(40))
    assert playlist.segments[-1].uri == "../../source/1-39.m4s"
    assert "#EXT-X-PART" not in dvr.text


async def test_rewind_playlist_is_held_until_the_next_segment_and_can_be_a_delta(broadcast: LiveBroadcast) -> None:
    await later(broadcast, 12)
    await broadcast.get("dvr/source/index.m3u8")
    held = await broadcast.held("dvr/source/index.m3u8?_HLS_msn=12&_HLS_skip=YES")
    await broadcast.play(SEGMENT_FRAMES)

    delta = read((await quickly(held)).text)
    assert delta.tags["SKIP"] == "SKIPPED-SEGMENTS=7"
    assert [one.msn for one in delta.segments] == list(range(7, 13))
    assert (await quickly(broadcast.get("dvr/source/index.m3u8?_HLS_msn=15"))).status_code == 400
    assert (await quickly(broadcast.get("dvr/source/index.m3u8?_HLS_part=0"))).status_code == 400


async def test_origin_that_comes_later_knows_the_whole_past(broadcast: LiveBroadcast) -> None:
    """Also one whose Redis was restored: entries come twice, and the newest window says what was published."""
    await later(broadcast, 40)
    key = redis_keys.past_key(broadcast.stream_id, "source")
    entries = [as_bytes(entry) for entry in await broadcast.store.redis.lrange(key, 0, -1)]
    assert len(entries) == 40
    await broadcast.store.put_past({"source": [*entries, *entries[-3:]]})

    assert len(read((await broadcast.get("dvr/source/index.m3u8")).text).segments) == 40


async def test_rewind_playlist_ends_with_the_broadcast(broadcast: LiveBroadcast) -> None:
    await broadcast.get("dvr/source/index.m3u8")
    held = await broadcast.held("dvr/source/index.m3u8?_HLS_msn=3")
    await broadcast.end()

    async def ended() -> bool:
        return (await broadcast.get("dvr/source/index.m3u8")).text.endswith("#EXT-X-ENDLIST\n")

    await eventually(ended)
    assert (await quickly(held)).status_code == 200


async def test_key_frame_playlist_follows_the_live_one(broadcast: LiveBroadcast) -> None:
    """A-114, A-139"""
    held = await broadcast.held("source/iframes.m3u8?_HLS_msn=2")
    await broadcast.play(SEGMENT_FRAMES)
    text = (await quickly(held)).text

    assert text.count("#EXT-X-I-FRAMES-ONLY") == 1
    assert "#EXT-X-PART" not in text
    stored = await broadcast.store.redis.hget(redis_keys.windows_key(broadcast.stream_id), "source")
    window = Window.from_json(stored or b"")
    assert [one.uri for one in read(text).segments] == ["1-0.m4s", "1-1.m4s", "1-2.m4s"]
    assert all(f"#EXT-X-BYTERANGE:{segment.key_bytes}@0" in text for segment in window.segments)
    assert all(0 < segment.key_bytes < segment.parts[0].size for segment in window.segments)
    assert (await broadcast.get("dvr/source/iframes.m3u8")).text.count("../../source/1-") == 3


async def test_sound_has_no_key_frames(broadcast: LiveBroadcast) -> None:
    for path in ("audio/iframes.m3u8", "dvr/audio/iframes.m3u8", "dvr/nothing/index.m3u8", "nothing/iframes.m3u8"):
        assert (await quickly(broadcast.get(path))).status_code == 404
    assert (await broadcast.get("dvr/audio/index.m3u8")).status_code == 200


class IndexInPlaceOfReports:
    """The database's side of a supervisor: it has indexed the first 30 segments."""

    def __init__(self, known: list[bytes]) -> None:
        self._known = known

    async def ask(self, _: object) -> dict[str, list[bytes]]:
        return {"source": list(self._known)}

    def save_segments(self, _: object) -> None:
        """Nothing is indexed after the outage."""


async def test_redis_that_was_lost_is_given_the_past_again(
    broadcast: LiveBroadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transcode.live_store.store_object", lambda *_: None)
    monkeypatch.setattr("transcode.preview_schedule.PreviewSchedule.see", lambda *_: None)
    await later(broadcast, 40)
    redis, key = broadcast.store.redis, redis_keys.past_key(broadcast.stream_id, "source")
    known = [as_bytes(entry) for entry in await redis.lrange(key, 0, 29)]
    reports = cast(Reports, IndexInPlaceOfReports(known))
    publisher = Publisher(broadcast.store, broadcast.show.tracks, reports, lambda: asyncio.sleep(0))
    running = asyncio.create_task(publisher.run())
    try:
        await redis.delete(*[name async for name in redis.scan_iter(f"*{broadcast.stream_id}*")])
        for segments in (41, 42):
            broadcast.show.play(segments * SEGMENT_FRAMES - 20, segments * SEGMENT_FRAMES + 30)
            publisher.emit(broadcast.show.made)
            broadcast.show.made = []
            await publisher.published()
        past = decode_entries([as_bytes(entry) for entry in await redis.lrange(key, 0, -1)])
    finally:
        await end_tasks([running])
        await publisher.close()

    assert [one.msn for one in past] == list(range(42))


async def test_broadcast_that_begins_anew_has_no_past(broadcast: LiveBroadcast) -> None:
    await broadcast.store.reset_windows()
    assert not await broadcast.store.redis.exists(redis_keys.past_key(broadcast.stream_id, "source"))
    assert encode_entry(broadcast.show.tracks["source"].window.segments[0]).startswith(b"[0,1,")
