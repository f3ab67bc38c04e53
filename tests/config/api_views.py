"""Every view of the API, found in the routes themselves: a new one is among them by itself."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
NUMBERS = {"token_id": "1", "note_id": "1", "poll_id": "1", "months": "1", "roles": "vips"}


def api_views() -> Iterator[tuple[str, Any]]:
    """Every route under /api/v1/, with its view."""
    for text, callback in _routes(get_resolver(), ""):
        if text.startswith("api/v1/"):
            yield text.removeprefix("api/v1/"), callback


def _routes(resolver: URLResolver, before: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        text = before + normalize(pattern.pattern.regex.pattern)[0][0]
        if isinstance(pattern, URLPattern):
            yield text, pattern.callback
        else:
            yield from _routes(pattern, text)


def questions(known: dict[str, str] | None = None) -> Iterator[tuple[str, str, str, Any]]:
    """Every route with every method it takes: its text, the method, an address of it, and the view's class.

    `known`: what stands for the parts that vary, by their names.
    """
    for text, view in api_views():
        address = "/api/v1/" + text % _Values(NUMBERS | (known or {}))
        for method in METHODS:
            if method.lower() in view.cls.http_method_names and hasattr(view.cls, method.lower()):
                yield text, method, address, view.cls


class _Values(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "alice"
