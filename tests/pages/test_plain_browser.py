"""The browser that knows HTML only gets stuck where people without JavaScript would."""

import pytest

from accounts.models import User
from tests.pages.plain.browser import PlainBrowser, Stuck, page_of
from tests.pages.test_forms_without_javascript import complaint_about

FIELD, BUTTON = '<input name="q" maxlength="5">', "<button>Search</button>"


def form(inside: str, attributes: str = "") -> str:
    return f'<form action="/search" {attributes}>{inside}</form>'


STUCK = {
    "no button": form(FIELD),
    "a button for scripts": form(FIELD + '<button type="button">Search</button>'),
    "a button that scripts enable": form(FIELD + "<button disabled>Search</button>"),
    "a button that scripts show": form(FIELD + '<button class="button js-only">Search</button>'),
    "a form that scripts show": form(FIELD + BUTTON, 'class="js-only"'),
    "a hidden form": form(FIELD + BUTTON, "hidden"),
    "in a dialog": f"<dialog>{form(FIELD + BUTTON)}</dialog>",
    "in a popover": f"<div popover>{form(FIELD + BUTTON)}</div>",
    "in a template": f"<template>{form(FIELD + BUTTON)}</template>",
    "sent by a script": form(FIELD + BUTTON, 'method="dialog"'),
    "goes elsewhere": form(FIELD + BUTTON).replace("/search", "/browse"),
    "a field that scripts fill in": form('<input type="hidden" name="q">' + BUTTON),
    "a field that scripts open": form('<input name="q" disabled>' + BUTTON),
    "a field without a name": form('<input id="q">' + BUTTON),
    "a field that is empty": form(FIELD + '<input name="other" required>' + BUTTON),
    "a choice that scripts make": form('<select name="q"><option>Any</option></select>' + BUTTON),
    "no number": form('<input name="q" type="number">' + BUTTON),
    "what does not match": form('<input name="q" pattern="[0-9]+">' + BUTTON),
}
FINE = {
    "plain": form(FIELD + BUTTON),
    "in details": f"<details><summary>More</summary>{form(FIELD + BUTTON)}</details>",
    "from outside": form(BUTTON, 'id="f"') + '<input name="q" form="f">',
    "unchecked": form(FIELD.replace(">", " required>") + "<button formnovalidate>Search</button>"),
}


@pytest.mark.parametrize("html", STUCK.values(), ids=STUCK)
def test_who_has_no_scripts_is_stuck(html: str) -> None:
    with pytest.raises(Stuck):
        PlainBrowser().send(page_of("/", html), "GET search", {"q": "alice"})


@pytest.mark.django_db
@pytest.mark.parametrize("html", FINE.values(), ids=FINE)
def test_what_html_can_do_is_done(html: str) -> None:
    page = PlainBrowser().send(page_of("/", html), "GET search", {"q": "alice"})
    assert page.address == "/search?q=alice"


@pytest.mark.django_db
def test_an_answer_for_scripts_is_no_page(alice: User) -> None:
    browser = PlainBrowser()
    browser.sign_in(alice)
    html = '<form method="post" action="/api/v1/raids"><input name="to"><button>Raid</button></form>'
    with pytest.raises(Stuck, match="json"):
        browser.send(page_of("/dashboard/", html), "POST api_raids", {"to": "bob"})


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused(alice: User, charlie: User) -> None:
    browser = PlainBrowser()
    browser.sign_in(charlie)
    html = '<form method="post" action="/alice/follow"><button name="follow" value="yes">Follow</button></form>'
    assert browser.send(page_of("/alice", html), "POST watch_follow", {}).status == 403


def test_a_form_that_nobody_tries_is_complained_of() -> None:
    tried = page_of("/", form(BUTTON)).forms[0]
    new = page_of("/", form(BUTTON, 'method="post"').replace("/search", "/alice/raise")).forms[0]
    broken = page_of("/", form("", 'method="post" data-wave').replace("/search", "/terms")).forms[0]
    assert complaint_about(tried) == ""
    assert complaint_about(new) == "POST /alice/raise is not tried"
    assert complaint_about(broken) == "POST terms cannot be sent"
