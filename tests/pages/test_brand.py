"""A site under its own name, and the pages that say what it is."""

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, override_settings

from accounts.notifications.pages import worker_text
from common.brand import current, offline
from common.brand.parsing import Logo

pytestmark = pytest.mark.django_db
OUR_NAME = re.compile(r"\bmillrace\b", re.I)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What is computed once per process is computed anew, as other settings hold."""
    of_brand = (current.palettes, current.stylesheet, current.version, current.page_html, current.icon)
    remembered = (*of_brand, offline.page, offline.policy, offline.version, worker_text)
    for function in remembered:
        function.cache_clear()
    yield
    for function in remembered:
        function.cache_clear()


@pytest.mark.parametrize("name", ["about", "terms", "rules", "privacy"])
def test_every_page_about_the_site_reads(name: str) -> None:
    page = Client().get(f"/{name}")

    assert page.status_code == 200
    assert page.content.decode().count("<h1>") == 1
    assert "{" not in re.sub(r"(?s).*<article", "", page.content.decode()).partition("</article>")[0]


def test_templates_leave_the_name_to_the_settings() -> None:
    for template in (settings.BASE_DIR / "templates").rglob("*.*"):
        assert not OUR_NAME.search(template.read_text()), template


def test_a_site_is_called_what_its_operator_says() -> None:
    with override_settings(SITE_NAME="Mill & Co", CONTACT="mailto:alice@example.org"):
        page = Client().get("/about").content.decode()

    assert "About · Mill &amp; Co</title>" in page
    assert "About Mill &amp; Co</h1>" in page
    assert page.count('href="mailto:alice@example.org"') == 2  # in the text and in the footer


def test_markdown_of_the_operator_is_no_html() -> None:
    hostile = "# Hi\n<script>alert(1)</script> <img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](/rules)"
    with override_settings(PAGES={"about": hostile}):
        page = Client().get("/about").content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page
    assert '<a href="/rules">b</a>' in page


def test_without_own_colours_there_is_no_sheet_of_them() -> None:
    assert "brand/colours.css" not in Client().get("/").content.decode()


def test_own_colours_are_a_sheet_after_ours() -> None:
    with override_settings(ACCENT="#ffb454", ACCENT_LIGHT="#8a5300"):
        page = Client().get("/").content.decode()
        sheet = Client().get("/brand/colours.css")

    assert page.index("css/tokens.css") < page.index("brand/colours.css")
    assert "--accent: #ffb454" in sheet.content.decode()
    assert ".theme-light { --accent: #8a5300" in sheet.content.decode()


def test_a_logo_can_do_nothing_when_it_is_opened_alone() -> None:
    assert Client().get("/brand/logo").status_code == 404
    with override_settings(LOGO=Logo(SVG, "image/svg+xml")):
        picture = Client().get("/brand/logo")
        page = Client().get("/").content.decode()

    assert picture["Content-Type"] == "image/svg+xml"
    assert "sandbox" in picture["Content-Security-Policy"]
    assert "default-src 'none'" in picture["Content-Security-Policy"]
    assert '<img class="brand__logo"' in page


def test_the_manifest_names_icons_that_exist() -> None:
    manifest = Client().get("/manifest.webmanifest")

    assert manifest["Content-Type"] == "application/manifest+json"
    facts = manifest.json()
    assert {icon["purpose"] for icon in facts["icons"]} == {"any", "maskable"}
    for address in [*(icon["src"] for icon in facts["icons"]), *(short["url"] for short in facts["shortcuts"])]:
        assert Client().get(address).status_code in (200, 302), address
    page = Client().get("/").content.decode()
    for address in re.findall(r'<link rel="(?:icon|apple-touch-icon|manifest)" href="([^"]+)"', page):
        assert Client().get(address.replace("&amp;", "&")).status_code == 200, address
    assert Client().get("/favicon.ico")["Content-Type"] == "image/x-icon"
    assert Client().get("/icons/none.png").status_code == 404


def test_the_page_without_a_network_is_whole_in_one_answer() -> None:
    answer = Client().get("/offline")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]

    assert "<h1>No connection</h1>" in page
    assert 'rel="stylesheet"' not in page
    assert "src=" not in page
    for text in re.findall(r"(?s)<(?:style|script)>(.*?)</(?:style|script)>", page):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_browsers_install_a_new_worker_when_the_page_it_keeps_is_another() -> None:
    before = Client().get("/sw.js").content
    for function in (offline.page, offline.version, worker_text):
        function.cache_clear()
    with override_settings(SITE_NAME="Mill & Co"):
        after = Client().get("/sw.js").content

    assert before.rpartition(b"// ")[0] == after.rpartition(b"// ")[0]
    assert before != after


def test_pages_of_errors_have_the_name_too() -> None:
    for code in ("400", "403_csrf", "404", "500", "503"):
        assert "· Millrace</title>" in render_to_string(f"{code}.html"), code
