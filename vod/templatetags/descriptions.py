"""What an owner wrote about a recording, as HTML."""

import re

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_ADDRESS = re.compile(r"https?://[^\s<>\"'“”]+", re.IGNORECASE)
_NOT_ITS_END = ".,;:!?)]}…"
LINK_SHOWN = 80  # characters


@register.filter
def linked(text: str) -> SafeString:
    """Addresses become links that lend our name to nobody and give nothing away; all else stays text."""
    pieces: list[SafeString] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(_NOT_ITS_END)
        pieces += [conditional_escape(text[end : found.start()]), _link(address)]
        end = found.start() + len(address)
    pieces.append(conditional_escape(text[end:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))


def _link(address: str) -> SafeString:
    shown = address if len(address) <= LINK_SHOWN else address[: LINK_SHOWN - 1] + "…"
    return format_html('<a href="{}" rel="nofollow ugc noopener noreferrer" target="_blank">{}</a>', address, shown)


@register.filter
def unlocalized(number: float) -> str:
    """A number as scripts read it, whatever the page's language."""
    return repr(float(number))
