"""Recordings are kept as long as the class of their channel says."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from streaming.models import Broadcast, Channel, ChannelTier
from vod.models import Kind, Vod
from vod.retention import expire_recordings, kept_until
from vod.services import create_vod

pytestmark = pytest.mark.django_db


@pytest.fixture
def vod(broadcast: Broadcast, settings: Settings) -> Vod:
    settings.KEEP_DAYS = {"everyone": 14, "affiliate": 60, "partner": 0}
    made = create_vod(stream_id=broadcast.public_id)
    assert made is not None
    return made


def grow(vod: Vod, days: float) -> None:
    Vod.objects.filter(pk=vod.pk).update(created_at=timezone.now() - timedelta(days=days))


@pytest.mark.parametrize(
    ("tier", "days", "expired"),
    [("everyone", 13, 0), ("everyone", 15, 1), ("affiliate", 15, 0), ("affiliate", 61, 1), ("partner", 4000, 0)],
)
def test_recording_expires_by_the_class_of_its_channel(vod: Vod, tier: str, days: float, expired: int) -> None:
    Channel.objects.update(tier=ChannelTier(tier))
    grow(vod, days)

    assert expire_recordings() == expired
    assert Vod.objects.kept().count() == 1 - expired
    assert Vod.objects.deleted_lately().count() == expired  # and can be brought back


def test_highlight_is_kept_for_ever(vod: Vod) -> None:
    Vod.objects.update(kind=Kind.HIGHLIGHT)
    grow(vod, 4000)
    vod.refresh_from_db()

    assert expire_recordings() == 0
    assert kept_until(vod) is None


def test_its_owner_sees_until_when(vod: Vod, settings: Settings) -> None:
    assert kept_until(vod) == vod.created_at + timedelta(days=14)
    settings.KEEP_DAYS = dict.fromkeys(ChannelTier, 0)
    assert kept_until(vod) is None
