"""What templates and modules name exists, and nothing is left over."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STATIC = settings.BASE_DIR / "static"
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "img/icons.svg").read_text()))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_every_file_and_icon_a_template_names_exists(template: Path) -> None:
    text = template.read_text()

    for path in re.findall(r"{% static '([^']+)' %}", text):
        assert finders.find(path), path
    for name in re.findall(r'components/icon.html" with name="([\w-]+)"', text):
        assert name in ICONS, name


def test_every_page_script_belongs_to_a_template() -> None:
    named = {path for template in TEMPLATES for path in re.findall(r"js/pages/(\w+)\.js", template.read_text())}

    assert {script.stem for script in (STATIC / "js/pages").glob("*.js")} == named


def test_names_carry_a_hash_also_inside_modules(tmp_path: Path) -> None:
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=settings.STORAGES | {"staticfiles": HASHED}):
        call_command("collectstatic", interactive=False, verbosity=0)

    [watch] = tmp_path.glob("js/pages/watch.*.js")
    assert re.search(r'from "\.\./player/player\.[0-9a-f]{12}\.js"', watch.read_text())
    assert list(tmp_path.glob("vendor/hls.js/hls.min.*.js"))


HASHED = {"BACKEND": "config.staticfiles.HashedModuleStorage"}


def test_components_use_tokens_instead_of_colours() -> None:
    """The player may: it is dark in both themes. White and black on pictures are not a matter of theme either."""
    for sheet in [*(STATIC / "css/components").glob("*.css"), *(STATIC / "css/pages").glob("*.css")]:
        if sheet.name != "player.css":
            colours = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text())) - {"#ffffff", "#000000", "#000"}
            assert not colours, sheet
