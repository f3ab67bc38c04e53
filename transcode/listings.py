"""Playlists of whole segments as an origin holds them: key frames, and what viewers may rewind to.

Each is made once per segment for all who ask. What is rewound to is loaded when the first viewer asks and forgotten
when nobody does any more.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from transcode.hls.dvr import Past
from transcode.hls.playlist import PlaylistForm, render_iframes
from transcode.hls.window import Window
from transcode.http_answer import PLAYLIST_TYPE, Answer

KEPT_SECONDS = 60.0  # without a request


@dataclass(frozen=True)
class Listing:
    """One such playlist. `dvr`: all that viewers may rewind to rather than the live window."""

    rendition: str
    dvr: bool = False
    iframes: bool = False

    @property
    def form(self) -> PlaylistForm:
        return PlaylistForm(f"../../{self.rendition}/" if self.dvr else "", iframes=self.iframes)


class Listings:
    """Those of one broadcast."""

    def __init__(self, windows: Mapping[str, Window]) -> None:
        self._windows = windows
        self._past: dict[Listing, Past] = {}
        self._used_at: dict[Listing, float] = {}
        self._made: dict[tuple[Listing, bool, int], tuple[object, Answer]] = {}

    def __len__(self) -> int:
        """How many hold a past of their own."""
        return len(self._past)

    def get(self, listing: Listing) -> Past | Window | None:
        """What is listed; None when there is no such rendition, or its past is not loaded."""
        if not listing.dvr:
            return self._windows.get(listing.rendition)
        past = self._past.get(listing)
        if past is not None:
            self._used_at[listing] = time.monotonic()
        return past

    def put(self, listing: Listing, past: Past) -> None:
        """Its past was loaded."""
        self._past[listing], self._used_at[listing] = past, time.monotonic()

    def answer(self, listing: Listing, *, skip: bool, max_age: int) -> Answer:
        """The playlist as it is now. Only for what `get` has."""
        listed = self.get(listing)
        assert listed is not None  # noqa: S101  the caller has looked
        key, version = (listing, skip, max_age), (listed.last_msn, listed.ended)
        known = self._made.get(key)
        if known is None or known[0] != version:
            text = listed.render(skip=skip) if isinstance(listed, Past) else render_iframes(listed, skip=skip)
            known = self._made[key] = (version, Answer(200, text.encode(), PLAYLIST_TYPE, max_age))
        return known[1]

    def follow(self, rendition: str, window: Window) -> None:
        """Take what is new of a rendition."""
        for listing, past in list(self._past.items()):
            if listing.rendition == rendition and not past.follow(window):
                self._forget(listing)  # news was missed for longer than a window lasts

    def drop_unused(self) -> None:
        """Forget what nobody has asked for lately."""
        for listing in list(self._past):
            if time.monotonic() - self._used_at[listing] > KEPT_SECONDS:
                self._forget(listing)

    def _forget(self, listing: Listing) -> None:
        del self._past[listing], self._used_at[listing]
        self._made = {key: made for key, made in self._made.items() if key[0] != listing}
