"""Nobody gets a playlist or a byte of media without a token that is his, for this broadcast, and still good."""

import time
from http.client import HTTPConnection

import httpx
import pytest

from bench.broadcasts import load_playlist, playback_url, rendition_playlists
from bench.recordings import recording_of
from bench.show import Show
from bench.stack import Person
from common.secret_key import derive_key
from tests.media.counter_clip import SMALL, Clip
from tests.transcode.live_services import wait_until
from transcode.playback_tokens import Scope, sign

PLAYLISTS_SECONDS, FORGOTTEN_SECONDS, STORYBOARD_SECONDS = 10.0, 40.0, 30.0


@pytest.fixture(scope="module")
def long_clip() -> Clip:
    return SMALL


@pytest.fixture(scope="module", autouse=True)
def soon_expired(long_show: Show) -> str:
    """Used while it was good, so that the edge knows it; it runs out while the other tests run."""
    token = sign(key=playback_key(long_show), stream_id=long_show.stream_id, expires_at=int(time.time()) + 5)
    assert set(statuses(long_show, token).values()) == {200}
    return token


def playback_key(show: Show) -> bytes:
    return derive_key((show.stack.data / "secret_key").read_text().strip(), "playback-token")


def resources(show: Show) -> dict[str, str]:
    """One path of each kind: both playlists, initialisation, segment, part."""
    multivariant = show.playlist()
    media_url = next(iter(rendition_playlists(show.stack, multivariant).values()))
    media = load_playlist(show.stack, media_url)
    last = [one for one in media.segments if one.uri][-1]  # the open one has parts only
    part = next(part for segment in media.segments for part in segment.parts)
    urls = {
        "multivariant playlist": f"{show.stack.url}{multivariant}",
        "media playlist": media_url,
        "initialisation": media.segments[0].init_section.absolute_uri,
        "segment": last.absolute_uri,
        "part": part.absolute_uri,
    }
    return {kind: httpx.URL(url).raw_path.decode() for kind, url in urls.items()}


def with_token(path: str, token: str) -> str:
    _, media, _, rest = path.split("/", 3)
    return f"/{media}/{token}/{rest}"


def statuses(show: Show, token: str) -> dict[str, int]:
    return {kind: show.stack.http.get(with_token(path, token)).status_code for kind, path in resources(show).items()}


def test_a_good_token_opens_everything(long_show: Show) -> None:
    token = long_show.playlist().split("/")[2]
    assert set(statuses(long_show, token).values()) == {200}


def test_our_signature_is_the_stack_s(long_show: Show) -> None:
    """The control of the forgeries below: signed with the right key, for this broadcast and in time, it opens."""
    token = sign(key=playback_key(long_show), stream_id=long_show.stream_id, expires_at=int(time.time()) + 60)
    assert set(statuses(long_show, token).values()) == {200}


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(
            lambda show: sign(key=playback_key(show), stream_id=show.stream_id, expires_at=1), id="long expired"
        ),
        pytest.param(
            lambda show: sign(key=playback_key(show), stream_id=show.stream_id, expires_at=int(time.time()) - 1),
            id="just expired",
        ),
        pytest.param(
            lambda show: sign(key=b"guessed" * 5, stream_id=show.stream_id, expires_at=int(time.time()) + 60),
            id="signed by someone else",
        ),
        pytest.param(
            lambda show: sign(key=playback_key(show), stream_id="0" * 24, expires_at=int(time.time()) + 60),
            id="of another broadcast",
        ),
        pytest.param(lambda show: "x", id="no token"),
        pytest.param(lambda show: "ffffffff." + "A" * 32, id="made up"),
        pytest.param(lambda show: "f" * 5000, id="far too long"),
    ],
)
def test_a_bad_token_opens_nothing(long_show: Show, forge: object) -> None:
    assert callable(forge)
    found = statuses(long_show, forge(long_show))
    assert set(found.values()) <= {403, 404}, found  # nginx has no route for what cannot be a token


def test_a_path_without_a_token_opens_nothing(long_show: Show) -> None:
    for kind, path in resources(long_show).items():
        bare = "/media/" + path.split("/", 3)[3]
        assert long_show.stack.http.get(bare).status_code in (403, 404), kind


def test_bob_s_token_does_not_open_alice_s_broadcast(long_show: Show, bob: Person) -> None:
    with Show(long_show.stack, bob, clip=SMALL) as other:
        foreign = playback_url(long_show.stack, bob).split("/")[2]
        assert set(statuses(other, foreign).values()) == {200}
        assert set(statuses(long_show, foreign).values()) == {403}


@pytest.mark.parametrize(
    "path",
    ["../secret_key", "..%2f..%2fsecret_key", "%2e%2e/%2e%2e/secret_key", "....//secret_key", "index.m3u8%00.m4s"],
)
def test_no_path_leads_out_of_the_broadcast(long_show: Show, path: str) -> None:
    token = long_show.playlist().split("/")[2]
    connection = HTTPConnection("127.0.0.1", long_show.stack.port, timeout=5)  # sends the path as it stands
    connection.request("GET", f"/media/{token}/{long_show.stream_id}/{path}")
    assert connection.getresponse().status in (400, 403, 404)
    connection.close()


def test_a_token_stops_working_when_it_expires(long_show: Show, soon_expired: str) -> None:
    """The edge may answer for media from what it knows for 20 s, for playlists it asks."""

    def is_refused(*kinds: str) -> bool:
        now = statuses(long_show, soon_expired)
        return {now[kind] for kind in kinds} == {403}

    wait_until(lambda: is_refused("multivariant playlist", "media playlist"), "playlists still open", PLAYLISTS_SECONDS)
    wait_until(lambda: is_refused(*resources(long_show)), "media still open", FORGOTTEN_SECONDS)


# --- What a token is for

LIVE_ONLY, BOTH, RECORDING_ONLY = {"live"}, {"live", "recording"}, {"recording"}


def kinds_of_media(live: dict[str, str], sprite: str) -> dict[str, set[str]]:
    """A path of every kind below the stream id, and whose tokens open it."""
    below = {kind: path.split("/", 4)[4] for kind, path in live.items()}
    media_playlist = below["media playlist"]
    return {
        below["multivariant playlist"]: LIVE_ONLY,
        media_playlist: LIVE_ONLY,
        media_playlist.replace("index.m3u8", "iframes.m3u8"): LIVE_ONLY,
        "dvr/index.m3u8": LIVE_ONLY,
        f"dvr/{media_playlist}": LIVE_ONLY,
        "manifest.mpd": LIVE_ONLY,
        "storyboard.json": LIVE_ONLY,
        below["part"]: LIVE_ONLY,
        below["initialisation"]: BOTH,
        below["segment"]: BOTH,
        sprite: BOTH,
        "vod/index.m3u8": RECORDING_ONLY,
        f"vod/{media_playlist}": RECORDING_ONLY,
        f"vod/{media_playlist}".replace("index.m3u8", "iframes.m3u8"): RECORDING_ONLY,
        "vod/manifest.mpd": RECORDING_ONLY,
        "vod/storyboard.json": RECORDING_ONLY,
    }


def test_a_token_opens_what_it_was_signed_for_and_nothing_else(show: Show) -> None:
    """Who watched live keeps no way into the recording, which its owner may hide."""
    http, stream_id = show.stack.http, show.stream_id
    live, listed = show.playlist().split("/")[2], resources(show)
    recording = show.stack.playback_token(stream_id, scope=Scope.RECORDING)
    tokens = {
        "live": live,
        "recording": recording,
        "download": show.stack.playback_token(stream_id, scope=Scope.DOWNLOAD),
        "another broadcast's": show.stack.playback_token("0" * 24, scope=Scope.RECORDING),
        "its scope rewritten": "r" + live[1:],
    }
    show.finish()
    board = f"/media/{recording}/{stream_id}/vod/storyboard.json"
    wait_until(lambda: http.get(board).status_code == 200, "no storyboard", STORYBOARD_SECONDS)
    sprite = str(http.get(board).json()["sprites"][0]["url"]).removeprefix("../")
    for path, opened_by in kinds_of_media(listed, sprite).items():
        found = {who: http.get(f"/media/{token}/{stream_id}/{path}").status_code for who, token in tokens.items()}
        assert found == {who: 200 if who in opened_by else 403 for who in tokens}, path
        assert http.get(f"/media/{stream_id}/{path}").status_code in (403, 404)


def test_what_was_given_out_is_void_once_the_recording_is_hidden(show: Show) -> None:
    """Also the past of the live broadcast, which lists every segment."""
    http, stream_id, alice = show.stack.http, show.stream_id, show.streamer
    listed = resources(show)
    live = show.playlist().split("/")[2]
    below = {kind: path.split("/", 4)[4] for kind, path in listed.items()}
    show.finish()
    video = recording_of(show)
    playback = f"/videos/{video['id']}/playback"
    recording = httpx.URL(show.stack.api("GET", playback).json()["hls"]).raw_path.decode().split("/")[2]
    opened = [f"{live}/{stream_id}/dvr/{below['media playlist']}", f"{live}/{stream_id}/{below['segment']}"]
    opened += [f"{recording}/{stream_id}/vod/index.m3u8", f"{recording}/{stream_id}/{below['segment']}"]
    assert [http.get(f"/media/{path}").status_code for path in opened] == [200] * 4
    private = {"visibility": "private"}
    show.stack.api("PATCH", f"/videos/{video['id']}", as_=alice, json=private).raise_for_status()

    def are_void() -> bool:
        return {http.get(f"/media/{path}").status_code for path in opened} == {403}

    wait_until(are_void, "what was given out still works", FORGOTTEN_SECONDS)
    hers = httpx.URL(show.stack.api("GET", playback, as_=alice).json()["hls"]).raw_path.decode()
    assert http.get(hers).status_code == 200
    assert show.stack.api("GET", playback).status_code == 404
