"""§2.7: hinted and partial resources (R§6.2.6)."""

from collections.abc import Iterator

from tests.conformance.asked import (
    body_seconds,
    expect_at_once,
    found,
    max_age,
    probes,
    special,
    target_duration,
    within,
)
from tests.conformance.capture import Capture, Exchange
from tests.conformance.rule import Finding, NotApplicable, rule

TRICKLE_SECONDS = 0.05


@rule("A-125", "M", "a hinted part is held until it is whole, then sent without a pause", "R§6.2.6")
def hinted_part_comes_whole(capture: Capture) -> Iterator[Finding]:
    """A hint may come to nothing when the plan changes (end, new segmentation): only what was listed must have come."""
    hints = [one for one in capture.exchanges if one.purpose == "hint"]
    if not hints:
        raise NotApplicable("nothing was hinted")
    listed = {one.path: one for one in capture.exchanges if one.purpose == "media" and one.status == 200}
    for one in hints:
        if one.status != 200:
            if one.path in listed:
                yield found(one, f"answered {one.status}, and was listed later")
        elif not one.whole or (one.path in listed and one.body != listed[one.path].body):
            yield found(one, "not the whole part")
        elif (seconds := body_seconds(capture, one)) > within(capture, TRICKLE_SECONDS):
            yield found(one, f"trickled for {seconds:.2f} s")


@rule("A-126", "S", "a part that is not hinted is not there, and caches forget that soon", "R§6.2.6")
def not_hinted_is_not_there(capture: Capture) -> Iterator[Finding]:
    for one in probes(capture, "A-126"):
        yield from expect_at_once(capture, one, 404)
        age = max_age(one)
        if age is None or age > target_duration(capture):
            yield found(one, f"its cache lifetime is {'not said' if age is None else f'{age} s'}")


@rule("A-127", "M", "a range is answered with 206 and its bytes", "R§6.2.6")
def ranges_are_served(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-127")
    wholes = {one.path: one.body for one in asked if special(one) == "whole"}
    for one in asked:
        if special(one) != "whole" and one.path in wholes:
            yield from _wrong_range(one, wholes[one.path])


def _wrong_range(one: Exchange, whole: bytes) -> Iterator[Finding]:
    first, _, last = one.asked_headers["range"].removeprefix("bytes=").partition("-")
    wanted = whole[int(first) : int(last) + 1 if last else None]
    if one.status != 206:
        yield found(one, f"{one.asked_headers['range']} answered {one.status}")
    elif one.body != wanted:
        yield found(one, f"{one.asked_headers['range']}: {len(one.body)} bytes, not the {len(wanted)} asked for")


@rule("A-128", "O", "a crowd that waits for one hinted part gets it, all the same bytes", "ours")
def crowd_gets_the_part(capture: Capture) -> Iterator[Finding]:
    asked = probes(capture, "A-128")
    if refused := [one for one in asked if one.status != 200]:
        yield found(refused[0], f"{len(refused)} of {len(asked)} got {refused[0].status}")
    if len({one.body for one in asked if one.status == 200}) > 1:
        yield found(asked[0], "not all got the same bytes")
