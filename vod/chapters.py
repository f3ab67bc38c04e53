"""Chapters of a recording: from what was noted while it was live, from what its owner types, and as WebVTT (pure)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from common.errors import InvalidInput
from common.lines import check_line
from vod.limits import CHAPTER_MIN_SECONDS, CHAPTER_TITLE_MAX, CHAPTERS_MAX

_LINE = re.compile(r"(?:(?P<hours>\d{1,3}):(?=\d\d:))?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)(?:\s+|$)(?P<title>.*)")
_RANK = {"category": 0, "title": 1, "marker": 2}  # of changes at one time, whose words name the chapter
UNTITLED = "Untitled"


@dataclass(frozen=True)
class Note:
    """A change or a marker, at a second of the recording."""

    seconds: float
    kind: str  # title, category, marker
    text: str


@dataclass(frozen=True)
class Chapter:
    """It lasts until the next one begins."""

    seconds: float
    title: str
    category: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Chapter":
        return cls(**stored)


def chapters_of(notes: Iterable[Note], *, title: str, category: str, duration: float) -> list[Chapter]:
    """A chapter at each change. `title` and `category`: what the broadcast had where no change of them was noted."""
    notes = sorted(notes, key=lambda note: (note.seconds, _RANK[note.kind]))
    first = {note.kind: note.text for note in reversed(notes)}
    chapters = [Chapter(0.0, first.get("title", title) or UNTITLED, first.get("category", category))]
    rank = _RANK["title"]
    for note in notes:
        if note.seconds > max(duration - CHAPTER_MIN_SECONDS, 0):
            break  # nobody would find anything there
        last = chapters[-1]
        changed_category = note.text if note.kind == "category" else last.category
        if note.seconds - last.seconds < CHAPTER_MIN_SECONDS:
            named = note.text and _RANK[note.kind] >= rank
            chapters[-1] = replace(last, title=note.text if named else last.title, category=changed_category)
            rank = max(rank, _RANK[note.kind])
            continue
        if len(chapters) < CHAPTERS_MAX:
            chapters.append(Chapter(round(note.seconds, 3), note.text or UNTITLED, changed_category))
            rank = _RANK[note.kind]
    return chapters if len(chapters) > 1 else []


def check_chapters(wanted: Sequence[Chapter], *, duration: float, before: Sequence[Chapter] = ()) -> list[Chapter]:
    """The chapters an owner wants, in order and with the categories that were there. Raises InvalidInput."""
    if len(wanted) > CHAPTERS_MAX:
        raise InvalidInput(f"A recording has at most {CHAPTERS_MAX} chapters.")
    chapters: list[Chapter] = []
    for chapter in sorted(wanted, key=lambda one: one.seconds):
        title = check_line(chapter.title, most=CHAPTER_TITLE_MAX, name="chapter's title")
        if not title:
            raise InvalidInput(f"The chapter at {clock_text(chapter.seconds)} needs a title.")
        if not 0 <= chapter.seconds < duration:
            raise InvalidInput(f"There is no {clock_text(chapter.seconds)} in this recording.")
        if chapters and chapter.seconds - chapters[-1].seconds < 1:
            raise InvalidInput(f"Two chapters begin at {clock_text(chapter.seconds)}.")
        chapters.append(_as_before(before, replace(chapter, title=title)))
    if chapters and chapters[0].seconds > 0:
        if chapters[0].seconds >= 1:
            raise InvalidInput("The first chapter begins at 0:00.")
        chapters[0] = replace(chapters[0], seconds=0.0)
    return chapters


def parse_chapters(text: str) -> list[Chapter]:
    """One chapter a line, `1:02:03 Title`. Raises InvalidInput."""
    chapters = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = _LINE.fullmatch(line)
        if not found:
            raise InvalidInput(f"Begin each chapter with its time, as in “12:34 The bridge”: “{line[:40]}”.")
        seconds = (int(found["hours"] or 0) * 60 + int(found["minutes"])) * 60 + int(found["seconds"])
        chapters.append(Chapter(float(seconds), found["title"]))
    return chapters


def parse_clock(text: str) -> float:
    """1:02:05 → 3725. Raises InvalidInput."""
    found = _LINE.fullmatch(text.strip())
    if not found or found["title"]:
        raise InvalidInput("Give the time as in 12:34 or 1:02:03.")
    return float((int(found["hours"] or 0) * 60 + int(found["minutes"])) * 60 + int(found["seconds"]))


def chapters_text(chapters: Iterable[Chapter]) -> str:
    """What `parse_chapters` reads."""
    return "\n".join(f"{clock_text(chapter.seconds)} {chapter.title}" for chapter in chapters)


def render_vtt(chapters: Sequence[Chapter], *, duration: float) -> str:
    """A WebVTT file for a track of kind "chapters"; cues may hold neither a line end nor an arrow (WebVTT §4.1)."""
    ends = [chapter.seconds for chapter in chapters[1:]] + [max(duration, chapters[-1].seconds)] if chapters else []
    cues = [
        f"{cue_time(chapter.seconds)} --> {cue_time(end)}\n{cue_text(chapter.title)}\n"
        for chapter, end in zip(chapters, ends, strict=True)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def cue_text(text: str) -> str:
    """Text as a cue may hold it (WebVTT §6.4)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cue_time(seconds: float) -> str:
    """3725.5 → 01:02:05.500"""
    milliseconds = max(round(seconds * 1000), 0)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{rest:03}"


def clock_text(seconds: float) -> str:
    """3725 → 1:02:05, 65 → 1:05"""
    whole = max(int(seconds), 0)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def _as_before(before: Sequence[Chapter], chapter: Chapter) -> Chapter:
    """With the category that was there; and where only whole seconds were shown, as exact as it was."""
    old = next((one for one in reversed(before) if int(one.seconds) <= chapter.seconds), None)
    if old is None:
        return chapter
    exact = old.seconds if int(old.seconds) == chapter.seconds else chapter.seconds
    return replace(chapter, seconds=exact, category=chapter.category or old.category)
