"""One accent colour for each theme, and what follows from it: only colours that can be read are taken.

Contrast and luminance as WCAG 2.2 defines them. The surfaces are those of static/css/tokens.css; a test compares.
"""

import re
from dataclasses import dataclass

from common.brand.errors import BrandError
from common.brand.limits import TEXT_CONTRAST

_HEX = re.compile(r"#[0-9a-f]{6}")
_STEP = 0.04  # of the way to white or black, when a readable neighbour is looked for
_STRONGER = 0.2  # of the same way: the colour under the pointer


@dataclass(frozen=True)
class Theme:
    """The surfaces that accent-coloured text lies on, and how much of the accent lies under text of its own colour."""

    name: str
    surfaces: tuple[str, ...]  # bg, surface-1, surface-2
    towards: str  # where more contrast is
    soft: float
    focus: float  # how far the focus ring goes the same way


DARK = Theme("dark", ("#0c1013", "#12181c", "#1a2227"), "#ffffff", 0.14, 0.4)
LIGHT = Theme("light", ("#f4f7f8", "#ffffff", "#edf2f4"), "#000000", 0.11, 0.0)
DEFAULT_ACCENTS = {"dark": "#46d3c3", "light": "#0b766c"}
INKS = ("#04181a", "#ffffff")


@dataclass(frozen=True)
class Palette:
    """The accent of one theme and its relatives, named as the tokens are."""

    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str
    focus: str

    def as_css(self) -> str:
        """Declarations of custom properties."""
        values = {name.replace("_", "-"): value for name, value in vars(self).items()}
        return " ".join(f"--{name}: {value};" for name, value in values.items())


def parse_accent(text: str, theme: Theme) -> str:
    """`#rrggbb`, refused with a readable neighbour when it is too faint for this theme. Raises BrandError."""
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise BrandError(f"{text!r} is not a colour. Write it as #rrggbb, for example {DEFAULT_ACCENTS[theme.name]}.")
    surface, least = worst_contrast(colour, theme)
    if least < TEXT_CONTRAST:
        raise BrandError(
            f"{colour} cannot be read in the {theme.name} theme: its contrast with {surface} is {least:.1f}, and text "
            f"needs {TEXT_CONTRAST}. The nearest that can be read is {readable(colour, theme)}."
        )
    return colour


def readable(colour: str, theme: Theme) -> str:
    """The colour itself, or the nearest on the way to white or black that can be read in this theme."""
    share = 0.0
    while worst_contrast(found := mix(colour, theme.towards, share), theme)[1] < TEXT_CONTRAST:
        share += _STEP
    return found


def palette(accent: str, theme: Theme) -> Palette:
    """What the interface needs of one accent."""
    red, green, blue = _channels(accent)
    return Palette(
        accent=accent,
        accent_strong=mix(accent, theme.towards, _STRONGER),
        accent_soft=f"rgb({red} {green} {blue} / {theme.soft:.0%})",
        on_accent=ink_on(accent),
        focus=mix(accent, theme.towards, theme.focus),
    )


def ink_on(colour: str) -> str:
    """The ink that reads best on it; one of the two always reaches what text needs."""
    return max(INKS, key=lambda ink: contrast(ink, colour))


def worst_contrast(colour: str, theme: Theme) -> tuple[str, float]:
    """Where it is hardest to read, and how hard."""
    grounds = [*theme.surfaces, mix(theme.surfaces[1], colour, theme.soft)]
    return min(((ground, contrast(colour, ground)) for ground in grounds), key=lambda pair: pair[1])


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` of `other`, 0 to 1."""
    share = min(max(share, 0.0), 1.0)
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
