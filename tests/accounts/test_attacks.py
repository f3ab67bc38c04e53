"""What attackers of accounts try: guessing, finding out who is here, forged requests, links that lead elsewhere."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site_settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from accounts.models import ApiToken, User
from accounts.services import create_api_token
from streaming.models import Channel
from tests.config.routes import Route, every_route
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
ALICE = {"login": "alice", "password": PASSWORD}


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/api/v1/me").status_code == 200)


def from_address(address: str) -> Client:
    """A browser somewhere. The last address is what our edge adds; what stands before it, anyone may have written."""
    return Client(headers={"x-forwarded-for": f"10.9.8.7, {address}"})


# --- Guessing


def test_guessing_a_password_is_stopped_and_the_owner_is_not_locked_out(alice: User) -> None:
    attacker = from_address("203.0.113.5")
    for number in range(6):
        attacker.post("/accounts/login/", {"login": "alice", "password": f"guess {number}"})
    attacker.post("/accounts/login/", ALICE)
    assert not is_signed_in(attacker), "now even the right one is refused"

    owner = from_address("198.51.100.7")
    owner.post("/accounts/login/", ALICE)
    assert is_signed_in(owner)


def test_another_forged_address_for_each_guess_does_not_help(alice: User) -> None:
    browser = Client()
    for number in range(6):
        forged = {"x-forwarded-for": f"10.0.0.{number}, 203.0.113.5"}
        browser.post("/accounts/login/", {"login": "alice", "password": "guess"}, headers=forged)
    browser.post("/accounts/login/", ALICE, headers={"x-forwarded-for": "10.0.0.99, 203.0.113.5"})
    assert not is_signed_in(browser)


def test_one_password_tried_on_many_accounts_is_stopped(alice: User) -> None:
    attacker = from_address("203.0.113.5")
    for number in range(11):
        attacker.post("/accounts/login/", {"login": f"viewer{number}", "password": PASSWORD})
    attacker.post("/accounts/login/", ALICE)
    assert not is_signed_in(attacker)


def test_nobody_is_flooded_with_mails(alice: User, letters: list[Any]) -> None:
    for number in range(12):
        from_address(f"203.0.113.{number}").post("/accounts/password/reset/", {"email": "alice@example.org"})
    assert 1 <= len(letters) <= 5


def test_without_redis_nobody_gets_in_and_a_page_says_so(alice: User, settings: Any) -> None:
    settings.CACHES = {"default": site_settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    browser = Client()
    answer = browser.post("/accounts/login/", ALICE)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "_auth_user_id" not in browser.session


# --- Finding out who is here


def page_of(answer: Any) -> tuple[int, str, str]:
    """Status, where to, and the text without what differs in every answer."""
    text = "\n".join(line for line in answer.content.decode().splitlines() if "csrfmiddlewaretoken" not in line)
    return answer.status_code, answer.headers.get("Location", ""), text


class Hashing:
    """Counts the slow work of passwords: with the same work an answer takes the same time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        # Tests use a quick hasher, whose verify() encodes once.
        monkeypatch.setattr(MD5PasswordHasher, "encode", self._counted(MD5PasswordHasher.encode))

    def _counted(self, method: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return method(*args, **kwargs)

        return counted

    def of(self, browser: Client, path: str, form: dict[str, str]) -> tuple[Any, int]:
        before = self.count
        answer = browser.post(path, form)
        return answer, self.count - before


@pytest.mark.parametrize("known", ["alice", "alice@example.org"])
def test_a_wrong_password_and_an_unknown_login_are_answered_alike(
    alice: User, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    hashing = Hashing(monkeypatch)
    unknown = known.replace("alice", "alixe")
    wrong, work = hashing.of(Client(), "/accounts/login/", {"login": known, "password": "guess"})
    nobody, same_work = hashing.of(Client(), "/accounts/login/", {"login": unknown, "password": "guess"})
    assert page_of(wrong)[:2] == page_of(nobody)[:2]
    assert page_of(wrong)[2].replace(known, "?") == page_of(nobody)[2].replace(unknown, "?")
    assert work == same_work == 1


def test_a_reset_does_not_tell_who_is_here(alice: User, letters: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    hashing = Hashing(monkeypatch)
    known, work = hashing.of(Client(), "/accounts/password/reset/", {"email": "alice@example.org"})
    unknown, same_work = hashing.of(Client(), "/accounts/password/reset/", {"email": "nobody@example.org"})
    assert page_of(known) == page_of(unknown)
    assert work == same_work
    assert [letter.to for letter in letters] == [["alice@example.org"], ["nobody@example.org"]], "both are sent a mail"


def test_sign_up_does_not_tell_whose_address_is_here(
    alice: User, letters: list[Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    hashing = Hashing(monkeypatch)
    form = {"username": "dave", "email": "dave@example.org", "password1": PASSWORD}
    new, work = hashing.of(Client(), "/accounts/signup/", form)
    known, same_work = hashing.of(
        Client(), "/accounts/signup/", form | {"username": "erin", "email": "alice@example.org"}
    )
    assert page_of(new) == page_of(known)
    assert work == same_work
    assert [letter.subject for letter in letters] == ["Confirm your e-mail address", "You have an account already"]
    assert not User.objects.filter(login="erin").exists()


# --- Forged requests

# Routes that take a POST without a token of the page, and why that is safe. All others answer 403.
WITHOUT_CSRF_TOKEN = {
    "internal/": "The ingest server's hooks: a secret stands in the address, and no cookie counts.",
    "oauth2/validate": "Only reads; only the bearer token counts.",
    "auth/validate": "Only reads; only the bearer token counts.",
    "helix/": "Only reads; only the bearer token counts.",
    "mock/": "Only reads; only the bearer token counts.",
}
KNOWN = {"login": ["alice"], "user": ["bob"], "name": ["alice"], "app_label": ["accounts"]}


def changes_nothing(answer: Any) -> bool:
    return answer.status_code in (403, 404, 405, 415)


@pytest.mark.parametrize("methods", [["post"], ["put", "patch", "delete"]], ids=["posted", "otherwise"])
def test_no_route_takes_a_forged_request(alice: User, methods: list[str]) -> None:
    """As a page elsewhere would send it: with the cookie of who is signed in, without the token of our pages."""
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(alice)
    taken = []
    for number, route in enumerate(every_route()):
        if route.text.startswith(tuple(WITHOUT_CSRF_TOKEN)):
            continue
        path = address_of(route)
        method = methods[number % len(methods)]
        answer = getattr(browser, method)(path, "{}", content_type="application/json")
        if not changes_nothing(answer):
            taken.append((route.text, answer.status_code))
    assert not taken
    assert Channel.objects.filter(owner=alice).exists()


def test_with_the_token_the_same_request_is_taken(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    browser.get("/accounts/profile/")
    token = browser.cookies["csrftoken"].value
    form = {"display_name": "ALICE", "csrfmiddlewaretoken": token}
    assert browser.post("/accounts/profile/", form).status_code == 302
    assert browser.post("/accounts/profile/", form | {"csrfmiddlewaretoken": "x" * 64}).status_code == 403


def test_nobody_is_signed_in_by_a_forged_form(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/accounts/login/", ALICE).status_code == 403
    assert not is_signed_in(browser)


def address_of(route: Route) -> str:
    return route.address(KNOWN, ["1"], random.Random(1))


# --- Links that lead elsewhere

ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example/", "/\\evil.example", "\\\\evil.example",
    "https:evil.example",
    "https://evil.example", "http://evil.example@127.0.0.1:8000.evil.example/", "https://evil.example/127.0.0.1",
    "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "/%5Cevil.example/../..//evil.example",
    "//evil.example/%2f..", "https:///evil.example", " https://evil.example", "\thttps://evil.example",
    "/\t/evil.example",
    "http:\\\\evil.example", "//127.0.0.1@evil.example", "//[::1]@evil.example", "ftp://evil.example",
]  # fmt: skip


def leads_elsewhere(location: str) -> bool:
    """As browsers read it: tabs and line ends vanish, a backslash is a slash."""
    read = location.strip().translate({9: None, 10: None, 13: None}).replace("\\", "/")
    return read.startswith("//") or not read.startswith("/")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_after_signing_in_nobody_is_led_elsewhere(alice: User, target: str) -> None:
    for browser, path, form in (
        (Client(), "/accounts/login/", ALICE | {"next": target}),
        (signed_in(alice), "/accounts/logout/", {"next": target}),
        (signed_in(alice), "/accounts/reauthenticate/", {"password": PASSWORD, "next": target}),
    ):
        answer = browser.post(path, form)
        assert not leads_elsewhere(answer.headers.get("Location", "/")), (path, answer.headers.get("Location"))


def test_a_page_of_ours_is_gone_back_to(alice: User) -> None:
    assert Client().post("/accounts/login/", ALICE | {"next": "/alice"})["Location"] == "/alice"
    assert leads_elsewhere("//evil.example") and leads_elsewhere("/\t/evil.example")


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


# --- What is typed


def test_nobody_makes_himself_more_than_he_is(settings: Any) -> None:
    extra = {
        "is_staff": "on",
        "is_superuser": "on",
        "is_active": "on",
        "left_at": "2026-01-01",
        "id": "1",
        "avatar": "x",
    }
    browser = Client()
    browser.post("/accounts/signup/", {"username": "dave", "email": "d@example.org", "password1": PASSWORD} | extra)
    browser.post("/accounts/profile/", {"display_name": "DAVE", "login": "root"} | extra)
    dave = User.objects.get()
    assert (dave.login, dave.display_name, dave.is_staff, dave.is_superuser, dave.avatar) == (
        "dave",
        "DAVE",
        False,
        False,
        "",
    )


XSS = "<img src=x onerror=alert(1)>"


def test_names_people_give_stay_text(alice: User) -> None:
    create_api_token(user=alice, name=XSS)
    browser = Client(headers={"user-agent": f"Firefox{XSS}"})
    browser.post("/accounts/login/", ALICE)
    for path in ("/accounts/tokens/", "/accounts/security/"):
        page = browser.get(path).content.decode()
        assert XSS not in page
    assert ApiToken.objects.get().name == XSS


@pytest.mark.parametrize("text", [XSS, "alice<script>", "al&ice", '"><svg onload=1>', "alice\u202e", "{{7*7}}"])
def test_a_login_or_display_name_is_never_markup(alice: User, text: str) -> None:
    browser = signed_in(alice)
    assert browser.post("/accounts/profile/", {"display_name": text[:25]}).status_code == 200
    browser.post("/accounts/signup/", {"username": text, "email": "x@example.org", "password1": PASSWORD})
    assert User.objects.count() == 1


# --- Production


def run_manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_the_settings_of_a_site_with_https_have_nothing_to_complain_of() -> None:
    secret = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=64))
    good = {"MILLRACE_SITE_URL": "https://live.example", "MILLRACE_SECRET_KEY": secret}
    checked = run_manage("check", "--deploy", "--fail-level", "WARNING", **good)
    assert checked.returncode == 0, checked.stderr
    bad = run_manage("check", "--deploy", "--fail-level", "WARNING", **good | {"MILLRACE_DEBUG": "1"})
    assert bad.returncode != 0, "the check does find something"


def test_cookies_of_a_site_with_https_stay_there() -> None:
    names = "SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY CSRF_COOKIE_SECURE STAFF_SECOND_STEP"
    texts = "s.SESSION_COOKIE_SAMESITE, s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME"
    shows = f"print([getattr(s, n) for n in {names.split()!r}], {texts})"
    code = f"from django.conf import settings as s; {shows}"
    shown = run_manage("shell", "--no-imports", "-c", code, MILLRACE_SITE_URL="https://live.example")
    assert shown.stdout.split("\n")[0] == "[True, True, True, True] Lax __Host-sessionid __Host-csrftoken", shown.stderr
