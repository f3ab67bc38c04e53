"""From what someone types to what the database is asked (pure)."""

import re
import unicodedata
from dataclasses import dataclass

from streaming.limits import NAMES_ALIKE, SEARCH_QUERY_MAX, SEARCH_WORDS_MAX, SHORT_NAME, SHORT_NAMES_ALIKE

_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
# Two letters that changed places, the worst of single slips, are in so many trigrams.
_TRIGRAMS_OF_A_SLIP = 4


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

    @property
    def likenesses(self) -> list[float]:
        """How alike a name must be to be a guess, as pg_trgm's `similarity` counts: as with one slip, then as a few.

        What is padded has a trigram more than letters; those of the slip are in neither and in both's union.
        """
        padded = [f"  {word} " for word in self.words]
        trigrams = len({word[at : at + 3] for word in padded for at in range(len(word) - 2)})
        one_slip = (trigrams - _TRIGRAMS_OF_A_SLIP) / (trigrams + _TRIGRAMS_OF_A_SLIP) if trigrams else 0.0
        few_slips = SHORT_NAMES_ALIKE if len(self.key) <= SHORT_NAME else NAMES_ALIKE
        return [round(one_slip - 0.005, 2), few_slips] if one_slip > few_slips else [few_slips]


def read_words(typed: str) -> SearchWords:
    """Whatever was typed, as a question; an empty one when there is nothing to look for."""
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in typed[:SEARCH_QUERY_MAX])
    text = " ".join(shown.split())
    key = fold(text)
    return SearchWords(text=text, key=key, words=tuple(_WORD.findall(key)[:SEARCH_WORDS_MAX]))


def fold(text: str) -> str:
    """Without case and accents. The database folds its side in the same way (`discovery_models.Fold`)."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.lower()))
