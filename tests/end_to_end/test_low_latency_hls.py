"""LL-HLS as a client sees it through the front: blocking reload, hints, delta updates, rendition reports."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import m3u8
import pytest

from bench.broadcasts import load_playlist, rendition_playlists
from bench.show import Show

PART_SECONDS = 0.35
AT_ONCE_SECONDS = 0.15


@pytest.fixture
def media_url(long_show: Show) -> str:
    """The source rendition's media playlist, with enough segments to skip some."""
    urls = rendition_playlists(long_show.stack, long_show.playlist())
    return urls[max(urls)]


def end_of(playlist: m3u8.M3U8) -> tuple[int, int]:
    """(sequence of the open segment, its next part): what the preload hint names."""
    complete = [segment for segment in playlist.segments if segment.uri]
    open_parts = [part for segment in playlist.segments if not segment.uri for part in segment.parts]
    return playlist.media_sequence + len(complete), len(open_parts)


def without_token(url: str) -> str:
    return url.split("/", 5)[5]


def test_the_multivariant_playlist_says_what_apple_asks_for(long_show: Show) -> None:
    multivariant = load_playlist(long_show.stack, long_show.playlist())
    pictures = [one for one in multivariant.playlists if one.stream_info.resolution]
    assert [one.stream_info.resolution[1] for one in pictures] == [480, 720, 160]  # nearest 2 Mbit/s leads
    for one in pictures:
        about = one.stream_info
        assert about.bandwidth and about.average_bandwidth and about.resolution and about.frame_rate
        assert about.codecs.startswith("avc1.") and "mp4a.40" in about.codecs


def test_the_media_playlist_is_low_latency(long_show: Show, media_url: str) -> None:
    playlist = load_playlist(long_show.stack, media_url)
    control = playlist.server_control
    assert control.can_block_reload == "YES"
    assert control.part_hold_back >= 3 * playlist.part_inf.part_target
    assert control.can_skip_until >= 6 * playlist.target_duration
    assert playlist.preload_hint.hint_type == "PART"
    multivariant = load_playlist(long_show.stack, long_show.playlist())
    everything = {one.absolute_uri for one in [*multivariant.playlists, *multivariant.media] if one.uri}
    reported = {str(httpx.URL(media_url).join(report.uri)) for report in playlist.rendition_reports}
    assert {without_token(url) for url in reported} == {without_token(url) for url in everything - {media_url}}
    assert all(part.duration <= playlist.part_inf.part_target for one in playlist.segments for part in one.parts)


def test_a_request_for_the_next_part_is_held_until_it_is_there(long_show: Show, media_url: str) -> None:
    sequence, part = end_of(load_playlist(long_show.stack, media_url))
    began = time.monotonic()
    answer = long_show.stack.http.get(media_url, params={"_HLS_msn": sequence, "_HLS_part": part + 1})
    held = time.monotonic() - began
    assert answer.status_code == 200
    assert PART_SECONDS * 0.5 < held < PART_SECONDS * 4
    assert end_of(m3u8.loads(answer.text)) > (sequence, part + 1)


def ask_at_once(url: str, viewers: int = 20) -> list[httpx.Response]:
    with ThreadPoolExecutor(viewers) as pool:
        return list(pool.map(lambda _: httpx.get(url, timeout=10), range(viewers)))


def test_many_viewers_who_wait_for_a_part_are_all_told_of_it(long_show: Show, media_url: str) -> None:
    sequence, part = end_of(load_playlist(long_show.stack, media_url))
    answers = ask_at_once(f"{media_url}?_HLS_msn={sequence}&_HLS_part={part + 1}")
    assert {answer.status_code for answer in answers} == {200}
    assert all(end_of(m3u8.loads(answer.text)) > (sequence, part + 1) for answer in answers)


def test_many_viewers_who_ask_for_the_hinted_part_all_get_it(long_show: Show, media_url: str) -> None:
    hint = httpx.URL(media_url).join(load_playlist(long_show.stack, media_url).preload_hint.uri)
    answers = ask_at_once(str(hint))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


def test_the_hinted_part_comes_whole_and_becomes_the_listed_one(long_show: Show, media_url: str) -> None:
    hint = httpx.URL(media_url).join(load_playlist(long_show.stack, media_url).preload_hint.uri)
    arrivals = []
    with httpx.stream("GET", hint, timeout=10) as answer:
        assert answer.status_code == 200
        body = b""
        for piece in answer.iter_raw():
            arrivals.append(time.monotonic())
            body += piece
    assert arrivals[-1] - arrivals[0] < 0.1, "the part trickled"
    listed = [part.absolute_uri for one in load_playlist(long_show.stack, media_url).segments for part in one.parts]
    assert str(hint) in listed
    assert long_show.stack.http.get(str(hint)).content == body


def test_a_part_that_was_never_hinted_is_not_there(long_show: Show, media_url: str) -> None:
    hint = str(httpx.URL(media_url).join(load_playlist(long_show.stack, media_url).preload_hint.uri))
    head, part, extension = hint.rsplit(".", 2)
    began = time.monotonic()
    assert long_show.stack.http.get(f"{head}.{int(part) + 90}.{extension}").status_code == 404
    assert time.monotonic() - began < AT_ONCE_SECONDS


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_HLS_part=1", 400),
        ("_HLS_msn=-1", 400),
        ("_HLS_msn=1.0", 400),
        ("_HLS_msn=99999999999999999999999", 400),
        ("_HLS_msn=", 400),
        ("_HLS_msn=1&_HLS_msn=2", 400),
        ("_HLS_msn=1&_HLS_part=x", 400),
        ("_HLS_msn=0", 200),
        ("_HLS_unknown=1", 200),
    ],
)
def test_directives_are_answered_at_once_as_the_specification_says(
    long_show: Show, media_url: str, query: str, status: int
) -> None:
    began = time.monotonic()
    assert long_show.stack.http.get(f"{media_url}?{query}").status_code == status
    assert time.monotonic() - began < AT_ONCE_SECONDS


def test_a_request_too_far_ahead_is_refused(long_show: Show, media_url: str) -> None:
    sequence, _ = end_of(load_playlist(long_show.stack, media_url))
    assert long_show.stack.http.get(media_url, params={"_HLS_msn": sequence + 4}).status_code == 400


def test_a_delta_update_leaves_out_what_is_known(long_show: Show, media_url: str) -> None:
    deadline = time.monotonic() + 40
    while (full := load_playlist(long_show.stack, media_url)) and len(
        full.segments
    ) < 9:  # 6 target durations must be kept
        assert time.monotonic() < deadline
        time.sleep(1)
    delta = long_show.stack.http.get(media_url, params={"_HLS_skip": "YES"})
    skip = m3u8.loads(delta.text).skip
    assert skip.skipped_segments >= 1
    assert len(delta.content) < len(long_show.stack.http.get(media_url).content)
    assert delta.text.count("#EXTINF") + skip.skipped_segments >= len([one for one in full.segments if one.uri])


def test_rendition_reports_tell_where_the_others_are(long_show: Show) -> None:
    urls = rendition_playlists(long_show.stack, long_show.playlist())
    playlist = load_playlist(long_show.stack, urls[max(urls)])
    for report in playlist.rendition_reports:
        other = load_playlist(long_show.stack, str(httpx.URL(urls[max(urls)]).join(report.uri)))
        sequence, part = end_of(other)
        reported = (report.last_msn, (report.last_part or 0) + 1)
        assert reported <= (sequence, part) or report.last_msn + 1 == sequence
        assert sequence - report.last_msn <= 1


def test_parts_add_up_to_their_segment(long_show: Show, media_url: str) -> None:
    playlist = load_playlist(long_show.stack, media_url)
    segment = next(one for one in reversed(playlist.segments) if one.uri and one.parts)
    parts = b"".join(long_show.stack.http.get(part.absolute_uri).content for part in segment.parts)
    assert parts == long_show.stack.http.get(segment.absolute_uri).content
    assert sum(part.duration for part in segment.parts) == pytest.approx(segment.duration, abs=0.04)


def test_media_may_be_kept_for_ever_and_playlists_not_at_all(long_show: Show, media_url: str) -> None:
    segment = next(one for one in load_playlist(long_show.stack, media_url).segments if one.uri)
    media = long_show.stack.http.get(segment.absolute_uri)
    assert "immutable" in media.headers["cache-control"]
    playlist = long_show.stack.http.get(media_url)
    assert "immutable" not in playlist.headers["cache-control"]
    assert playlist.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert playlist.headers.get("content-encoding") == "gzip"
