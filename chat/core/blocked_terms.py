"""Words a room does not want to read. Found in linear time: a term is no pattern that someone could make slow."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from chat.limits import TERM_MAX_WORDS

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class BlockedTerms:
    """A room's terms, sorted by how they match.

    `spam` is a whole word, `free money` are words in a row; `scam*`, `*coin` and `*bet*` are words that begin with it,
    end with it or hold it. Case, width and accents written as marks of their own make no difference.
    """

    phrases: frozenset[tuple[str, ...]] = frozenset()
    beginnings: frozenset[str] = frozenset()
    endings: frozenset[str] = frozenset()
    insides: frozenset[str] = frozenset()
    _inside_lengths: tuple[int, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, terms: Iterable[str]) -> "BlockedTerms":
        """Terms that hold no word are passed over."""
        phrases, beginnings, endings, insides = set(), set(), set(), set()
        for term in terms:
            words = _words(term)
            opened, closed = term.startswith("*"), term.endswith("*")
            if len(words) != 1 or not (opened or closed):
                phrases.add(words[:TERM_MAX_WORDS])
            elif opened and closed:
                insides.add(words[0])
            elif closed:
                beginnings.add(words[0])
            else:
                endings.add(words[0])
        lengths = tuple(sorted({len(one) for one in insides}))
        return cls(
            frozenset(filter(None, phrases)), frozenset(beginnings), frozenset(endings), frozenset(insides), lengths
        )

    def found_in(self, text: str) -> bool:
        if not (self.phrases or self.beginnings or self.endings or self.insides):
            return False
        words = _words(text)
        return self._holds_phrase(words) or any(map(self._matches, words))

    def _holds_phrase(self, words: tuple[str, ...]) -> bool:
        longest = max(map(len, self.phrases), default=0)
        return any(
            words[start : start + length] in self.phrases
            for length in range(1, longest + 1)
            for start in range(len(words) - length + 1)
        )

    def _matches(self, word: str) -> bool:
        if any(word[:end] in self.beginnings for end in range(1, len(word) + 1) if self.beginnings):
            return True
        if any(word[start:] in self.endings for start in range(len(word)) if self.endings):
            return True
        return any(
            word[start : start + length] in self.insides
            for length in self._inside_lengths
            for start in range(len(word) - length + 1)
        )


NO_TERMS = BlockedTerms()


def is_term(text: str) -> bool:
    """Whether there is a word in it that could be found."""
    return 1 <= len(_words(text)) <= TERM_MAX_WORDS


def _words(text: str) -> tuple[str, ...]:
    """The words as they are compared."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(character for character in apart if unicodedata.category(character) not in {"Mn", "Cf"})
    return tuple(_WORD.findall(plain))
