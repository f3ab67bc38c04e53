"""Records a broadcast of a stack of its own and judges it by every rule of the checklist.

python -m tests.conformance [--seconds 600] [--case steady|encoder_drop|…|all] [--profile 2/0.35] [--keep DIR]
python -m tests.conformance --replay DIR
"""

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from bench.certificates import make_certificates
from bench.free_ports import free_block
from bench.report import Line, report
from bench.stack import Stack
from tests.conformance.capture import Capture
from tests.conformance.cases import CASES, Plan, record_case
from tests.conformance.keeping import load, save
from tests.conformance.rule import Verdict, judge
from tests.conformance.tls_probe import TlsFront
from tests.conformance.verdicts import all_rules, as_table, binding_failures, leaks

LONG_SECONDS = 120.0
ODD_SECONDS = 60.0  # a source that is made tag by tag does not go on for ever
SPARSE_POLL_SECONDS = 0.5  # of long recordings: blocking reload sees every version anyway


def main() -> int:
    options = _options()
    if options.replay:
        kept = [(str(folder), [load(folder)]) for folder in _kept_in(options.replay)]
        return report("Kept captures", [line for name, captures in kept for line in _judged(name, captures)])
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in list(CASES) if options.case == "all" else [options.case]:
            captures = _record(name, options, Path(scratch) / name)
            for number, capture in enumerate(captures if options.keep else ()):
                save(capture, options.keep / f"{name}-{number}")
            lines += _judged(name, captures, CASES[name].judged)
    target, part = options.profile.split("/")
    return report(f"HLS rules broken, target duration {target} s, parts of {part} s", lines)


def _judged(name: str, captures: list[Capture], only: frozenset[str] = frozenset()) -> Iterator[Line]:
    """Prints the verdicts on each broadcast of a case; one line of how many binding rules it breaks."""
    rules = {id: one for id, one in all_rules().items() if not only or id in only}
    for number, capture in enumerate(captures, 1):
        title = name if len(captures) == 1 else f"{name}, broadcast {number}"
        verdicts = judge(capture, rules)
        print(as_table(title, verdicts))
        yield _line(title, verdicts)
    for before, after in pairwise(captures):
        verdict = leaks(before, after)
        print(as_table(f"{name}: one broadcast after another", [verdict]))
        yield _line(f"{name}, leaks", [replace(verdict, rule=replace(verdict.rule, level="M"))])


def _line(title: str, verdicts: list[Verdict]) -> Line:
    broken = binding_failures(verdicts)
    outcomes = Counter(one.outcome for one in verdicts)
    note = f"{outcomes['passed']} of all rules passed, {outcomes['not applicable']} could not be judged"
    if broken:
        note = f"{', '.join(one.rule.id for one in broken)}; {note}"
    return Line(title, len(broken), unit="", bar=0, note=note)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0, help="on air")
    parser.add_argument("--case", default="steady", choices=[*CASES, "all"])
    parser.add_argument("--profile", default="2/0.35", help="target duration / part target, seconds")
    parser.add_argument("--poll", type=float, help="seconds between polls of a playlist")
    parser.add_argument("--rungs", type=int, default=2, help="transcoded ones")
    parser.add_argument("--crowd", type=int, default=40, help="how many wait for one thing at a time")
    parser.add_argument("--slack", type=float, default=0.0, help="seconds beyond every limit, on a busy machine")
    parser.add_argument("--keep", type=Path, help="keep the captures here")
    parser.add_argument("--replay", type=Path, help="judge a kept capture, or a folder of them")
    return parser.parse_args()


def _stack(options: argparse.Namespace, scratch: Path) -> tuple[Stack, TlsFront]:
    """With TLS beside plain HTTP: by HTTP the answers can be timed without a library between."""
    scratch.mkdir(parents=True)
    certificates, port = make_certificates(scratch), free_block(1)
    target, part = options.profile.split("/")
    stack = Stack(
        TRANSCODED_RUNGS=options.rungs,
        SEGMENT_SECONDS=int(target),
        PART_SECONDS=part,
        TLS_CERT=str(certificates.certificate),
        TLS_KEY=str(certificates.key),
        TLS_PORT=port,
    )
    stack.environment["MILLRACE_SITE_URL"] = stack.url
    return stack, TlsFront("127.0.0.1", port, certificates.authority)


def _record(name: str, options: argparse.Namespace, scratch: Path) -> list[Capture]:
    target, part = options.profile.split("/")
    case = CASES[name]
    stack, tls = _stack(options, scratch)
    long = options.seconds >= LONG_SECONDS
    plan = Plan(
        seconds=min(options.seconds, ODD_SECONDS) if case.is_made_by_tags else options.seconds,
        poll_seconds=options.poll or (SPARSE_POLL_SECONDS if long else 0.1),
        target_duration=int(target),
        part_seconds=float(part),
        crowd=options.crowd,
        delta_pairs=100 if long else 15,
        slack_seconds=options.slack,
        tls=tls,
        folder=scratch if long else None,
    )
    began, cpu = time.monotonic(), time.process_time()
    with stack:
        streamer = stack.create_user("alice", streamer=True)
        gc.disable()  # looking through a long recording takes half a second, for which nothing would be sent
        try:
            captures = asyncio.run(record_case(case, stack, streamer, plan))
        finally:
            gc.enable()
    spent = (time.process_time() - cpu) / (time.monotonic() - began)
    print(f"{name}: {sum(len(one.exchanges) for one in captures)} exchanges; the recorder took {spent:.0%} of a core")
    return captures


def _kept_in(folder: Path) -> list[Path]:
    return (
        [folder] if (folder / "capture.json").exists() else sorted(one.parent for one in folder.glob("*/capture.json"))
    )


if __name__ == "__main__":
    sys.exit(main())
