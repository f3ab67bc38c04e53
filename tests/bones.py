"""What a page is made of, without its words: text that adds to it was taken for markup."""

from html.parser import HTMLParser


class Bones(HTMLParser):
    """Elements and the names of their attributes, in order; the values of `title` attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.titles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.titles += [value or "" for name, value in attrs if name == "title"]


def bones_of(page: str) -> Bones:
    bones = Bones()
    bones.feed(page)
    bones.close()
    return bones
