"""The signed-in user in the API, and the two ways to sign in to it."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import create_api_token
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
JSON = "application/json"


def bearer(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def browser_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def confirmed_browser_of(user: User) -> Client:
    """The same, just after the password was asked for again."""
    browser = browser_of(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def test_bearer_token_signs_in(alice: User) -> None:
    answer = bearer(create_api_token(user=alice, name="bot")).get("/api/v1/me")
    assert answer.json()["login"] == "alice"
    assert set(answer.json()) == {"user_id", "login", "display_name", "email", "avatar", "created_at"}


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer a b", "Bearer mrt_wrong", "bearer \x00", "Bearer ünï", "Basic YTpi", ""]
)
def test_anything_else_does_not(alice: User, header: str) -> None:
    answer = Client().get("/api/v1/me", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_tokens_are_made_listed_and_revoked_in_the_browser(alice: User) -> None:
    browser = confirmed_browser_of(alice)
    made = browser.post("/api/v1/tokens", {"name": "bot", "user": 999, "digest": "x"}, content_type=JSON)
    assert made.status_code == 201
    token = made.json()["api_token"]
    listed = browser.get("/api/v1/tokens").json()
    assert [row["name"] for row in listed] == ["bot"]
    assert token not in str(listed)
    assert set(listed[0]) == {"id", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at"}
    assert browser.delete(f"/api/v1/tokens/{listed[0]['id']}").status_code == 204
    assert bearer(token).get("/api/v1/me").status_code == 401


def test_tokens_for_some_scopes_are_made_in_the_browser(alice: User) -> None:
    browser = confirmed_browser_of(alice)
    wanted = {"name": "clipper", "scopes": ["clips:edit", "read"], "days": 30}
    token = browser.post("/api/v1/tokens", wanted, content_type=JSON).json()["api_token"]
    listed = browser.get("/api/v1/tokens").json()
    assert listed[0]["scopes"] == "read clips:edit"
    assert listed[0]["expires_at"] is not None
    assert bearer(token).get("/api/v1/channels/alice").status_code == 200
    refused = bearer(token).patch("/api/v1/channels/alice", {"title": "x"}, content_type=JSON)
    assert refused.status_code == 403
    assert "channel:manage:broadcast" in refused.json()["detail"]


@pytest.mark.parametrize("scopes", ["read", ["everything"], [""], {"read": 1}, ["read"] * 100])
def test_scopes_that_are_none_make_no_token(alice: User, scopes: object) -> None:
    answer = confirmed_browser_of(alice).post("/api/v1/tokens", {"name": "bot", "scopes": scopes}, content_type=JSON)
    assert answer.status_code == 400
    assert not alice.api_tokens.exists()


def test_a_session_makes_no_token_before_it_is_confirmed(alice: User) -> None:
    answer = browser_of(alice).post("/api/v1/tokens", {"name": "bot"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthenticate")
    assert not alice.api_tokens.exists()


def test_token_cannot_make_another_token(alice: User) -> None:
    client = bearer(create_api_token(user=alice, name="bot"))
    assert client.post("/api/v1/tokens", {"name": "more"}, content_type=JSON).status_code in {401, 403}
    assert alice.api_tokens.count() == 1


def test_nobody_revokes_anothers_token(alice: User, bob: User) -> None:
    create_api_token(user=alice, name="bot")
    token_id = alice.api_tokens.get().pk
    assert browser_of(bob).delete(f"/api/v1/tokens/{token_id}").status_code == 404
    assert alice.api_tokens.get().revoked_at is None
