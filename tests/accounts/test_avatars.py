"""Pictures beside names: taken from strangers, made anew, gone when their owner wants."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.avatars import avatar_url, read_avatar, remove_avatar, set_avatar
from accounts.models import User
from common.errors import InvalidInput, TooMany

pytestmark = pytest.mark.django_db(transaction=True)


def picture(width: int = 200, height: int = 100, kind: str = "PNG", color: str = "red", **options: object) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), color).save(file, kind, **options)
    return file.getvalue()


def test_a_picture_is_made_anew_in_two_sizes(alice: User) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET PLACE"
    set_avatar(user=alice, data=picture(kind="JPEG", exif=exif) + b"<script>alert(1)</script>")
    for side in (80, 300):
        content = read_avatar(alice.avatar, side)
        assert content is not None
        assert b"SECRET" not in content
        assert b"script" not in content
        image = Image.open(BytesIO(content))
        assert (image.format, image.size) == ("WEBP", (side, side))
        red = image.convert("RGB").getchannel("R").tobytes()
        assert min(red) > 200, "the square is filled"


def test_the_old_picture_goes_from_storage(alice: User) -> None:
    set_avatar(user=alice, data=picture(color="red"))
    red = alice.avatar
    set_avatar(user=alice, data=picture(color="blue"))
    assert read_avatar(red, 80) is None
    assert read_avatar(alice.avatar, 80) is not None
    remove_avatar(user=alice)
    assert default_storage.listdir("avatars")[1] == []
    assert avatar_url(alice) == ""


def test_the_same_picture_of_two_people_is_two(alice: User, bob: User) -> None:
    set_avatar(user=alice, data=picture())
    set_avatar(user=bob, data=picture())
    remove_avatar(user=bob)
    assert read_avatar(alice.avatar, 80) is not None


def bomb() -> bytes:
    """A small file that says it is 60,000 pixels wide."""
    data = bytearray(picture())
    data[16:20] = (60_000).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        bomb(),
        picture(8, 8),
        b"\0" * 5_000_000,
    ],
    ids=["nothing", "no end", "svg", "bomb", "too small", "too large"],
)
def test_what_is_no_fitting_picture_is_refused(alice: User, data: bytes) -> None:
    with pytest.raises(InvalidInput):
        set_avatar(user=alice, data=data)
    assert alice.avatar == ""


def test_uploads_are_bounded(alice: User) -> None:
    for _ in range(20):
        set_avatar(user=alice, data=picture())
    with pytest.raises(TooMany):
        set_avatar(user=alice, data=picture())


def test_alice_is_seen_with_her_picture(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    file = SimpleUploadedFile("me.png", picture(), content_type="image/png")
    page = browser.post("/accounts/profile/avatar", {"picture": file}, follow=True).content.decode()
    alice.refresh_from_db()
    assert f"/avatars/{alice.avatar}/80.webp" in page
    answer = Client().get(f"/avatars/{alice.avatar}/80.webp")
    assert answer["Content-Type"] == "image/webp"
    assert "immutable" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Client().get(f"/avatars/{alice.avatar}/81.webp").status_code == 404
    me = browser.get("/api/v1/me").json()
    assert me["avatar"].endswith(f"/avatars/{alice.avatar}/300.webp")
    browser.post("/accounts/profile/avatar", {"remove": "yes"})
    assert "/avatars/" not in browser.get("/accounts/profile/").content.decode()


def test_a_refusal_says_what_to_do(alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    file = SimpleUploadedFile("me.svg", b"<svg/>", content_type="image/png")
    page = browser.post("/accounts/profile/avatar", {"picture": file}, follow=True).content.decode()
    assert "Use a PNG, GIF, WebP or JPEG picture." in page
