"""Something to report: of a kind of these tests alone, which needs no app above."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from accounts.models import User
from accounts.reports import kinds
from accounts.reports.kinds import Fact, Subject, report_kind
from common.errors import NotThere

Things = dict[str, Subject]


@pytest.fixture
def things(alice: User) -> Iterator[Things]:
    """Alice's things by their names; what a test changes in here is changed on the site."""
    made = {
        name: Subject(name, f"The {name} of alice", (Fact("Title", name),), alice, f"/{name}", f"/admin/{name}")
        for name in ("mill", "wheel", "pond")
    }

    @report_kind("thing", label="this thing")
    def find(name: str, viewer: User) -> Subject:
        if name not in made:
            raise NotThere("There is no such thing.")
        return made[name]

    yield made
    del kinds._kinds["thing"]


@pytest.fixture
def rename(things: Things) -> Callable[[str, str], None]:
    """Give a thing another title."""

    def act(name: str, title: str) -> None:
        things[name] = replace(things[name], title=title, facts=(Fact("Title", title),))

    return act
