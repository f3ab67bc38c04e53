"""E-mails that gather what happened, and the way to end them."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from accounts.notifications import Kind, mails, notify_user
from accounts.notifications.kinds import Way
from accounts.notifications.mail_texts import LINES_MAX, News, subject_of, text_of
from accounts.notifications.models import MailItem
from accounts.notifications.services import preferences_of, set_preference
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(bob: User) -> User:
    """Bob wants e-mails when a channel goes live, and has shown that his address is his."""
    User.objects.filter(pk=bob.pk).update(email="bob@example.org")
    EmailAddress.objects.create(user=bob, email="bob@example.org", verified=True, primary=True)
    set_preference(user_id=bob.pk, kind=Kind.LIVE, way=Way.MAIL, wanted=True)
    return bob


def live(user: User, name: str = "alice") -> None:
    notify_user(user_id=user.pk, kind=Kind.LIVE, text=f"{name} is live", detail="Mills & <b>more</b>", path=f"/{name}")


def age(**by: float) -> None:
    MailItem.objects.update(created_at=timezone.now() - timedelta(**by))


def test_channels_that_went_live_come_in_one_mail(reader: User) -> None:
    for name in ("alice", "dora", "emil"):
        live(reader, name)
    assert mails.send_digests() == 0, "more may come within two minutes"
    age(minutes=3)
    assert mails.send_digests() == 1
    [sent] = mail.outbox
    assert sent.to == ["bob@example.org"]
    assert sent.subject.startswith("3 channels went live")
    assert "• emil is live: Mills & <b>more</b>" in sent.body
    [(html, kind)] = sent.alternatives  # type: ignore[attr-defined]
    assert kind == "text/html"
    assert "&lt;b&gt;more" in str(html)
    assert "<b>more" not in str(html)
    assert not MailItem.objects.exists()


def test_next_mail_waits_for_its_time(reader: User, empty_redis: Any) -> None:
    live(reader)
    age(minutes=3)
    mails.send_digests()
    live(reader, "dora")
    age(minutes=3)
    assert mails.send_digests() == 0
    empty_redis.flushdb()  # its hour is over
    assert mails.send_digests() == 1
    assert len(mail.outbox) == 2


def test_only_who_asked_gets_mails(alice: User, reader: User) -> None:
    live(alice)
    set_preference(user_id=reader.pk, kind=Kind.LIVE, way=Way.MAIL, wanted=False)
    live(reader)
    assert not MailItem.objects.exists()


def test_address_that_nobody_confirmed_gets_none(reader: User) -> None:
    EmailAddress.objects.update(verified=False)
    live(reader)
    age(minutes=3)
    assert mails.send_digests() == 0
    assert mail.outbox == []


def test_suspended_person_gets_none(reader: User) -> None:
    live(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    age(minutes=3)
    assert mails.send_digests() == 0


def test_mail_server_that_refuses_loses_nothing(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    live(reader)
    age(minutes=3)

    def refuse(*_: Any, **__: Any) -> int:
        raise SMTPException

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        assert mails.send_digests() == 0
    assert mails.send_digests() == 1


def test_what_waited_for_days_is_dropped(reader: User) -> None:
    live(reader)
    age(days=3)
    assert mails.send_digests() == 0
    assert not MailItem.objects.exists()


def test_mails_about_safety_are_not_gathered(reader: User) -> None:
    notify_user(user_id=reader.pk, kind=Kind.SECURITY, text="New sign-in.", path="/accounts/security/")
    assert not MailItem.objects.exists()


@override_settings(STORAGES=PLAIN_STATIC_FILES)
def test_one_click_ends_them(reader: User, client: Client, settings: Any) -> None:
    live(reader)
    age(minutes=3)
    mails.send_digests()
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{settings.SITE_URL}/notifications/unsubscribe/")
    path = address.removeprefix(settings.SITE_URL)

    strict = Client(enforce_csrf_checks=True)  # a mail program knows no tokens of ours
    assert b"End these e-mails?" in strict.get(path).content
    assert preferences_of(reader.pk)[Kind.LIVE, Way.MAIL], "opening a link ends nothing"
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not preferences_of(reader.pk)[Kind.LIVE, Way.MAIL]
    assert preferences_of(reader.pk)[Kind.LIVE, Way.PUSH]


@pytest.mark.parametrize("token", ["1", "1:x", "x" * 300, "%00", "1:" + "a" * 43])
@override_settings(STORAGES=PLAIN_STATIC_FILES)
def test_link_of_somebody_else_cannot_be_made_up(reader: User, client: Client, token: str) -> None:
    assert client.post(f"/notifications/unsubscribe/{token}").status_code == 404
    assert preferences_of(reader.pk)[Kind.LIVE, Way.MAIL]


def test_long_list_is_cut() -> None:
    news = [News("live", f"Channel {number} is live", "") for number in range(LINES_MAX + 5)]
    text = text_of(
        news, name="Bob", site="Mill", list_url="https://mill.example/n", unsubscribe_url="https://u.example"
    )
    assert text.count("•") == LINES_MAX
    assert "… and 5 more" in text
    assert subject_of([*news, News("clip", "x", "")], "live") == f"{LINES_MAX + 6} things happened"
    assert subject_of(news[:1], "live") == "Channel 0 is live"
