"""What a tag may be, and when two are the same (pure)."""

import unicodedata
from collections.abc import Iterable
from typing import Any

from common.errors import InvalidInput
from common.lines import check_line
from streaming.discovery.languages import language_key
from streaming.limits import TAG_MAX, TAGS_MAX


def check_tags(tags: Any) -> list[str]:
    """Tags as they are shown: in the writer's own case, without "#", each once. Raises InvalidInput."""
    if not isinstance(tags, list) or len(tags) > TAGS_MAX:
        raise InvalidInput(f"Give at most {TAGS_MAX} tags.")
    checked = [_check_tag(tag) for tag in tags]
    return list({tag_key(tag): tag for tag in reversed(checked)}.values())[::-1]


def tag_key(tag: str) -> str:
    """What addresses and filters call it: "#Speedrun" and "speedrun" are one tag. Empty when it can be none."""
    folded = unicodedata.normalize("NFKC", tag).lstrip("#").lower()
    return folded if folded.isalnum() and len(folded) <= TAG_MAX else ""


def facets_of(*, tags: Iterable[str], language: str) -> list[str]:
    """What lists of channels are filtered by: one array, so that one index answers any combination."""
    keys = sorted({key for tag in tags if (key := tag_key(tag))})
    return [*(tag_facet(key) for key in keys), language_facet(language)]


def tag_facet(key: str) -> str:
    return f"tag:{key}"


def language_facet(language: str) -> str:
    return f"lang:{language_key(language)}"


def _check_tag(tag: Any) -> str:
    line = unicodedata.normalize("NFKC", check_line(tag, most=TAG_MAX + 1, name="tag")).lstrip("#")
    if not line.isalnum():
        raise InvalidInput("A tag consists of letters and digits.")
    if len(line) > TAG_MAX or not tag_key(line):
        raise InvalidInput(f"The tag has more than {TAG_MAX} characters.")
    return line
