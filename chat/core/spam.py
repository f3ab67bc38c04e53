"""How much a message looks like advertising, fraud or abuse: logistic regression over what is in it.

The weights are made by `python -m bench.spam_filters --write` from `bench/data/chat_lines.tsv`; docs/chat.md has its
figures. Time is bounded by the length of a message: every step walks over it once.
"""

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from zlib import crc32

from chat.core.text import has_link

BUCKETS = 1 << 14
PIECE = 4  # characters of a word that are looked at together: endings and misspellings still match
_WEIGHTS = Path(__file__).with_name("spam_weights.json")
_WORD = re.compile(r"[^\W_]+")
_SPACED = re.compile(r"\b(?:\w {1,2}){3,40}\w\b")
_ADDRESS = re.compile(r"(?:https?://)?\b[\w-]{1,63}(?: ?\.[\w-]{1,63}){1,4}(?:/\S*)?")
_LEET = str.maketrans("013457@$", "oieastas")
# Letters of other scripts that pass for Latin ones.
_LOOKALIKES = str.maketrans("авеіјкмнорсстухѕԁɡʏ", "abeijkmhopcctyxsdgy")


def spam_score(text: str) -> float:
    """From 0, like what people say, to 1, like what nobody wants to read. `text` is clean."""
    bias, weights = _model()
    total = bias + sum(weights.get(feature, 0.0) for feature in features_of(text))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def features_of(text: str) -> frozenset[int]:
    """Numbers of what is in the text."""
    return frozenset(crc32(name.encode()) % BUCKETS for name in _names(text))


def _names(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKC", text)
    yield from _shape(plain)
    words = _words(plain)
    for word in words:
        yield f"w {word}"
        padded = f"^{word}$"
        yield from (f"p {padded[at : at + PIECE]}" for at in range(len(padded) - PIECE + 1))
    yield from (f"b {first} {second}" for first, second in zip(words, words[1:], strict=False))


def _words(plain: str) -> list[str]:
    """The words as one reads them: addresses left out, letters that only look like others put right."""
    joined = _SPACED.sub(lambda found: found[0].replace(" ", ""), plain)
    rest = _ADDRESS.sub(" ", joined.casefold())
    return [_read(word) for word in _WORD.findall(rest)]


def _read(word: str) -> str:
    mixed = any("a" <= letter <= "z" for letter in word)
    return word.translate(_LOOKALIKES).translate(_LEET) if mixed else word


def _shape(plain: str) -> Iterator[str]:
    """What it looks like, whatever it says."""
    letters = [character for character in plain if character.isalpha()]
    words = plain.split()
    if has_link(plain) or _ADDRESS.search(plain):
        yield "link"
        yield f"link and {min(len(words), 6)} words"
    if _SPACED.search(plain):
        yield "spaced"
    if any(_is_mixed(word) for word in words):
        yield "mixed scripts"
    if len(letters) > 8:
        capitals = sum(character.isupper() for character in letters) / len(letters)
        yield f"capitals {round(3 * capitals)}"
    if len(words) > 5:
        yield f"repeated {round(4 * (1 - len({word.casefold() for word in words}) / len(words)))}"
    if len(plain) > 20 and len(set(plain)) < 4:
        yield "few characters"
    yield f"names {min(plain.count('@'), 4)}"
    yield f"length {min(len(plain) // 40, 5)}"


def _is_mixed(word: str) -> bool:
    """Latin and Cyrillic or Greek in one word: nobody writes so who wants to be understood."""
    latin = any("a" <= character <= "z" for character in word.casefold())
    return latin and any("\u0370" <= character <= "\u04ff" for character in word)


@lru_cache(maxsize=1)
def _model() -> tuple[float, dict[int, float]]:
    stored = json.loads(_WEIGHTS.read_text())
    return stored["bias"], {int(feature): weight for feature, weight in stored["weights"].items()}
