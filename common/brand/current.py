"""The brand of this installation, as the settings have it; computed once per process."""

import hashlib
from functools import cache

from django.conf import settings
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from common.brand import mark
from common.brand.colours import DARK, DEFAULT_ACCENTS, LIGHT, Palette, palette

# No raw HTML; what is left of Markdown is safe, as links to scripts are refused. The policy (CSP) stands behind it.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def palettes() -> tuple[Palette, Palette]:
    """Of the dark theme and of the light one."""
    return palette(settings.ACCENT, DARK), palette(settings.ACCENT_LIGHT, LIGHT)


def has_own_accents() -> bool:
    return {"dark": settings.ACCENT, "light": settings.ACCENT_LIGHT} != DEFAULT_ACCENTS


@cache
def stylesheet() -> str:
    """What it changes of static/css/tokens.css."""
    dark, light = palettes()
    return (
        f":root, .theme-dark {{ {dark.as_css()} --player-accent: {dark.accent}; }}\n"
        f':root[data-theme="light"], .theme-light {{ {light.as_css()} }}\n'
    )


@cache
def version() -> str:
    """Part of addresses, so that browsers may keep what is under them until the brand changes."""
    logo = settings.LOGO.content if settings.LOGO else b""
    return hashlib.sha256(b"|".join([stylesheet().encode(), mark.PATH.encode(), logo])).hexdigest()[:8]


@cache
def page_html(name: str) -> SafeString:
    """One of the pages about, terms, rules, privacy."""
    contact = f"Questions? [Write to those who run this site.](<{settings.CONTACT}>)" if settings.CONTACT else ""
    text = settings.PAGES[name].replace("{name}", settings.SITE_NAME).replace("{contact}", contact)
    return SafeString(_MARKDOWN.render(text))  # the renderer escapes what is no Markdown


@cache
def icon(name: str) -> bytes:
    """A file of `ICONS`."""
    accent = settings.ACCENT
    if name == "icon.svg":
        return mark.as_svg(accent).encode()
    if name == "favicon.ico":
        return mark.as_ico(mark.as_picture(accent, 48))
    side, full_bleed = ICONS[name]
    return mark.as_png(mark.as_picture(accent, side, full_bleed=full_bleed))


ICONS: dict[str, tuple[int, bool]] = {  # side in pixels, drawn to the edges
    "icon-32.png": (32, False),
    "icon-192.png": (192, False),
    "icon-512.png": (512, False),
    "maskable-192.png": (192, True),
    "maskable-512.png": (512, True),
    "apple-touch-icon.png": (180, True),
    "icon.svg": (0, False),
    "favicon.ico": (0, False),
}
