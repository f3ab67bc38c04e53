"""Where a report begins: on the pages of what can be reported."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Report, User
from streaming.models import Broadcast, Channel
from tests.pages.conftest import browser_of
from vod.models import Clip, Vod

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(recording: Vod, bob: User) -> Clip:
    return Clip.objects.create(
        channel=recording.channel, broadcast=recording.broadcast, clipper=bob, title="Splash",
        starts_at=timezone.now(), duration_seconds=5, state="ready",
    )  # fmt: skip


def test_every_page_leads_to_the_form_but_ones_own(
    channel: Channel, on_air: Broadcast, recording: Vod, clip: Clip, alice: User, charlie: User
) -> None:
    pages = {
        "/alice": "/report/channel/alice",
        recording.get_absolute_url(): f"/report/video/{recording.public_id}",
        clip.get_absolute_url(): f"/report/clip/{clip.public_id}",
    }
    for page, form in pages.items():
        link = f'href="{form}"'
        assert link in browser_of(charlie).get(page).content.decode(), page
        assert link in Client().get(page).content.decode(), page
        assert link not in browser_of(alice).get(page).content.decode(), page
        assert Client().get(form)["Location"] == f"/accounts/login/?next={form}"
        answer = browser_of(charlie).post(form, {"reason": "violence"}, follow=True)
        assert "What happens next" in answer.content.decode()
        assert f'href="{page}"' in answer.content.decode(), "the way back"
    assert set(Report.objects.values_list("kind", "reported__login")) == {
        ("channel", "alice"), ("video", "alice"), ("clip", "alice"),
    }  # fmt: skip


def test_form_leads_on_to_the_person(channel: Channel, recording: Vod, charlie: User) -> None:
    browser = browser_of(charlie)
    page = browser.get(f"/report/video/{recording.public_id}").content.decode()
    assert 'href="/report/user/alice"' in page
    assert 'href="/report/user/alice"' not in browser.get("/report/user/alice").content.decode()
