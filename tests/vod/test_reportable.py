"""Recordings and clips as they are reported: by who may see them."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.reports.kinds import kind_named
from common.errors import NotThere
from vod.clip_services import delete_clip
from vod.models import Clip, Visibility, Vod
from vod.services import delete_vod

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(vod: Vod, charlie: User) -> Clip:
    return Clip.objects.create(
        channel=vod.channel, broadcast=vod.broadcast, clipper=charlie, title="Mate", starts_at=timezone.now(),
        duration_seconds=9, state="ready",
    )  # fmt: skip


def test_a_recording_is_reported_with_its_words(vod: Vod, alice: User, bob: User) -> None:
    Vod.objects.update(description="A long evening.", chapters=[{"seconds": 0, "title": "Opening", "category": ""}])
    subject = kind_named("video").find(vod.public_id, bob)
    facts = dict(subject.facts)
    assert (facts["Title"], facts["Description"], facts["Chapters"]) == ("Chess tonight", "A long evening.", "Opening")
    assert (subject.owner, subject.path, subject.key) == (alice, vod.get_absolute_url(), vod.public_id)
    assert subject.title == "“Chess tonight”, a recording of alice"


def test_of_a_clip_the_channel_answers_and_who_cut_it_is_named(clip: Clip, alice: User, bob: User) -> None:
    subject = kind_named("clip").find(clip.public_id, bob)
    assert (subject.owner, dict(subject.facts)["Clipped by"]) == (alice, "charlie")
    assert subject.title == "“Mate”, a clip of alice"
    Clip.objects.update(clipper=None, broadcast=None, title="")
    assert kind_named("clip").find(clip.public_id, bob).title == "“Untitled clip”, a clip of alice"


def test_what_one_may_not_see_cannot_be_reported(vod: Vod, clip: Clip, alice: User, bob: User) -> None:
    Vod.objects.update(visibility=Visibility.PRIVATE)
    Clip.objects.update(visibility=Visibility.PRIVATE)
    found = (("video", vod.public_id), ("clip", clip.public_id))
    for kind, name in found:
        kind_named(kind).find(name, alice)
        with pytest.raises(NotThere):
            kind_named(kind).find(name, bob)
    delete_vod(vod=vod)
    delete_clip(clip=clip)
    for kind, name in (*found, ("video", "x\x00"), ("clip", "f" * 24)):
        with pytest.raises(NotThere):
            kind_named(kind).find(name, alice)


@pytest.mark.usefixtures("_plain_static_files")
def test_staff_find_it_in_the_admin(vod: Vod, clip: Clip, alice: User) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", password=None))
    for kind, name in (("video", vod.public_id), ("clip", clip.public_id)):
        assert browser.get(kind_named(kind).find(name, alice).staff_path).status_code == 200
