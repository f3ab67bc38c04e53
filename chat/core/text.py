"""Cleans what people type and measures it the way they see it.

Policy: text is put into NFC, then everything that can break out of its line or hide is removed: control
characters, bidirectional embeddings, overrides and isolates, invisible format characters outside emoji, private use and
noncharacters, combining marks beyond a few per letter, and the ligatures that are a whole sentence wide.
"""

import re
import unicodedata

from chat.limits import COMBINING_MARKS_PER_BASE

ZERO_WIDTH_JOINER = "\u200d"
ZERO_WIDTH_NON_JOINER = "\u200c"
# These two join Indic and Persian letters and emoji; the marks of direction are harmless outside an embedding.
KEPT_FORMAT_CHARACTERS = frozenset({ZERO_WIDTH_JOINER, ZERO_WIDTH_NON_JOINER, "\u200e", "\u200f"})
# One code point drawn wider than a whole line of chat.
GIANT_CHARACTERS = frozenset({"\ufdfa", "\ufdfb", "\ufdfd", "\U00012219", "\U0001242b"})
# Code points that look like nothing although Unicode calls them letters or symbols.
BLANK_LETTERS = frozenset({"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u17b4", "\u17b5", "\U0001d159"})
MARKS = frozenset({"Mn", "Me", "Mc"})
REMOVED_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
EMOJI_TAG_BASE = "\U0001f3f4"
EMOJI_TAGS = range(0xE0020, 0xE0080)
# An address with its scheme, or a host name that people would recognise as one. Both are bounded: linear time.
LINK = re.compile(
    r"https?://\S|\bwww\.[a-z0-9]"
    r"|\b[a-z0-9-]{1,63}\.(?:[a-z0-9-]{1,63}\.){0,3}"
    r"(?:com|net|org|info|biz|io|gg|tv|me|co|app|dev|xyz|link|live|stream|shop|site|online|top|club|store|fun|win|vip|pro|ly|gl"
    r"|be|ru|de|uk|fr|nl|eu|us|ca|au|br|in|jp|cn|pl|es|it|se|ch|at|cc|to)\b(?!\.[a-z])",
    re.IGNORECASE,
)
REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)
EMOJI_MODIFIERS = range(0x1F3FB, 0x1F400)


def is_plain(text: str) -> bool:
    """Whether all of it is printable ASCII, as most of chat is: nothing to look at character by character."""
    return text.isascii() and text.isprintable()


def clean_text(text: str) -> str:
    """The text as it will be published: one line, visible characters, no tricks with direction or height."""
    if is_plain(text):
        return " ".join(text.split())
    kept: list[str] = []
    marks = 0
    in_flag = False  # tag characters spell the flags of England, Scotland and Wales, and are invisible elsewhere
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
        category = unicodedata.category(character)
        in_flag = character == EMOJI_TAG_BASE or (in_flag and ord(character) in EMOJI_TAGS)
        marks = marks + 1 if category in MARKS else 0
        if marks > COMBINING_MARKS_PER_BASE:
            continue
        if _is_removed(character, category) and not (in_flag and ord(character) in EMOJI_TAGS):
            continue
        kept.append(character)
    return " ".join("".join(kept).split()) if _has_ink(kept) else ""


def storable(text: str) -> str:
    """The text without what JSON can name and nobody can keep: halves of surrogate pairs, and NUL."""
    return text.encode(errors="ignore").decode().replace("\0", "")


def count_graphemes(text: str) -> int:
    """How many characters a reader sees.

    Approximates Unicode's extended grapheme clusters with what the standard library knows: marks, joiners, emoji
    modifiers and tags belong to what precedes them, regional indicators go in pairs. In NFC, Hangul is composed
    already; a few Indic conjuncts count as two.
    """
    if is_plain(text):
        return len(text)
    count = 0
    joined = False
    flag_half = False
    for character in text:
        code = ord(character)
        if code in REGIONAL_INDICATORS:
            count += 0 if flag_half else 1
            flag_half, joined = not flag_half, False
            continue
        flag_half = False
        if _extends_previous(character, code):
            joined = joined or character == ZERO_WIDTH_JOINER
            continue
        count += 0 if joined else 1
        joined = False
    return count


def shorten(text: str, characters: int) -> str:
    """The beginning of the text, at most so many code points, cut where no character is torn apart."""
    if len(text) <= characters:
        return text
    end = characters - 1
    while end and (_extends_previous(text[end], ord(text[end])) or text[end - 1] == ZERO_WIDTH_JOINER):
        end -= 1
    return f"{text[:end].rstrip()}…"


def has_link(text: str) -> bool:
    """Whether the text names an address, written out or not so much."""
    return LINK.search(unicodedata.normalize("NFKC", text)) is not None


def words_of(text: str) -> str:
    """The text as one compares it: without case, width, spaces and punctuation; emoji stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(character for character in folded if character.isalnum())
    return words or folded


def _is_removed(character: str, category: str) -> bool:
    if character in KEPT_FORMAT_CHARACTERS:
        return False
    if category in REMOVED_CATEGORIES or character in GIANT_CHARACTERS or character in BLANK_LETTERS:
        return True
    return _is_noncharacter(ord(character))


def _is_noncharacter(code: int) -> bool:
    """Never to be assigned (Unicode §23.7). Other unassigned code points stay: they are newer than our tables."""
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def _has_ink(characters: list[str]) -> bool:
    """Whether anything would be seen: joiners, marks and blanks alone are an empty message."""
    return any(
        character not in KEPT_FORMAT_CHARACTERS
        and not character.isspace()
        and unicodedata.category(character) not in MARKS
        for character in characters
    )


def _extends_previous(character: str, code: int) -> bool:
    return (
        character in KEPT_FORMAT_CHARACTERS
        or code in EMOJI_MODIFIERS
        or code in EMOJI_TAGS
        or unicodedata.category(character) in MARKS
    )
