"""`manage.py seed` at a tiny size: whole, valid, the same each time, and nothing by halves."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, F
from django.utils import timezone

from accounts.models import User
from accounts.services import create_user
from streaming.models import Broadcast, Category, Channel, Follow
from vod.models import Clip, Vod
from vod.seeding import rows, services
from vod.seeding.copying import UnknownColumn, copy_rows
from vod.seeding.follows import Follows
from vod.seeding.plan import Plan

SMALL = 0.0005  # 500 users
CHECKED = 25  # rows of each table


def quiet(_text: str) -> None:
    """Nobody listens."""


def seed(**options: Any) -> str:
    said = StringIO()
    call_command("seed", stdout=said, **{"scale": SMALL} | options)
    return said.getvalue()


@pytest.mark.django_db
def test_rows_of_every_table_are_as_their_models_want_them() -> None:
    said = seed()
    assert said.startswith("Makes 500 users with a channel each, 50 of them live, 5,000 follows")
    for model in services.MODELS:
        rows = list(model._default_manager.order_by("pk"))
        assert rows, model
        for row in rows[:: max(len(rows) // CHECKED, 1)]:
            row.full_clean()


@pytest.mark.django_db
def test_what_is_counted_twice_agrees() -> None:
    seed()
    counted = Channel.objects.annotate(really=Count("follows")).exclude(follower_count=F("really"))
    assert not counted.exists()
    assert not Follow.objects.filter(user=F("channel__owner")).exists()
    on_air = Broadcast.objects.on_air()
    assert set(on_air.values_list("channel", flat=True)) == set(Channel.objects.live().values_list("pk", flat=True))
    assert on_air.count() == 50
    for category in Category.objects.all():
        live = list(category.channels.live().values_list("viewer_count", flat=True))
        assert (category.live_count, category.viewer_count) == (len(live), sum(live))
    assert not on_air.filter(channel__owner__is_active=False).exists()
    assert Vod.objects.exclude(broadcast__channel=F("channel")).count() == 0
    assert Clip.objects.exclude(broadcast__channel=F("channel")).count() == 0


@pytest.mark.django_db
def test_popularity_is_far_from_even() -> None:
    seed()
    most = Channel.objects.order_by("-follower_count").first()
    assert most is not None
    assert most.follower_count > 50 * Follow.objects.count() / Channel.objects.count() / 10
    followed = User.objects.annotate(followed=Count("follows")).values_list("followed", flat=True)
    assert min(followed) == 0
    assert max(followed) == Plan.at(SMALL, seed=1, now=timezone.now()).followed_max


@pytest.mark.django_db
def test_next_row_gets_a_number_of_its_own() -> None:
    seed()
    alice = create_user(login="alice", password="correct horse battery")
    assert alice.pk == 501
    assert Channel.objects.get(owner=alice).pk == 501


@pytest.mark.django_db
def test_indexes_and_constraints_are_as_before() -> None:
    before = _schema()
    seed()
    assert _schema() == before
    assert len(before) > 50


@pytest.mark.django_db
def test_refuses_a_database_with_users(alice: User) -> None:
    with pytest.raises(CommandError, match="This database has 1 users"):
        seed()
    assert User.objects.count() == 1
    seed(among_real_users=True)
    assert User.objects.count() == 501


@pytest.mark.django_db
def test_a_second_time_says_what_is_there_and_leaves_it() -> None:
    seed()
    before = _schema()
    with pytest.raises(CommandError, match="is there already"):
        seed(among_real_users=True)
    assert User.objects.count() == 500
    assert _schema() == before


@pytest.mark.django_db
def test_dry_run_only_says_it() -> None:
    assert "500 users" in seed(dry_run=True)
    assert not User.objects.exists()


@pytest.mark.parametrize("options", [{"scale": 0.0}, {"scale": 11.0}, {"seed": -1}, {"seed": 1 << 28}])
def test_nonsense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="must be from"):
        seed(**options)


@pytest.mark.django_db
def test_column_that_nobody_mentioned_is_an_error() -> None:
    with pytest.raises(UnknownColumn, match="“broadcast_id”"):
        copy_rows(Vod, ("public_id", "channel_id"), [], say=quiet)
    with pytest.raises(UnknownColumn, match="no column colour"):
        copy_rows(Vod, ("colour",), [], say=quiet)


@pytest.mark.parametrize(
    "drawn", [lambda seed: list(Follows(_plan(seed)).pairs()), lambda seed: rows.Channels.draw(_plan(seed))]
)
def test_same_number_makes_the_same_site(drawn: Callable[[int], Any]) -> None:
    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


NOON = timezone.now()


def _plan(seed: int) -> Plan:
    return Plan.at(SMALL, seed=seed, now=NOON)


def _schema() -> list[tuple[str, str]]:
    tables = [model._meta.db_table for model in services.MODELS]
    with connection.cursor() as cursor:
        # Up to its condition: PostgreSQL writes that another way after it has read it once.
        what = "SELECT indexname, split_part(indexdef, ' WHERE ', 1) FROM pg_indexes WHERE tablename = ANY(%s)"
        cursor.execute(what, [tables])
        found = cursor.fetchall()
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid::regclass::text = ANY(%s)",
            [tables],
        )
        return sorted([*found, *cursor.fetchall()])
