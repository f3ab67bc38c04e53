"""Passkeys in a real browser with an authenticator of its own: added, used instead of a password, used after one."""

# ruff: noqa: F811  fixtures of another file
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from playwright.async_api import Browser, CDPSession, Page, expect

from accounts.models import User
from tests.chat.gateway_process import GatewayProcess
from tests.conftest import PASSWORD
from tests.pages.test_raid_pages import browser  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(transactional_db: None, empty_redis: object) -> Iterator[str]:
    """The address of the site: browsers have no passkeys for numbers."""
    process = GatewayProcess(
        settings.REDIS_URL,
        "--ws",
        "websockets",
        application="tests.pages.page_site:application",
        environment={
            "DJANGO_SETTINGS_MODULE": "tests.pages.page_settings",
            "MILLRACE_SITE_URL": f"http://localhost:{settings.PORT}",
        },
    )
    yield process.origin.replace("127.0.0.1", "localhost")
    process.stop()


@pytest.fixture(autouse=True)
def _a_password_that_the_site_can_read(alice: User) -> None:
    """Tests make people with a quicker hasher, which the site does not know."""
    hasher = Argon2PasswordHasher()
    User.objects.filter(pk=alice.pk).update(password=hasher.encode(PASSWORD, hasher.salt()))


class Device:
    """A page of a browser, and the authenticator that it can ask."""

    def __init__(self, site: str, page: Page, tools: CDPSession, authenticator: str) -> None:
        self.site, self.page = site, page
        self._tools, self._authenticator = tools, authenticator
        self.said: list[str] = []  # in the console, in red
        page.on("console", lambda message: self.said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    @classmethod
    async def of(cls, browser: Browser, site: str) -> "Device":
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(10_000)
        tools = await page.context.new_cdp_session(page)
        await tools.send("WebAuthn.enable")
        made = await tools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        return cls(site, page, tools, made["authenticatorId"])

    async def send(self, command: str, **options: Any) -> dict[str, Any]:
        return await self._tools.send(command, {"authenticatorId": self._authenticator} | options)

    async def credentials(self) -> list[dict[str, Any]]:
        return list((await self.send("WebAuthn.getCredentials"))["credentials"])

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.site}{path}")

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def sign_in_with_password(self) -> None:
        await self.open("/accounts/login/")
        await self.page.locator("[name=login]").fill("alice")
        await self.page.locator("[name=password]").fill(PASSWORD)
        await self.press("Sign in")
        await self.page.wait_for_url(lambda url: "/login/" not in url)

    async def add_passkey(self, *, passwordless: bool) -> None:
        await self.open("/accounts/2fa/webauthn/add/")
        await self.page.locator("[name=password]").fill(PASSWORD)
        await self.press("Go on")
        await self.page.wait_for_url("**/webauthn/add/")
        await self.page.locator("[name=name]").fill("My laptop")
        if passwordless:
            await self.page.locator("[name=passwordless]").check()
        await self.press("Go on")
        await self.page.wait_for_url(re.compile("/2fa/(recovery-codes/)?$"))

    async def sign_out(self) -> None:
        await self.open("/accounts/logout/")
        await self.page.get_by_role("main").get_by_role("button", name="Sign out").click()
        await self.page.wait_for_url(f"{self.site}/")
        assert await self.who() is None

    async def who(self) -> str | None:
        answer = await self.page.context.request.get(f"{self.site}/api/v1/me")
        return (await answer.json())["login"] if answer.ok else None


async def test_alice_adds_a_passkey_and_signs_in_with_it_alone(site: str, browser: Browser, alice: User) -> None:
    device = await Device.of(browser, site)
    await device.sign_in_with_password()
    await device.add_passkey(passwordless=True)
    (made,) = await device.credentials()
    assert (made["rpId"], made["isResidentCredential"]) == ("localhost", True)
    await device.sign_out()

    await device.open("/accounts/login/")
    await device.press("Sign in with a passkey")
    await device.page.wait_for_url(f"{site}/")
    assert await device.who() == "alice"
    assert device.said == []

    await device.sign_out()
    await device.send("WebAuthn.setUserVerified", isUserVerified=False)  # a stranger with the laptop
    await device.open("/accounts/login/")
    await device.press("Sign in with a passkey")
    await expect(device.page.get_by_role("alert")).to_contain_text("did not work")
    assert await device.who() is None


async def test_a_security_key_is_a_second_step_and_not_enough_alone(site: str, browser: Browser, alice: User) -> None:
    device = await Device.of(browser, site)
    await device.sign_in_with_password()
    await device.add_passkey(passwordless=False)
    await device.sign_out()

    await device.sign_in_with_password()
    await device.page.wait_for_url("**/2fa/authenticate/")
    assert await device.who() is None
    await device.press("Use a passkey")
    await device.page.wait_for_url(f"{site}/")
    assert await device.who() == "alice"
    assert device.said == []


async def test_a_passkey_that_was_removed_signs_nobody_in(site: str, browser: Browser, alice: User) -> None:
    device = await Device.of(browser, site)
    await device.sign_in_with_password()
    await device.add_passkey(passwordless=True)
    await device.sign_out()
    await database_sync_to_async(
        lambda: Authenticator.objects.filter(user=alice).delete()
    )()  # she removed it elsewhere

    await device.open("/accounts/login/")
    await device.press("Sign in with a passkey")
    await device.page.wait_for_load_state()
    await expect(device.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await device.who() is None
