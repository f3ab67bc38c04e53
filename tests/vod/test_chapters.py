"""Chapters: from what changed while live, from what the owner types, as WebVTT."""

import pytest

from common.errors import InvalidInput
from vod.chapters import (
    Chapter,
    Note,
    chapters_of,
    chapters_text,
    check_chapters,
    parse_chapters,
    render_vtt,
)

HOUR = 3600.0


def made_of(*notes: Note, title: str = "Chess", category: str = "Games", duration: float = HOUR) -> list[Chapter]:
    return chapters_of(notes, title=title, category=category, duration=duration)


def test_nothing_changed_and_there_are_no_chapters() -> None:
    assert made_of() == []
    assert made_of(Note(0, "title", "Chess"), Note(2, "title", "Chess tonight")) == []


def test_each_change_begins_a_chapter() -> None:
    notes = [
        Note(0, "title", "Warming up"),
        Note(0, "category", "Talk"),
        Note(600, "title", "Chess tonight"),
        Note(1200, "category", "Chess"),
        Note(1800.5, "marker", "Queen lost"),
    ]
    assert made_of(*reversed(notes)) == [
        Chapter(0, "Warming up", "Talk"),
        Chapter(600, "Chess tonight", "Talk"),
        Chapter(1200, "Chess", "Chess"),
        Chapter(1800.5, "Queen lost", "Chess"),
    ]


def test_what_never_changed_is_what_the_broadcast_had() -> None:
    assert made_of(Note(60, "marker", "Goal")) == [Chapter(0, "Chess", "Games"), Chapter(60, "Goal", "Games")]
    assert made_of(Note(60, "marker", "Goal"), title="", category="") == [Chapter(0, "Untitled"), Chapter(60, "Goal")]


def test_changes_within_seconds_are_one_chapter_named_by_the_title() -> None:
    notes = [Note(600, "title", "New game"), Note(602, "category", "Puzzles"), Note(604.9, "category", "Chess")]
    assert made_of(*notes)[1:] == [Chapter(600, "New game", "Chess")]
    assert made_of(*notes, Note(605, "marker", "Checkmate"))[1:] == [
        Chapter(600, "New game", "Chess"),
        Chapter(605, "Checkmate", "Chess"),
    ]


def test_the_streamers_own_words_name_a_chapter() -> None:
    notes = [Note(600, "marker", "Checkmate"), Note(601, "title", "Next game"), Note(602, "category", "Talk")]
    assert made_of(*notes)[1:] == [Chapter(600, "Checkmate", "Talk")]


def test_what_was_said_at_the_very_end_is_no_chapter() -> None:
    assert made_of(Note(HOUR - 4, "marker", "Bye")) == []
    assert len(made_of(Note(HOUR - 6, "marker", "Bye"))) == 2


def test_they_are_bounded() -> None:
    assert len(made_of(*(Note(number * 10, "marker", "x") for number in range(300)))) == 100


# --- Typed by the owner


@pytest.mark.parametrize(
    ("line", "seconds", "title"),
    [
        ("0:00 Beginning", 0, "Beginning"),
        ("12:34   The bridge", 754, "The bridge"),
        ("1:02:03 Late", 3723, "Late"),
        ("90:00 Minutes alone", 5400, "Minutes alone"),
        ("0:05 12:30 is noon", 5, "12:30 is noon"),
    ],
)
def test_a_line_is_a_time_and_a_title(line: str, seconds: float, title: str) -> None:
    assert parse_chapters(f"\n  {line}  \n\n") == [Chapter(seconds, title)]


@pytest.mark.parametrize("line", ["The bridge", "12 The bridge", "0:60 x", "1:2 x", "0:00x", "-0:10 x", "1:00:0 x"])
def test_another_line_is_refused_and_shown(line: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_chapters(f"0:00 Beginning\n{line}")
    assert line in refusal.value.text


def test_what_is_typed_is_put_in_order_with_the_categories_that_were_there() -> None:
    before = [Chapter(0, "Chess", "Games"), Chapter(600.25, "Talk", "Talk")]
    text = chapters_text(before)
    assert text == "0:00 Chess\n10:00 Talk"
    assert check_chapters(parse_chapters(text), duration=HOUR, before=before) == before  # nothing was changed
    wanted = parse_chapters("10:00 About chess\n15:00 Questions\n0:00 Chess\n1:00 First move")
    assert check_chapters(wanted, duration=HOUR, before=before) == [
        Chapter(0, "Chess", "Games"),
        Chapter(60, "First move", "Games"),
        Chapter(600.25, "About chess", "Talk"),
        Chapter(900, "Questions", "Talk"),
    ]
    assert check_chapters([], duration=HOUR, before=before) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0:30 Late", "begins at 0:00"),
        ("0:00 A\n0:00 B", "Two chapters"),
        ("0:00", "needs a title"),
        ("0:00 A\n1:00:00 After the end", "There is no 1:00:00"),
        ("0:00 A\u202eB", "cannot be shown"),
        ("0:00 " + "x" * 141, "more than 140"),
    ],
)
def test_nonsense_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_chapters(parse_chapters(text), duration=HOUR)


def test_too_many_are_refused() -> None:
    chapters = [Chapter(float(number), "x") for number in range(101)]
    assert len(check_chapters(chapters[:100], duration=HOUR)) == 100
    with pytest.raises(InvalidInput, match="at most 100"):
        check_chapters(chapters, duration=HOUR)


# --- WebVTT


def test_webvtt_asserted_whole() -> None:
    chapters = [Chapter(0, "Chess & <talk>"), Chapter(600.25, "a --> b")]
    assert render_vtt(chapters, duration=3725.5) == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:10:00.250\nChess &amp; &lt;talk&gt;\n\n"
        "00:10:00.250 --> 01:02:05.500\na --&gt; b\n"
    )
    assert render_vtt([], duration=5) == "WEBVTT\n"
