"""Addresses of the site as the world outside is told them: always of the configured name, never of the one a request
came in under, so that nobody can make us hand out his own."""

from urllib.parse import urljoin

from django.conf import settings


def absolute(address: str) -> str:
    """`/alice` with the site's scheme and host; an address of object storage stays as it is."""
    return urljoin(f"{settings.SITE_URL}/", address)
