"""Encoders that must not get in, and sources that cannot be shown: refused or explained, and nobody else notices."""

import contextlib
import time
from collections.abc import Callable

import pytest

from bench.broadcasts import NotReached, broadcast, load_playlist, rendition_playlists
from bench.show import Show
from bench.stack import Person, Stack
from tests.media import bad_sources
from tests.media.counter_clip import LONG_GOP, SMALL
from tests.media.flv_tags import Tag
from tests.media.publisher import Publisher, clip_tags
from tests.media.rtmp_client import Refused

REASON_SECONDS = 5
NO_KEYFRAME_SECONDS = 15  # ten seconds without one, and five to say so


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
    time.sleep(3)
    assert show.publisher.is_connected
    assert len(set(show.sent) - before) > 60
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


BAD_SOURCES: list[tuple[str, Callable[[], list[Tag]], float]] = [
    ("audio only", lambda: bad_sources.audio_only(clip_tags(SMALL)), REASON_SECONDS),
    ("video only", lambda: bad_sources.video_only(clip_tags(SMALL)), REASON_SECONDS),
    ("HEVC by number", lambda: bad_sources.hevc_by_number(clip_tags(SMALL)), REASON_SECONDS),
    ("HEVC, enhanced RTMP", lambda: bad_sources.hevc_enhanced(clip_tags(SMALL)), REASON_SECONDS),
    ("noise for pictures", lambda: bad_sources.garbage_pictures(clip_tags(SMALL)), REASON_SECONDS),
    ("never a keyframe", lambda: bad_sources.without_keyframes(clip_tags(SMALL)), REASON_SECONDS),
    ("a keyframe every 30 s", lambda: clip_tags(LONG_GOP), NO_KEYFRAME_SECONDS),
]


@pytest.mark.parametrize(
    ("source", "seconds"), [case[1:] for case in BAD_SOURCES], ids=[case[0] for case in BAD_SOURCES]
)
def test_a_bad_source_gets_a_reason_and_others_play_on(
    long_show: Show, bob: Person, source: Callable[[], list[Tag]], seconds: float
) -> None:
    stack = long_show.stack
    spoilt = publisher(stack, bob.stream_key, source())
    began = time.monotonic()
    with contextlib.suppress(Refused):  # refused at once is as good, as long as the dashboard says why
        spoilt.start()
    try:
        reason = wait_for_reason(stack, bob, seconds=seconds)
    finally:
        spoilt.stop()
    assert reason
    assert time.monotonic() - began < seconds + 1
    check_untouched(long_show)


def test_garbage_on_the_wire_ends_only_its_own_connection(long_show: Show, bob: Person) -> None:
    noisy = publisher(long_show.stack, bob.stream_key, clip_tags(SMALL)).start()
    time.sleep(2)
    noisy.send_garbage(b"\x03" + b"\xff" * 65_536)
    assert noisy.wait_until_dropped(10)
    check_untouched(long_show)


def test_a_good_source_gets_no_warning(long_show: Show) -> None:
    """The control of the reasons above."""
    time.sleep(REASON_SECONDS)
    assert reasons(long_show.stack, long_show.streamer) == []


def reasons(stack: Stack, streamer: Person) -> list[str]:
    """What the streamer is told, as the dashboard reads it."""
    answer = stack.api("GET", f"/channels/{streamer.login}/health", as_=streamer)
    answer.raise_for_status()
    health = answer.json()
    measured = health["status"] or {}
    return [one["text"] for one in [*health["warnings"], *health["notices"], *measured.get("warnings", [])]]


def wait_for_reason(stack: Stack, streamer: Person, *, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while not (found := reasons(stack, streamer)):
        if time.monotonic() > deadline:
            raise NotReached(f"{streamer.login} is not told what is wrong within {seconds} s")
        time.sleep(0.1)
    return found[0]


def check_untouched(show: Show) -> None:
    """The stream beside it has lost nothing: every listed segment follows the one before."""
    assert show.publisher.is_connected
    for url in rendition_playlists(show.stack, show.playlist()).values():
        playlist = load_playlist(show.stack, url)
        assert not any(segment.discontinuity for segment in playlist.segments)
        assert not any(getattr(segment, "gap_tag", None) for segment in playlist.segments)
