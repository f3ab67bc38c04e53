"""Emotes in a text. A code is a whole word, so one pass finds all; places count code points, as Twitch's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# What people call emoji, without the letters and digits that Unicode counts among symbols.
_PICTOGRAM = "[\u2600-\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f300-\U0001faff]"
_EMOJI = re.compile(f"{_PICTOGRAM}(?:{_PICTOGRAM}|[\u200d\ufe0f\U000e0020-\U000e007f])*")


@dataclass(frozen=True, slots=True)
class EmoteUse:
    """A picture in place of the code points `begin` to `end`, both included, counted from zero."""

    picture: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class EmoteTable:
    """What can be written in one room: code to picture. `common` is shared by all rooms' tables."""

    own: Mapping[str, str] = field(default_factory=dict)
    common: Mapping[str, str] = field(default_factory=dict)

    def find_in(self, text: str) -> tuple[EmoteUse, ...]:
        """Every use of an emote in a text whose words are apart by single spaces (clean_text), in order."""
        if not self.own and not self.common:
            return ()
        found = []
        for at, word in _words(text):
            picture = self.own.get(word) or self.common.get(word)
            if picture is not None:
                found.append(EmoteUse(picture, at, at + len(word) - 1))
        return tuple(found)


NO_EMOTES = EmoteTable()


def is_only_emotes(text: str, uses: Sequence[EmoteUse]) -> bool:
    """Whether nothing is said in words. Emoji are fine: they are everyone's emotes."""
    covered = {use.begin for use in uses}
    return all(at in covered or _EMOJI.fullmatch(word) for at, word in _words(text))


def by_picture(uses: Sequence[EmoteUse]) -> dict[str, list[list[int]]]:
    """As messages carry them: each picture once, with all its places."""
    places: dict[str, list[list[int]]] = {}
    for use in uses:
        places.setdefault(use.picture, []).append([use.begin, use.end])
    return places


def from_pictures(places: Mapping[str, Sequence[Sequence[int]]]) -> tuple[EmoteUse, ...]:
    """The uses, in order, from what a message carries."""
    uses = (EmoteUse(picture, begin, end) for picture, ranges in places.items() for begin, end in ranges)
    return tuple(sorted(uses, key=lambda use: use.begin))


def irc_tags(text: str, places: Mapping[str, Sequence[Sequence[int]]], shift: int = 0) -> dict[str, str]:
    """Twitch's `emotes=id:from-to,from-to/id:from-to`, and `emote-only=1` where every word is one.

    `shift`: so many characters are put before the text.
    """
    pictures = []
    for picture, ranges in places.items():
        pictures.append(f"{picture}:{','.join(f'{begin + shift}-{end + shift}' for begin, end in ranges)}")
    tags = {"emotes": "/".join(pictures)}
    if sum(map(len, places.values())) == text.count(" ") + 1:
        tags["emote-only"] = "1"
    return tags


def _words(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for word in text.split(" "):
        yield at, word
        at += len(word) + 1
