"""Users and their API tokens."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.scopes import SCOPES
from accounts.services import (
    create_api_token,
    create_limited_token,
    create_user,
    find_token,
    reinstate_user,
    revoke_api_token,
    suspend_user,
)
from accounts.signals import user_created
from common.errors import Conflict, DomainError, InvalidInput, NotThere

pytestmark = pytest.mark.django_db


def test_login_is_lower_case_and_the_display_name_keeps_the_case() -> None:
    user = create_user(login="AliceInChains", password="correct horse", email="Alice@Example.ORG")
    assert (user.login, user.display_name, user.email) == ("aliceinchains", "AliceInChains", "alice@example.org")
    assert user.check_password("correct horse")


def test_without_a_password_nobody_signs_in() -> None:
    assert not create_user(login="dave").has_usable_password()


@pytest.mark.parametrize("login", ["alice", "ALICE", "Alice"])
def test_taken_login_is_refused_in_any_case(alice: User, login: str) -> None:
    with pytest.raises(Conflict):
        create_user(login=login)


def test_taken_address_is_refused_in_any_case(alice: User) -> None:
    with pytest.raises(Conflict):
        create_user(login="dave", email="ALICE@example.org")


@pytest.mark.parametrize(
    "login",
    ["", "ab", "a" * 26, "_abc", "a b", "a-b", "älice", "аlice", "a\x00bc", "admin", "API", "live", "../x", "a\n"],
)
def test_impossible_login_is_refused(login: str) -> None:
    with pytest.raises(DomainError):
        create_user(login=login)
    assert not User.objects.exists()


@pytest.mark.parametrize("login", ["abc", "a" * 25, "0_0", "alice_2"])
def test_possible_login_is_accepted(login: str) -> None:
    assert create_user(login=login).login == login


def test_malformed_address_is_refused() -> None:
    with pytest.raises(InvalidInput):
        create_user(login="dave", email="nowhere")


def test_database_itself_refuses_upper_case() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(login="Alice")])


def test_creation_is_announced_and_undone_with_its_listeners() -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    user_created.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            create_user(login="dave")
    finally:
        user_created.disconnect(fail)
    assert not User.objects.filter(login="dave").exists()


# --- Tokens


def owner_of(token: str) -> User | None:
    found = find_token(token)
    return None if found is None else found.user


def test_token_stands_for_its_user_and_is_stored_as_a_hash_only(alice: User) -> None:
    token = create_api_token(user=alice, name="bot")
    assert token.startswith("mrt_")
    assert len(token) >= 4 + 22
    assert owner_of(token) == alice
    assert token not in repr(list(ApiToken.objects.values()))


def test_a_limited_token_needs_scopes_that_there_are(alice: User) -> None:
    for scopes in ([], ["clips:edit", "clips:everything"], ["read read"]):
        with pytest.raises(InvalidInput):
            create_limited_token(user=alice, name="bot", scopes=scopes)
    create_limited_token(user=alice, name="bot", scopes=["clips:edit", "read", "clips:edit"])
    token = ApiToken.objects.get()
    assert token.scopes == "read clips:edit"
    assert [token.allows(scope) for scope in ("read", "clips:edit", "clips", "chat:edit", "")] == [True, True] + [
        False
    ] * 3


def test_all_scopes_together_have_room(alice: User) -> None:
    found = find_token(create_limited_token(user=alice, name="bot", scopes=SCOPES))
    assert found is not None
    assert found.scopes.split() == list(SCOPES)


def test_every_changed_character_makes_another_token(alice: User) -> None:
    token = create_api_token(user=alice, name="bot")
    for at in range(len(token)):
        assert owner_of(token[:at] + ("x" if token[at] != "x" else "y") + token[at + 1 :]) is None
    assert owner_of(token[:-1]) is None
    assert owner_of(token + "x") is None
    assert owner_of(token + "\n") is None
    assert owner_of(token) == alice


@pytest.mark.parametrize(
    "token", ["", "mrt_", "mrt_" + "x" * 5000, "mrt_\x00" + "x" * 30, "ünïcödé" * 4, "' OR 1=1 --" * 3]
)
def test_malformed_token_is_nobodys(token: str) -> None:
    assert owner_of(token) is None


def test_revoked_token_is_nobodys(alice: User, bob: User) -> None:
    token = create_api_token(user=alice, name="bot")
    with pytest.raises(NotThere):
        revoke_api_token(user=bob, token_id=alice.api_tokens.get().pk)
    assert owner_of(token) == alice
    revoke_api_token(user=alice, token_id=alice.api_tokens.get().pk)
    assert owner_of(token) is None


def test_suspended_users_token_is_nobodys_until_reinstated(alice: User) -> None:
    token = create_api_token(user=alice, name="bot")
    suspend_user(user=alice)
    assert owner_of(token) is None
    reinstate_user(user=alice)
    assert owner_of(token) == alice


def test_last_use_is_written_once_a_minute(alice: User) -> None:
    token = create_api_token(user=alice, name="bot")
    owner_of(token)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    owner_of(token)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    owner_of(token)
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again >= first


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "a\x00b"])
def test_token_needs_a_sensible_name(alice: User, name: str) -> None:
    with pytest.raises(InvalidInput):
        create_api_token(user=alice, name=name)
