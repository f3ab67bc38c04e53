"""What an emote's code may look like.

A room's codes begin with its prefix, in small letters and digits, and go on with a capital letter: so it is plain where
the prefix ends, and no two rooms can have the same code. Codes of all rooms hold a capital letter too: no word of an
ordinary sentence turns into a picture.
"""

import re

from chat.limits import EMOTE_CODE_MAX, EMOTE_NAME_MAX, EMOTE_PREFIX_MAX, EMOTE_PREFIX_MIN

_PREFIX = re.compile(rf"[a-z][a-z0-9]{{{EMOTE_PREFIX_MIN - 1},{EMOTE_PREFIX_MAX - 1}}}")
_NAME = re.compile(rf"[A-Z][A-Za-z0-9]{{0,{EMOTE_NAME_MAX - 1}}}")
_COMMON = re.compile(rf"(?=[^A-Z]*[A-Z])[A-Za-z][A-Za-z0-9]{{2,{EMOTE_CODE_MAX - 1}}}")

PREFIX_HELP = f"A prefix has {EMOTE_PREFIX_MIN} to {EMOTE_PREFIX_MAX} small letters and digits, the first a letter."
NAME_HELP = f"A name has up to {EMOTE_NAME_MAX} letters and digits and begins with a capital letter, such as Hype."
COMMON_HELP = f"A code has 3 to {EMOTE_CODE_MAX} letters and digits, at least one of them a capital letter."


def is_prefix(text: str) -> bool:
    return _PREFIX.fullmatch(text) is not None


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def is_common_code(text: str) -> bool:
    return _COMMON.fullmatch(text) is not None


def prefix_from(login: str, number: int) -> str:
    """A first prefix for a channel; another for each `number` from 0 on."""
    letters = "".join(character for character in login.lower() if character.isascii() and character.isalnum())
    word = letters if letters[:1].isalpha() else f"x{letters}"
    digits = str(number) if number else ""
    return word.ljust(EMOTE_PREFIX_MIN, "x")[: EMOTE_PREFIX_MAX - len(digits)] + digits
