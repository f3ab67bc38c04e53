"""Pictures and names of categories, as staff give them."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from PIL import Image

from accounts.models import User
from streaming.limits import CATEGORY_ART_BYTES_MAX
from streaming.models import Category
from tests.common import sample_pictures as sample
from tests.pages.conftest import PLAIN_STATIC_FILES

pytestmark = pytest.mark.django_db
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="400"><script>alert(1)</script></svg>'
REFUSED = {
    "a bomb": sample.png_bomb(20_480),
    "markup": SCRIPT,
    "markup that calls itself a picture": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "something that moves": sample.moving(size=(300, 400)),
    "too small": sample.still(size=(60, 80)),
    "too large a file": sample.still(size=(300, 400)) + bytes(CATEGORY_ART_BYTES_MAX),
    "cut short": sample.still(size=(300, 400))[:200],
}


@pytest.fixture(autouse=True)
def storage_in_memory(settings: Any) -> None:
    settings.STORAGES = PLAIN_STATIC_FILES


@pytest.fixture
def staff() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("dora", password=None))
    return browser


def save(staff: Client, name: str, picture: bytes | None = None) -> Any:
    """The category `art` is called this and has this picture from now on, or the form says why not."""
    category = Category.objects.get(slug="art")
    form: dict[str, Any] = {"name": name, "slug": "art"}
    if picture is not None:
        form["art"] = BytesIO(picture)
        form["art"].name = "../../<b>art</b>.svg"
    return staff.post(f"/admin/streaming/category/{category.pk}/change/", form)


def test_a_picture_is_made_anew_whatever_it_was_called(staff: Client) -> None:
    picture = sample.still("JPEG", (800, 600))
    assert save(staff, "Art", picture + b"<script>alert(1)</script>").status_code == 302
    path = Category.objects.get(slug="art").art_path
    assert path.startswith("previews/categories/")
    with default_storage.open(path) as file:
        stored = file.read()
    assert b"script" not in stored
    shown = Image.open(BytesIO(stored))
    assert (shown.format, shown.width * 4) == ("WEBP", shown.height * 3)
    assert path in Client().get("/browse").content.decode()


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_still_picture_of_a_fair_size_is_refused_beside_its_field(staff: Client, what: str) -> None:
    answer = save(staff, "Art", REFUSED[what])
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["art"]
    assert Category.objects.get(slug="art").art_path == ""


def test_a_name_with_markup_is_text_wherever_it_is_shown(staff: Client) -> None:
    name = "<img src=x onerror=alert(1)>"
    assert save(staff, name).status_code == 302
    for path in ("/browse", "/browse/art", "/search?q=img", "/api/v1/search/suggestions?q=img"):
        page = Client().get(path)
        text = page.content.decode()
        assert name in text if page["Content-Type"].startswith("application/json") else name not in text, path
        assert "onerror=alert(1)" in text, f"{path} shows the name"
