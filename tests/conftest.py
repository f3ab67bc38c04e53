"""Real PostgreSQL and Redis for every test that needs them, and the standing cast."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import settings as hypothesis_settings

from tests.emptying import empty_what_has_rows

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
DatabaseOperations.sql_flush = empty_what_has_rows  # type: ignore[method-assign,assignment]

# Files whose tests only compute or encode: `stack/test.sh` runs them beside those that watch the clock.
OFFLINE = (
    "conformance/test_controls",
    "conformance/test_http_rules",
    "conformance/test_readers",
    "streaming/ingest/test_interleavings",
    "transcode/hls/",
    "transcode/test_clip_plan",
    "transcode/test_clips",
    "transcode/test_fmp4",
    "transcode/test_fragments",
    "transcode/test_frame_rates",
    "transcode/test_odd_sources",
    "transcode/test_packager",
    "transcode/test_pixel_shape",
    "transcode/test_renditions",
    "transcode/test_rung_changes",
    "transcode/test_silence",
)

# Tests of pages, and those of accounts, channels and recordings, run beside the others with services of their own.
PAGES = ("config/", "pages/")
LIBRARY = ("accounts/", "streaming/", "vod/")

# So do those of chat; but for some, so that both lines are as long.
ROOMS = "chat/"
CHAT_IN_A_BROWSER = ("chat/test_hostile_text", "chat/test_moderation_page", "chat/test_panel")
OBJECT_STORAGE = "s3/"  # one service for all of these, which takes long to start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = item.path.relative_to(Path(__file__).parent).as_posix()
        if path.startswith(OFFLINE):
            item.add_marker(pytest.mark.offline)
            item.add_marker(pytest.mark.timeout(600))  # last in line for the processor
        if path.startswith(OBJECT_STORAGE):
            item.add_marker(pytest.mark.end_to_end)
            item.add_marker(pytest.mark.patient)
        if path.startswith(PAGES):
            item.add_marker(pytest.mark.pages)
        if path.startswith(LIBRARY) and not path.startswith(OFFLINE):
            item.add_marker(pytest.mark.library)
        if path.startswith(ROOMS) and not path.startswith(CHAT_IN_A_BROWSER):
            item.add_marker(pytest.mark.rooms)


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
