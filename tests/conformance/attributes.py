"""Attribute lists (RFC 8216bis §4.2): the grammar, and the type of each attribute a tag may have."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

Attributes = dict[str, str]  # name → value without its quotes
MAX_INTEGER = 2**64 - 1
_INTEGER = re.compile(r"[0-9]{1,20}")
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_HEX = re.compile(r"0[xX][0-9A-F]+")
_RESOLUTION = re.compile(r"[0-9]+x[0-9]+")
_QUOTED = re.compile(r'"[^"\r\n]*"')
_PAIR = re.compile(r'([^=]*)=("[^"]*"|[^",]*)(,|$)')
_NAME = re.compile(r"[A-Z0-9-]+")
_ENUMERATED = re.compile(r'[^",\s]+')


def names(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())


_QUOTED_NAMES = names(
    "URI GROUP-ID LANGUAGE ASSOC-LANGUAGE NAME INSTREAM-ID CHARACTERISTICS CHANNELS STABLE-RENDITION-ID CODECS "
    "SUPPLEMENTAL-CODECS ALLOWED-CPC AUDIO SUBTITLES VIDEO STABLE-VARIANT-ID PATHWAY-ID DATA-ID VALUE IMPORT "
    "KEYFORMAT KEYFORMATVERSIONS ID CLASS START-DATE END-DATE RECENTLY-REMOVED-DATERANGES SERVER-URI QUERYPARAM "
    "REQ-VIDEO-LAYOUT"
)
_INTEGER_NAMES = names(
    "BANDWIDTH AVERAGE-BANDWIDTH PROGRAM-ID SKIPPED-SEGMENTS BYTERANGE-START BYTERANGE-LENGTH LAST-MSN LAST-PART "
    "BIT-DEPTH SAMPLE-RATE"
)
_DECIMAL_NAMES = names("FRAME-RATE SCORE DURATION PLANNED-DURATION PART-TARGET CAN-SKIP-UNTIL HOLD-BACK PART-HOLD-BACK")
_ENUMERATIONS = {
    **{
        name: frozenset({"YES", "NO"})
        for name in names("DEFAULT AUTOSELECT FORCED PRECISE CAN-SKIP-DATERANGES CAN-BLOCK-RELOAD END-ON-NEXT")
    },
    "INDEPENDENT": frozenset({"YES"}),
    "GAP": frozenset({"YES"}),
    "METHOD": frozenset({"NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"}),
    "VIDEO-RANGE": frozenset({"SDR", "HLG", "PQ"}),
    "HDCP-LEVEL": frozenset({"TYPE-0", "TYPE-1", "NONE"}),
}
_TYPES = {
    "MEDIA": frozenset({"AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"}),
    "PRELOAD-HINT": frozenset({"PART", "MAP"}),
}
_REQUIRED = {  # what each tag must have
    "MEDIA": ("TYPE", "GROUP-ID", "NAME"),
    "MAP": ("URI",),
    "PART": ("URI", "DURATION"),
    "PART-INF": ("PART-TARGET",),
    "PRELOAD-HINT": ("TYPE", "URI"),
    "RENDITION-REPORT": ("URI",),
    "SKIP": ("SKIPPED-SEGMENTS",),
    "START": ("TIME-OFFSET",),
    "DATERANGE": ("ID",),
    "I-FRAME-STREAM-INF": ("URI",),
}


@dataclass(frozen=True)
class Breach:
    """A place where the text itself breaks a rule of the checklist."""

    rule: str
    what: str


def integer(text: str) -> int | None:
    """A decimal-integer up to 2^64 - 1."""
    if not _INTEGER.fullmatch(text) or int(text) > MAX_INTEGER:
        return None
    return int(text)


def decimal_float(text: str) -> Decimal | None:
    """A decimal-floating-point: no sign, no exponent, no comma."""
    return Decimal(text) if _DECIMAL.fullmatch(text) and text.isascii() else None


@lru_cache(maxsize=100_000)  # most lines of a playlist were in the one before it
def read_attributes(tag: str, text: str) -> tuple[Attributes, list[Breach]]:
    """The attributes of a tag and what breaks the grammar in them; shared, so not to be changed."""
    found: Attributes = {}
    wrong: list[str] = []
    at = 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if not match:
            wrong.append(f"{tag}: cannot be read from {text[at : at + 40]!r}")
            break
        name, value, _ = match.groups()
        wrong += [f"{tag}: {why}" for why in _wrong_pair(tag, name, value)]
        if name in found:
            wrong.append(f"{tag}: {name} twice")
        found[name] = value.strip('"')
        at = match.end()
    if text.endswith(","):
        wrong.append(f"{tag}: ends with a comma")
    wrong += [f"{tag}: no {name}" for name in _REQUIRED.get(tag, ()) if name not in found]
    return found, [Breach("A-007", what) for what in wrong]


def _wrong_pair(tag: str, name: str, value: str) -> list[str]:
    if not _NAME.fullmatch(name):
        return [f"{name!r} is no attribute name"]
    if value.startswith('"') and len(value) == 2:
        return [f"{name} is an empty quoted string"]
    if not _is_of_its_type(tag, name, value):
        return [f"{name}={value} is not of its type"]
    return []


def _is_of_its_type(tag: str, name: str, value: str) -> bool:
    if name == "CLOSED-CAPTIONS":
        return value == "NONE" or bool(_QUOTED.fullmatch(value))
    if name in _QUOTED_NAMES or (name == "BYTERANGE" and tag == "MAP") or (name == "BYTERANGE" and tag == "PART"):
        return bool(_QUOTED.fullmatch(value))
    if name in _INTEGER_NAMES:
        return integer(value) is not None
    if name in _DECIMAL_NAMES:
        return decimal_float(value) is not None
    if name == "TIME-OFFSET":
        return decimal_float(value.removeprefix("-")) is not None
    allowed = _TYPES.get(tag) if name == "TYPE" else _ENUMERATIONS.get(name)
    if allowed is not None:
        return value in allowed
    shapes = {"RESOLUTION": _RESOLUTION, "IV": _HEX}
    shape = shapes.get(name)
    if shape is not None:
        return bool(shape.fullmatch(value))
    return bool(_QUOTED.fullmatch(value) or _ENUMERATED.fullmatch(value))
