"""Every route of the site and every name it reads, found in the code itself: a new one is among them by itself."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from django.forms import BaseForm
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize
from rest_framework.serializers import Serializer

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "common", "streaming", "chat", "vod")
_READ = re.compile(r"""(?:GET|POST|FILES|query_params|data)\.(?:get|getlist|pop)\(\s*["'](\w+)["']""")


@dataclass(frozen=True)
class Route:
    """One pattern as text, with `%(name)s` for each part that varies."""

    text: str
    parts: tuple[str, ...]

    def address(self, values: dict[str, list[str]], others: list[str], chance: random.Random) -> str:
        """An address under which it may be asked. `values` fit the parts they are named after, `others` hardly any."""
        filled = {part: quote(chance.choice(values.get(part, others)), safe="") for part in self.parts}
        return f"/{self.text % filled}"


@cache
def every_route() -> list[Route]:
    return list(_routes(get_resolver(), "", ()))


def _routes(resolver: URLResolver, before: str, parts: tuple[str, ...]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        text, found = normalize(pattern.pattern.regex.pattern)[0]
        if isinstance(pattern, URLPattern):
            yield Route(before + text, (*parts, *found))
        else:
            yield from _routes(pattern, before + text, (*parts, *found))


@cache
def every_name() -> list[str]:
    """What is read anywhere from addresses, forms and bodies."""
    files = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    names = {name for path in files for name in _READ.findall(path.read_text())}
    for form in _all_under(BaseForm):
        names.update(getattr(form, "base_fields", {}))
    for serializer in _all_under(Serializer):
        names.update(getattr(serializer, "_declared_fields", {}))
    return sorted(names)


def _all_under(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _all_under(one)
