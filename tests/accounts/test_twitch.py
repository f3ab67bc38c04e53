"""What Twitch's libraries ask about a token and its owner."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_tokens import has_token_form
from accounts.models import ApiToken, User
from accounts.services import create_api_token, create_chat_token, create_limited_token, revoke_api_token, suspend_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat_token(bob: User) -> str:
    return create_chat_token(user=bob, name="bot", may_moderate=False, days=60)


def test_a_chat_token_looks_like_twitchs(chat_token: str) -> None:
    assert re.fullmatch(r"mrt[a-z0-9]{27}", chat_token)
    assert has_token_form(chat_token)
    assert not has_token_form(chat_token + "0")


@pytest.mark.parametrize("scheme", ["OAuth", "Bearer", "oauth", "BEARER"])
@pytest.mark.parametrize("path", ["/oauth2/validate", "/auth/validate"])
def test_validate_tells_whose_token_it_is(bob: User, chat_token: str, scheme: str, path: str) -> None:
    answer = Client().get(path, headers={"Authorization": f"{scheme} {chat_token}"})
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == {"client_id", "login", "scopes", "user_id", "expires_in"}
    assert (body["login"], body["user_id"], body["scopes"]) == ("bob", str(bob.pk), ["chat:read", "chat:edit"])
    assert re.fullmatch(r"[a-z0-9]{30}", body["client_id"])
    assert 60 * 86_400 - 60 < body["expires_in"] <= 60 * 86_400
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_scopes_say_what_the_token_may(bob: User) -> None:
    moderates = create_chat_token(user=bob, name="bot", may_moderate=True)
    whole = create_api_token(user=bob, name="whole")
    clips = create_limited_token(user=bob, name="clips", scopes=["clips:edit"])
    scopes = [
        Client().get("/oauth2/validate", headers={"Authorization": f"OAuth {token}"}).json()["scopes"]
        for token in (moderates, whole, clips)
    ]
    assert scopes[0] == ["chat:read", "chat:edit", "channel:moderate"]
    assert set(scopes[0]) < set(scopes[1])
    assert scopes[2] == ["clips:edit"]


@pytest.mark.parametrize("header", ["OAuth", "OAuth wrong", "OAuth a b", "Basic YTpi", "", "OAuth \x00", "OAuth ünï"])
def test_anything_else_is_401_as_twitch_words_it(chat_token: str, header: str) -> None:
    answer = Client().get("/oauth2/validate", HTTP_AUTHORIZATION=header)
    missing = header in {"OAuth", "Basic YTpi", ""}
    message = "missing authorization token" if missing else "invalid access token"
    assert (answer.status_code, answer.json()) == (401, {"status": 401, "message": message})


def test_revoked_ended_and_suspended_tokens_are_worth_nothing(bob: User, chat_token: str) -> None:
    def status() -> int:
        return Client().get("/oauth2/validate", headers={"Authorization": f"OAuth {chat_token}"}).status_code

    assert status() == 200
    token = ApiToken.objects.get(user=bob)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status() == 401
    ApiToken.objects.update(expires_at=None)
    assert status() == 200
    suspend_user(user=bob)
    assert status() == 401
    User.objects.update(is_active=True)
    revoke_api_token(user=bob, token_id=token.pk)
    assert status() == 401


def test_a_chat_token_opens_no_other_door(chat_token: str) -> None:
    assert Client(headers={"Authorization": f"Bearer {chat_token}"}).get("/api/v1/me").status_code == 403


def test_helix_tells_who_someone_is(alice: User, bob: User, chat_token: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {chat_token}", "Client-Id": "anything"})
    me = client.get("/helix/users")
    assert [one["login"] for one in me.json()["data"]] == ["bob"]
    assert me.json()["data"][0]["id"] == str(bob.pk)
    assert (me["Ratelimit-Limit"], me["Ratelimit-Remaining"]) == ("800", "799")
    assert int(me["Ratelimit-Reset"]) > timezone.now().timestamp()
    both = client.get("/mock/users", {"id": [str(bob.pk)], "login": ["ALICE", "nobody"]})
    assert sorted(one["login"] for one in both.json()["data"]) == ["alice", "bob"]


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Client-Id": "x"}, "", 401),
        ({"Authorization": "Bearer wrong", "Client-Id": "x"}, "", 401),
        ({"Authorization": "TOKEN"}, "", 401),
        ({"Authorization": "TOKEN", "Client-Id": "x"}, "?id=x", 400),
        ({"Authorization": "TOKEN", "Client-Id": "x"}, "?id=" + "9" * 30, 400),
        ({"Authorization": "TOKEN", "Client-Id": "x"}, "?" + "&".join(f"id={n}" for n in range(101)), 400),
    ],
)
def test_helix_refuses_as_twitch_does(chat_token: str, headers: dict[str, str], query: str, status: int) -> None:
    headers = {name: value.replace("TOKEN", f"Bearer {chat_token}") for name, value in headers.items()}
    answer = Client(headers=headers).get(f"/helix/users{query}")
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "status", "message"}


def test_helix_is_not_asked_without_end(chat_token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.twitch.REQUESTS.limit", 1)
    client = Client(headers={"Authorization": f"Bearer {chat_token}", "Client-Id": "x"})
    assert [client.get("/helix/users").status_code for _ in range(3)] == [200, 429, 429]


def test_any_page_may_ask_and_nobody_may_post(chat_token: str) -> None:
    assert Client().options("/helix/users")["Access-Control-Allow-Headers"].startswith("Authorization")
    assert Client(enforce_csrf_checks=True).post("/oauth2/validate").status_code == 405
