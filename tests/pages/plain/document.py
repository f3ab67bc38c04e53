"""HTML as a tree, as a browser that runs no scripts sees it."""

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
UNSEEN = frozenset({"head", "script", "style", "template", "datalist"})


class Node:
    """An element. `parts`: its elements and texts, in their order."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Node | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.parts: list[Node | str] = []

    def all(self, *tags: str) -> Iterator["Node"]:
        """Elements in it of these kinds; without any, all."""
        for part in self.parts:
            if isinstance(part, Node):
                if not tags or part.tag in tags:
                    yield part
                yield from part.all(*tags)

    def above(self) -> Iterator["Node"]:
        """It, and all that it is in."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def raw(self) -> str:
        """Its text as it stands there."""
        return "".join(part if isinstance(part, str) else part.raw for part in self.parts)

    @property
    def text(self) -> str:
        """What can be read in it, on one line."""
        seen = (part if isinstance(part, str) else part.text for part in self.parts)
        return "" if self._is_hidden else " ".join(" ".join(seen).split())

    @property
    def is_seen(self) -> bool:
        """Nothing above it is waiting for a script. `details` count: HTML opens them."""
        return not any(node._is_hidden for node in self.above())

    @property
    def _is_hidden(self) -> bool:
        return (
            self.tag in UNSEEN
            or self.has("hidden")
            or self.has("popover")
            or "js-only" in self.get("class").split()
            or (self.tag == "dialog" and not self.has("open"))
        )


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.node = Node("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.node)
        self.node.parts.append(node)
        if tag not in VOID:
            self.node = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.node.parts.append(Node(tag, {name: value or "" for name, value in attrs}, self.node))  # of SVG

    def handle_endtag(self, tag: str) -> None:
        found = next((node for node in self.node.above() if node.tag == tag), None)
        if found is not None and found.parent is not None:
            self.node = found.parent

    def handle_data(self, data: str) -> None:
        self.node.parts.append(data)


def parse(html: str) -> Node:
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
