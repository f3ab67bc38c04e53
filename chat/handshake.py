"""What a client brings when it connects: where it comes from, who it is, what it has already."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http.cookie import parse_cookie
from django.http.request import validate_host

from chat.identities import Credential

BEARER = "bearer "
QUERY_FIELDS_MAX = 10
SINCE_MAX = 2**53  # the largest whole number a browser can hold


@dataclass(frozen=True, slots=True)
class Handshake:
    """The parts of a connection request that matter here."""

    origin: str | None
    host: str
    session_key: str | None
    token: str | None
    since: int | None

    def __repr__(self) -> str:
        return f"Handshake(origin={self.origin!r}, host={self.host!r})"  # without cookie and token

    @classmethod
    def from_scope(cls, scope: dict[str, Any]) -> "Handshake":
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        authorization = headers.get("authorization", "")
        bearer = authorization[len(BEARER) :].strip() if authorization.lower().startswith(BEARER) else None
        cookies = parse_cookie(headers.get("cookie", ""))
        return cls(
            origin=headers.get("origin"),
            host=headers.get("host", ""),
            session_key=cookies.get(settings.SESSION_COOKIE_NAME) or None,
            token=bearer,
            since=_since(scope.get("query_string", b"")),
        )

    @property
    def credential(self) -> Credential | None:
        """A token counts before a cookie: who sends one means it."""
        if self.token is not None:
            return Credential(token=self.token)
        return Credential(session_key=self.session_key) if self.session_key is not None else None

    def is_from_our_pages(self) -> bool:
        """Whether the page that opened the connection is ours.

        A browser sends the cookie to us from any page, so the Origin decides (security C-060): it must be the site's,
        or the host the request itself went to, or one of our host names on the site's port. Without an Origin it is no
        browser; such a client is welcome, but not with a cookie.
        """
        if self.origin is None:
            return self.session_key is None
        if self.origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        try:
            page = urlsplit(self.origin)
            port = page.port
        except ValueError:
            return False
        if page.scheme not in {"http", "https"} or not validate_host(_bare(page.hostname), settings.ALLOWED_HOSTS):
            return False
        return page.netloc == self.host or port == settings.PORT


def _bare(hostname: str | None) -> str:
    """The name as ALLOWED_HOSTS spells it: IPv6 in brackets."""
    return f"[{hostname}]" if hostname and ":" in hostname else hostname or ""


def _since(query: bytes) -> int | None:
    """`?since=<seq>`, or None when there is none or it is nonsense: then the reader gets the history."""
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=QUERY_FIELDS_MAX).get("since", [])
    except ValueError:
        return None
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 16:
        return None
    return min(int(values[0]), SINCE_MAX)
