"""Opens pages, fills in their forms and sends them, by what HTML alone allows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import Resolver404, resolve

from accounts.models import User
from tests.look.cast import session_of
from tests.pages.plain.document import Node, parse

NUMBER = re.compile(r"-?\d+(\.\d+)?")
FORM_CONTENT = "application/x-www-form-urlencoded"
Value = str | Sequence[str] | bytes | None
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Stuck(Exception):
    """What nobody can do in a browser without scripts."""


@dataclass
class Form:
    """A form of a page, with what belongs to it wherever that stands."""

    node: Node
    page: "Page"
    controls: list[Node] = field(default_factory=list)

    @property
    def method(self) -> str:
        return self.node.get("method", "get").lower() or "get"

    @property
    def address(self) -> str:
        """Without the place on the page that comes."""
        return urldefrag(urljoin(self.page.address, self.node.get("action") or self.page.address)).url

    @property
    def sent_to(self) -> str:
        """Such as `POST moderation_unban`: how, and the name of the route."""
        return f"{self.method.upper()} {route_of(self.address)}"

    @property
    def buttons(self) -> list[Node]:
        """Those that send it, and can be seen and pressed."""
        kinds = (one for one in self.controls if is_button(one))
        return [one for one in kinds if one.is_seen and not one.has("disabled")]

    @property
    def works(self) -> bool:
        """Whether it can be seen and sent at all."""
        return self.method != "dialog" and self.node.is_seen and bool(self.buttons)

    def named(self, name: str) -> list[Node]:
        return [one for one in self.controls if one.get("name") == name and not is_button(one)]

    def value(self, name: str) -> list[str]:
        """What the browser would send under this name, its lines as they were typed."""
        return [str(value).replace("\r\n", "\n") for key, value in self._entries({}) if key == name]

    def entries(self, fill: dict[str, Value], button: Node) -> list[tuple[str, Any]]:
        """Name and value of all that is sent, once it is filled in; `Stuck` where a browser refuses."""
        for name in fill:
            self._check_can_be_filled(name)
        entries = list(self._entries(fill))
        if not (button.has("formnovalidate") or self.node.has("novalidate")):
            for control in self.controls:
                _check_valid(control, entries)
        return [*entries, (button.get("name"), button.get("value"))] if button.has("name") else entries

    def _check_can_be_filled(self, name: str) -> None:
        open_ones = [
            one
            for one in self.named(name)
            if one.is_seen and one.get("type") != "hidden" and not one.has("disabled") and not one.has("readonly")
        ]
        if not open_ones:
            raise Stuck(f"{self.sent_to} has no field {name} that can be filled in")

    def _entries(self, fill: dict[str, Value]) -> Iterator[tuple[str, Any]]:
        for control in self.controls:
            name = control.get("name")
            if not name or control.has("disabled") or is_button(control):
                continue
            for value in _chosen(control, fill[name]) if name in fill else _as_it_stands(control):
                yield name, value


@dataclass
class Page:
    """What came for an address."""

    address: str
    status: int
    root: Node
    forms: list[Form] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.root.text

    @property
    def main(self) -> str:
        """What can be read in its middle, without menus and lists of channels."""
        return " ".join(one.text for one in self.root.all("main"))

    def form(self, sent_to: str, button: str = "") -> tuple[Form, Node]:
        """The first that goes there and has a button with this on it, which may be its name for screen readers."""
        there = [form for form in self.forms if form.sent_to == sent_to]
        for form in there:
            if form.works:
                for one in form.buttons:
                    if not button or button in (one.text, one.get("aria-label"), one.get("value")):
                        return form, one
        raise Stuck(f"{self.address}: {len(there)} forms {sent_to}, none can be sent by {button or 'a button'}")

    def error_at(self, form: Form, name: str) -> str:
        """What is said about a field, by what describes it to a screen reader."""
        around = (node for one in form.named(name) for node in one.above())
        ids = " ".join(node.get("aria-describedby") for node in around).split()
        described = [one for one in self.root.all() if one.get("id") in ids and "error" in one.get("class")]
        return " ".join(one.text for one in described if one.is_seen)

    def alert_over(self, form: Form) -> str:
        """What is said about the form as a whole."""
        return " ".join(one.text for one in form.node.all() if one.get("role") == "alert" and one.is_seen)


class PlainBrowser:
    """One person's. Cookies are kept, redirects followed, CSRF is checked."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)

    def sign_in(self, user: User) -> None:
        """As somebody whose password was asked for a moment ago."""
        self.client.cookies[settings.SESSION_COOKIE_NAME] = session_of(user)

    def open(self, address: str) -> Page:
        return self._show(address, self.client.get(address, headers={"accept": ACCEPT}))

    def send(self, page: Page, sent_to: str, fill: dict[str, Value], button: str = "") -> Page:
        form, pressed = page.form(sent_to, button)
        entries = form.entries(fill, pressed)
        accept = {"accept": ACCEPT, "referer": f"http://testserver{page.address}"}
        if form.method == "get":
            return self.open(f"{form.address.partition('?')[0]}?{urlencode(entries)}")
        if form.node.get("enctype") == MULTIPART_CONTENT.partition(";")[0]:
            answer = self.client.post(form.address, _in_lists(entries), headers=accept)
        else:
            body = urlencode([(name, _text(value)) for name, value in entries])
            answer = self.client.post(form.address, body, content_type=FORM_CONTENT, headers=accept)
        return self._show(form.address, answer)

    def _show(self, address: str, answer: Any) -> Page:
        for _ in range(9):
            if answer.status_code not in (301, 302, 303):
                break
            address = urljoin(address, answer["Location"])
            answer = self.client.get(address, headers={"accept": ACCEPT})
        return _answered(address, answer)


def _answered(address: str, answer: HttpResponse) -> Page:
    if not answer.get("Content-Type", "").startswith("text/html"):
        kind = answer.get("Content-Type", "nothing")
        raise Stuck(f"{address} answers {answer.status_code} with {kind}, which no browser shows as a page")
    return page_of(address, answer.content.decode(), answer.status_code)


def page_of(address: str, html: str, status: int = 200) -> Page:
    """As it stands there, with its forms."""
    page = Page(address, status, parse(html))
    inert = {node for template in page.root.all("template") for node in template.all("form")}
    page.forms = [Form(node, page) for node in page.root.all("form") if node not in inert]
    for control in page.root.all("input", "select", "textarea", "button"):
        if form := _owner(control, page.forms):
            form.controls.append(control)
    return page


def route_of(address: str) -> str:
    """Its name in the URLconf."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return address
    return match.view_name or match.route


def is_button(control: Node) -> bool:
    if control.tag == "button":
        return control.get("type", "submit") == "submit"
    return control.tag == "input" and control.get("type") in ("submit", "image")


def _owner(control: Node, forms: list[Form]) -> Form | None:
    if control.has("form"):
        return next((form for form in forms if form.node.get("id") == control.get("form")), None)
    inside = next((node for node in control.above() if node.tag == "form"), None)
    return next((form for form in forms if form.node is inside), None)


def _as_it_stands(control: Node) -> list[Any]:
    """What is sent for it untouched."""
    if control.tag == "select":
        options = list(control.all("option"))
        chosen = [one for one in options if one.has("selected")]
        if not chosen and not control.has("multiple"):
            chosen = options[:1]
        return [one.get("value", one.text) for one in chosen]
    if control.tag == "textarea":
        return [control.raw.removeprefix("\n").removeprefix("\r\n")]
    kind = control.get("type", "text")
    if kind in ("checkbox", "radio"):
        return [control.get("value", "on")] if control.has("checked") else []
    if kind in ("button", "reset") or control.tag == "button":
        return []
    return [b""] if kind == "file" else [control.get("value")]


def _chosen(control: Node, value: Value) -> list[Any]:
    """What is sent for it once that was chosen or typed."""
    wanted = [value] if isinstance(value, str | bytes) or value is None else list(value)
    kind = control.get("type", "text")
    if control.tag == "select":
        offered = [one.get("value", one.text) for one in control.all("option") if not one.has("disabled")]
        if unknown := [one for one in wanted if one not in offered]:
            raise Stuck(f"{control.get('name')} does not offer {unknown[0]!r}")
        return wanted
    if kind in ("checkbox", "radio"):
        return [one for one in wanted if one == control.get("value", "on")]
    if control.has("maxlength") and kind != "file":
        return [str(one or "")[: int(control.get("maxlength"))] for one in wanted]
    return wanted


def _check_valid(control: Node, entries: list[tuple[str, Any]]) -> None:
    """The constraints of HTML that our forms use."""
    name = control.get("name")
    values = [value for key, value in entries if key == name and value not in ("", b"", None)]
    if not name or control.has("disabled") or is_button(control) or control.get("type") == "hidden":
        return
    if control.has("required") and not values:
        raise Stuck(f"the browser does not send the form while {name} is empty")
    pattern = control.get("pattern")
    if pattern and any(not re.fullmatch(pattern, str(value)) for value in values):
        raise Stuck(f"the browser does not send {values!r} as {name}: it must match {pattern}")
    if control.get("type") == "number":
        least, most = float(control.get("min", "-inf")), float(control.get("max", "inf"))
        if any(not (NUMBER.fullmatch(str(value)) and least <= float(value) <= most) for value in values):
            raise Stuck(f"the browser does not send {values!r} as {name}: it is {least:g} to {most:g}")
    if control.get("type") == "email" and any("@" not in str(value) for value in values):
        raise Stuck(f"the browser does not send {values!r} as {name}: it is no address")


def _text(value: Any) -> str:
    """Browsers send lines so, and of a file its name where the form is not made for files."""
    return "" if isinstance(value, bytes) else re.sub("\r?\n", "\r\n", str(value))


def _in_lists(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    sent: dict[str, list[Any]] = {}
    for name, value in entries:
        file = SimpleUploadedFile("picture.png", value, "image/png") if isinstance(value, bytes) else _text(value)
        if value != b"":  # of no file chosen a browser sends an empty one without a name, which Django passes over
            sent.setdefault(name, []).append(file)
    return sent
