"""A token with limits opens what its scopes say and nothing else, on every view of the API: a new one is among them."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import api_view, authentication_classes
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_authentication import ApiTokenAuthentication, needs_scope, scope_for
from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services import create_api_token, create_limited_token, find_token
from config import urls
from tests.config.api_views import questions

pytestmark = pytest.mark.django_db
LEAST_QUESTIONS = 150  # when this test was written
# Where no token counts, one for everything neither: only who is signed in to the site has business there.
FOR_BROWSERS = {"tokens", "tokens/%(token_id)s", "notifications/push"}


class Program:
    """Asks as Alice with one token, whose scopes are set anew for each question."""

    def __init__(self, alice: User) -> None:
        token = create_limited_token(user=alice, name="test", scopes=["read"])
        self.client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)

    def ask(self, method: str, address: str, scopes: Iterable[str]) -> Any:
        ApiToken.objects.update(scopes=" ".join(scopes))
        return self.client.generic(method, address, b"{}", content_type="application/json")


def doors_left_open(program: Program) -> list[str]:
    """Views that a token without the fitting scope may use, or that do not say what is missing."""
    faults = []
    for text, method, address, view in questions():
        if text in FOR_BROWSERS:
            continue
        scope = scope_for(view, method)
        answer = program.ask(method, address, set(SCOPES) - {scope})
        if scope is None:
            faults.append(f"{method} {text} states no scope")
        elif answer.status_code != 403:
            faults.append(f"{method} {text} answers {answer.status_code} without {scope}")
        elif method != "HEAD" and f"lacks the scope {scope} " not in answer.content.decode():
            faults.append(f"{method} {text} does not name {scope}")
    return faults


def test_without_its_scope_no_view_opens(alice: User) -> None:
    assert doors_left_open(Program(alice)) == []
    assert len(list(questions())) >= LEAST_QUESTIONS


def test_with_its_scope_alone_every_view_opens(alice: User) -> None:
    program = Program(alice)
    asked = [(text, method, address, scope_for(view, method)) for text, method, address, view in questions()]
    refused = [
        (text, method)
        for text, method, address, scope in asked
        if scope and b"missing_scope" in program.ask(method, address, [scope]).content
    ]
    assert refused == []
    assert {scope for *_, scope in asked if scope} == set(SCOPES), "each scope opens something"


def test_a_token_for_everything_and_a_session_are_not_limited(alice: User) -> None:
    whole = Client(headers={"Authorization": f"Bearer {create_api_token(user=alice, name='whole')}"})
    browser = Client()
    browser.force_login(alice)
    for client in (whole, browser):
        assert client.get("/api/v1/me").status_code == 200
        assert client.get("/api/v1/channels/alice").status_code == 200


def test_where_browsers_only_belong_no_token_counts(alice: User) -> None:
    program, seen = Program(alice), set()
    for text, method, address, view in questions():
        if text in FOR_BROWSERS:
            seen.add(text)
            assert ApiTokenAuthentication not in view.authentication_classes
            assert program.ask(method, address, []).status_code == 403, (text, method)  # [] is everything
    assert seen == FOR_BROWSERS


def test_views_that_forget_it_are_found(alice: User, settings: LazySettings) -> None:
    class AnyToken(BaseAuthentication):
        def authenticate(self, request: Request) -> tuple[User, None] | None:
            token = find_token(request.headers["Authorization"].split()[1])
            return (token.user, None) if token else None

    @api_view(["GET"])
    def forgotten(request: Request) -> Response:
        return Response({})

    @needs_scope("read")
    @api_view(["GET"])
    @authentication_classes([AnyToken])
    def gone_around(request: Request) -> Response:
        return Response({})

    settings.ROOT_URLCONF = (
        path("api/v1/forgotten", forgotten),
        path("api/v1/gone-around", gone_around),
        *urls.urlpatterns,
    )
    program = Program(alice)
    assert set(doors_left_open(program)) == {
        "GET forgotten states no scope",
        "OPTIONS forgotten states no scope",
        "GET gone-around answers 200 without read",
        "OPTIONS gone-around answers 200 without read",
    }
    assert program.ask("GET", "/api/v1/forgotten", SCOPES).status_code == 403, "and it is closed all the same"
    assert program.ask("GET", "/api/v1/forgotten", []).status_code == 200


def test_a_scope_that_is_none_cannot_be_stated() -> None:
    with pytest.raises(ValueError, match="clips:delete"):
        needs_scope("read", changes="clips:delete")


def test_the_description_of_the_api_names_them() -> None:
    paths = Client().get("/api/v1/schema?format=json").json()["paths"]
    assert "`clips:edit`" in paths["/api/v1/clips"]["post"]["description"]
    assert "`read`" in paths["/api/v1/clips"]["get"]["description"]
    assert "Scope" not in paths["/api/v1/tokens"]["get"]["description"]
