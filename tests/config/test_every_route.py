"""Whatever anyone sends to whatever route, the answer is one: none says that something of ours broke."""

import json
import random
import sys
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.core.signals import got_request_exception
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from accounts.models import User
from accounts.services import create_user
from config import urls
from streaming.models import Broadcast
from tests.config.routes import Route, every_name, every_route
from tests.pages.conftest import PLAIN_STATIC_FILES
from vod.models import Clip, Vod

LEAST_ROUTES = 250  # when this test was written
NAMES_SENT = 6  # at once
ASKED_BY_OTHERS = 3
FORM = "application/x-www-form-urlencoded"
ODD_TEXTS = [
    "", "0", "1", "-1", "1.5", "NaN", "1e400", "99999999999999999999", "9" * 400, "alice", "ALICE", "true", "null",
    "[]", "{}", "\x00", "a\x00b", "\r\nSet-Cookie: a=b", "'", '" OR 1=1 --', "%", "%s%n", "../../etc/passwd", "a/b",
    "{{ 7*7 }}", "<script>alert(1)</script>", "//evil.example", "javascript:alert(1)", "2026-99-99",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+99:99", "мир", "e\u0301" * 50, "\u202egnp.exe", "\uff41\uff42",
    "\U0001f600" * 20, "a" * 5_000, ",".join("ab" * 500), "0" * 24, "f" * 24, "00000000-0000-0000-0000-000000000000",
]  # fmt: skip
ODD_FILES = [b"", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, b"GIF89a\xff\xff\xff\xff", b"%PDF"]
ODD_JSON: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", [], {}, [[]], [None] * 50, {"a": {"b": []}}, "\x00", "a" * 5_000, {"\x00": 1},
]  # fmt: skip
BODIES = [b"", b"{", b"[", b"\xff\xfe", b"null", b"[1, 2", b'{"a": 1e999}', b"NaN", b"[" * 100_000, b'{"a":' * 50_000]
NOT_READY = (503, "/healthz/ready")  # that is its answer where no workers run
METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW")


class Visitor:
    """Sends odd requests as one person, and remembers which were answered as no request should be."""

    def __init__(self, user: User | None, known: dict[str, list[str]], seed: str) -> None:
        self.client = Client(raise_request_exception=False)
        if user is not None:
            self.client.force_login(user)
        self.is_staff = user is not None and user.is_staff
        self.is_streamer = user is not None and user.login == "alice"
        self.known = known
        self.chance = random.Random(seed)
        self.broken: list[str] = []
        self.answers = 0
        self._error: BaseException | None = None

    def ask_everything(self, route: Route) -> None:
        plain, odd = route.address(self.known, ODD_TEXTS, self.chance), route.address({}, ODD_TEXTS, self.chance)
        self._ask("GET", plain)
        if route.text.startswith("admin/") and not self.is_staff:
            return  # one view refuses all of it
        method, to_json = self.chance.choice(METHODS), {"content_type": "application/json"}
        asked = [
            partial(self._ask, "GET", odd),
            partial(self._ask, "GET", plain, query_params=self._form()),
            partial(self._ask, "POST", plain, data=self._form()),
            partial(self._ask, "POST", plain, data={**self._form(), "file": self._file(), "picture": self._file()}),
            partial(self._ask, "POST", plain, data=json.dumps(self._json()), **to_json),
            partial(self._ask, method, plain, data=json.dumps(self._json()), **to_json),
            partial(self._ask, method, odd, data=self.chance.choice(BODIES), content_type=FORM),
        ]
        # The streamer and, in the admin, staff are let in nearly everywhere; of the others' questions some do.
        for ask in asked if self.asks_all(route) else self.chance.sample(asked, ASKED_BY_OTHERS):
            ask()
        for body in BODIES if self.is_streamer and route.text.startswith("api/") else ():  # read alike for everyone
            self._ask("POST", plain, data=body, **to_json)

    def asks_all(self, route: Route) -> bool:
        return self.is_streamer or route.text.startswith("admin/")

    def _ask(self, method: str, address: str, *, data: Any = "", content_type: str = "", **rest: Any) -> None:
        from_somewhere = ".".join(str(self.chance.randrange(1, 255)) for _ in range(4))
        ask = self.client.get if method == "GET" else self.client.post if method == "POST" else self._other(method)
        if content_type:
            rest["content_type"] = content_type
        if method != "GET":
            rest["data"] = data
        got_request_exception.connect(self._note)
        try:
            with transaction.atomic():  # each for itself: the next finds everything as it was
                answer = ask(address, headers={"X-Forwarded-For": from_somewhere}, **rest)
                transaction.set_rollback(True)
        finally:
            got_request_exception.disconnect(self._note)
        self.answers += 1
        if answer.status_code >= 500 and (answer.status_code, address) != NOT_READY:
            self.broken.append(f"{method} {address} {str(rest)[:300]}: {answer.status_code} {self._error!r}")
        self._error = None

    def _other(self, method: str) -> Callable[..., Any]:
        return lambda address, **rest: self.client.generic(method, address, **rest)

    def _note(self, **_: Any) -> None:
        self._error = sys.exc_info()[1]

    def _form(self) -> dict[str, Any]:
        return {name: self.chance.choice(ODD_TEXTS) for name in self.chance.sample(every_name(), NAMES_SENT)}

    def _json(self) -> Any:
        if self.chance.random() < 0.2:
            return self.chance.choice(ODD_JSON)
        return {name: self.chance.choice(ODD_JSON) for name in self.chance.sample(every_name(), NAMES_SENT)}

    def _file(self) -> BytesIO:
        file = BytesIO(
            self.chance.choice([b"", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, b"GIF89a\xff\xff\xff\xff", b"%PDF"])
        )
        file.name = self.chance.choice(["a.png", "../../a.png", "a" * 300, "\u202egnp.exe"])
        return file


@pytest.fixture(autouse=True)
def _plain_static_files(settings: LazySettings) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES


@pytest.fixture
def known(alice: User) -> dict[str, list[str]]:
    """What there is to be asked for, by the names that routes give it."""
    channel = alice.channel
    live = Broadcast.objects.create(channel=channel, title="Now", state="live")
    then = Broadcast.objects.create(channel=channel, title="Then", state="ended", ended_at=live.created_at)
    vod = Vod.objects.create(broadcast=then, channel=channel, title="Then", duration_seconds=60)
    clip = Clip.objects.create(
        channel=channel, broadcast=then, starts_at=then.created_at, duration_seconds=5, state="ready"
    )
    return {
        "login": ["alice", "bob", "nobody"],
        "user": ["alice", "bob", "nobody"],
        "name": [live.public_id, "alice", "nobody"],
        "kind": ["channel", "user", "video", "clip", "message"],
        "video_id": [vod.public_id, "f" * 24],
        "clip_id": [clip.public_id, "f" * 24],
        "slug": ["art", "nothing"],
        "object_id": [str(channel.pk), "1", "a"],
        "app_label": ["streaming"],
        "section": ["channels", "videos"],
    }


def _person(name: str) -> User | None:
    match name:
        case "nobody":
            return None
        case "streamer":
            return User.objects.get(login="alice")
        case "staff":
            return User.objects.create_superuser("root_of_all", password=None)
        case _:
            return create_user(login="charlie")


@pytest.mark.parametrize("part", ["admin", "api", "pages"])
@pytest.mark.parametrize("who", ["nobody", "viewer", "streamer", "staff"])
def test_every_route_has_an_answer_for(
    who: str, part: str, known: dict[str, list[str]], empty_redis: redis.Redis
) -> None:
    visitor = Visitor(_person(who), known, who)
    routes = [route for route in every_route() if _part_of(route) == part]
    for route in routes:
        empty_redis.flushdb()  # nobody is refused for asking too often
        visitor.ask_everything(route)
    assert visitor.broken == []
    assert visitor.answers >= len(routes) > 20


def _part_of(route: Route) -> str:
    first = route.text.partition("/")[0]
    return first if first in {"admin", "api"} else "pages"


@pytest.mark.django_db
def test_answer_of_a_broken_view_is_seen(settings: LazySettings) -> None:
    def broken(request: HttpRequest, name: str) -> HttpResponse:
        return HttpResponse(f"{1 / (name == 'alice')}")

    settings.ROOT_URLCONF = (path("broken/<str:name>", broken), *urls.urlpatterns)  # pages of errors have links
    visitor = Visitor(None, {}, "nobody")
    visitor.ask_everything(Route("broken/%(name)s", ("name",)))
    assert any(line.endswith("500 ZeroDivisionError('division by zero')") for line in visitor.broken)


def test_routes_and_names_are_found() -> None:
    texts = {route.text for route in every_route()}
    assert {"", "%(login)s", "api/v1/streams/%(name)s/playback", "accounts/login/"} <= texts
    assert any(text.startswith("admin/streaming/channel/") for text in texts)
    assert len(texts) >= LEAST_ROUTES
    assert {"login", "title", "follow", "channel", "category", "limit"} <= {*every_name(), "limit"}
