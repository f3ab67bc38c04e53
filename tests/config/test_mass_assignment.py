"""Fields that nobody may set of himself are not taken, whatever view of the API they are sent to."""

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services import create_api_token
from config import urls
from streaming.models import Broadcast, Channel
from tests.config.api_views import questions
from vod.models import Clip, Vod

pytestmark = pytest.mark.django_db
NUMBER = 4242  # found anywhere, it was taken from a body
FORBIDDEN: dict[str, Any] = {
    "is_staff": True, "is_superuser": True, "is_active": False, "password": "x", "user": NUMBER, "user_id": NUMBER,
    "owner": NUMBER, "owner_id": NUMBER, "channel_id": NUMBER, "tier": "partner", "is_live": True, "state": "live",
    "viewer_count": NUMBER, "follower_count": NUMBER, "view_count": NUMBER, "digest": "x",
    "pk": NUMBER, "public_id": "f" * 24, "login_changed_at": None, "created_at": "2001-01-01T00:00:00Z",
}  # fmt: skip
# What most bodies want, so that they are not refused before anything could be taken.
WANTED: dict[str, Any] = {
    "title": "Hello", "description": "Hello", "text": "hello", "question": "Tea?", "choices": ["yes", "no"],
    "notify": True, "raids_from": "nobody", "slow_seconds": 3, "seconds": 30, "color": "#ff0000", "kind": "follow",
    "way": "list", "wanted": True, "begin": 1, "end": 20, "visibility": "private", "reason": "because", "approve": True,
    "chapters": [], "prefix": "alicia", "viewer": "",
}  # fmt: skip
WRITES = ("POST", "PUT", "PATCH")
LEAST_TAKEN = 15  # answers of 2xx when this test was written


def test_no_body_that_is_described_has_such_a_field() -> None:
    description = Client().get("/api/v1/schema?format=json").json()
    bodies = {
        f"{method} {route}": _properties(description, operation["requestBody"]["content"])
        for route, operations in description["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    }
    assert len(bodies) >= 20
    assert {body: found for body, names in bodies.items() if (found := names & FORBIDDEN.keys())} == {}


def _properties(description: dict[str, Any], content: dict[str, Any]) -> set[str]:
    """Names that a body may have."""
    names: set[str] = set()
    for kind in content.values():
        name = str(kind.get("schema", {}).get("$ref", "")).rpartition("/")[2]
        properties = description["components"]["schemas"].get(name, {}).get("properties", {})
        names |= {field for field, schema in properties.items() if not schema.get("readOnly")}
    return names


@pytest.fixture
def known(alice: User, bob: User) -> dict[str, str]:
    live = Broadcast.objects.create(channel=alice.channel, title="Now", state="live")
    then = Broadcast.objects.create(channel=alice.channel, title="Then", state="ended", ended_at=live.created_at)
    vod = Vod.objects.create(broadcast=then, channel=alice.channel, title="Then", duration_seconds=60)
    clip = Clip.objects.create(
        channel=alice.channel, broadcast=then, starts_at=then.created_at, duration_seconds=5, state="ready"
    )
    return {
        "login": "alice",
        "user": "bob",
        "name": live.public_id,
        "video_id": vod.public_id,
        "clip_id": clip.public_id,
    }


def taken_from_bodies(alice: User, known: dict[str, str]) -> tuple[list[str], int]:
    """Requests that changed what they must not, and how many were answered with success at all."""
    token = create_api_token(user=alice, name="test")
    client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
    before, faults, answered = _guarded(), [], 0
    for text, method, address, _view in questions(known):
        if method not in WRITES:
            continue
        for login in ({}, {"login": "bob"}):
            with transaction.atomic():  # each for itself: the next finds everything as it was
                body = json.dumps(WANTED | FORBIDDEN | login)
                answered += client.generic(method, address, body, content_type="application/json").status_code < 300
                after = _guarded()
                wrong = {row for row in before if after.get(row) != before[row]}
                wrong |= {row for row, values in after.items() if NUMBER in values}  # of rows that are new
                faults += [f"{method} {text}: {row}" for row in sorted(wrong)]
                transaction.set_rollback(True)
    return faults, answered


def _guarded() -> dict[str, Any]:
    """What nobody changes by a body: whose each thing is, what people are, and how much they are watched."""
    people = User.objects.values_list("login", "pk", "is_staff", "is_superuser", "is_active", "password", "created_at")
    channels = Channel.objects.values_list("owner__login", "pk", "owner_id", "tier", "is_live", "viewer_count")
    videos = Vod.objects.values_list("public_id", "pk", "channel_id", "view_count")
    clips = Clip.objects.values_list("public_id", "pk", "channel_id", "clipper_id")
    rows = {"person": people, "channel": channels, "video": videos, "clip": clips}
    return {f"{kind} {row[0]}": row for kind, found in rows.items() for row in found}


def test_no_view_takes_them(alice: User, known: dict[str, str]) -> None:
    faults, answered = taken_from_bodies(alice, known)
    assert faults == []
    assert answered >= LEAST_TAKEN


def test_a_view_that_takes_all_is_found(alice: User, known: dict[str, str], settings: LazySettings) -> None:
    @api_view(["PATCH"])
    def generous(request: Request) -> Response:
        User.objects.filter(login="alice").update(is_staff=dict(request.data)["is_staff"])
        return Response({})

    settings.ROOT_URLCONF = (path("api/v1/generous", generous), *urls.urlpatterns)
    faults, _ = taken_from_bodies(alice, known)
    assert set(faults) == {"PATCH generous: person alice"}
