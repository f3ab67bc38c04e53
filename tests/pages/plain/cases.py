"""What is said about one form: where it stands, what is filled in, what is true after it was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from tests.conftest import PASSWORD
from tests.pages.plain.browser import Page, PlainBrowser, Value

ON_TOP = ""  # the reason stands over the form, as it is of no single field


@dataclass
class Stage:
    """Who acts, and on what. `kept` is what `first` leaves for what comes after."""

    browser: PlainBrowser
    names: Mapping[str, str]
    kept: dict[str, Any] = field(default_factory=dict)

    def path(self, pattern: str) -> str:
        return pattern.format_map({**self.names, **self.kept})


Fill = Mapping[str, Value]
Act = Callable[[Stage], object]


@dataclass(frozen=True)
class Case:
    """One form that is sent."""

    sent_to: str  # the method and the name of the route
    page: str  # where it stands; `{names}` come from the cast, and from `first`
    who: str = ""
    fill: Fill | Callable[[Page], Fill] = field(default_factory=dict)
    button: str = ""
    says: str = ""  # on the page that comes
    lacks: str = ""  # in the middle of that page
    so: Act | None = None  # true in the database then
    first: Act | None = None
    # What is refused: filled in on top of `fill`, the field with the reason, and some of its words.
    wrong: Fill = field(default_factory=dict)
    at: str = ON_TOP
    why: str = ""
    unkept: tuple[str, ...] = ()  # passwords, codes and files, which no page repeats

    def __str__(self) -> str:
        return "-".join(part for part in (self.sent_to.split()[-1], self.button, self.who) if part).replace(" ", "_")


def user(login: str) -> User:
    return User.objects.get(login=login)


def give_password(login: str) -> Act:
    """One that is known, and whoever is signed in stays so."""

    def act(stage: Stage) -> None:
        person = user(login)
        person.set_password(PASSWORD)
        person.save()
        stage.browser.sign_in(person)

    return act
