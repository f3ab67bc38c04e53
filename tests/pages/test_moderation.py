"""The moderators' pages as the server makes them."""

from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat import look_back
from chat.core.act_words import act_text, act_words
from chat.core.message_ids import message_id
from chat.core.roles import Role
from chat.models import Ban, ChatMessage, HeldMessage, ModeratorAct, RoomModes, RoomRole
from chat.moderation import time_out_user
from streaming.models import Channel
from tests.pages.conftest import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

PAGES = [f"/dashboard/moderation/alice/{part}" for part in ("", "log", "bans", "acts")]
numbers = count(1)


def said(room: Channel, sender: User, text: str, *, minutes_ago: int = 1, removed: bool = False) -> ChatMessage:
    number, at = next(numbers), timezone.now() - timedelta(minutes=minutes_ago)
    return ChatMessage.objects.create(
        id=message_id(unix_ms=int(at.timestamp() * 1000), random=number),
        room=room,
        seq=number,
        sender=sender,
        login=sender.login,
        display_name=sender.display_name,
        text=text,
        sent_at=at,
        removed_at=timezone.now() if removed else None,
    )


def holding(room: Channel, sender: User, text: str) -> HeldMessage:
    user = {"id": sender.pk, "login": sender.login, "display_name": sender.display_name, "badges": []}
    pk = message_id(unix_ms=int(timezone.now().timestamp() * 1000), random=next(numbers))
    message = {"id": str(pk), "sent_at": timezone.now().isoformat(), "user": user, "text": text}
    return HeldMessage.objects.create(pk=pk, room=room, sender=sender, message=message, score=0.93)


def page(browser: Client, url: str) -> str:
    answer = browser.get(url, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("url", PAGES)
def test_strangers_are_kept_out(channel: Channel, charlie: User, url: str) -> None:
    assert browser_of(charlie).get(url).status_code == 403
    assert browser_of(None).get(url)["Location"].startswith("/accounts/login/")
    assert browser_of(charlie).get(url.replace("alice", "nobody_here")).status_code == 404
    assert browser_of(charlie).post(url).status_code == 405


def test_strangers_do_nothing(channel: Channel, bob: User, charlie: User) -> None:
    held, message = holding(channel, bob, "buy"), said(channel, bob, "hello")
    for act in (f"held/{held.pk}", "bans/bob/lift", f"messages/{message.pk}/remove"):
        assert browser_of(charlie).post(f"/dashboard/moderation/alice/{act}").status_code == 403
        assert browser_of(None).post(f"/dashboard/moderation/alice/{act}").status_code == 302
        assert browser_of(charlie).get(f"/dashboard/moderation/alice/{act}", follow=True).status_code == 403
    assert HeldMessage.objects.waiting().count() == 1


def test_everyone_has_his_own_and_moderators_those_they_help_in(channel: Channel, alice: User, bob: User) -> None:
    assert browser_of(alice).get("/dashboard/moderation/")["Location"] == "/dashboard/moderation/alice/"
    assert "Nothing waits" in page(browser_of(alice), PAGES[0])
    RoomRole.objects.create(room=channel, user=bob, role=Role.MODERATOR)
    own = page(browser_of(bob), "/dashboard/moderation/")
    assert 'href="/dashboard/moderation/alice/"' in own
    theirs = page(browser_of(bob), PAGES[0])
    assert "Moderation of <bdi>" in theirs and "Your chat" in theirs


def test_what_waits_is_decided_without_a_script(channel: Channel, alice: User, bob: User) -> None:
    first, second = holding(channel, bob, "buy <b>followers</b>"), holding(channel, bob, "buy viewers")
    browser = browser_of(alice)
    shown = page(browser, PAGES[0])
    assert "buy &lt;b&gt;followers&lt;/b&gt;" in shown and "93 %" in shown
    answer = browser.post(f"{PAGES[0]}held/{first.pk}", {"approve": "yes"}, follow=True).content.decode()
    assert "The message was let through." in answer and "buy viewers" in answer
    browser.post(f"{PAGES[0]}held/{second.pk}", {"approve": "no"})
    assert list(HeldMessage.objects.order_by("pk").values_list("approved", flat=True)) == [True, False]
    late = browser.post(f"{PAGES[0]}held/{first.pk}", {"approve": "no"}, follow=True).content.decode()
    assert "does not wait any more" in late


def test_a_page_without_messages_says_how_they_come_to_wait(channel: Channel, alice: User) -> None:
    assert "/automod 1" in page(browser_of(alice), PAGES[0])
    RoomModes.objects.create(room=channel, automod_level=1)
    assert "/automod 1" not in page(browser_of(alice), PAGES[0])


def test_the_log_is_searched_by_text_person_and_time(channel: Channel, alice: User, bob: User, charlie: User) -> None:
    browser, log = browser_of(alice), PAGES[1]
    assert "Nothing was said yet" in page(browser, log)
    said(channel, bob, "an old hat", minutes_ago=90)
    said(channel, charlie, "a new hat", minutes_ago=10)
    said(channel, bob, "rude", minutes_ago=5, removed=True)
    half = (timezone.now() - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M")
    for query, found in (
        ("", ["rude", "a new hat", "an old hat"]),
        ("?q=HAT", ["a new hat", "an old hat"]),
        ("?user=@Bob", ["rude", "an old hat"]),
        (f"?until={half}", ["an old hat"]),
        (f"?since={half}", ["rude", "a new hat"]),
        (f"?since={half}&q=hat&user=charlie", ["a new hat"]),
    ):
        shown = page(browser, log + query)
        places = [shown.find(f">{text}<") for text in found]
        assert -1 not in places and places == sorted(places), query
        assert shown.count('class="moderation__said"') == len(found), query
    assert "Removed" in page(browser, log)
    assert "Nothing was found" in page(browser, f"{log}?q=cap")
    assert "Nothing was found" in page(browser, f"{log}?since=2999-01-01T00:00")


def test_nonsense_in_the_search_is_marked_and_nothing_is_looked_for(channel: Channel, alice: User, bob: User) -> None:
    said(channel, bob, "hello")
    for query in ("?since=yesterday", "?q=" + "x" * 101, "?q=%00", "?before=-1", "?user=" + "x" * 26):
        answer = browser_of(alice).get(PAGES[1] + query)
        assert answer.status_code == 400, query
        assert "mend what is marked" in answer.content.decode()


def test_the_log_is_paged_through_to_its_end(
    channel: Channel, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        said(channel, bob, f"line {number}.", minutes_ago=60 - number)
    browser, url, lines = browser_of(alice), PAGES[1], 0
    for _ in range(5):
        shown = page(browser, url)
        lines += shown.count('class="moderation__said"')
        older = shown.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        if 'rel="next"' not in shown:
            break
        url = PAGES[1] + older
    assert lines == 60
    monkeypatch.setattr(look_back, "SEARCH_REACH", 10)
    assert "Look further back" in page(browser, f"{PAGES[1]}?q=line 7.")


def test_a_message_is_removed_and_the_page_stays_the_same(channel: Channel, alice: User, bob: User) -> None:
    message = said(channel, bob, "rude hat")
    url = f"/dashboard/moderation/alice/messages/{message.pk}/remove"
    answer = browser_of(alice).post(url, {"query": "q=hat&user=bob"})
    assert answer["Location"] == "/dashboard/moderation/alice/log?q=hat&user=bob"
    message.refresh_from_db()
    assert message.removed_at is not None


def test_bans_are_listed_and_lifted(channel: Channel, alice: User, bob: User, charlie: User) -> None:
    browser, url = browser_of(alice), PAGES[2]
    assert "Everyone may write" in page(browser, url)
    time_out_user(room=channel, actor=alice, login="bob", seconds=600, reason="spam & more")
    shown = page(browser, url)
    assert "Timed out" in shown and "spam &amp; more" in shown
    assert "Nobody of that name" in page(browser, f"{url}?user=charlie")
    answer = browser.post(f"{url}/bob/lift", follow=True).content.decode()
    assert "bob can write again." in answer
    assert not Ban.objects.in_force().exists()


def test_acts_are_told_in_words(channel: Channel, alice: User, bob: User) -> None:
    browser, url = browser_of(alice), PAGES[3]
    assert "Nothing was done yet" in page(browser, url)
    time_out_user(room=channel, actor=alice, login="bob", seconds=600, reason="spam")
    browser.post("/dashboard/moderation/alice/bans/bob/lift")
    ModeratorAct.objects.create(room=channel, actor=alice, act="block", details={"term": "casino"})
    shown = page(browser, url)
    for words in ("timed out", "for 10 minutes", "write again", "blocked the term", "casino", "spam"):
        assert words in shown
    assert "blocked the term" not in page(browser, f"{url}?user=bob")
    assert "Nothing by or about" in page(browser, f"{url}?user=charlie")


def test_every_act_there_is_has_words() -> None:
    for act in ("approve", "ban", "remove", "unvip", "moderator", "shieldset", "erase emote", "unbadge"):
        assert act_words(act, {})[0] != act
    assert act_words("of another version", {}) == ("of another version", "")
    assert act_text("modes", {"slow_seconds": 30, "shield": True}) == "shield: on, slow seconds: 30"
