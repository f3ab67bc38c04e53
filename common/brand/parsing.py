"""What the settings of a brand may be; each raises BrandError, in one sentence, for what it cannot use."""

import re
from dataclasses import dataclass
from pathlib import Path

from common.brand.errors import BrandError
from common.brand.limits import CONTACT_MAX, LOGO_BYTES_MAX, LOGO_SIDE_MAX, NAME_MAX, PAGE_BYTES_MAX
from common.picture_headers import BadPictureError, read_facts

PAGE_NAMES = ("about", "terms", "rules", "privacy")
OWN_PAGES = Path(__file__).parent / "pages"
_SVG_BEGINS = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]", re.DOTALL | re.I)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Logo:
    """The operator's own, as it is sent."""

    content: bytes
    content_type: str


def parse_name(text: str) -> str:
    """One line of a length that fits the header."""
    if len(text) > NAME_MAX or not text.isprintable():
        raise BrandError(f"a site's name is one line of at most {NAME_MAX} characters.")
    return text


def parse_contact(text: str) -> str:
    """An e-mail address or a web address, as a link; nothing when there is none."""
    if not text:
        return ""
    if len(text) > CONTACT_MAX or not text.isprintable():
        raise BrandError(f"a contact has at most {CONTACT_MAX} characters.")
    if text.startswith(("https://", "http://", "mailto:")):
        return text
    if _EMAIL.fullmatch(text):
        return f"mailto:{text}"
    raise BrandError(f"{text!r} is neither an e-mail address nor begins with https://.")


def parse_logo(text: str) -> Logo | None:
    """The file of that path: an SVG or a PNG picture."""
    if not text:
        return None
    content = _read(Path(text), LOGO_BYTES_MAX)
    if _SVG_BEGINS.match(content):
        return Logo(content, "image/svg+xml")
    try:
        facts = read_facts(content)
    except BadPictureError as error:
        raise BrandError(f"{text} is neither an SVG nor a PNG picture. {error}") from None
    if facts.kind != "PNG" or max(facts.width, facts.height) > LOGO_SIDE_MAX:
        raise BrandError(f"{text} must be an SVG, or a PNG of at most {LOGO_SIDE_MAX} pixels a side.")
    return Logo(content, "image/png")


def parse_pages(text: str) -> dict[str, str]:
    """Markdown of every page: the operator's files, and ours where there is none."""
    directory = Path(text).expanduser() if text else OWN_PAGES
    if not directory.is_dir():
        raise BrandError(f"{text} is not a directory.")
    found = {name: directory / f"{name}.md" for name in PAGE_NAMES}
    chosen = {name: path if path.exists() else OWN_PAGES / f"{name}.md" for name, path in found.items()}
    return {name: _text(path) for name, path in chosen.items()}


def _text(path: Path) -> str:
    try:
        return _read(path, PAGE_BYTES_MAX).decode()
    except UnicodeDecodeError:
        raise BrandError(f"{path} is not UTF-8 text.") from None


def _read(path: Path, most: int) -> bytes:
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise BrandError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > most:
        raise BrandError(f"{path} is larger than {most // 1000} kB.")
    return content
