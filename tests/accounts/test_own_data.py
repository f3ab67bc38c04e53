"""What people can take away, and what is left of who leaves."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Field, Model
from django.test import Client
from django.utils import timezone

from accounts import exports, leaving
from accounts.models import DataExport, User
from accounts.own_data import Leaving, is_named, tables
from accounts.services import create_api_token, create_user, find_token, reinstate_user, suspend_user
from chat.models import Ban, ChatMessage
from common.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotThere, TooMany
from streaming.models import Broadcast, Channel
from streaming.services import follow_channel, rotate_stream_key
from tests.conftest import PASSWORD
from vod.models import Clip, Vod

pytestmark = pytest.mark.django_db(transaction=True)


def references(model: type[Model]) -> list[tuple[str, str]]:
    """What in this table leads to a person, directly or as the owner of a channel."""
    found = []
    for field in model._meta.get_fields():
        if isinstance(field, Field) and field.is_relation and not field.many_to_many:
            if field.related_model is User:
                found.append((model._meta.label, field.name))
            elif field.related_model is Channel:
                found.append((model._meta.label, f"{field.name}__owner"))
    return found


EVERY_REFERENCE = [one for model in apps.get_models(include_auto_created=True) for one in references(model)]


@pytest.mark.parametrize("reference", EVERY_REFERENCE, ids=".".join)
def test_every_table_that_knows_people_is_named(reference: tuple[str, str]) -> None:
    assert is_named(*reference), f"name {reference} in its app's own_tables.py"


def test_a_table_that_is_not_named_would_be_noticed() -> None:
    assert len(EVERY_REFERENCE) > 40
    assert not is_named("accounts.SomethingNew", "user")


@pytest.mark.parametrize("table", tables(), ids=lambda table: f"{table.model}.{table.path}")
def test_every_named_table_can_be_read(table: Any, alice: User) -> None:
    rows = apps.get_model(table.model)._default_manager.filter(**{table.path: alice})
    assert list(rows.values(*table.fields)[:1]) is not None


@pytest.fixture
def life(alice: User, bob: User, charlie: User) -> User:
    """Alice, with something in many tables."""
    channel = alice.channel
    Channel.objects.filter(pk=channel.pk).update(title="My mill", about="Call me at the mill", follower_count=0)
    EmailAddress.objects.create(user=alice, email="alice@example.org", verified=True, primary=True)
    rotate_stream_key(channel=channel)
    for person in (bob, charlie):
        Channel.objects.get_or_create(owner=person)
        follow_channel(user=person, channel=channel)
    follow_channel(user=alice, channel=Channel.objects.get(owner=bob))
    broadcast = Broadcast.objects.create(
        channel=channel, title="A day at the mill", state="ended", ended_at=timezone.now()
    )
    Vod.objects.create(channel=channel, broadcast=broadcast, title="Painting")
    Clip.objects.create(channel=channel, clipper=bob, title="Splash", starts_at=timezone.now(), duration_seconds=5)
    bobs = Channel.objects.get(owner=bob)
    Clip.objects.create(channel=bobs, clipper=alice, title="Ha", starts_at=timezone.now(), duration_seconds=5)
    say(bobs, alice, "hello from alice", 1)
    reply = {"id": "x", "login": "alice", "display_name": "Alice", "text": "hello", "thread_login": "alice"}
    say(bobs, bob, "hello alice", 2, reply=reply)
    Ban.objects.create(room=bobs, user=charlie, by=alice)
    return alice


def say(room: Channel, sender: User, text: str, seq: int, **fields: Any) -> None:
    ChatMessage.objects.create(
        id=uuid4(), room=room, seq=seq, sender=sender, login=sender.login, display_name=str(sender), text=text,
        sent_at=timezone.now(), **fields,
    )  # fmt: skip


def archive_of(user: User) -> dict[str, Any]:
    export = exports.ask_for_export(user=user)
    assert exports.write_export(export_id=export.pk)
    export.refresh_from_db()
    with default_storage.open(export.name) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        return {name: json.loads(archive.read(name)) for name in names}


def test_alice_takes_her_data_away_and_nobody_elses(life: User) -> None:
    files = archive_of(life)
    assert files["account.json"]["login"] == "alice"
    assert [row["text"] for row in files["chat.ChatMessage.sender.json"]] == ["hello from alice"]
    assert [row["title"] for row in files["vod.Vod.channel.owner.json"]] == ["Painting"]
    assert files["streaming.Follow.user.json"][0]["channel__owner__login"] == "bob"
    everything = json.dumps(files)
    assert "bob@example.org" not in everything
    assert life.password not in everything


def test_one_file_at_a_time_and_one_a_day(life: User) -> None:
    export = exports.ask_for_export(user=life)
    with pytest.raises(Conflict):
        exports.ask_for_export(user=life)
    exports.write_export(export_id=export.pk)
    assert not exports.write_export(export_id=export.pk), "made once"
    with pytest.raises(TooMany):
        exports.ask_for_export(user=life)


def test_the_file_is_its_owners_and_goes_after_a_week(life: User, bob: User) -> None:
    archive_of(life)
    export = DataExport.objects.get()
    with pytest.raises(NotThere):
        exports.export_for_owner(export_id=export.pk, user=bob)
    DataExport.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert exports.remove_old_exports() == 1
    assert not default_storage.exists(export.name)


def test_a_file_that_cannot_be_made_can_be_asked_for_again(life: User) -> None:
    export = exports.ask_for_export(user=life)
    exports.give_up_export(export_id=export.pk)
    assert exports.ask_for_export(user=life).pk != export.pk


def test_alice_downloads_it_after_her_password(life: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.views.privacy.write_export.delay", lambda pk: exports.write_export(export_id=pk))
    browser = Client()
    browser.force_login(life)
    assert "/reauthenticate/" in browser.post("/accounts/privacy/export")["Location"]
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/privacy/export")
    answer = browser.get(f"/accounts/privacy/export/{DataExport.objects.get().pk}")
    assert answer["Content-Disposition"].startswith('attachment; filename="alice-')
    assert answer.getvalue()[:2] == b"PK"


def leave(user: User) -> None:
    leaving.ask_to_leave(user=user, typed_login=user.login)


def test_leaving_takes_the_name_and_hides_the_account_at_once(life: User) -> None:
    token = create_api_token(user=life, name="bot")
    browser = Client()
    browser.force_login(life)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.post("/accounts/privacy/delete", {"login": "alicia"}).content.decode()
    assert "Type alice to confirm." in page
    assert "is going" in browser.post("/accounts/privacy/delete", {"login": "Alice"}).content.decode()
    assert browser.get("/api/v1/me").status_code == 401
    assert Client().get("/alice").status_code == 404
    assert find_token(token) is None


def test_signing_in_undoes_it(life: User) -> None:
    leave(life)
    browser = Client()
    page = browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD}, follow=True).content.decode()
    assert "Welcome back" in page
    life.refresh_from_db()
    assert (life.is_active, life.leaving_at) == (True, None)
    assert Client().get("/alice").status_code == 200


def test_a_suspended_user_does_not_come_back_that_way(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert browser.get("/api/v1/me").status_code == 401


def test_who_is_suspended_while_he_leaves_does_not_come_back_until_he_is_reinstated(life: User) -> None:
    leave(life)
    suspend_user(user=life)
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert browser.get("/api/v1/me").status_code == 401
    assert not leaving.stay(user=life)

    reinstate_user(user=life)
    assert not life.is_active, "he is still leaving"
    browser.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert browser.get("/api/v1/me").status_code == 200


def test_nobody_is_deleted_before_the_time(life: User) -> None:
    leave(life)
    assert leaving.remove_leavers() == 0
    User.objects.filter(pk=life.pk).update(leaving_at=timezone.now())
    assert leaving.remove_leavers() == 1
    assert leaving.remove_leavers() == 0


def test_nothing_of_alice_is_left(life: User, bob: User) -> None:
    archive_of(life)
    leave(life)
    leaving.remove_account(user=life)

    life.refresh_from_db()
    assert life.login.startswith("left_")
    assert (life.email, life.display_name, life.has_usable_password()) == (None, "", False)
    left = dump_of_all_tables()
    for trace in ("alice@example.org", "Call me at the mill", "A day at the mill", "Painting", "Splash"):
        assert trace not in left, trace
    message, answer = ChatMessage.objects.order_by("seq")
    assert (message.sender, message.login, message.text) == (None, "left", "hello from alice")
    assert answer.reply is not None
    assert (answer.reply["login"], answer.reply["thread_login"]) == ("left", "left")
    assert Channel.objects.get(owner=bob).follower_count == 0
    assert not Vod.objects.kept().exists()
    assert Vod.objects.to_purge().count() == 1, "the purge takes its files in its next run"
    assert default_storage.listdir("exports")[1] == []
    with pytest.raises(DomainError):
        create_user(login="a1ice")


def test_it_can_be_done_twice(life: User) -> None:
    leave(life)
    leaving.remove_account(user=life)
    life.refresh_from_db()
    leaving.remove_account(user=life)


def test_the_last_who_runs_the_site_stays(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    alice.refresh_from_db()
    with pytest.raises(NotAllowed):
        leave(alice)
    with pytest.raises(InvalidInput):
        leaving.ask_to_leave(user=alice, typed_login="somebody")


def test_every_table_says_what_becomes_of_it() -> None:
    assert all(isinstance(table.leaving, Leaving) for table in tables())
    assert all(table.fields or table.reason for table in tables())


def dump_of_all_tables() -> str:
    """Every row of every table, as text."""
    rows = []
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{name}" AS t')  # noqa: S608  names of our own tables
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)
