"""What RSS 2.0 (rssboard.org) with Media RSS, and Atom (RFC 4287), ask of a feed; each rule says what is wrong."""

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
MIME_TYPE = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
Element = ElementTree.Element


def problems(document: bytes) -> list[str]:
    """Everything that is wrong with it."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314  our own
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    if root.tag == "rss":
        return list(_rss(root))
    return list(_atom(root)) if root.tag == f"{ATOM}feed" else [f"neither rss nor feed: {root.tag}"]


def _rss(root: Element) -> Iterator[str]:
    if root.get("version") != "2.0":
        yield "version is not 2.0"
    channel = root.find("channel")
    if channel is None:
        yield "no channel"
        return
    yield from _texts(channel, "title", "link", "description")
    yield from _address(channel.findtext("link"))
    this = channel.find(f"{ATOM}link")
    if this is None or this.get("rel") != "self":
        yield "no atom:link to itself"
    if channel.find("lastBuildDate") is not None:
        yield from _rfc_822(channel.findtext("lastBuildDate"))
    items = channel.findall("item")
    yield from _unique([item.findtext("guid") for item in items])
    for item in items:
        yield from _item(item)


def _item(item: Element) -> Iterator[str]:
    if not item.findtext("title") and not item.findtext("description"):
        yield "item without title and description"
    yield from _address(item.findtext("link"))
    yield from _rfc_822(item.findtext("pubDate"))
    guid = item.find("guid")
    if guid is not None and guid.get("isPermaLink") != "false":
        yield from _address(guid.text)
    if len(item.findall("enclosure")) > 1:
        yield "more than one enclosure"
    for enclosure in item.findall("enclosure"):
        yield from _address(enclosure.get("url"))
        if not (enclosure.get("length") or "").isdigit():
            yield "enclosure without length"
        if not MIME_TYPE.fullmatch(enclosure.get("type") or ""):
            yield "enclosure without type"
    yield from _media(item)


def _atom(root: Element) -> Iterator[str]:
    yield from _texts(root, f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated")
    yield from _rfc_3339(root.findtext(f"{ATOM}updated"))
    if not [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]:
        yield "no link to itself"
    entries = root.findall(f"{ATOM}entry")
    yield from _unique([entry.findtext(f"{ATOM}id") for entry in entries])
    for entry in entries:
        yield from _texts(entry, f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated")
        yield from _rfc_3339(entry.findtext(f"{ATOM}updated"))
        if root.find(f"{ATOM}author/{ATOM}name") is None and entry.find(f"{ATOM}author/{ATOM}name") is None:
            yield "no author"
        for link in entry.findall(f"{ATOM}link"):
            yield from _address(link.get("href"))
        yield from _media(entry)


def _media(item: Element) -> Iterator[str]:
    for content in item.findall(f"{MEDIA}content"):
        yield from _address(content.get("url"))
        if content.get("medium") not in {"video", "audio", "image"} or not (content.get("duration") or "").isdigit():
            yield "media:content without medium or duration"
    for thumbnail in item.findall(f"{MEDIA}thumbnail"):
        yield from _address(thumbnail.get("url"))


def _texts(parent: Element, *names: str) -> Iterator[str]:
    for name in names:
        if not (parent.findtext(name) or "").strip():
            yield f"{parent.tag} without {name}"


def _unique(names: list[str | None]) -> Iterator[str]:
    if len(set(names)) < len(names):
        yield "two items with one id"


def _address(text: str | None) -> Iterator[str]:
    if not re.match(r"https?://[^/\s]+/", text or ""):
        yield f"not an absolute address: {text}"


def _rfc_822(text: str | None) -> Iterator[str]:
    try:
        parsedate_to_datetime(text or "")
    except ValueError:
        yield f"not a date of RFC 822: {text}"


def _rfc_3339(text: str | None) -> Iterator[str]:
    if not RFC_3339.fullmatch(text or ""):
        yield f"not a date of RFC 3339: {text}"
