"""From what someone types to what the database is asked (pure)."""

import re
import unicodedata
from dataclasses import dataclass

from streaming.limits import SEARCH_QUERY_MAX, SEARCH_WORDS_MAX

_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class SearchWords:
    """A question in the three forms that the search knows."""

    text: str  # as typed, bounded and trimmed: what the page shows
    key: str  # folded, as the entries' keys are
    words: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.key)

    @property
    def tsquery(self) -> str:
        """All words, the last as far as it is typed. Letters and digits only, so that nothing in it is an operator."""
        return " & ".join(self.words) + ":*" if self.words else ""


def read_words(typed: str) -> SearchWords:
    """Whatever was typed, as a question; an empty one when there is nothing to look for."""
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in typed[:SEARCH_QUERY_MAX])
    text = " ".join(shown.split())
    key = fold(text)
    return SearchWords(text=text, key=key, words=tuple(_WORD.findall(key)[:SEARCH_WORDS_MAX]))


def fold(text: str) -> str:
    """Without case and accents. The database folds its side in the same way (`discovery_models.Fold`)."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.lower()))
