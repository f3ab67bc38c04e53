"""What viewers may rewind to: whole texts, sliding, delta updates, and entries that come twice or not at all."""

from dataclasses import replace

import pytest

from tests.conformance.demands import demand_good, demand_good_change
from tests.conformance.playlist_reader import Playlist, read
from tests.transcode.hls.windows import grown_window
from transcode.hls.dvr import Past, decode_entries, encode_entry, entries_kept
from transcode.hls.playlist import DATED_EVERY_SEGMENTS, PlaylistForm, render_iframes, render_recording
from transcode.hls.window import Window, WindowSegment

FORM = PlaylistForm("../../source/")
ANCHOR = 1_795_159_800.0  # 2026-11-20T07:30:00Z


def segment(msn: int, *, epoch: int = 1, discontinuity: bool = False, gap: bool = False) -> WindowSegment:
    return WindowSegment(
        msn, epoch, ANCHOR + 2 * msn, 2.0, 900, discontinuity=discontinuity, gap=gap, key_bytes=0 if gap else 300
    )


def broadcast(count: int, *, new_run_at: int = -1, gap_at: int = -1) -> list[WindowSegment]:
    return [
        segment(msn, epoch=2 if 0 <= new_run_at <= msn else 1, discontinuity=msn == new_run_at, gap=msn == gap_at)
        for msn in range(count)
    ]


def window_of(segments: list[WindowSegment], *, listed: int = 20) -> Window:
    return Window(
        2,
        0.35,
        next_msn=segments[-1].msn + 1,
        discontinuity_sequence=sum(s.discontinuity for s in segments[:-listed]),
        segments=segments[-listed:],
    )


def grow(past: Past, segments: list[WindowSegment], *, since: int) -> list[Playlist]:
    """The playlists a viewer sees while segments are added one by one."""
    seen = [demand_good(past.render())]
    for count in range(since + 1, len(segments) + 1):
        assert past.follow(window_of(segments[:count]))
        seen.append(demand_good(past.render()))
        demand_good_change(seen[-2], seen[-1])
    return seen


def test_past_is_listed_whole_without_parts_and_dated_once_in_a_while() -> None:
    segments = broadcast(7, new_run_at=5, gap_at=3)
    past = Past(FORM, window_of(segments, listed=2), segments, seconds=3600)

    assert past.render() == (
        """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.00000,CAN-SKIP-UNTIL=12.00000
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="../../source/1.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:00.000Z
#EXTINF:2.00000,
../../source/1-0.m4s
#EXTINF:2.00000,
../../source/1-1.m4s
#EXTINF:2.00000,
../../source/1-2.m4s
#EXT-X-GAP
#EXTINF:2.00000,
../../source/1-3.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:08.000Z
#EXTINF:2.00000,
../../source/1-4.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="../../source/2.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:10.000Z
#EXTINF:2.00000,
../../source/2-5.m4s
#EXTINF:2.00000,
../../source/2-6.m4s
"""
    )


def test_past_of_key_frames_names_the_first_bytes_of_each_segment() -> None:
    segments = broadcast(2, gap_at=1)
    past = Past(PlaylistForm("../../source/", iframes=True), window_of(segments), segments, seconds=3600)

    assert past.render().split("SEQUENCE:0\n")[2] == (
        """\
#EXT-X-MAP:URI="../../source/1.init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-20T07:30:00.000Z
#EXTINF:2.00000,
#EXT-X-BYTERANGE:300@0
../../source/1-0.m4s
#EXT-X-GAP
#EXTINF:2.00000,
../../source/1-1.m4s
"""
    )
    assert "\n#EXT-X-VERSION:5\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-I-FRAMES-ONLY\n" in past.render()


@pytest.mark.parametrize("skip", [False, True])
def test_key_frame_playlists_keep_the_rules(skip: bool) -> None:
    """A-005, A-007, A-139: live, of the past, and of a recording."""
    segments = broadcast(30, new_run_at=12, gap_at=20)
    form = PlaylistForm("../../source/", iframes=True)
    past = Past(form, window_of(segments), segments, seconds=3600)
    texts = [
        render_iframes(window_of(segments), skip=skip),
        past.render(skip=skip),
        render_recording(segments, form, target_duration=2),
    ]

    for text in texts:
        playlist = demand_good(text)
        assert playlist.is_iframes
        assert {listed.byte_range for listed in playlist.segments if not listed.gap} == {(300, 0)}


def test_segment_that_begins_without_a_key_frame_is_a_gap_among_key_frames() -> None:
    text = render_iframes(window_of([replace(one, key_bytes=0) if one.msn == 3 else one for one in broadcast(6)]))

    assert [listed.msn for listed in demand_good(text).segments if listed.gap] == [3]


def test_past_slides_when_it_is_full_and_says_so() -> None:
    """A-041, A-042, A-043: what leaves is counted, what stays keeps its tags."""
    segments = broadcast(120, new_run_at=22)
    past = Past(FORM, window_of(segments[:60]), segments[:60], seconds=100)
    seen = grow(past, segments, since=60)

    assert {playlist.seconds >= 100 for playlist in seen} == {True}
    assert max(playlist.seconds for playlist in seen) < 100 + 4 * 2
    assert seen[-1].number("MEDIA-SEQUENCE") == seen[-1].segments[0].msn == 120 - 52
    assert (seen[0].number("DISCONTINUITY-SEQUENCE"), seen[-1].number("DISCONTINUITY-SEQUENCE")) == (0, 1)
    for playlist in seen:
        assert playlist.segments[0].starts_at
        for listed in playlist.segments:
            assert listed.discontinuity_sequence == (listed.msn >= 22)
            assert listed.map_uri == f"../../source/{1 if listed.msn < 22 else 2}.init.mp4"


def test_past_is_never_shorter_than_the_live_playlist() -> None:
    segments = broadcast(60)
    past = Past(FORM, window_of(segments[:30]), segments[:30], seconds=1)

    assert len(grow(past, segments, since=30)[-1].segments) >= 20


@pytest.mark.parametrize("new_run_at", [-1, 55, 60, 64])
def test_previous_playlist_and_delta_update_make_the_whole(new_run_at: int) -> None:
    """A-116, A-117"""
    segments = broadcast(75, new_run_at=new_run_at)
    past = Past(FORM, window_of(segments[:60]), segments[:60], seconds=100)
    before = past.render()
    for count in range(61, len(segments) + 1):
        assert past.follow(window_of(segments[:count]))
        delta = past.render(skip=True)
        assert len(delta) < 900
        merged = merge(before, delta)
        assert merged == past.render()
        before = merged


def merge(previous: str, delta: str) -> str:
    """What a client has after a delta update, as text (§6.3.7)."""
    first = int(delta.split("MEDIA-SEQUENCE:")[1].split("\n")[0])
    skipped = int(delta.split("SKIPPED-SEGMENTS=")[1].split("\n")[0])
    head, _, shown = delta.partition(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n")
    known = per_segment(previous)
    gone = first - int(previous.split("MEDIA-SEQUENCE:")[1].split("\n")[0])
    kept = known[gone : gone + skipped]
    if "#EXT-X-MAP" not in kept[0]:  # still applies to it, though its line left
        init = next(line for text in reversed(known[:gone]) for line in text.split("\n") if "#EXT-X-MAP" in line)
        kept[0] = f"{init}\n{kept[0]}"
    return head.replace("VERSION:9", "VERSION:6") + "".join(kept) + without_what_is_repeated(shown, first + skipped)


def without_what_is_repeated(shown: str, msn: int) -> str:
    """A delta update says at its first segment again which map holds, and since when."""
    lines = shown.split("\n")
    assert any(line.startswith("#EXT-X-MAP") for line in lines[:2])
    if lines[0] != "#EXT-X-DISCONTINUITY":
        del lines[: 1 if msn % DATED_EVERY_SEGMENTS == 0 else 2]
    return "\n".join(lines)


def per_segment(text: str) -> list[str]:
    _, _, body = text.partition("DISCONTINUITY-SEQUENCE:")
    texts, lines = [], []
    for line in body.split("\n")[1:-1]:
        lines.append(line)
        if not line.startswith("#"):
            texts.append("\n".join([*lines, ""]))
            lines = []
    return texts


def test_ended_broadcast_ends_its_past() -> None:
    segments = broadcast(30)
    past = Past(FORM, window_of(segments), segments, seconds=3600)
    past.follow(replace(window_of(segments), ended=True))

    assert past.ended
    assert past.render(skip=True).endswith("../../source/1-29.m4s\n#EXT-X-ENDLIST\n")
    assert "SKIP:" not in past.render(skip=True)


def test_entries_that_come_twice_or_too_early_are_listed_once_and_when_published() -> None:
    segments = broadcast(40)
    entries = [encode_entry(one) for one in [*segments[:25], *segments[20:]]]
    past = Past.read(FORM, window_of(segments[:38]), entries, seconds=3600)

    assert [one.msn for one in read(past.render()).segments] == list(range(38))
    assert decode_entries(entries) == segments


def test_what_lies_before_a_missing_entry_is_not_listed() -> None:
    segments = broadcast(60, new_run_at=30)
    past = Past(FORM, window_of(segments), [one for one in segments if one.msn != 20], seconds=3600)

    playlist = read(past.render())
    assert [one.msn for one in playlist.segments] == list(range(21, 60))
    assert playlist.number("DISCONTINUITY-SEQUENCE") == 0


def test_past_that_missed_more_than_a_window_must_be_loaded_anew() -> None:
    segments = broadcast(90)
    past = Past(FORM, window_of(segments[:30]), segments[:30], seconds=3600)

    assert past.follow(window_of(segments[:50]))
    assert not past.follow(window_of(segments[:71]))


def test_past_begins_with_the_broadcast() -> None:
    past = Past(FORM, Window(2, 0.35), [], seconds=3600)
    assert past.render().endswith("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n")
    assert past.follow(grown_window(3))

    assert [one.msn for one in read(past.render()).segments] == [0, 1, 2]


def test_list_holds_what_is_asked_for_even_of_short_segments() -> None:
    assert entries_kept(seconds=14_400, target_duration=2) == 14_400
    assert entries_kept(seconds=1, target_duration=2) == 40
