"""Every route of the site that a browser may open as a page."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# What programs ask, and Django's own pages.
NO_PAGES_UNDER = ("admin/", "api/", "healthz/", "metrics", "internal/", "oauth2/", "auth/", "helix/", "mock/")


def page_routes() -> set[str]:
    """Names of all routes outside those prefixes; a route without a name by its pattern."""
    return {pattern.name or path for path, pattern in _walk(get_resolver()) if not path.startswith(NO_PAGES_UNDER)}


def _walk(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield path, entry
