"""What programs read in the head of a page."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Head:
    """`meta` by name or property, in the order of the page; `links` by kind; `json_ld` as it was understood."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    json_ld: list[dict[str, Any]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.head = Head()
        self.kind: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and (name := given.get("property") or given.get("name")):
            self.head.meta.setdefault(name, []).append(given.get("content", ""))
        if tag == "link":
            self.head.links[given.get("type") or given.get("rel", "")] = given.get("href", "")
        if tag == "script":
            self.kind = given.get("type", "")
            self.head.scripts.append(self.kind)

    def handle_endtag(self, tag: str) -> None:
        self.kind = None

    def handle_data(self, data: str) -> None:
        if self.kind == "application/ld+json":
            self.head.json_ld.append(json.loads(data))


def read_head(page: str) -> Head:
    reader = _Reader()
    reader.feed(page)
    return reader.head
