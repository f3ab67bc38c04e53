"""Pages without collected static files, and a channel on air to look at."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from streaming.models import Broadcast, Channel
from tests.conftest import PASSWORD
from tests.look.served import served_site
from tests.look.walk import Site
from vod.models import Vod

PLAIN_STATIC_FILES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture(autouse=True)
def _plain_static_files() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC_FILES):
        yield


@pytest.fixture
def channel(alice: User) -> Channel:
    """Alice's channel, off air."""
    channel = Channel.objects.get(owner=alice)
    channel.title, channel.about, channel.tags = "Painting the mill", "I paint.", ["watercolour"]
    channel.save()
    return channel


@pytest.fixture
def on_air(channel: Channel) -> Broadcast:
    """Alice's broadcast, live for an hour with 1234 viewers."""
    Channel.objects.filter(pk=channel.pk).update(is_live=True, viewer_count=1234, last_live_at=timezone.now())
    started_at = timezone.now() - timedelta(hours=1)
    return Broadcast.objects.create(channel=channel, title=channel.title, state="live", started_at=started_at)


@pytest.fixture
def recording(channel: Channel) -> Vod:
    """Yesterday's broadcast, to be watched again."""
    yesterday = timezone.now() - timedelta(days=1)
    broadcast = Broadcast.objects.create(channel=channel, state="ended", started_at=yesterday, ended_at=yesterday)
    return Vod.objects.create(broadcast=broadcast, channel=channel, title="Painting the sky", duration_seconds=3725)


def browser_of(user: User | None) -> Client:
    """A browser in which this person is signed in (None: nobody)."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def confirmed_browser_of(user: User) -> Client:
    """The same, just after the password was asked for again."""
    client = browser_of(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    """Every page of the site in a process of its own, with the cast on it."""
    with served_site() as served:
        yield served
