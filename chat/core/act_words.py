"""What a moderator did, in words: `bob` + `timed out` + `charlie` + `for 10 minutes`. Pure."""

from collections.abc import Mapping
from typing import Any

from chat.core.rules import spoken_duration

# What is said before the one it was done to, and after him.
_WORDS = {
    "approve": ("let a message of", "through"),
    "badge": ("set the subscribers' badge of months", ""),
    "ban": ("banned", ""),
    "block": ("blocked the term", ""),
    "clear": ("cleared the chat", ""),
    "deny": ("did not let a message of", "through"),
    "emote": ("added the emote", ""),
    "endpoll": ("ended the poll", ""),
    "erase emote": ("erased the emote", ""),
    "modes": ("changed how the chat is run", ""),
    "moderator": ("made", "a moderator"),
    "note": ("noted something about", ""),
    "pin": ("pinned a message", ""),
    "poll": ("asked", ""),
    "remove": ("removed a message of", ""),
    "shieldset": ("saved what shield mode turns on", ""),
    "timeout": ("timed out", ""),
    "unban": ("let", "write again"),
    "unbadge": ("removed the subscribers' badge of months", ""),
    "unblock": ("allowed the term again", ""),
    "unemote": ("removed the emote", ""),
    "unmoderator": ("took the moderator's place from", ""),
    "unnote": ("took back a note about", ""),
    "unpin": ("took the pinned message down", ""),
    "unvip": ("took the VIP's place from", ""),
    "vip": ("made", "a VIP"),
    "warn": ("warned", ""),
}
# Where an act has a text of its own, this field of its details is it.
_TEXT_OF = {"block": "term", "unblock": "term", "poll": "question"}
_SUBJECT = "subject"  # of emotes and badges


def act_words(act: str, details: Mapping[str, Any]) -> tuple[str, str]:
    """The words before the one it was done to, and those after him. An act of another version is its name."""
    before, after = _WORDS.get(act, (act, ""))
    if act == "timeout" and isinstance(details.get("seconds"), int):
        after = f"for {spoken_duration(details['seconds'])}"
    return before, after


def act_text(act: str, details: Mapping[str, Any]) -> str:
    """What it was about, where that is a text: a term, a question, modes."""
    if act in {"modes", "shieldset"}:
        return ", ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in sorted(details.items()))
    return str(details.get(_TEXT_OF.get(act, _SUBJECT), ""))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
