"""A room of Alice's, with Bob and Charlie in it, behind a real chat process."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.async_api import Browser, async_playwright

from accounts.models import User
from accounts.services import create_api_token, create_user
from bench.browser import CHROMIUM
from streaming.models import Channel
from tests.chat.gateway_process import GatewayProcess, PrivateRedis, free_port, wait_until


@dataclass(frozen=True)
class Cast:
    """Who is there, with API tokens."""

    room_id: int
    alice: User
    bob: User
    charlie: User
    alice_token: str
    bob_token: str
    charlie_token: str


@pytest.fixture(scope="session")
def private_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRedis]:
    server = PrivateRedis(Path(tmp_path_factory.mktemp("redis")))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def room_redis(private_redis: PrivateRedis) -> redis.Redis:
    client = private_redis.client()
    client.flushall()
    return client


@pytest.fixture(scope="session")
def gateway(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[GatewayProcess]:
    process = GatewayProcess(private_redis.url)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def irc_port(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[int]:
    port = free_port()
    environment = os.environ | {
        "MILLRACE_REDIS_URL": private_redis.url,
        "MILLRACE_DB_NAME": str(connection.settings_dict["NAME"]),
    }
    command = [sys.executable, "manage.py", "serve_irc", "--port", str(port)]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, "the IRC server")
        yield port
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    alice, bob, charlie = (create_user(login=login) for login in ("alice", "bob", "charlie"))
    room, _ = Channel.objects.get_or_create(owner=alice)
    tokens = [create_api_token(user=user, name="test") for user in (alice, bob, charlie)]
    return Cast(room.pk, alice, bob, charlie, *tokens)


@pytest.fixture
def bob_session(cast: Cast) -> str:
    """The session cookie of a browser Bob signed in with."""
    browser = Client()
    browser.force_login(cast.bob)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.fixture(scope="session")
def site(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[GatewayProcess]:
    """The chat panel alone on a page."""
    yield from _site(private_redis, "tests.chat.panel_page:application", "tests.chat.panel_settings")


@pytest.fixture(scope="session")
def whole_site(private_redis: PrivateRedis, django_db_setup: None) -> Iterator[GatewayProcess]:
    """Every page of the site, and the gateway, behind one address."""
    yield from _site(private_redis, "tests.chat.whole_site:application", "tests.chat.whole_site_settings")


def _site(private_redis: PrivateRedis, application: str, settings_module: str) -> Iterator[GatewayProcess]:
    environment = {"DJANGO_SETTINGS_MODULE": settings_module}
    process = GatewayProcess(private_redis.url, application=application, environment=environment)
    yield process
    process.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()
