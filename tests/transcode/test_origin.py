"""The origin over HTTP: tokens, blocking reload, hints, delta updates, and a Redis that comes and goes."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings
from redis import asyncio as aioredis

from tests.conformance.demands import demand_good
from tests.conformance.playlist_reader import read
from tests.transcode.live_services import OriginProcess, PrivateRedis, live_services
from tests.transcode.test_packager import Show
from transcode.hls.multivariant import Rendition
from transcode.live_state import LiveState
from transcode.live_store import LiveStore
from transcode.playback_tokens import Scope, sign

AT_ONCE = 0.5  # seconds; a hold lasts six, and this machine may be busy
RENDITIONS = [
    Rendition("source", "avc1.64001f", 3_000_000, 2_500_000, 1280, 720, 25.0),
    Rendition("360p", "avc1.42c01e", 1_000_000, 800_000, 640, 360, 25.0),
    Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2),
]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[PrivateRedis, OriginProcess]]:
    with live_services() as services:
        yield services


@pytest.fixture
def origin(running: tuple[PrivateRedis, OriginProcess]) -> OriginProcess:
    return running[1]


class LiveBroadcast:
    """A broadcast written as its supervisor writes it, and the viewer's addresses of it."""

    def __init__(self, redis: "aioredis.Redis", http: httpx.AsyncClient) -> None:
        self.stream_id = secrets.token_hex(12)
        self.store = LiveStore(redis, self.stream_id)
        self.http = http
        self.show = Show()
        self.state = LiveState(2, 0.35, RENDITIONS)
        self._frames = 0

    async def start(self, frames: int = 130) -> None:
        """130 frames: segments 0 and 1 are complete, 2 has parts 0, 1 and 2."""
        await self.store.put_state(self.state)
        await self.play(frames)
        self.state.ready = True
        await self.store.put_state(self.state)

    async def play(self, frames: int) -> None:
        self.show.play(self._frames, self._frames + frames)
        self._frames += frames
        made, self.show.made = self.show.made, []
        if made:
            await self.store.publish(made)

    async def end(self) -> None:
        self.show.finish()
        made, self.show.made = self.show.made, []
        for track in self.show.tracks.values():
            track.window.end()
            made.append(track.publication())
        await self.store.publish(made)
        self.state.ended = True
        await self.store.put_state(self.state)

    def path(self, path: str, *, token: str | None = None) -> str:
        scope = Scope.RECORDING if path.startswith("vod/") else Scope.LIVE
        return f"/media/{token or self.signed(scope)}/{self.stream_id}/{path}"

    def token(self, seconds: float) -> str:
        return self.signed(Scope.LIVE, seconds)

    def signed(self, scope: Scope, seconds: float = 60) -> str:
        expires_at = round(time.time() + seconds)
        return sign(key=settings.PLAYBACK_SIGNING_KEY, stream_id=self.stream_id, expires_at=expires_at, scope=scope)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(self.path(path))

    async def held(self, path: str) -> "asyncio.Task[httpx.Response]":
        """A request that is held: it must not be answered within 0.2 seconds."""
        task = asyncio.create_task(self.get(path))
        await asyncio.wait({task}, timeout=0.2)
        assert not task.done(), task.result().text
        return task


@pytest.fixture
async def http(origin: OriginProcess) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=500)
    async with httpx.AsyncClient(base_url=origin.url, timeout=15, limits=limits) as client:
        yield client


@pytest.fixture
async def broadcast(
    running: tuple[PrivateRedis, OriginProcess], http: httpx.AsyncClient
) -> AsyncIterator[LiveBroadcast]:
    redis = aioredis.Redis.from_url(running[0].url)
    broadcast = LiveBroadcast(redis, http)
    await broadcast.start()
    yield broadcast
    await redis.aclose()


async def quickly(answer: Awaitable[httpx.Response], seconds: float = AT_ONCE) -> httpx.Response:
    began = time.monotonic()
    response = await answer
    assert time.monotonic() - began < seconds
    return response


async def eventually(holds: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


# --- What is answered at all


async def test_playlists_are_valid_and_typed(broadcast: LiveBroadcast) -> None:
    multivariant = await broadcast.get("index.m3u8")
    media = await broadcast.get("source/index.m3u8")

    assert multivariant.headers["content-type"] == media.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert multivariant.text.count("#EXT-X-STREAM-INF") == 3
    playlist = demand_good(media.text, other_renditions=2)
    assert [segment.msn for segment in playlist.segments] == [0, 1]
    assert len(playlist.open.parts) == 3
    assert media.headers["cache-control"] == "public, max-age=1"  # A-152: half a target duration
    assert media.headers["access-control-allow-origin"] == "*"


async def test_everything_listed_can_be_fetched_and_segments_are_their_parts(broadcast: LiveBroadcast) -> None:
    """A-047, A-049, A-085"""
    playlist = read((await broadcast.get("source/index.m3u8")).text)
    init = await broadcast.get("source/1.init.mp4")
    assert init.content == b"source init"
    for segment in playlist.segments:
        whole = await broadcast.get(f"source/{segment.uri}")
        parts = [(await broadcast.get(f"source/{part.uri}")).content for part in segment.parts]
        assert whole.content == b"".join(parts)
        assert whole.headers["cache-control"].startswith("public, max-age=31536000")
        assert whole.headers["content-type"] == "video/mp4"


async def test_rendition_reports_say_what_the_others_playlists_say(broadcast: LiveBroadcast) -> None:
    """A-092"""
    reports = read((await broadcast.get("source/index.m3u8")).text).reports
    assert {report["URI"] for report in reports} == {"../360p/index.m3u8", "../audio/index.m3u8"}
    for report in reports:
        other = read((await broadcast.get(report["URI"].removeprefix("../"))).text)
        assert (int(report["LAST-MSN"]), int(report["LAST-PART"])) == (other.open.msn, len(other.open.parts) - 1)


async def test_head_is_get_without_a_body(broadcast: LiveBroadcast) -> None:
    path = broadcast.path("source/index.m3u8")
    head, get = await broadcast.http.head(path), await broadcast.http.get(path)

    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "content-encoding", "etag", "cache-control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("identity", False), ("gzip;q=0", False), ("", False)],
)
async def test_playlist_is_compressed_only_for_who_accepts_it(
    broadcast: LiveBroadcast, accepted: str, compressed: bool
) -> None:
    """A-150"""
    path = broadcast.path("source/index.m3u8")
    answer = await broadcast.http.get(path, headers={"Accept-Encoding": accepted})
    plain = await broadcast.http.get(path, headers={"Accept-Encoding": "identity"})

    assert (answer.headers.get("content-encoding") == "gzip") is compressed
    assert answer.text == plain.text
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (answer.headers["etag"] != plain.headers["etag"]) is compressed


async def test_media_is_never_compressed(broadcast: LiveBroadcast) -> None:
    """A-150"""
    part = await broadcast.get("source/1-0.m4s")
    assert "content-encoding" not in part.headers


async def test_known_playlist_is_not_sent_again(broadcast: LiveBroadcast) -> None:
    """A-158"""
    path = broadcast.path("source/index.m3u8")
    tag = (await broadcast.http.get(path)).headers["etag"]
    for known in (tag, f'W/"x", W/{tag}', "*"):
        again = await broadcast.http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    await broadcast.play(10)
    later = await broadcast.http.get(f"{path}?_HLS_msn=2&_HLS_part=3", headers={"If-None-Match": tag})
    assert later.status_code == 200


async def test_another_pages_player_may_ask(broadcast: LiveBroadcast) -> None:
    """A-156: the preflight that a Range header may cause."""
    answer = await broadcast.http.options(broadcast.path("source/1-0.m4s"))
    assert answer.status_code == 204
    assert "Range" in answer.headers["access-control-allow-headers"]


async def test_only_reading_is_allowed(broadcast: LiveBroadcast) -> None:
    refused = await broadcast.http.post(broadcast.path("source/index.m3u8"))

    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "nothing/index.m3u8",
        "source/9-9.m4s",
        "source/9.init.mp4",
        "source/1-99.0.m4s",
        "source/..%2f..%2fsecret_key",
        "source/",
        "vod/index.m3u8",
        "vod/source/index.m3u8",
        "source/.1-2.3.m4s",
        "index.m3u8/x",
    ],
)
async def test_what_does_not_exist_is_not_found_at_once(broadcast: LiveBroadcast, path: str) -> None:
    """A-126, A-158"""
    answer = await quickly(broadcast.get(path))

    assert answer.status_code == 404


async def test_unknown_broadcast_has_no_playlists(broadcast: LiveBroadcast) -> None:
    broadcast.stream_id = "0" * 24
    answer = await quickly(broadcast.get("source/index.m3u8"))

    assert answer.status_code == 404


# --- Tokens


async def test_foreign_expired_and_spoiled_tokens_are_refused(broadcast: LiveBroadcast) -> None:
    good = broadcast.token(60)
    other = sign(key=settings.PLAYBACK_SIGNING_KEY, stream_id="f" * 24, expires_at=round(time.time() + 60))
    spoiled = good[:-1] + ("A" if good[-1] != "A" else "B")
    for token in (other, broadcast.token(-2), spoiled, good.upper(), "x"):
        for path in ("index.m3u8", "source/index.m3u8", "source/1-0.m4s", "vod/index.m3u8"):
            answer = await quickly(broadcast.http.get(broadcast.path(path, token=token)))
            assert answer.status_code == 403
            assert answer.headers["cache-control"] == "public, max-age=1"


OPENED = {  # path, or kind when nginx asks: scopes whose tokens are let through
    "index.m3u8": "l",
    "manifest.mpd": "l",
    "source/index.m3u8": "l",
    "source/iframes.m3u8": "l",
    "dvr/index.m3u8": "l",
    "dvr/source/index.m3u8": "l",
    "storyboard.json": "l",
    "source/1-0.0.m4s": "l",
    "source/1-0.m4s": "lr",
    "source/1.init.mp4": "lr",
    "storyboard/0-25.jpg": "lr",
    "vod/index.m3u8": "r",
    "source/archive.mp4": "r",
    "download/source.mp4": "d",
    "vod/source/index.m3u8": "r",
    "vod/source/iframes.m3u8": "r",
    "vod/manifest.mpd": "r",
    "vod/storyboard.json": "r",
}


@pytest.mark.parametrize(("path", "scopes"), OPENED.items())
async def test_a_token_opens_what_it_was_signed_for(broadcast: LiveBroadcast, path: str, scopes: str) -> None:
    await broadcast.play(90)
    for scope in Scope:
        status = (await broadcast.http.get(broadcast.path(path, token=broadcast.signed(scope)))).status_code
        assert (status == 403) == (scope not in scopes), (scope, status)


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [("live", "l"), ("shared", "lr"), ("recording", "r"), ("download", "d"), ("", ""), ("everything", "")],
)
async def test_nginx_asks_for_a_kind_of_media(broadcast: LiveBroadcast, kind: str, scopes: str) -> None:
    for scope in Scope:
        query = {"token": broadcast.signed(scope), "stream_id": broadcast.stream_id, "kind": kind}
        status = (await broadcast.http.get("/authorise", params=query)).status_code
        assert status == (200 if scope in scopes else 403)


async def test_nginx_may_ask_whether_a_token_is_good(broadcast: LiveBroadcast) -> None:
    query = {"token": broadcast.token(60), "stream_id": broadcast.stream_id, "kind": "live"}
    assert (await broadcast.http.get("/authorise", params=query)).status_code == 200
    for change in ({"token": broadcast.token(-2)}, {"stream_id": "f" * 24}, {"token": ""}):
        assert (await broadcast.http.get("/authorise", params={**query, **change})).status_code == 403
    assert (await broadcast.http.get("/authorise")).status_code == 403


# --- Blocking reload


@pytest.mark.parametrize(
    "query", ["_HLS_part=1", "_HLS_msn=-1", "_HLS_msn=1.0", "_HLS_msn=", "_HLS_msn=2&_HLS_msn=2", "_HLS_msn=5"]
)
async def test_directives_that_make_no_sense_are_a_bad_request(broadcast: LiveBroadcast, query: str) -> None:
    """A-104, A-105, A-109"""
    answer = await quickly(broadcast.get(f"source/index.m3u8?{query}"))

    assert answer.status_code == 400
    life = 8 if "_HLS_msn" in query else 2  # A-152: four target durations of what blocks, else one
    assert answer.headers["cache-control"] == f"public, max-age={life}"


async def test_past_segments_are_answered_at_once(broadcast: LiveBroadcast) -> None:
    """A-103"""
    plain = await broadcast.get("source/index.m3u8")
    for query in ("_HLS_msn=0", "_HLS_msn=1&_HLS_part=5", "_HLS_msn=2&_HLS_part=2"):
        answer = await quickly(broadcast.get(f"source/index.m3u8?{query}"))
        assert answer.text == plain.text
        assert answer.headers["cache-control"] == "public, max-age=12"  # A-152: six target durations


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
    assert playlist.headers["cache-control"] == "public, max-age=8"  # A-152: four target durations
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
