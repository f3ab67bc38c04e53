"""The page that browsers keep for when there is no network: whole in one answer, as no sheet can be fetched then."""

import base64
import hashlib
from functools import cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from common.brand import current

SHEETS = ("tokens", "base", "components/shell", "components/buttons", "pages/entrance")
SCRIPTS = ("theme", "offline")


@cache
def page() -> str:
    """The same for everybody."""
    return render_to_string("brand/offline.html", {"sheets": _sheets(), "scripts": _scripts()})


@cache
def policy() -> str:
    """Exactly its own sheets and scripts, by their digests (Content Security Policy, 2.3.1)."""
    styles, scripts = (" ".join(_digest(text) for text in texts) for texts in (_sheets(), _scripts()))
    return f"default-src 'none'; img-src 'self'; style-src {styles}; script-src {scripts}; base-uri 'none'"


@cache
def version() -> str:
    """Another one as soon as anything on the page is."""
    return hashlib.sha256(page().encode()).hexdigest()[:16]


def _sheets() -> list[SafeString]:
    ours = [_static(f"css/{name}.css") for name in SHEETS]
    return [*ours, SafeString(current.stylesheet())]  # of colours that were parsed


def _scripts() -> list[SafeString]:
    return [_static(f"js/{name}.js") for name in SCRIPTS]


def _static(name: str) -> SafeString:
    return SafeString((settings.BASE_DIR / "static" / name).read_text())  # a file of ours


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
