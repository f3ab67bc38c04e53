"""What visitors see while PostgreSQL or Redis is away."""

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django.fixtures import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from common.outage import OutageMiddleware


@pytest.fixture(autouse=True)
def _static_files_as_they_are(settings: Settings) -> None:
    """Tests run before `collectstatic` has made the list of hashed names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


def answer(request: HttpRequest, error: Exception) -> HttpResponse | None:
    return OutageMiddleware(lambda _: HttpResponse()).process_exception(request, error)


@pytest.mark.parametrize("error", [OperationalError("server closed"), RedisConnectionError("refused")])
def test_page_says_so_and_comes_back_by_itself(rf: RequestFactory, error: Exception) -> None:
    page = answer(rf.get("/alice"), error)
    assert page is not None
    assert (page.status_code, page["Retry-After"], page["Refresh"]) == (503, "3", "3")
    assert "Back in a moment" in page.content.decode()
    assert "refused" not in page.content.decode()


def test_api_says_so_in_json(rf: RequestFactory) -> None:
    page = answer(rf.get("/api/v1/streams"), OperationalError())
    assert page is not None
    assert (page.status_code, page["Content-Type"]) == (503, "application/json")


def test_other_errors_stay_errors(rf: RequestFactory) -> None:
    assert answer(rf.get("/"), ValueError("a bug")) is None
