"""The origin over HTTP: blocking reload, hints, delta updates, and a Redis that comes and goes."""

import asyncio
import time

import httpx
import pytest

from tests.conformance.demands import demand_good
from tests.conformance.playlist_reader import read
from tests.transcode.live_broadcast import (
    LiveBroadcast,
    broadcast,
    eventually,
    http,
    origin,
    quickly,
    running,
)
from tests.transcode.live_services import OriginProcess, PrivateRedis

__all__ = ["broadcast", "http", "origin", "running"]  # fixtures


# --- Blocking reload


@pytest.mark.parametrize(
    "query", ["_HLS_part=1", "_HLS_msn=-1", "_HLS_msn=1.0", "_HLS_msn=", "_HLS_msn=2&_HLS_msn=2", "_HLS_msn=5"]
)
async def test_directives_that_make_no_sense_are_a_bad_request(broadcast: LiveBroadcast, query: str) -> None:
    """A-104, A-105, A-109"""
    answer = await quickly(broadcast.get(f"source/index.m3u8?{query}"))

    assert answer.status_code == 400
    life = 8 if "_HLS_msn" in query else 2  # four target durations of what blocks, else one
    assert answer.headers["cache-control"] == f"public, max-age={life}"


async def test_past_segments_are_answered_at_once(broadcast: LiveBroadcast) -> None:
    """A-103"""
    plain = await broadcast.get("source/index.m3u8")
    for query in ("_HLS_msn=0", "_HLS_msn=1&_HLS_part=5", "_HLS_msn=2&_HLS_part=2"):
        answer = await quickly(broadcast.get(f"source/index.m3u8?{query}"))
        assert answer.text == plain.text
        assert answer.headers["cache-control"] == "public, max-age=12"  # six target durations


async def test_next_part_is_held_until_it_is_there(broadcast: LiveBroadcast) -> None:
    """A-101, A-111"""
    held = await broadcast.held("source/index.m3u8?_HLS_msn=2&_HLS_part=3")
    await broadcast.play(10)

    answer = await quickly(held)
    assert len(demand_good(answer.text, other_renditions=2).open.parts) == 4
    plain = await broadcast.get("source/index.m3u8")
    reports = "#EXT-X-RENDITION-REPORT"  # the others' news may follow a moment later
    assert answer.text.split(reports)[0] == plain.text.split(reports)[0]


async def test_segment_is_held_until_it_is_complete(broadcast: LiveBroadcast) -> None:
    """A-100"""
    held = await broadcast.held("source/index.m3u8?_HLS_msn=2")
    await broadcast.play(10)
    assert not held.done()
    await broadcast.play(20)

    assert demand_good((await quickly(held)).text, other_renditions=2).segments[-1].msn == 2


async def test_part_beyond_the_last_is_the_next_segments_first(broadcast: LiveBroadcast) -> None:
    """A-102: requests for final + 1, final + 2 and (next, 0) get the same text."""
    queries = ("_HLS_msn=2&_HLS_part=7", "_HLS_msn=2&_HLS_part=8", "_HLS_msn=3&_HLS_part=0")
    held = [await broadcast.held(f"source/index.m3u8?{query}") for query in queries]
    await broadcast.play(30)

    texts = {(await quickly(one)).text for one in held}
    assert len(texts) == 1
    assert demand_good(texts.pop(), other_renditions=2).open.msn == 3


async def test_frozen_encoder_is_a_503_after_three_target_durations(broadcast: LiveBroadcast) -> None:
    """A-107"""
    began = time.monotonic()
    playlist, part = await asyncio.gather(
        broadcast.get("source/index.m3u8?_HLS_msn=2&_HLS_part=3"), broadcast.get("source/1-2.3.m4s")
    )

    assert playlist.status_code == 503
    assert playlist.headers["cache-control"] == "public, max-age=8"  # four target durations
    assert part.status_code == 404
    assert 6.0 <= time.monotonic() - began < 7.0


async def test_end_releases_held_requests_and_directives_are_ignored_then(broadcast: LiveBroadcast) -> None:
    """A-108, A-035"""
    held = [await broadcast.held(f"source/index.m3u8?_HLS_msn={msn}") for msn in (2, 3)]
    await broadcast.end()

    for answer in [await quickly(one) for one in held]:
        assert answer.status_code == 200
    for query in ("_HLS_msn=99&_HLS_skip=YES", "_HLS_part=1", "_HLS_msn=x"):
        final = await quickly(broadcast.get(f"source/index.m3u8?{query}"))
        assert demand_good(final.text).ended


async def test_delta_update_is_given_when_asked_for(broadcast: LiveBroadcast) -> None:
    """A-116, A-120: together with a held request."""
    await broadcast.play(20 * 50 - 130)
    held = await broadcast.held("source/index.m3u8?_HLS_msn=20&_HLS_part=0&_HLS_skip=YES")
    await broadcast.play(10)

    delta = demand_good((await quickly(held)).text, other_renditions=2)
    assert delta.tags["SKIP"] == "SKIPPED-SEGMENTS=14"
    assert len((await broadcast.get("source/index.m3u8?_HLS_skip=YES")).text) < 3000


async def test_multivariant_of_a_starting_broadcast_is_held(broadcast: LiveBroadcast) -> None:
    starting = LiveBroadcast(broadcast.store.redis, broadcast.http)
    held = await starting.held("index.m3u8")
    await starting.start()

    assert "#EXT-X-STREAM-INF" in (await quickly(held)).text


async def test_many_held_requests_are_released_together_with_the_same_text(broadcast: LiveBroadcast) -> None:
    """A-112"""
    path = "source/index.m3u8?_HLS_msn=2&_HLS_part=3"
    held = [asyncio.create_task(broadcast.get(path)) for _ in range(200)]
    done, _ = await asyncio.wait(held, timeout=1.5)
    assert not done
    await broadcast.play(10)
    answers = await asyncio.gather(*held)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_viewers_that_hang_up_leave_nothing_behind(
    broadcast: LiveBroadcast, origin: OriginProcess, http: httpx.AsyncClient
) -> None:
    """A-113"""
    await broadcast.get("index.m3u8")
    before = origin.open_files
    for _ in range(2):
        paths = ("source/index.m3u8?_HLS_msn=2&_HLS_part=3", "source/1-2.3.m4s")
        held = [asyncio.create_task(broadcast.get(path)) for path in paths * 30]

        async def all_held() -> bool:
            return origin.open_files > before + 40

        await eventually(all_held, seconds=5)
        for one in held:
            one.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def back_to_normal() -> bool:
        return origin.open_files <= before + 2

    await eventually(back_to_normal, seconds=5)


# --- Hinted parts


async def test_hinted_part_is_held_and_comes_whole(broadcast: LiveBroadcast) -> None:
    """A-125, A-091"""
    hint = read((await broadcast.get("source/index.m3u8")).text).hints[0]["URI"]
    held = await broadcast.held(f"source/{hint}")
    await broadcast.play(10)

    part = await quickly(held)
    assert part.status_code == 200
    assert int(part.headers["content-length"]) == len(part.content) > 100
    assert hint in [one.uri for one in read((await broadcast.get("source/index.m3u8")).text).open.parts]


async def test_nginx_is_told_where_the_part_lies(broadcast: LiveBroadcast, origin: OriginProcess) -> None:
    """A-128: a thousand clients on one hint cost a header each, not the part."""
    path, prefix = broadcast.path("source/1-2.3.m4s"), {"X-Sendfile-Prefix": "/live-edge"}
    await broadcast.get("source/index.m3u8")
    held = asyncio.create_task(broadcast.http.get(path, headers=prefix))
    await broadcast.held("source/1-2.3.m4s")
    await broadcast.play(10)

    answer = await quickly(held)
    place = answer.headers["x-accel-redirect"].removeprefix("/live-edge/")
    assert answer.content == b""
    assert (origin.edge_directory / place).read_bytes() == (await broadcast.get("source/1-2.3.m4s")).content


async def test_hint_that_is_cancelled_is_not_found(broadcast: LiveBroadcast) -> None:
    """A-126: the segment ended before the hinted part began."""
    held = await broadcast.held("source/1-2.3.m4s")
    for name in ("source", "360p", "audio"):
        broadcast.show.tracks[name].close_segment()
        await broadcast.store.publish([broadcast.show.tracks[name].publication()])

    assert (await quickly(held)).status_code == 404


# --- The live edge's files, which nginx serves


async def test_watched_rendition_lies_in_files_for_nginx(broadcast: LiveBroadcast, origin: OriginProcess) -> None:
    """And those nobody watches cost nothing."""
    await broadcast.get("source/index.m3u8")
    await broadcast.play(60)
    folder = origin.edge_directory / broadcast.stream_id

    async def written() -> bool:
        return (folder / "source" / "1-3.0.m4s").exists()

    await eventually(written)
    part = (folder / "source" / "1-2.3.m4s").read_bytes()
    assert part == (await broadcast.get("source/1-2.3.m4s")).content
    assert not (folder / "360p").exists()


async def test_what_many_ask_at_once_is_fetched_once(broadcast: LiveBroadcast, origin: OriginProcess) -> None:
    """Of a rendition that nobody watched until now; from then on nginx has it."""
    await broadcast.get("index.m3u8")

    async def fetches() -> int:
        lines = (await broadcast.http.get("/metrics")).text.splitlines()
        return int(next(line for line in lines if "upstream_fetches" in line).split()[1])

    before = await fetches()
    answers = await asyncio.gather(*(broadcast.get("360p/1-0.0.m4s") for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert await fetches() == before + 1
    assert (origin.edge_directory / broadcast.stream_id / "360p" / "1-0.0.m4s").exists()


# --- Redis comes and goes


async def test_first_viewer_that_hangs_up_does_not_spoil_it_for_others(broadcast: LiveBroadcast) -> None:
    for _ in range(5):
        fresh = LiveBroadcast(broadcast.store.redis, broadcast.http)
        await fresh.start()
        viewers = [asyncio.create_task(fresh.get("source/index.m3u8")) for _ in range(20)]
        await asyncio.sleep(0)
        for viewer in viewers[:10]:
            viewer.cancel()
        answers = await asyncio.wait_for(asyncio.gather(*viewers[10:]), 5)
        assert {answer.status_code for answer in answers} == {200}


async def test_news_that_was_missed_is_read_after_the_connection_came_back(
    broadcast: LiveBroadcast, running: tuple[PrivateRedis, OriginProcess]
) -> None:
    """The origin's subscription breaks for a moment, and in that moment the broadcast ends."""
    await broadcast.get("source/index.m3u8")
    held = await broadcast.held("source/index.m3u8?_HLS_msn=2")
    admin = running[0].client()
    broadcast.show.finish()
    made, broadcast.show.made = broadcast.show.made, []
    for track in broadcast.show.tracks.values():
        track.window.end()
        made.append(track.publication())
    with admin.pipeline(transaction=True) as pipe:
        pipe.client_kill_filter(_type="pubsub")
        for entry in made:
            pipe.hset(f"live:{{{broadcast.stream_id}}}:windows", entry.rendition, entry.window)
        pipe.execute()

    answer = await asyncio.wait_for(held, 4)
    assert demand_good(answer.text).ended


async def test_viewers_go_on_after_redis_was_away(
    broadcast: LiveBroadcast, running: tuple[PrivateRedis, OriginProcess]
) -> None:
    """Redis is killed and comes back empty: playlists stay, new viewers get a 503, then everything goes on."""
    before = await broadcast.get("source/index.m3u8")
    running[0].stop()
    assert (await quickly(broadcast.get("source/index.m3u8"))).text == before.text
    stranger = LiveBroadcast(broadcast.store.redis, broadcast.http)
    refused = await stranger.get("source/index.m3u8")
    assert refused.status_code == 503
    running[0].start()

    async def told_anew() -> bool:
        await broadcast.store.put_state(broadcast.state)
        await broadcast.play(10)
        parts = read((await broadcast.get("source/index.m3u8")).text)
        return parts.open.msn > 2 or len(parts.open.parts) > 3

    await eventually(told_anew)
    after = demand_good((await broadcast.get("source/index.m3u8")).text, other_renditions=2)
    assert [segment.uri for segment in after.segments][:2] == ["1-0.m4s", "1-1.m4s"]
    await stranger.start()
    assert (await stranger.get("source/index.m3u8")).status_code == 200
    held = await broadcast.held(f"source/index.m3u8?_HLS_msn={after.open.msn + 1}")
    await broadcast.play(100)
    assert (await quickly(held)).status_code == 200
