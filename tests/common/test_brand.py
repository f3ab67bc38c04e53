"""What an installation may be called and look like: what cannot be read is refused at the start."""

import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from common.brand import colours, current, mark
from common.brand.colours import DARK, DEFAULT_ACCENTS, LIGHT, Theme, contrast, ink_on, palette, parse_accent, readable
from common.brand.errors import BrandError
from common.brand.limits import TEXT_CONTRAST
from common.brand.parsing import PAGE_NAMES, parse_contact, parse_logo, parse_name, parse_pages

TOKENS = (settings.BASE_DIR / "static/css/tokens.css").read_text()
SVG = '<?xml version="1.0"?>\n<!-- ours -->\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'


def tokens_of(theme: Theme) -> dict[str, str]:
    """The custom properties of one theme's block of tokens.css."""
    start = ".theme-dark {" if theme is DARK else ".theme-light {"
    block = TOKENS.partition(start)[2].partition("}")[0]
    return dict(re.findall(r"--([\w-]+): ([^;]+);", block))


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_surfaces_judged_are_those_of_the_tokens(theme: Theme) -> None:
    tokens = tokens_of(theme)

    assert theme.surfaces == (tokens["bg"], tokens["surface-1"], tokens["surface-2"])
    assert DEFAULT_ACCENTS[theme.name] == tokens["accent"]
    assert parse_accent(tokens["accent"], theme) == tokens["accent"]


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can() -> None:
    with pytest.raises(
        BrandError, match=r"#333399 cannot be read in the dark theme.*nearest that can be read is"
    ) as it:
        parse_accent("#333399", DARK)
    suggested = re.findall(r"#[0-9a-f]{6}", str(it.value))[-1]

    assert parse_accent(suggested, DARK) == suggested
    with pytest.raises(BrandError, match="light theme"):
        parse_accent("#ffdd00", LIGHT)
    with pytest.raises(BrandError, match="is not a colour"):
        parse_accent("teal", DARK)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_colour_has_a_readable_neighbour_and_ink(theme: Theme) -> None:
    for number in range(0, 0x1000000, 0x0F3457):
        accent = readable(f"#{number:06x}", theme)
        made = palette(accent, theme)
        assert contrast(ink_on(accent), accent) >= TEXT_CONTRAST, accent
        assert all(contrast(made.accent_strong, surface) >= TEXT_CONTRAST for surface in theme.surfaces), accent
        assert all(contrast(made.focus, surface) >= 3 for surface in theme.surfaces), accent


def test_names_and_contacts_are_one_line() -> None:
    assert parse_name("Mill on the Floss") == "Mill on the Floss"
    assert parse_contact("alice@example.org") == "mailto:alice@example.org"
    assert parse_contact("https://example.org/ask") == "https://example.org/ask"
    for bad in ("a\nb", "a" * 41):
        with pytest.raises(BrandError):
            parse_name(bad)
    with pytest.raises(BrandError):
        parse_contact("javascript:alert(1)")


def test_a_logo_is_svg_or_png(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(SVG)
    (tmp_path / "a.png").write_bytes(mark.as_png(mark.as_picture("#46d3c3", 64)))
    (tmp_path / "a.html").write_text("<html><svg></svg></html>")
    (tmp_path / "large.svg").write_text(SVG + " " * 300_000)

    for name, kind in [("a.svg", "image/svg+xml"), ("a.png", "image/png")]:
        logo = parse_logo(str(tmp_path / name))
        assert logo is not None
        assert logo.content_type == kind
    for name, words in [("a.html", "neither an SVG"), ("large.svg", "larger than"), ("none.svg", "cannot be read")]:
        with pytest.raises(BrandError, match=words):
            parse_logo(str(tmp_path / name))


def test_pages_are_the_operators_and_ours_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text("# No running")

    pages = parse_pages(str(tmp_path))

    assert pages["rules"] == "# No running"
    assert set(pages) == set(PAGE_NAMES)
    assert "{name}" in pages["about"]
    (tmp_path / "terms.md").write_bytes(b"\xff\xfe")
    with pytest.raises(BrandError, match="UTF-8"):
        parse_pages(str(tmp_path))


def test_a_wrong_colour_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    environment = os.environ | {"MILLRACE_ACCENT": "#111111", "MILLRACE_DATA": str(tmp_path)}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)

    assert done.returncode != 0
    assert "MILLRACE_ACCENT: #111111 cannot be read in the dark theme" in done.stderr


def test_icons_have_their_sizes_and_colours() -> None:
    for name, (side, full_bleed) in current.ICONS.items():
        if not side:
            continue
        picture = Image.open(BytesIO(current.icon(name)))
        assert picture.size == (side, side), name
        corner = picture.convert("RGBA").getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert corner[3] == (255 if full_bleed else 0), name
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 2, name  # plate, drawing, soft edges
    assert Image.open(BytesIO(current.icon("favicon.ico"))).format == "ICO"


def test_what_a_maskable_icon_shows_is_inside_its_safe_circle() -> None:
    """A launcher may cut everything beyond 40 % of the side from the middle (W3C manifest, "safe zone")."""
    picture = mark.as_picture("#ffffff", 100, full_bleed=True).convert("L")
    drawn = [(x, y) for x in range(100) for y in range(100) if picture.getpixel((x, y)) != 255]

    assert drawn
    assert all((x - 49.5) ** 2 + (y - 49.5) ** 2 <= 41**2 for x, y in drawn)


def test_the_pure_rules_name_no_theme_twice() -> None:
    assert {DARK.name, LIGHT.name} == set(colours.DEFAULT_ACCENTS)
