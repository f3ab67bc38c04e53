"""The origin over HTTP: what it answers, in which form, and to whom."""

import time

import pytest
from django.conf import settings

from tests.conformance.demands import demand_good
from tests.conformance.playlist_reader import read
from tests.transcode.live_broadcast import LiveBroadcast, broadcast, http, origin, quickly, running
from transcode.playback_tokens import Scope, sign

__all__ = ["broadcast", "http", "origin", "running"]  # fixtures


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
