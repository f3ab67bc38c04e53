"""Negative controls: a playlist spoiled in one way breaks the one rule that is about it."""

from datetime import timedelta

import pytest

from tests.transcode.hls.playlist_rules import BrokenRule, check, check_history
from tests.transcode.hls.windows import grown_window
from transcode.hls.playlist import RenditionReport, render_live

REPORT = RenditionReport("../audio/index.m3u8", 22, 1)
GOOD = render_live(grown_window(23, open_parts=2, discontinuity_at={7, 20}), reports=[REPORT])
LATER = render_live(grown_window(24, open_parts=1, discontinuity_at={7, 20}), reports=[REPORT])


def test_good_playlist_breaks_no_rule() -> None:
    check_history(check(GOOD, other_renditions=1), check(LATER, other_renditions=1))


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("A-001", "#EXTM3U", "#EXTM3U8"),
        ("A-002", "\n#EXTINF", "\r\n#EXTINF"),
        ("A-004", "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2"),
        ("A-005", "VERSION:6", "VERSION:3"),
        ("A-007", "#EXTINF:2.00000", "#EXTINF:2e0"),
        ("A-007", "HOLD-BACK=6.00000,", "HOLD-BACK=6.00000, "),
        ("A-007", "CAN-BLOCK-RELOAD=YES,", "CAN-BLOCK-RELOAD=YES,CAN-BLOCK-RELOAD=YES,"),
        ("A-009", "1-22.m4s", "1 22.m4s"),
        ("A-010", "#EXT-X-INDEP", "#EXT-X-ALLOW-CACHE:NO\n#EXT-X-INDEP"),
        ("A-021", "#EXTINF:2.00000", "#EXTINF:2.50000"),
        ("A-024", "#EXT-X-MEDIA-SEQUENCE:3\n", ""),
        ("A-025", "#EXT-X-DISCONTINUITY-SEQUENCE:0\n", ""),
        ("A-028", '#EXT-X-MAP:URI="1.init.mp4"\n', ""),
        ("A-029", ".000Z", "Z"),
        ("A-031", "00:00:06.000Z", "00:00:05.000Z"),
        ("A-065", "#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
        ("A-081", "PART-HOLD-BACK=1.05000", "PART-HOLD-BACK=0.87500"),
        ("A-082", ",HOLD-BACK=6.00000", ",HOLD-BACK=5.00000"),
        ("A-082", "CAN-SKIP-UNTIL=12.00000", "CAN-SKIP-UNTIL=6.00000"),
        ("A-083", "DURATION=0.34375", "DURATION=0.36000"),
        ("A-083", "DURATION=0.34375", "DURATION=0.28000"),
        ("A-085", ',URI="1-22.5.m4s"', ',URI="1-22.5.m4s"\n#EXT-X-PART:DURATION=0.34375,URI="1-22.6.m4s"'),
        ("A-088", "#EXTINF:2.00000,\n1-22.m4s", "#EXT-X-DISCONTINUITY\n#EXTINF:2.00000,\n1-22.m4s"),
        ("A-089", "#EXTINF:2.00000,\n1-9.m4s", '#EXT-X-PART:DURATION=2.0,URI="x"\n#EXTINF:2.00000,\n1-9.m4s'),
        ("A-091", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-23.2.m4s"\n', ""),
        ("A-091", 'TYPE=PART,URI="1-23.2.m4s"', 'TYPE=PART,URI="1-23.1.m4s"'),
        ("A-092", '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=22,LAST-PART=1\n', ""),
    ],
)
def test_spoiled_playlist_is_caught(rule: str, old: str, new: str) -> None:
    assert old in GOOD
    spoiled = GOOD.replace(old, new, 1)
    if rule == "A-089":  # twenty-six seconds from the end
        spoiled = spoiled.replace("DURATION=2.0,", "DURATION=0.35,", 1)

    with pytest.raises(BrokenRule) as caught:
        check(spoiled, other_renditions=1)

    assert caught.value.rule in {rule, "A-085"} if rule in {"A-083", "A-089"} else caught.value.rule == rule


def test_byte_order_mark_is_caught() -> None:
    with pytest.raises(BrokenRule, match="A-001"):
        check("\ufeff" + GOOD)


def test_missing_part_inf_is_caught() -> None:
    with pytest.raises(BrokenRule, match="A-080"):
        check(GOOD.replace("#EXT-X-PART-INF:PART-TARGET=0.35000\n", ""))


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("A-084", "PART-TARGET=0.35000", "PART-TARGET=0.34500"),
        ("A-042", "MEDIA-SEQUENCE:4", "MEDIA-SEQUENCE:2"),
        ("A-043", "DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"),
        ("A-044", "1-22.m4s", "1-22b.m4s"),
        ("A-044", "#EXTINF:2.00000,\n1-22.m4s", "#EXTINF:2.00001,\n1-22.m4s"),
        ("A-044", "00:00:44.000Z", "00:00:44.010Z"),
        ("A-044", '1-23.1.m4s"', '1-23.x.m4s"'),
    ],
)
def test_playlist_that_rewrites_history_is_caught(rule: str, old: str, new: str) -> None:
    assert old in LATER
    spoiled = check(LATER.replace(old, new, 1), other_renditions=1)

    with pytest.raises(BrokenRule) as caught:
        check_history(check(GOOD, other_renditions=1), spoiled)

    assert caught.value.rule == rule


def test_changed_target_duration_is_caught() -> None:
    changed = check(LATER, other_renditions=1)
    changed.tags["TARGETDURATION"] = "3"

    with pytest.raises(BrokenRule, match="A-040"):
        check_history(check(GOOD, other_renditions=1), changed)


def test_playlist_that_goes_on_after_its_end_is_caught() -> None:
    ended = check(GOOD, other_renditions=1)
    ended.tags["ENDLIST"] = ""

    with pytest.raises(BrokenRule, match="A-050"):
        check_history(ended, check(LATER, other_renditions=1))


def test_dates_are_compared_as_times() -> None:
    playlist = check(GOOD, other_renditions=1)
    first, second = (segment.starts_at for segment in playlist.segments[:2])

    assert first and second and second - first == timedelta(seconds=2)
