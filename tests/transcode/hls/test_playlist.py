"""Media playlists: whole texts, and delta updates that add up to the whole."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.demands import demand_good, demand_good_change
from tests.conformance.playlist_reader import ListedSegment, Playlist, read
from tests.transcode.hls.test_window import Story, steps
from tests.transcode.hls.windows import fill_segment, grown_window
from transcode.hls.playlist import PlaylistForm, RenditionReport, render_live, render_recording
from transcode.hls.window import Part, Window, WindowSegment

HEAD = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05000,HOLD-BACK=6.00000,CAN-SKIP-UNTIL=12.00000
#EXT-X-PART-INF:PART-TARGET=0.35000
"""


def tail(text: str) -> str:
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


def small_window() -> Window:
    window = Window(target_duration=2, part_target=0.35)
    window.open_segment(epoch=4, starts_at=1_795_159_800.25, discontinuity=False)
    window.add_part(Part(1 / 3, 9, independent=True))
    window.add_part(Part(0.3, 9))
    return window


def test_first_parts_of_a_broadcast() -> None:
    report = RenditionReport("../audio/index.m3u8", 0, 1)

    assert (
        tail(render_live(small_window(), reports=[report]))
        == """\
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="4.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:00.250Z
#EXT-X-PART:DURATION=0.33333,URI="4-0.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.30000,URI="4-0.1.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="4-0.2.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=0,LAST-PART=1
"""
    )


def test_between_two_segments_the_next_ones_first_part_is_hinted() -> None:
    window = small_window()
    window.close_segment()

    assert tail(render_live(window)).endswith(
        """\
#EXT-X-PART:DURATION=0.30000,URI="4-0.1.m4s"
#EXTINF:0.63333,
4-0.m4s
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="4-1.0.m4s"
"""
    )


def test_new_run_brings_a_discontinuity_a_map_and_a_gap_is_marked() -> None:
    window = small_window()
    window.close_segment()
    window.add_gap(epoch=5, starts_at=1_795_159_810.0, duration=2.0, discontinuity=True)
    window.open_segment(epoch=5, starts_at=1_795_159_812.0, discontinuity=False)
    window.add_part(Part(0.3, 9, independent=True))

    assert tail(render_live(window)).split("4-0.m4s\n")[1] == (
        """\
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="5.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:10.000Z
#EXT-X-GAP
#EXTINF:2.00000,
5-1.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:12.000Z
#EXT-X-PART:DURATION=0.30000,URI="5-2.0.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="5-2.1.m4s"
"""
    )


def test_first_part_of_a_new_run_is_hinted_with_its_map() -> None:
    window = small_window()
    window.close_segment()
    window.open_segment(epoch=5, starts_at=1_795_159_812.0, discontinuity=True)

    assert tail(render_live(window)).endswith(
        """\
4-0.m4s
#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="5.init.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="5-1.0.m4s"
"""
    )


def test_ended_playlist_has_neither_hint_nor_reports() -> None:
    window = small_window()
    window.end()

    assert tail(render_live(window, skip=True, reports=[RenditionReport("../audio/index.m3u8", 0, 1)])).endswith(
        "#EXTINF:0.63333,\n4-0.m4s\n#EXT-X-ENDLIST\n"
    )


def test_empty_window_is_a_playlist() -> None:
    assert tail(render_live(Window(target_duration=2, part_target=0.35))) == (
        "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
    )


def test_recording_lists_everything_and_ends() -> None:
    segments = [
        WindowSegment(0, 4, 1_795_159_800.0, 2.0, 9),
        WindowSegment(1, 4, 1_795_159_802.0, 1.5, 9),
        WindowSegment(2, 5, 1_795_159_820.0, 2.0, 9, discontinuity=True, gap=True),
    ]

    assert render_recording(segments, PlaylistForm("../../source/"), target_duration=2) == (
        """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="../../source/4.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:00.000Z
#EXTINF:2.00000,
../../source/4-0.m4s
#EXTINF:1.50000,
../../source/4-1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="../../source/5.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:20.000Z
#EXT-X-GAP
#EXTINF:2.00000,
../../source/5-2.m4s
#EXT-X-ENDLIST
"""
    )


def test_delta_update_skips_what_is_older_than_the_boundary() -> None:
    window = grown_window(20, open_parts=2)
    delta = render_live(window, skip=True)

    assert delta.startswith(HEAD.replace("VERSION:6", "VERSION:9"))
    # 20 segments of 2 s and 0.6875 s of parts: the end of segment 14 is the first at least 12 s from the end.
    # The map that holds is said again: Shaka Player does not remember it from the playlist before.
    skip = '#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-SKIP:SKIPPED-SEGMENTS=14\n#EXT-X-MAP:URI="1.init.mp4"\n'
    assert f"{skip}#EXT-X-PROGRAM-DATE-TIME" in delta
    assert demand_good(delta).segments[0].msn == 14


def test_young_playlist_has_no_delta_update() -> None:
    window = grown_window(6)

    assert render_live(window, skip=True) == render_live(window)


def merge(previous: Playlist, delta: Playlist) -> list[ListedSegment]:
    """The segments a client knows after a delta update (§6.3.7)."""
    skipped = int(delta.tags["SKIP"].split("=")[1]) if "SKIP" in delta.tags else 0
    first = delta.number("MEDIA-SEQUENCE")
    known = [segment for segment in previous.segments if first <= segment.msn < first + skipped]
    assert len(known) == skipped
    return known + delta.segments


def facts(segments: list[ListedSegment]) -> list[dict[str, object]]:
    """What must be equal. Parts of skipped segments may be gone from one copy and not yet from the other."""
    return [{**asdict(segment), "parts": None} for segment in segments]


def with_sequence(delta: Playlist, previous: Playlist) -> Playlist:
    """Discontinuities of the skipped range still apply to what follows (§4.4.5.2); the map is said again."""
    before = [s for s in previous.segments if s.msn < (delta.segments[0].msn if delta.segments else 0)]
    if "SKIP" not in delta.tags or not before:
        return delta
    step = before[-1].discontinuity_sequence - delta.number("DISCONTINUITY-SEQUENCE")
    for segment in [*delta.segments, delta.open]:
        segment.discontinuity_sequence += step
    return delta


@given(steps, st.integers(1, 12))
def test_previous_playlist_and_delta_update_make_the_whole(taken: list[tuple[str, float, bool]], ago: int) -> None:
    """A-116, A-117: for a client whose copy is at most half the skip boundary old."""
    story = Story()
    texts = [render_live(story.window)]
    for step in taken:
        story.take(*step)
        texts.append(render_live(story.window))
    previous = read(texts[max(-ago - 1, -len(texts))])
    whole, delta = read(texts[-1]), read(render_live(story.window, skip=True))
    if whole.segments and previous.segments and previous.segments[-1].msn + 6 < delta.segments[0].msn:
        return  # too old to ask for a delta update
    if "SKIP" in delta.tags and (not previous.segments or previous.segments[-1].msn < delta.segments[0].msn - 1):
        return

    delta = with_sequence(delta, previous)

    assert facts(merge(previous, delta)) == facts(whole.segments)
    assert delta.open == whole.open
    assert [delta.hints, delta.reports] == [whole.hints, whole.reports]
    not_the_same = {"VERSION", "SKIP", "MAP"}  # the map of each segment is among the facts
    assert {**delta.tags, **dict.fromkeys(not_the_same)} == {**whole.tags, **dict.fromkeys(not_the_same)}


PARTS_OF_A_SEGMENT = 6


@given(st.lists(st.sampled_from(["part", "close", "run"]), max_size=150))
def test_every_playlist_of_a_broadcast_is_valid_and_follows_from_the_one_before(happenings: list[str]) -> None:
    story, older = Story(), None
    for happening in happenings:
        full = story.window.open is not None and len(story.window.open.parts) == PARTS_OF_A_SEGMENT
        kind = "close" if full else happening
        story.take(kind, 0.34 if kind == "part" else 0.0, True)
        if not story.window.segments:
            continue
        newer = demand_good(render_live(story.window))
        if older is not None:
            demand_good_change(older, newer)
        older = newer


def test_delta_update_keeps_the_tags_of_what_it_shows() -> None:
    window = grown_window(30, open_parts=1, discontinuity_at={12, 27})
    delta = read(render_live(window, skip=True))

    assert delta.number("MEDIA-SEQUENCE") == 10
    assert delta.number("DISCONTINUITY-SEQUENCE") == 0
    assert [s.msn for s in delta.segments if s.discontinuity_sequence] == [27, 28, 29]


def test_number_with_an_exponent_never_appears() -> None:
    window = Window(target_duration=2, part_target=0.35)
    window.open_segment(epoch=1, starts_at=0.0, discontinuity=False)
    window.add_part(Part(0.00001, 1))

    assert "DURATION=0.00001," in render_live(window)


def test_closing_a_segment_changes_no_line_that_was_there() -> None:
    window = grown_window(3, open_parts=5)
    before = render_live(window).splitlines()
    fill = grown_window(0)
    fill_segment(fill, 3, 6)
    window.close_segment()

    assert [line for line in before if line not in render_live(window).splitlines()] == [
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-3.5.m4s"'
    ]
