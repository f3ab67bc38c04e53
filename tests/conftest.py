"""Real PostgreSQL and Redis for every test that needs them, and the standing cast."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from django.conf import settings
from hypothesis import settings as hypothesis_settings

from tests.emptying import empty_by_deleting
from tests.lines import LINES, line_of

if TYPE_CHECKING:
    from accounts.models import User

PASSWORD = "correct horse battery"
USES_DATABASE = ("db", "transactional_db", "live_server", "django_db_reset_sequences")
HOW_TO = "Run the tests through `make test`, or `python -m stack.with_services -- pytest`."

# No test measures time: several lines share this machine.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")
# What runs in the tests' own process must not stop for test encodes; whole stacks choose as anyone's would.
settings.ENCODER = "x264"
# Nobody's real password is kept there, and argon2 takes a tenth of a second for each of the thousands of people made.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
empty_by_deleting()

TESTS = Path(__file__).parent
OFFLINE_SECONDS = 600  # what is last in line for the processor


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--line", choices=sorted(LINES), help="only the tests of one line of tests/lines.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    line = config.getoption("--line")
    if line is None or collection_path.suffix != ".py" or collection_path.name in {"__init__.py", "conftest.py"}:
        return None
    return line_of(collection_path.relative_to(TESTS).as_posix()) != line or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if line_of(item.path.relative_to(TESTS).as_posix()) == "offline":
            item.add_marker(pytest.mark.timeout(OFFLINE_SECONDS))


@pytest.fixture(scope="session")
def services() -> None:
    """PostgreSQL and Redis answer; a test that needs them fails with one sentence otherwise, and is never skipped."""
    if "MILLRACE_REDIS_URL" not in os.environ:  # without it we would empty the Redis of a running stack
        pytest.fail(f"MILLRACE_REDIS_URL names no Redis for the tests. {HOW_TO}", pytrace=False)
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        pytest.fail(f"No Redis at {settings.REDIS_URL} ({error}). {HOW_TO}", pytrace=False)
    database = settings.DATABASES["default"]
    try:
        psycopg.connect(
            host=database["HOST"],
            port=database["PORT"] or None,
            user=database["USER"],
            password=database["PASSWORD"] or None,
            dbname="postgres",
            connect_timeout=3,
        ).close()
    except psycopg.OperationalError as error:
        pytest.fail(f"No PostgreSQL at {database['HOST']} ({error}). {HOW_TO}", pytrace=False)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The services are looked for before the test database is made, so that the message is ours."""


@pytest.fixture
def empty_redis(services: None) -> Iterator[redis.Redis]:
    """The tests' own Redis database, emptied before and after the test."""
    client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture(autouse=True)
def _no_leftovers_in_redis(request: pytest.FixtureRequest) -> None:
    """Whoever uses the database uses Redis too: rate limits and cached states must not leak into the next test."""
    if request.node.get_closest_marker("django_db") or any(name in request.fixturenames for name in USES_DATABASE):
        request.getfixturevalue("empty_redis")


@pytest.fixture
def alice(db: None) -> "User":
    """Alice streams."""
    return _person("alice", streams=True)


@pytest.fixture
def bob(db: None) -> "User":
    """Bob moderates Alice's room."""
    return _person("bob")


@pytest.fixture
def charlie(db: None) -> "User":
    """Charlie only watches."""
    return _person("charlie")


def _person(login: str, *, streams: bool = False) -> "User":
    from accounts.services import create_user
    from streaming.models import Channel
    from streaming.services import create_channel

    user = create_user(login=login, password=PASSWORD, email=f"{login}@example.org")
    if streams and not Channel.objects.filter(owner=user).exists():
        create_channel(owner=user)
    return user
