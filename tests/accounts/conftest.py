"""Pages without collected static files, and mails that are sent at once instead of by a worker."""

from typing import Any

import pytest

from accounts.tasks import send_letter

PLAIN_STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture(autouse=True)
def _plain_storages(settings: Any) -> None:
    settings.STORAGES = PLAIN_STORAGES


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]) -> list[Any]:
    """The mails that were sent."""
    monkeypatch.setattr("accounts.tasks.send_letter.delay", send_letter.run)
    return mailoutbox
