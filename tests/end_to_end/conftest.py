"""The whole real stack, once for this folder, a browser, and the cast with accounts on it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.broadcasts import broadcast, end
from bench.browser import Browser
from bench.certificates import make_certificates
from bench.show import Show
from bench.stack import Person, Stack
from tests.media.counter_clip import STANDARD, Clip

TESTS_SECONDS = 180
ALICES, BOBS, CHARLIES = 31, 31, 1
BROADCASTS = 12  # at a time: all bad sources at once, and those beside them


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(TESTS_SECONDS))


# Package scope: Playwright's loop must be gone before the asynchronous tests of other folders run.
@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """It speaks TLS too; the site's own address stays plain, so nobody is sent over."""
    made = make_certificates(tmp_path_factory.mktemp("certificates"))
    both = Stack(
        TRANSCODED_RUNGS=2,
        LIVE_BROADCASTS=BROADCASTS,
        LIVE_SLOTS=BROADCASTS,
        TLS_CERT=str(made.certificate),
        TLS_KEY=str(made.key),
    )
    both.environment["MILLRACE_SITE_URL"] = both.url
    with both as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser with no page open, and none left open."""
    yield chromium
    chromium.close_viewers()


@pytest.fixture(scope="package")
def cast(stack: Stack) -> dict[str, list[Person]]:
    """Enough of everyone: each test gets an Alice and a Bob whose channel has never been on air."""
    return {
        "alice": stack.create_users([f"alice{number}" for number in range(ALICES)], streamer=True),
        "bob": stack.create_users([f"bob{number}" for number in range(BOBS)], streamer=True),
        "charlie": stack.create_users([f"charlie{number}" for number in range(CHARLIES)]),
    }


@pytest.fixture
def alice(stack: Stack, cast: dict[str, list[Person]]) -> Iterator[Person]:
    """Alice streams."""
    yield from _lend(stack, cast["alice"])


@pytest.fixture
def bob(stack: Stack, cast: dict[str, list[Person]]) -> Iterator[Person]:
    """Bob has a channel too: what goes wrong on it must not touch Alice's."""
    yield from _lend(stack, cast["bob"])


@pytest.fixture
def charlie(cast: dict[str, list[Person]]) -> Person:
    """Charlie only watches."""
    return cast["charlie"][0]


@pytest.fixture
def show(stack: Stack, alice: Person) -> Iterator[Show]:
    """Alice on air."""
    with Show(stack, alice) as on_air:
        yield on_air


@pytest.fixture(scope="module")
def long_clip() -> Clip:
    """What `long_show` shows; a file whose tests do not look at the picture takes a small one."""
    return STANDARD


@pytest.fixture(scope="module")
def long_show(stack: Stack, cast: dict[str, list[Person]], long_clip: Clip) -> Iterator[Show]:
    """Alice on air through a whole file of tests that only look at her."""
    person = cast["alice"].pop()
    with Show(stack, person, clip=long_clip, loop=True) as on_air:
        yield on_air
    _end_broadcast(stack, person)


def _lend(stack: Stack, people: list[Person]) -> Iterator[Person]:
    person = people.pop()
    yield person
    if not _end_broadcast(stack, person):
        people.append(person)


def _end_broadcast(stack: Stack, person: Person) -> bool:
    """Whether there was one, now or before."""
    try:
        now = broadcast(stack, person)
        if now.get("state") in ("starting", "live", "reconnecting"):
            end(stack, now["id"], as_=person)
    except httpx.HTTPError:  # the test has failed before this, and the next one says so if the stack is down
        return True
    return bool(now)
