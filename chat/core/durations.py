"""Times as people type them: `90`, `10m`, `1h30m`, `2 days`."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PART = re.compile(
    r"(\d{1,9})(?!\d)\s*(sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?|[smhdw])?(?![a-z])\s*", re.IGNORECASE
)


def parse_seconds(text: str, *, unit: str = "s") -> int | None:
    """Seconds, or None when `text` is not a time. A bare number counts in `unit`."""
    total, at = 0, 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            return None
        total += int(found[1]) * _UNITS[(found[2] or unit)[0].lower()]
        at = found.end()
    return total if text else None
