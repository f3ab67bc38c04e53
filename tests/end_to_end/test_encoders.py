"""Encoders that must not get in, and sources that cannot be shown: refused or explained, and nobody else notices."""

import contextlib
import time
from collections.abc import Callable
from functools import partial

import pytest

from bench.broadcasts import broadcast, load_playlist, rendition_playlists, wait_for_state
from bench.show import Show
from bench.stack import Person, Stack
from tests.media import bad_sources
from tests.media.counter_clip import LONG_GOP, SMALL, Clip
from tests.media.flv_tags import Tag
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused
from tests.transcode.live_services import wait_until

SEEN_SECONDS = 30.0  # for what takes seconds on an idle machine
PLAYED_ON = 60  # pictures


@pytest.fixture(scope="module")
def long_clip() -> Clip:
    return SMALL


def publisher(stack: Stack, key: str, tags: list[Tag] | None = None) -> Publisher:
    return Publisher(port=stack.rtmp_port, key=key, tags=tags)


@pytest.mark.parametrize(
    "key",
    ["", "wrong", "../../etc/passwd", "ключ", "a" * 2048, "{key}x", "{key}/", "{KEY}", "%00", "' OR 1=1 --", "\r\n"],
)
def test_a_wrong_key_is_refused(stack: Stack, alice: Person, key: str) -> None:
    wrong = key.replace("{key}", alice.stream_key).replace("{KEY}", alice.stream_key.upper())
    with pytest.raises(Refused):
        publisher(stack, wrong).start()


@pytest.mark.parametrize("query", ["?name={other}", "?addr=9.9.9.9&call=publish", "?clientid=1&app=other&tcurl=x"])
def test_fields_that_the_encoder_adds_change_nothing(stack: Stack, alice: Person, bob: Person, query: str) -> None:
    with pytest.raises(Refused):
        publisher(stack, "wrong" + query.format(other=bob.stream_key)).start()
    assert broadcast(stack, bob) == {}


def test_the_right_key_is_accepted(stack: Stack, alice: Person) -> None:
    """The control of the refusals above: it is the key that they fail for."""
    with publisher(stack, alice.stream_key) as accepted:
        assert accepted.is_connected


def test_a_rotated_key_is_refused_and_the_new_one_accepted(stack: Stack, alice: Person) -> None:
    answer = stack.api("POST", f"/channels/{alice.login}/stream-key", as_=alice)
    with pytest.raises(Refused):
        publisher(stack, alice.stream_key).start()
    with publisher(stack, answer.json()["stream_key"]) as accepted:
        assert accepted.is_connected


def test_a_second_encoder_is_refused_while_the_first_is_healthy(show: Show) -> None:
    before = set(show.sent)
    with pytest.raises(Refused):
        publisher(show.stack, show.streamer.stream_key, clip_tags(SMALL)).start()
    wait_until(lambda: len(set(show.sent) - before) > PLAYED_ON, "the first one does not go on", SEEN_SECONDS)
    assert show.publisher.is_connected
    assert show.wait_until_live() == show.stream_id


def test_an_encoder_that_returns_before_its_death_was_noticed_is_let_in(show: Show) -> None:
    show.publisher.fall_silent()  # a pulled cable: the server still waits for the old connection
    deadline = time.monotonic() + 10
    while True:
        try:
            show.begin()
            break
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    assert show.wait_until_live() == show.stream_id


BAD_SOURCES: dict[str, Callable[[], list[Tag]]] = {
    "audio only": lambda: bad_sources.audio_only(clip_tags(SMALL)),
    "video only": lambda: bad_sources.video_only(clip_tags(SMALL)),
    "HEVC by number": lambda: bad_sources.hevc_by_number(clip_tags(SMALL)),
    "HEVC, enhanced RTMP": lambda: bad_sources.hevc_enhanced(clip_tags(SMALL)),
    "noise for pictures": lambda: bad_sources.garbage_pictures(clip_tags(SMALL)),
    "never a keyframe": lambda: bad_sources.without_keyframes(clip_tags(SMALL)),
    "a keyframe every 30 s": lambda: clip_tags(LONG_GOP),
}


def test_bad_sources_get_a_reason_and_the_good_one_beside_them_plays_on(
    long_show: Show, cast: dict[str, list[Person]]
) -> None:
    stack = long_show.stack
    with contextlib.ExitStack() as on_air:
        bobs = {name: cast["bob"].pop() for name in BAD_SOURCES}
        for name, source in BAD_SOURCES.items():
            spoilt = publisher(stack, bobs[name].stream_key, source())
            on_air.callback(spoilt.stop)
            with contextlib.suppress(Refused):  # refused at once is as good, as long as the dashboard says why
                spoilt.start()
        for name, bob in bobs.items():
            wait_until(partial(reasons, stack, bob), f"nobody is told what is wrong with: {name}", SEEN_SECONDS)
    check_untouched(long_show)
    assert reasons(stack, long_show.streamer) == []  # the control: a good source gets no warning


def test_garbage_on_the_wire_ends_only_its_own_connection(long_show: Show, bob: Person) -> None:
    noisy = publisher(long_show.stack, bob.stream_key, clip_tags(SMALL)).start()
    wait_for_state(long_show.stack, bob, "live", seconds=SEEN_SECONDS)
    noisy.send_garbage(b"\x03" + b"\xff" * 65_536)
    assert noisy.wait_until_dropped(10)
    check_untouched(long_show)


def reasons(stack: Stack, streamer: Person) -> list[str]:
    """What the streamer is told, as the dashboard reads it."""
    answer = stack.api("GET", f"/channels/{streamer.login}/health", as_=streamer)
    answer.raise_for_status()
    health = answer.json()
    measured = health["status"] or {}
    return [one["text"] for one in [*health["warnings"], *health["notices"], *measured.get("warnings", [])]]


def check_untouched(show: Show) -> None:
    """The stream beside it has lost nothing: every listed segment follows the one before."""
    assert show.publisher.is_connected
    for url in rendition_playlists(show.stack, show.playlist()).values():
        playlist = load_playlist(show.stack, url)
        assert not any(segment.discontinuity for segment in playlist.segments)
        assert not any(getattr(segment, "gap_tag", None) for segment in playlist.segments)
