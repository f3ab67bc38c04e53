"""Every form works without JavaScript: it can be seen, filled in and sent; a page answers, and nothing typed is lost.

Sent by a browser that knows HTML only (`plain`). What style sheets hide is seen in Chromium, in
`test_without_javascript.py`.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import override_settings

from accounts.models import User
from tests.conftest import PASSWORD
from tests.look.cast import make_cast, make_live_without_media
from tests.look.places import PLACES
from tests.pages.conftest import PLAIN_STATIC_FILES
from tests.pages.plain.accounts import ACCOUNTS
from tests.pages.plain.browser import Form, Page, PlainBrowser
from tests.pages.plain.cases import ON_TOP, Case, Stage
from tests.pages.plain.dashboard import DASHBOARD
from tests.pages.plain.reports import REPORTS
from tests.pages.plain.schedule import SCHEDULE
from tests.pages.plain.staff import STAFF
from tests.pages.plain.watching import WATCHING
from transcode import services as media

CASES = ACCOUNTS + WATCHING + REPORTS + DASHBOARD + SCHEDULE + STAFF
SENT = {case.sent_to for case in CASES}
TEMPLATES = [path.read_text() for path in (settings.BASE_DIR / "templates").rglob("*.html")]
FORM = re.compile(r"<form\b[^>]*\baction=\"\{% url '(\w+)'")
# Forms that are there for scripts alone: how they can be told, and what is done without.
NEEDS_JAVASCRIPT = {
    "POST mfa_login_webauthn": "only a script may ask the browser for a key; name and password work",
    "POST mfa_add_webauthn": "only a script may ask the browser for a key; the app and the codes work",
    "POST mfa_reauthenticate_webauthn": "only a script may ask the browser for a key; the codes work",
    "data-new": "a file of gigabytes is sent in pieces; the page says so",
    "data-form": "chat; the page says so",
    "data-record-form": "a note on somebody in the chat",
    "data-clip-form": "handles over pictures",
    "data-delete-form": "asks in place; without, a page of its own asks",
}


@pytest.fixture(scope="module")
def names(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The cast is made once: what a test changes is rolled back behind it."""
    with django_db_blocker.unblock(), override_settings(STORAGES=PLAIN_STATIC_FILES), transaction.atomic():
        names = make_cast(pictures=False)["names"]
        make_live_without_media()
        yield names
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _nothing_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder is there to be dropped, and all that is asked for is recorded."""
    monkeypatch.setattr("streaming.broadcast_services.drop_publisher", lambda **_: None)
    monkeypatch.setattr(media, "time_at", lambda *, stream_id, offset: 1_900_000_000 + offset)
    monkeypatch.setattr(media, "recorded_span", lambda *, stream_id, starts_at, duration: (starts_at, duration))
    monkeypatch.setattr(media, "latest_span", lambda *, stream_id, duration: (1_900_000_000, duration))


def staged(case: Case, names: dict[str, Any]) -> tuple[Stage, Page]:
    """The page with the form, as one sees it who came so far."""
    stage = Stage(PlainBrowser(), names)
    if case.who:
        stage.browser.sign_in(User.objects.get(login=case.who))
    if case.first:
        case.first(stage)
    return stage, stage.browser.open(stage.path(case.page))


def filled(case: Case, page: Page) -> dict[str, Any]:
    return dict(case.fill(page) if callable(case.fill) else case.fill)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_form_does_what_it_says(case: Case, names: dict[str, Any]) -> None:
    stage, page = staged(case, names)
    asked = filled(case, page)
    form, _ = page.form(case.sent_to, case.button)
    if form.address.partition("?")[0] != page.address.partition("?")[0]:
        # Who opens that by itself, or comes back there from signing in, sees a page.
        assert stage.browser.open(form.address).status == 200
    after = stage.browser.send(page, case.sent_to, asked, case.button)
    assert after.status == 200
    assert case.says in after.text
    assert not case.lacks or case.lacks not in after.main
    assert case.so is None or case.so(stage)
    if form.method == "get":
        shown = [form for form in after.forms if form.sent_to == case.sent_to and form.works]
        assert all([value] in [form.value(name) for form in shown] for name, value in asked.items())


@pytest.mark.django_db
@pytest.mark.parametrize("case", [case for case in CASES if case.wrong], ids=str)
def test_what_is_refused_says_why_at_its_field_and_keeps_what_was_typed(case: Case, names: dict[str, Any]) -> None:
    stage, page = staged(case, names)
    typed = {**filled(case, page), **case.wrong}
    after = stage.browser.send(page, case.sent_to, typed, case.button)
    form, _ = after.form(case.sent_to, case.button)
    said = after.error_at(form, case.at) if case.at != ON_TOP else after.alert_over(form)
    assert case.why in said
    for name, value in typed.items():
        if name not in case.unkept:
            assert form.value(name) == ([value] if isinstance(value, str) else value), name


@pytest.mark.django_db
def test_who_was_signed_out_meanwhile_comes_back_to_the_page_with_the_form(names: dict[str, Any]) -> None:
    browser, erin = PlainBrowser(), User.objects.get(login="erin")
    erin.set_password(PASSWORD)
    erin.save()
    browser.sign_in(erin)
    page = browser.open("/alice")
    Session.objects.all().delete()
    asked = browser.send(page, "POST watch_follow", {}, "Follow")
    after = browser.send(asked, "POST account_login", {"login": "erin", "password": PASSWORD})
    assert (after.status, after.address) == (200, "/alice")


# Pages that ask for the password again keep what was sent to them: it is done once that is given.
ASKED_AGAIN = ["POST account_tokens", "POST account_rename", "POST account_export", "POST account_delete"]


@pytest.mark.django_db
@pytest.mark.parametrize("sent_to", ASKED_AGAIN)
def test_what_was_typed_outlives_the_question_for_the_password(sent_to: str, names: dict[str, Any]) -> None:
    case = next(case for case in CASES if case.sent_to == sent_to)
    stage, page = staged(case, names)
    person = User.objects.get(login=case.who)
    person.set_password(PASSWORD)
    person.save()
    stage.browser.client.force_login(person)  # some time ago
    page = stage.browser.open(stage.path(case.page))
    asked = stage.browser.send(page, case.sent_to, filled(case, page), case.button)
    after = stage.browser.send(asked, "POST account_reauthenticate", {"password": PASSWORD})
    assert case.says in after.text
    assert case.so is None or case.so(stage)


@pytest.mark.django_db
def test_every_form_on_every_page_is_among_them(names: dict[str, Any]) -> None:
    """A new form: a line in `plain`, or a reason in NEEDS_JAVASCRIPT."""
    unknown: dict[str, str] = {}
    unused = set(NEEDS_JAVASCRIPT)
    for place in {(one.path, one.who): one for one in PLACES if not one.path.startswith("/look/")}.values():
        browser = PlainBrowser()
        if place.who:
            browser.sign_in(User.objects.get(login=place.who))
        for form in browser.open(place.path.format_map(names)).forms:
            unused -= {form.sent_to, *form.node.attributes}
            if complaint := complaint_about(form):
                unknown[complaint] = place.name
    assert unknown == {}
    assert unused == set()


def test_every_form_that_a_template_may_show_is_among_them() -> None:
    """Also those of states that no page above is in."""
    routes = {route for text in TEMPLATES for route in FORM.findall(text)}
    assert len(routes) > 30
    assert {route for route in routes if not {f"POST {route}", f"GET {route}"} & {*SENT, *NEEDS_JAVASCRIPT}} == set()


def complaint_about(form: Form) -> str:
    """A form that does not work here is no matter where it does elsewhere: it is for another state, or for scripts."""
    if form.method == "dialog" or form.sent_to in SENT | set(NEEDS_JAVASCRIPT) | {"GET style_page"}:
        return ""
    if not form.works and any(form.node.has(name) for name in NEEDS_JAVASCRIPT):
        return ""
    return f"{form.sent_to} {'is not tried' if form.works else 'cannot be sent'}"
