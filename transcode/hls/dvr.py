"""The past of a running broadcast: every segment of one rendition that viewers may rewind to.

Live media's Redis keeps it as a list of entries, one per segment, appended when the segment is published. Entries may
come twice (a publication that was repeated after Redis was away); the newest window says what has been published.
"""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice

from transcode.hls.playlist import ListedRange, PlaylistForm, is_dated, render_head, segment_text, skippable
from transcode.hls.window import MIN_WINDOW_SEGMENTS, WINDOW_SECONDS, Window, WindowSegment

# Segments are usually a target duration long; sources with more frequent key frames make shorter ones.
ENTRIES_PER_TARGET_DURATION = 2


def entries_kept(*, seconds: float, target_duration: int) -> int:
    """How many entries the list may hold."""
    return int(max(seconds, WINDOW_SECONDS) / target_duration) * ENTRIES_PER_TARGET_DURATION


def encode_entry(segment: WindowSegment) -> bytes:
    """One segment, without its parts."""
    flags = segment.discontinuity + 2 * segment.gap
    fields = (
        segment.msn,
        segment.epoch,
        round(segment.starts_at, 6),
        round(segment.duration, 6),
        segment.size,
        segment.key_bytes,
        flags,
    )
    return json.dumps(fields, separators=(",", ":")).encode()


def decode_entries(entries: Iterable[bytes]) -> list[WindowSegment]:
    """Segments by Media Sequence Number, each once, the entry that was written last."""
    rows = json.loads(b"[" + b",".join(entries) + b"]")
    found = {
        msn: WindowSegment(
            msn, epoch, starts_at, duration, size, discontinuity=bool(flags & 1), gap=bool(flags & 2), key_bytes=key
        )
        for msn, epoch, starts_at, duration, size, key, flags in rows
    }
    return [found[msn] for msn in sorted(found)]


class Past:
    """What an origin holds of one rendition's past: segments and the playlist text of each, appended to, never redone.

    `follow` it with every newer window. Bounded by `seconds` of media.
    """

    @classmethod
    def read(cls, form: PlaylistForm, window: Window, entries: Iterable[bytes], *, seconds: float) -> "Past":
        """From the list as it is stored."""
        return cls(form, window, decode_entries(entries), seconds=seconds)

    def __init__(self, form: PlaylistForm, window: Window, entries: Iterable[WindowSegment], *, seconds: float) -> None:
        self._form, self._seconds = form, max(seconds, WINDOW_SECONDS)
        self._segments: deque[WindowSegment] = deque()
        self._texts: deque[str] = deque()
        self._total = 0.0
        older = _leading_to(window.segments, entries)
        # §6.2.2: the tags of segments that are listed here, but no more in the window, have not left this playlist.
        self._discontinuity_sequence = window.discontinuity_sequence - sum(s.discontinuity for s in older)
        self._window = window
        for segment in older:
            self._append(segment)
        self.follow(window)

    @property
    def last_msn(self) -> int:
        return self._segments[-1].msn if self._segments else self._window.last_msn

    @property
    def ended(self) -> bool:
        return self._window.ended

    @property
    def segments(self) -> Sequence[WindowSegment]:
        return self._segments

    def follow(self, window: Window) -> bool:
        """Take what is new; False when something between is missing and this past must be loaded anew."""
        self._window = window
        for segment in window.segments:
            if not self._segments or segment.msn == self.last_msn + 1:
                self._append(segment)
            elif segment.msn > self.last_msn:
                return False
        return True

    def render(self, *, skip: bool = False) -> str:
        """The playlist; with `skip`, a delta update (§6.2.5.1) when there is something to skip."""
        listed = ListedRange(
            target_duration=self._window.target_duration,
            first_msn=self._segments[0].msn if self._segments else max(self.last_msn + 1, 0),
            discontinuity_sequence=self._discontinuity_sequence,
        )
        skipped = 0
        if skip and not self.ended:
            skipped = skippable(self._segments, self._window.target_duration)
        head = render_head(listed, self._form, skipped=skipped)
        end = "#EXT-X-ENDLIST\n" if self.ended else ""
        return "".join(chain([head], self._shown(skipped), [end]))

    def _shown(self, skipped: int) -> Iterable[str]:
        """The first one says which map holds, whatever stood before it."""
        if skipped == len(self._segments):
            return ()
        first = segment_text(self._segments[skipped], None, self._form)
        return chain([first], islice(self._texts, skipped + 1, None))

    def _append(self, segment: WindowSegment) -> None:
        previous = self._segments[-1] if self._segments else None
        whole = replace(segment, parts=())  # parts are for the live edge
        self._segments.append(whole)
        self._texts.append(segment_text(whole, previous, self._form))
        self._total += segment.duration
        self._drop_old()

    def _drop_old(self) -> None:
        """Slide from one dated segment to the next: what is listed keeps the tags it was first listed with."""
        while (count := self._until_next_date()) < len(self._segments) - MIN_WINDOW_SEGMENTS:
            if self._total - sum(s.duration for s in islice(self._segments, count)) < self._seconds:
                return
            for _ in range(count):
                removed = self._segments.popleft()
                self._texts.popleft()
                self._total -= removed.duration
                self._discontinuity_sequence += removed.discontinuity

    def _until_next_date(self) -> int:
        dated = (index for index, segment in enumerate(self._segments) if index and is_dated(segment))
        return next(dated, len(self._segments))


def _leading_to(listed: Sequence[WindowSegment], entries: Iterable[WindowSegment]) -> list[WindowSegment]:
    """The entries older than `listed` from which numbers go up to it without a hole."""
    if not listed:
        return []
    older: deque[WindowSegment] = deque()
    wanted = listed[0].msn - 1
    for entry in reversed([entry for entry in entries if entry.msn <= wanted]):
        if entry.msn != wanted:
            break
        older.appendleft(entry)
        wanted -= 1
    return list(older)
