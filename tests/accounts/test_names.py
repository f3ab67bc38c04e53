"""Names that look alike, names of the site, and names that were given up."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.lookalikes import skeleton
from accounts.models import ApiToken, FormerLogin, User, skeleton_of
from accounts.names import change_display_name, current_login, rename_user
from accounts.services import create_api_token, create_user, find_token
from common.errors import Conflict, DomainError, InvalidInput

pytestmark = pytest.mark.django_db
LOOKING_LIKE_MILLWHEEL = ["mi11wheel", "mlllwheel", "MiIIWheel", "mill_wheel", "millwheel_", "millvvheel", "rnillwheel"]
LOOKING_DIFFERENT = ["millwheels", "milwheel", "nillwheel", "millwhee1s", "wheelmill"]


@pytest.mark.parametrize("login", LOOKING_LIKE_MILLWHEEL)
def test_a_name_that_looks_like_another_is_refused(login: str) -> None:
    create_user(login="millwheel")
    with pytest.raises(Conflict):
        create_user(login=login)


@pytest.mark.parametrize("login", LOOKING_DIFFERENT)
def test_a_name_that_only_resembles_it_is_taken(login: str) -> None:
    create_user(login="millwheel")
    assert create_user(login=login).login == login


@pytest.mark.parametrize(
    "login", ["adm1n", "admln", "st0re", "rnoderator", "vvww", "a_d_m_i_n", "admin_bob", "mod_system"]
)
def test_names_that_speak_for_the_site_are_refused(login: str) -> None:
    with pytest.raises(DomainError):
        create_user(login=login)


def test_the_database_itself_refuses_what_looks_alike() -> None:
    create_user(login="millwheel")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(login="mi11_wheel")])
    other = create_user(login="bob")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=other.pk).update(login="rnillwheel")


@pytest.mark.parametrize("login", [*LOOKING_LIKE_MILLWHEEL, *LOOKING_DIFFERENT, "rrnn", "vvv", "0_0", "r_n"])
def test_the_database_and_we_see_the_same(login: str) -> None:
    User.objects.bulk_create([User(login=login.lower())])
    assert User.objects.values_list(skeleton_of("login"), flat=True).get() == skeleton(login)


def test_looking_for_a_name_reads_an_index() -> None:
    User.objects.bulk_create([User(login=f"viewer_{number}") for number in range(3000)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    plan = User.objects.looking_like("viewer_77").explain()
    assert "user_login_looks_like_no_other" in plan


def test_alice_takes_another_name_and_keeps_everything(alice: User) -> None:
    token = create_api_token(user=alice, name="bot")

    rename_user(user=alice, login="Alicia")

    alice.refresh_from_db()
    assert (alice.login, alice.display_name) == ("alicia", "Alicia")
    found = find_token(token)
    assert found is not None
    assert found.user == alice
    assert ApiToken.objects.get().user.channel.owner == alice
    assert current_login("Alice") == "alicia"


def test_links_to_the_old_name_lead_to_the_new_one(alice: User) -> None:
    rename_user(user=alice, login="alicia")
    assert Client().get("/alice")["Location"] == "/alicia"
    FormerLogin.objects.update(reserved_until=timezone.now())
    assert Client().get("/alice").status_code == 404


def test_nobody_else_takes_the_old_name_until_it_is_free(alice: User) -> None:
    rename_user(user=alice, login="alicia_b")
    for login in ("alice", "a1ice"):
        with pytest.raises(Conflict):
            create_user(login=login)
    FormerLogin.objects.update(reserved_until=timezone.now())
    assert create_user(login="alice").login == "alice"


def test_alice_waits_before_the_next_name_and_may_come_back_to_her_own(alice: User) -> None:
    rename_user(user=alice, login="alicia")
    with pytest.raises(Conflict, match="30 days"):
        rename_user(user=alice, login="alison")
    FormerLogin.objects.update(given_up_at=timezone.now() - timedelta(days=31))
    rename_user(user=alice, login="alice")
    assert User.objects.get(pk=alice.pk).login == "alice"
    assert current_login("alicia") == "alice"
    assert current_login("alice") is None


@pytest.mark.parametrize("login", ["bob", "b0b", "admin", "x", "a b", "<script>"])
def test_alice_cannot_take_a_name_that_is_not_to_be_had(alice: User, bob: User, login: str) -> None:
    with pytest.raises(DomainError):
        rename_user(user=alice, login=login)
    assert not FormerLogin.objects.exists()


def test_the_display_name_differs_in_capitals_only(alice: User) -> None:
    change_display_name(user=alice, display_name="ALICE")
    assert User.objects.get(pk=alice.pk).display_name == "ALICE"
    with pytest.raises(InvalidInput):
        change_display_name(user=alice, display_name="Alicе")  # the last letter is Cyrillic
