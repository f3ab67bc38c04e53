"""Reads of the search. Every question is a handful of index reads with a limit, whatever the number of entries."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from streaming.discovery.keyset import Cursor
from streaming.discovery.search_guesses import guess
from streaming.discovery.search_words import SearchWords
from streaming.discovery_models import EntryKind, SearchEntry, SearchEntryQuerySet
from streaming.limits import (
    SEARCH_PAGE,
    SEARCH_SHORT_WORD,
    SEARCH_SHOWN,
    SEARCH_TYPO_FROM,
    SEARCH_WINDOW,
    SUGGESTED_CATEGORIES,
    SUGGESTED_CHANNELS,
)

_NAMES = (EntryKind.CATEGORY, EntryKind.CHANNEL)
_LOOKED_THROUGH = EntryKind.CATEGORY  # hundreds: words that all else has are in no index quickly
# What many entries have is found among the first of them, without looking at all. `starts_with` needs no index here.
_MOST_SOUGHT = """
(SELECT kind, id
   FROM (SELECT kind, id, rank, key, vector FROM streaming_searchentry
          WHERE kind = %(kind)s ORDER BY rank DESC, id DESC LIMIT %(window)s) AS first
  WHERE starts_with(key, %(key)s) OR vector @@ to_tsquery('simple', %(words)s)
  ORDER BY rank DESC, id DESC LIMIT %(count)s)
UNION
(SELECT kind, id FROM streaming_searchentry WHERE kind = %(kind)s AND key = %(key)s ORDER BY rank + 0 DESC LIMIT 1)
"""


@dataclass(frozen=True)
class Results:
    """What was found of each kind, best first; `guessed` when the names only look like what was typed."""

    channels: list[SearchEntry] = field(default_factory=list)
    categories: list[SearchEntry] = field(default_factory=list)
    videos: list[SearchEntry] = field(default_factory=list)
    clips: list[SearchEntry] = field(default_factory=list)
    guessed: bool = False

    def __bool__(self) -> bool:
        return bool(self.channels or self.categories or self.videos or self.clips)


@dataclass(frozen=True)
class Page:
    """One page of a kind; `after` continues it."""

    entries: list[SearchEntry]
    after: Cursor | None


def search(words: SearchWords) -> Results:
    """The best of every kind."""
    return _find(words, dict.fromkeys(EntryKind, SEARCH_SHOWN))


def suggest(words: SearchWords) -> Results:
    """Channels and categories whose names someone may be typing."""
    return _find(words, {EntryKind.CATEGORY: SUGGESTED_CATEGORIES, EntryKind.CHANNEL: SUGGESTED_CHANNELS})


def search_kind(words: SearchWords, kind: EntryKind, after: Cursor | None) -> Page:
    """All of one kind, page by page."""
    matching = SearchEntry.objects.filter(kind=kind)
    matching = _with_words(matching, words) if words.words else matching.filter(key__startswith=words.key)
    matching = matching.visible().for_pages().best_first()
    if after is not None:
        matching = after.of(matching, "rank")
    entries = list(matching[: SEARCH_PAGE + 1])
    more = len(entries) > SEARCH_PAGE
    entries = entries[:SEARCH_PAGE]
    return Page(entries, Cursor(entries[-1].rank, entries[-1].pk) if more else None)


def recent(kind: EntryKind, count: int) -> list[SearchEntry]:
    """The newest recordings or clips of all channels."""
    return list(SearchEntry.objects.filter(kind=kind).visible().for_pages().newest()[:count])


def _find(words: SearchWords, counts: dict[EntryKind, int]) -> Results:
    if not words:
        return Results()
    pks = _among_most_sought(words, counts)
    rare = {kind: count for kind, count in counts.items() if len(pks[kind]) < count and kind != _LOOKED_THROUGH}
    parts = _parts(words, rare) if rare else []
    found = _load({pk for some in pks.values() for pk in some} | _union(parts), words, counts)
    guesses = {kind: count for kind, count in counts.items() if kind in _NAMES and not found[kind]}
    # Only where nothing has that name: what looks alike is no match for what is meant.
    letters = sum(map(str.isalnum, words.key))
    guessed = letters >= SEARCH_TYPO_FROM and not any(found[kind] for kind in _NAMES if kind in counts)
    if guessed:
        found |= _load(guess(words, guesses), words, guesses)
    return _results(found, guessed=guessed)


def only(kind: EntryKind, entries: list[SearchEntry]) -> Results:
    """Results of one kind."""
    return _results({kind: entries})


def _results(found: dict[EntryKind, list[SearchEntry]], *, guessed: bool = False) -> Results:
    return Results(
        channels=found.get(EntryKind.CHANNEL, []),
        categories=found.get(EntryKind.CATEGORY, []),
        videos=found.get(EntryKind.VIDEO, []),
        clips=found.get(EntryKind.CLIP, []),
        guessed=guessed,
    )


def _among_most_sought(words: SearchWords, counts: dict[EntryKind, int]) -> dict[EntryKind, list[int]]:
    """Keys of what is found among the first of each kind, and of what has exactly that title; in one query."""
    asked: dict[str, str | int | None] = {
        "key": words.key,
        "words": words.tsquery if _has_long_word(words) else "",
    }
    parts = []
    for number, (kind, count) in enumerate(counts.items()):
        window = None if kind == _LOOKED_THROUGH else SEARCH_WINDOW
        asked |= {f"kind{number}": str(kind), f"window{number}": window, f"count{number}": count}
        parts.append(re.sub(r"%\((kind|window|count)\)", rf"%(\g<1>{number})", _MOST_SOUGHT))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), asked)
        rows = cursor.fetchall()
    return {kind: [pk for of, pk in rows if of == kind] for kind in counts}


def _parts(words: SearchWords, counts: dict[EntryKind, int]) -> list[SearchEntryQuerySet]:
    """Titles that begin so, and entries with all the words anywhere: each a read of its own index.

    For what is rare. The planner cannot know how rare it is in this kind, and would rather read all of it in order of
    rank: an order that no index has keeps it from that. Words are looked for once for all kinds, as the index has them.
    """
    best = [(F("rank") + 0).desc(), F("id").desc()]
    titles = SearchEntry.objects.filter(key__startswith=words.key).order_by(*best)
    parts = [titles.filter(kind=kind)[:count] for kind, count in counts.items()]
    if _has_long_word(words):
        place = Window(RowNumber(), partition_by=F("kind"), order_by=best)
        entries = _with_words(SearchEntry.objects.filter(kind__in=counts), words)
        parts.append(entries.annotate(place=place).filter(place__lte=max(counts.values())).order_by())
    return parts


def _has_long_word(words: SearchWords) -> bool:
    return bool(words.words) and len(words.words[-1]) > SEARCH_SHORT_WORD


def _with_words(entries: SearchEntryQuerySet, words: SearchWords) -> SearchEntryQuerySet:
    return entries.filter(vector=SearchQuery(words.tsquery, search_type="raw", config="simple"))


def _union(parts: "Iterable[QuerySet[SearchEntry]]") -> set[int]:
    """Keys of all that the parts read, in one query."""
    reads = [part.values_list("pk", flat=True) for part in parts]
    return set(reads[0].union(*reads[1:])) if reads else set()


def _load(pks: Collection[int], words: SearchWords, counts: dict[EntryKind, int]) -> dict[EntryKind, list[SearchEntry]]:
    entries = list(SearchEntry.objects.filter(pk__in=pks).visible().for_pages()) if pks else []
    entries.sort(key=lambda entry: (entry.key == words.key, entry.rank, entry.pk), reverse=True)
    return {kind: [entry for entry in entries if entry.kind == kind][:count] for kind, count in counts.items()}
