"""A push service on loopback, which is not the internet: these tests allow it."""

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest

from tests.accounts.notifications.push_service import PushService, push_service


@pytest.fixture
def pushes(settings: Any) -> Iterator[PushService]:
    settings.OUTBOUND_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    with push_service() as service:
        yield service
