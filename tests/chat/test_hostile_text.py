"""What people write is only ever text, on every surface it reaches, and stays in its own box; in a real browser."""

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from itertools import count, cycle
from math import ceil, floor
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.async_api import Browser, Page, Route, WebSocketRoute, expect

from accounts.services import create_user
from chat import redis_keys
from chat.core.events import Held, Message, Person
from chat.core.message_ids import message_id
from chat.core.roles import Role
from chat.limits import HELD_MAX, REASON_MAX, SEARCH_TEXT_MAX
from chat.models import Ban, ChatMessage, HeldMessage, ModeratorAct, RoomRole
from streaming.models import Channel
from tests.chat.conftest import Cast
from tests.chat.gateway_process import GatewayProcess
from tests.chat.test_panel import FOREIGN, LOG, Network, _put, open_panel
from tests.chat.xss_corpus import CALL, PAYLOADS

OWN_REQUEST = re.compile(
    r"(blob:)?http://127\.0\.0\.1:\d+/(api/v1/|pictures/0{24}/|static/|icons/|manifest\.webmanifest$|dashboard/moderation/|alice$)"
)
NAME_MAX = 25
TITLE_MAX = 140
PICTURE = "0" * 24
OURS = f"[type=hidden], .moderation__row form, [src^='/pictures/{PICTURE}/']"
numbers = count(1)


class Watch:
    """What a page must not have done: run something, asked elsewhere, opened a dialog, made elements of text."""

    def __init__(self, page: Page, inside: str) -> None:
        self.page, self.inside = page, inside
        self.strange: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("dialog", lambda dialog: self.strange.append(dialog.message))

    async def begin(self) -> None:
        self.mine = await self._elements()

    async def check(self, mine: int | None = None) -> None:
        assert await self.page.evaluate("window.__ran") is None
        assert await self._elements() == (self.mine if mine is None else mine)
        assert self.strange == []

    async def _elements(self) -> int:
        return await self.page.locator(f"{self.inside} {FOREIGN}:not({OURS})").count()

    def _note(self, url: str) -> None:
        if not OWN_REQUEST.match(url):
            self.strange.append(url)


# --- the panel


async def test_no_payload_runs_in_cards_lists_and_pickers(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(RoomRole.objects.create)(room_id=cast.room_id, user=cast.bob, role=Role.MODERATOR)
    bob = await open_panel(browser, site, cast.room_id, bob_session)
    watch = Watch(bob, "[data-chat]")
    await watch.begin()
    answers = _answers()
    await bob.route(re.compile("/api/v1/channels/alice/"), lambda route: _answer(route, answers))
    _put(room_redis, cast, 1, Message("id1", "", Person(7, "bob", "Bobby"), "hello", seq=1).to_json())

    await bob.locator(f"{LOG} [data-person]").first.click()
    await expect(bob.locator("[data-record-notes] > li")).to_have_count(len(PAYLOADS))
    await expect(bob.locator("[data-record-said] > li")).to_have_count(len(PAYLOADS))
    await expect(bob.locator("[data-record-facts]")).to_contain_text(PAYLOADS[1])
    await watch.check()
    await bob.keyboard.press("Escape")

    await bob.locator("[data-people-open]").click()
    await expect(bob.locator("[data-people-list] li")).to_have_count(len(PAYLOADS))
    await watch.check()
    await bob.keyboard.press("Escape")

    await bob.locator("[data-emotes-open]").click()
    await expect(bob.locator("[data-emotes-list] [data-code]")).to_have_count(len(PAYLOADS))
    assert await bob.locator("[data-emotes-list] img").last.get_attribute("alt") == PAYLOADS[-1]
    await watch.check()
    await bob.keyboard.press("Escape")

    for at, text in enumerate(PAYLOADS):
        if at % 8 == 0:  # eight are offered at once
            await bob.locator("[data-input]").fill("/x" + str(at))
            await expect(bob.locator("[role=option]").first).to_contain_text(text.strip()[:20])
    await watch.check()


async def test_no_payload_runs_in_what_the_room_answers(
    browser: Browser, site: GatewayProcess, cast: Cast, bob_session: str, room_redis: redis.Redis
) -> None:
    sockets: list[WebSocketRoute] = []

    class Tapped(Network):
        async def carry(self, route: WebSocketRoute) -> None:
            sockets.append(route)
            await super().carry(route)

    bob = await open_panel(browser, site, cast.room_id, bob_session, Tapped())
    watch = Watch(bob, "[data-chat]")
    await watch.begin()
    for at, text in enumerate(PAYLOADS):
        for event in (
            {"type": "notice", "code": text, "text": text},
            {"type": "refused", "nonce": text, "rule": text, "text": text, "retry_after": None},
            {"type": "done", "nonce": text, "text": text},
            {"type": "held", "message": _said(text, at), "score": text},
            {"type": "held_decided", "id": text},
            {"type": "message", "seq": at + 1, **_said(f"{text} code", at), "emotes": {PICTURE: [[0, len(text) - 1]]}},
            {"type": "message_removed", "id": text, "seq": None},
            {"type": "signed_in", "you": {"id": 1, "login": text, "display_name": text, "badges": [text, "moderator"]}},
            {"type": text},
        ):
            sockets[0].send(json.dumps(event))
    await expect(bob.locator("[data-alert]")).to_have_text(PAYLOADS[-1])
    await expect(bob.locator(LOG).last).to_contain_text("code")
    await watch.check()


def _answers() -> dict[str, Any]:
    """What the API tells the panel, all of it payloads."""
    now = timezone.now().isoformat()
    return {
        "people/bob": {
            "account_created_at": now,
            "followed_at": None,
            "silence": {"warning": False, "until": now, "by": PAYLOADS[0], "reason": PAYLOADS[1]},
            **dict.fromkeys(("timeouts", "bans", "warnings", "messages"), PAYLOADS[2]),
            "notes": [{"id": 1, "text": text, "by": text, "created_at": now} for text in PAYLOADS],
        },
        "people/bob/messages": _page({"text": text, "sent_at": now, "removed_at": None} for text in PAYLOADS),
        "chatters": _page({"login": text, "display_name": text, "role": text} for text in PAYLOADS),
        "commands": [{"name": f"x{at}", "usage": text, "says": text} for at, text in enumerate(PAYLOADS)],
        "emotes": {"prefix": "", "channel": [{"code": text, "id": PICTURE} for text in PAYLOADS], "common": []},
        "held": _page({"message": _said(text), "score": 1, "created_at": now} for text in PAYLOADS[:HELD_MAX]),
    }


def _page(results: Iterable[object]) -> dict[str, object]:
    listed = list(results)
    return {"count": len(listed), "next": None, "results": listed}


def _said(text: str, at: int = 0) -> dict[str, Any]:
    user = {"id": at, "login": text, "display_name": text, "badges": [text], "color": text}
    return {"id": f"{text}{at}", "sent_at": text, "user": user, "text": text}


async def _answer(route: Route, answers: dict[str, Any]) -> None:
    path = route.request.url.partition("?")[0].partition("/channels/alice/")[2].removeprefix("chat/")
    await route.fulfill(json=answers[path])


async def test_no_payload_runs_in_the_title_beside_the_chat(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    """As the server writes it, for some, and as the page is told it, for all."""
    told: list[WebSocketRoute] = []
    page = await (await browser.new_context()).new_page()
    await page.route_web_socket(re.compile("/channels/alice/events"), lambda route: told.append(route))
    watch = Watch(page, "main")
    for text in PAYLOADS[:: len(PAYLOADS) // 16]:
        fields = {"title": text[:TITLE_MAX], "about": text, "tags": [text[:NAME_MAX]]}
        await database_sync_to_async(Channel.objects.filter(pk=cast.room_id).update)(**fields)
        await page.goto(f"{whole_site.origin}/alice")
        await page.locator("[data-chat] [data-loading]").wait_for(state="detached")
        if not hasattr(watch, "mine"):
            await watch.begin()
        await watch.check()
    for text in PAYLOADS:
        state = {"type": "state", "state": "offline", "title": text, "category": text, "viewers": text}
        told[-1].send(json.dumps(state))
    await expect(page.locator("[data-stream-title]")).to_have_text(PAYLOADS[-1])
    await watch.check()


# --- the moderators' pages


@pytest.fixture
def alice_session(cast: Cast) -> str:
    client = Client()
    client.force_login(cast.alice)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


async def open_page(browser: Browser, site: GatewayProcess, session: str, path: str) -> tuple[Page, Watch]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    await context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site.origin}])
    page = await context.new_page()
    page.set_default_timeout(20_000)
    watch = Watch(page, "#moderation")
    await page.goto(f"{site.origin}{path}")
    return page, watch


async def test_no_payload_runs_among_what_waits(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    page, watch = await open_page(browser, whole_site, alice_session, "/dashboard/moderation/alice/")
    await watch.begin()
    for start in range(0, len(PAYLOADS), HELD_MAX):
        texts = PAYLOADS[start : start + HELD_MAX]
        held = [_held(cast, text) for text in texts]
        await database_sync_to_async(HeldMessage.objects.bulk_create)(held)
        await page.reload()
        await expect(page.locator("[data-held-list] > li")).to_have_count(len(texts))
        await expect(page.locator("[data-text]").last).to_have_text(texts[-1])
        await watch.check()
        await database_sync_to_async(HeldMessage.objects.all().delete)()
    await page.reload()
    await expect(page.locator("[data-held-empty]")).to_be_visible()
    asked = "performance.getEntriesByName(location.origin + '/api/v1/channels/alice/chat/held?limit=100')"
    await page.wait_for_function(f"{asked}.length")  # the hello was heard
    for at, text in enumerate(PAYLOADS):
        if at % HELD_MAX == 0:
            await page.locator("[data-held-list]").evaluate("list => list.replaceChildren()")
        event = Held(_said(text, at), 0.9).to_json()
        room_redis.publish(redis_keys.room_feed(cast.room_id), f"m:{event}")
        if at % HELD_MAX == HELD_MAX - 1 or text is PAYLOADS[-1]:
            await expect(page.locator("[data-text]").last).to_have_text(text)
            await watch.check()


async def test_no_payload_runs_in_the_log_and_its_search(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(ChatMessage.objects.bulk_create)([_stored(cast, text) for text in PAYLOADS])
    page, watch = await open_page(browser, whole_site, alice_session, "/dashboard/moderation/alice/log?user=nobody")
    await watch.begin()
    await page.get_by_role("link", name="Show all").click()
    seen = 0
    while True:
        await page.wait_for_load_state()
        seen += await page.locator(".moderation__said").count()
        await watch.check()
        if not await page.locator("[rel=next]").count():
            break
        await page.locator("[rel=next]").click()
    assert seen == len(PAYLOADS)
    pages = cycle((("log", 5), ("acts", 2), ("bans", 2)))  # what is typed, and the form around it
    for text, (path, fields) in zip(PAYLOADS[:: len(PAYLOADS) // 25], pages, strict=False):
        query = urlencode({"q": text[:SEARCH_TEXT_MAX], "user": text[:NAME_MAX], "since": text, "before": "1"})
        await page.goto(f"{whole_site.origin}/dashboard/moderation/alice/{path}?{query}")
        await watch.check(fields)


async def test_no_payload_runs_among_bans_and_acts(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    await database_sync_to_async(_punish_many)(cast)
    for path, rows in (("bans", 40), ("acts", len(PAYLOADS))):
        page, watch = await open_page(
            browser, whole_site, alice_session, f"/dashboard/moderation/alice/{path}?user=nobody"
        )
        await watch.begin()
        await page.get_by_role("link", name="Show all").click()
        seen = 0
        while True:
            await page.wait_for_load_state()
            seen += await page.locator(".moderation__said").count()
            await watch.check()
            if not await page.get_by_role("link", name="Older").count():
                break
            await page.get_by_role("link", name="Older").click()
        assert seen == rows


async def test_the_moderators_page_would_run_a_payload_without_escaping(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    """Negative control: the same rows through the same template, unescaped, are caught by the same check."""
    texts = [text for text in PAYLOADS if text.startswith("<img src=x onerror")]
    await database_sync_to_async(HeldMessage.objects.bulk_create)([_held(cast, text) for text in texts])
    page, watch = await open_page(browser, whole_site, alice_session, "/unsafe/page")
    watch.mine = 0
    await page.wait_for_function("window.__ran === 1")
    with pytest.raises(AssertionError):
        await watch.check()
    assert CALL in PAYLOADS[0]


def _held(cast: Cast, text: str) -> HeldMessage:
    pk = message_id(unix_ms=int(timezone.now().timestamp() * 1000), random=next(numbers))
    return HeldMessage(pk=pk, room_id=cast.room_id, sender=cast.bob, message=_said(text), score=0.9)


def _stored(cast: Cast, text: str) -> ChatMessage:
    number, now = next(numbers), timezone.now()
    return ChatMessage(
        id=message_id(unix_ms=int(now.timestamp() * 1000), random=number),
        room_id=cast.room_id,
        seq=number,
        sender=cast.bob,
        login=text[:NAME_MAX],
        display_name=text[:NAME_MAX],
        text=text,
        reply={"id": text, "display_name": text, "login": text, "text": text},
        sent_at=now - timedelta(minutes=1),
    )


def _punish_many(cast: Cast) -> None:
    """A ban each for 40 people, with 40 of the payloads; all of them in the record of acts."""
    users = [create_user(login=f"guest_{number}") for number in range(40)]
    for user, text in zip(users, PAYLOADS[:: len(PAYLOADS) // 40], strict=False):
        Ban.objects.create(room_id=cast.room_id, user=user, by=user, reason=text[:REASON_MAX])
    ModeratorAct.objects.bulk_create(
        ModeratorAct(
            room_id=cast.room_id,
            actor=users[at % 40],
            target=users[(at + 1) % 40],
            act="poll" if at % 2 else text[:20],
            reason=text[:REASON_MAX],
            details={"question": text, "subject": text, "seconds": text},
        )
        for at, text in enumerate(PAYLOADS)
    )


# --- boxes

ODD = {
    "zalgo": "Z" + "\u0310\u0316\u0335" * 60 + "lgo",
    "stacked in one place": "\u0e49" * 200 + "o" + "\u0f71\u0f72\u0f73" * 60,
    "enclosing": "a\u20dd\u20de\u20df\u20e0" * 40,
    "override": "\u202e\u202d" * 100 + "gpj.exe",
    "isolates left open": "\u2066\u2067\u2068" * 100 + "text",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff" * 200,
    "one word": "w" * 500,
    "no break": "\u00a0x" * 250,
    "giant": "\ufdfd" * 60 + "𒐫" * 60 + "𒈙" * 60 + "꧅" * 60,
    "tall": "༗" * 20 + "ཨྭོཾ" * 60,
    "rows": "x\u2028y\u2029z\u0085\v\f" * 60,
    "joined": "👩\u200d👩\u200d👧\u200d👦" * 60 + "🏴" + "\U000e0067\U000e007f" * 60,
    "Hebrew and Arabic": "שלום مرحبا " * 40,
    "tabs": "\t" * 400 + "end",
}


@pytest.mark.parametrize("width", [390, 1280])
async def test_odd_text_stays_in_its_own_box(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis, width: int
) -> None:
    """Past the rules, which take most of it out: nothing is painted over the neighbours, nothing grows without end."""
    page = await open_panel(browser, site, cast.room_id)
    await page.set_viewport_size({"width": width, "height": 700})
    seq = 0
    for name, odd in ODD.items():
        await page.locator("[data-log]").evaluate("log => log.replaceChildren()")
        plain = Person(1, "alice", "Alice")
        for user, text in ((plain, "above"), (Person(2, "odd", odd, color="#ff0000"), odd), (plain, "below")):
            seq += 1
            _put(room_redis, cast, seq, Message(f"id{seq}", "2026-01-01T00:00:00Z", user, text, seq=seq).to_json())
        await expect(page.locator(LOG)).to_have_count(3)
        boxes = await page.locator(LOG).evaluate_all(
            "items => items.map((item) => item.getBoundingClientRect()).map(({ top, bottom, left, right }) => "
            "({ top, bottom, left, right }))"
        )
        above, box, below = boxes
        assert above["bottom"] <= box["top"] + 0.5 and box["bottom"] <= below["top"] + 0.5, name
        assert box["right"] <= above["right"] and box["left"] >= above["left"], name
        assert box["bottom"] - box["top"] < 3_000, name
        scroll = page.locator("[data-scroll]")
        assert await scroll.evaluate("one => one.scrollWidth <= one.clientWidth"), name
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        for neighbour in (page.locator(LOG).first, page.locator(LOG).last):
            with_it = await _picture_beside(page, neighbour, "visible")
            assert with_it == await _picture_beside(page, neighbour, "hidden"), name


async def test_the_check_of_boxes_can_fail(
    browser: Browser, site: GatewayProcess, cast: Cast, room_redis: redis.Redis
) -> None:
    """Negative control: text that is higher than its message does reach its neighbours where it is not contained."""
    page = await open_panel(browser, site, cast.room_id)
    for seq, text in enumerate(("above", "high " * 100, "below"), start=1):
        _put(room_redis, cast, seq, Message(f"id{seq}", "", Person(1, "a", "A"), text, seq=seq).to_json())
    await expect(page.locator(LOG)).to_have_count(3)
    reached = []
    for contained in ("content", "none"):
        style = f"one => {{ one.style.height = '20px'; one.style.contain = '{contained}' }}"
        await page.locator(LOG).nth(1).evaluate(style)
        below = page.locator(LOG).last
        with_it, without = [await _picture_beside(page, below, shown) for shown in ("visible", "hidden")]
        reached.append(with_it != without)
    assert reached == [False, True]


async def _picture_beside(page: Page, neighbour: Any, shown: str) -> bytes:
    await page.locator(LOG).nth(1).evaluate("(one, shown) => { one.style.visibility = shown }", shown)
    await neighbour.scroll_into_view_if_needed()
    box = await neighbour.bounding_box()
    inside = {"x": box["x"], "width": box["width"], "y": ceil(box["y"]) + 1, "height": floor(box["height"]) - 3}
    return await page.screenshot(clip=inside, animations="disabled")  # type: ignore[arg-type]


async def test_odd_text_stays_in_its_row_on_the_moderators_page(
    browser: Browser, whole_site: GatewayProcess, cast: Cast, alice_session: str, room_redis: redis.Redis
) -> None:
    held = [_held(cast, odd) for odd in ODD.values()]
    await database_sync_to_async(HeldMessage.objects.bulk_create)(held)
    page, _ = await open_page(browser, whole_site, alice_session, "/dashboard/moderation/alice/")
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        await expect(page.locator("[data-held-list] > li")).to_have_count(len(ODD))
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        heights = await page.locator("[data-held-list] > li").evaluate_all(
            "rows => rows.map((row) => row.offsetHeight)"
        )
        assert max(heights) < 1_000
        clipped = await page.locator("[data-text], [data-name]").evaluate_all(
            "texts => texts.every((text) => getComputedStyle(text).overflow === 'clip')"
        )
        assert clipped
