"""What a playlist request with delivery directives must get: an answer, a wait, or a refusal (RFC 8216bis §6.2.5)."""

import re
from collections.abc import Sequence
from enum import Enum
from math import ceil
from typing import NamedTuple

from transcode.hls.window import Window

HOLD_TARGET_DURATIONS = 3  # §6.2.5.2: a request held longer than this is answered 503
ADVANCE_PART_LIMIT = 3  # §6.2.5.2: seconds of parts, or parts when they last a second and more
PART_ALONE = "_HLS_part needs _HLS_msn"
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class BadDirectives(ValueError):
    """The delivery directives make no sense: answer 400 with this text."""


class Decision(Enum):
    """What to do with a playlist request now."""

    ANSWER = "answer"
    HOLD = "hold"
    REFUSE = "refuse"


class Directives(NamedTuple):
    """`_HLS_msn`, `_HLS_part` and `_HLS_skip` of one request."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False
    problem: str = ""  # why they make no sense; of no interest once the playlist has ended

    @property
    def asks_for_later(self) -> bool:
        """Whether `_HLS_msn` was given, in whatever shape."""
        return self.msn is not None or self.problem not in {"", PART_ALONE}


def parse_directives(query: Sequence[tuple[str, str]]) -> Directives:
    """Directives from decoded query pairs; unknown parameters are ignored (§6.2.5), nonsense raises BadDirectives."""
    values: dict[str, str] = {}
    for name, value in query:
        if name in values and name in {"_HLS_msn", "_HLS_part"}:
            raise BadDirectives(f"{name} is given twice")
        values[name] = value
    msn, part = _number(values, "_HLS_msn"), _number(values, "_HLS_part")
    if part is not None and msn is None:
        raise BadDirectives(PART_ALONE)
    # `v2` also skips date ranges, which EXT-X-SERVER-CONTROL does not offer: like any unknown value it is ignored.
    return Directives(msn, part, values.get("_HLS_skip") == "YES")


def decide(window: Window, directives: Directives) -> Decision:
    """Whether the window already has what the request waits for.

    A request for anything older than the window is answered at once with the whole playlist (§6.2.5.2); one that is
    too far ahead is refused, since the client cannot know of it.
    """
    if window.ended:
        return Decision.ANSWER
    if directives.problem:
        return Decision.REFUSE
    if directives.msn is None:
        return Decision.ANSWER
    if directives.msn <= window.last_msn:
        # A part beyond the last one of a finished segment means the first part of the next one (§6.2.5.2).
        if directives.part is not None and _beyond_finished(window, directives.msn, directives.part):
            return _decide_part(window, directives.msn + 1, 0)
        return Decision.ANSWER
    if directives.msn > window.last_msn + 2:
        return Decision.REFUSE
    if directives.part is None:
        return Decision.HOLD
    return _decide_part(window, directives.msn, directives.part)


def decide_whole(directives: Directives, *, last_msn: int, ended: bool) -> Decision:
    """The same for a playlist that lists whole segments only: a part of a segment comes with its segment."""
    if ended:
        return Decision.ANSWER
    if directives.problem:
        return Decision.REFUSE
    if directives.msn is None or directives.msn <= last_msn:
        return Decision.ANSWER
    return Decision.HOLD if directives.msn <= last_msn + 2 else Decision.REFUSE


def _decide_part(window: Window, msn: int, part: int) -> Decision:
    if msn <= window.last_msn:
        return Decision.ANSWER
    listed = len(window.open.parts) if window.open is not None and window.open.msn == msn else 0
    if part < listed:
        return Decision.ANSWER
    # §6.2.5.2: a request may be at most the Advance Part Limit beyond the last part, three seconds' worth or three.
    advance_limit = ceil(ADVANCE_PART_LIMIT / min(window.part_target, 1))
    return Decision.HOLD if part < listed + advance_limit else Decision.REFUSE


def _beyond_finished(window: Window, msn: int, part: int) -> bool:
    for segment in reversed(window.segments):
        if segment.msn == msn:
            return bool(segment.parts) and part >= len(segment.parts)
    return False


def _number(values: dict[str, str], name: str) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not _WHOLE_NUMBER.fullmatch(text):
        raise BadDirectives(f"{name} is not a whole number")
    return int(text)
