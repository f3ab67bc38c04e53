"""Ways to spoil a good capture in one place."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.conformance.capture import Capture, Exchange

Choice = Callable[[Exchange], bool]
Change = Callable[[Exchange], Exchange | None]


@dataclass(frozen=True)
class Mutation:
    """One way to break one rule. `breaks_also`: rules of level M that cannot but fail with it."""

    rule: str
    says: str
    apply: Callable[[Capture], Capture]
    breaks_also: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.rule} {self.says}"


class NothingChanged(AssertionError):
    """The mutation found nothing to change: it would prove nothing."""


def change(capture: Capture, choose: Choice, how: Change) -> Capture:
    """A copy in which the chosen exchanges are others, or gone where `how` says None."""
    made: list[Exchange] = []
    changed = 0
    for one in capture.exchanges:
        other = how(one) if choose(one) else one
        changed += other is not one
        if other is not None:
            made.append(other)
    if not changed:
        raise NothingChanged
    return replace(capture, exchanges=made)


def with_body(exchange: Exchange, body: bytes) -> Exchange:
    if body == exchange.body:
        return exchange
    return replace(
        exchange, body=body, wire_size=len(body), headers={**exchange.headers, "content-length": str(len(body))}
    )


def at(path: str, *purposes: str) -> Choice:
    """Exchanges whose path matches this pattern."""
    pattern = re.compile(path)
    return lambda one: bool(pattern.fullmatch(one.path)) and (not purposes or one.purpose in purposes)


def text(path: str, old: str, new: str, *, count: int = 0, last: bool = False) -> Callable[[Capture], Capture]:
    """Replaces a pattern in every answer of a playlist: in all its places, or in the first `count`, or the last."""

    def apply(capture: Capture) -> Capture:
        return change(capture, at(path), lambda one: with_body(one, _replaced(one.body, old, new, count, last)))

    return apply


def text_from(
    path: str, old: str, new: str, *, after: float = 0.5, until: float = 1.0, count: int = 0, last: bool = False
) -> Callable[[Capture], Capture]:
    """The same in a stretch of time only, given as shares of the capture."""

    def apply(capture: Capture) -> Capture:
        begins, ends = capture.exchanges[0].done_at, capture.exchanges[-1].done_at
        chosen = at(path)

        def choose(one: Exchange) -> bool:
            return chosen(one) and after <= (one.done_at - begins) / (ends - begins) <= until

        return change(capture, choose, lambda one: with_body(one, _replaced(one.body, old, new, count, last)))

    return apply


def header(path: str, name: str, value: str) -> Callable[[Capture], Capture]:
    return lambda capture: change(capture, at(path), lambda one: replace(one, headers={**one.headers, name: value}))


def media(path: str, how: Callable[[bytes], bytes]) -> Callable[[Capture], Capture]:
    """Changes the bytes of every download of matching paths."""
    return lambda capture: change(capture, at(path), lambda one: with_body(one, how(one.body)))


def dropped(path: str, *purposes: str) -> Callable[[Capture], Capture]:
    return lambda capture: change(capture, at(path, *purposes), lambda _: None)


def together(*applied: Callable[[Capture], Capture]) -> Callable[[Capture], Capture]:
    def apply(capture: Capture) -> Capture:
        for one in applied:
            capture = one(capture)
        return capture

    return apply


def _replaced(body: bytes, old: str, new: str, count: int, last: bool) -> bytes:
    written = body.decode()
    if last:
        found = list(re.finditer(old, written))
        if not found:
            return body
        match = found[-1]
        return (written[: match.start()] + match.expand(new) + written[match.end() :]).encode()
    return re.sub(old, new, written, count=count).encode()


def narrowed(path: str, segments: int) -> Callable[[Capture], Capture]:
    """A window of so many segments, with numbers and MAP as they would be."""
    return lambda capture: change(capture, at(path), lambda one: with_body(one, _narrow(one.body.decode(), segments)))


def _narrow(written: str, keep: int) -> bytes:
    head, tag, rest = written.partition("#EXT-X-MAP")
    begun = head.endswith("#EXT-X-DISCONTINUITY\n")
    head = head.removesuffix("#EXT-X-DISCONTINUITY\n")
    rest = ("#EXT-X-DISCONTINUITY\n" if begun else "") + tag + rest
    segments = re.findall(r"(?:#.*\n)*?#EXTINF.*\n[^#\n]+\n", rest)
    gone = max(len(segments) - keep, 0)
    removed = "".join(segments[:gone])
    maps = re.findall("#EXT-X-MAP.*\n", removed)
    left = rest[len(removed) :]
    head = _add(head, "#EXT-X-MEDIA-SEQUENCE:", gone)
    head = _add(head, "#EXT-X-DISCONTINUITY-SEQUENCE:", removed.count("#EXT-X-DISCONTINUITY\n"))
    if maps and not re.match(r"(?:#EXT-X-DISCONTINUITY\n)?#EXT-X-MAP", left):
        left = maps[-1] + left
    return (head + left).encode()


def _add(written: str, tag: str, count: int) -> str:
    return re.sub(rf"({tag})(\d+)", lambda match: f"{match[1]}{int(match[2]) + count}", written)
