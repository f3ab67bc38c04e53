"""Claim: killed at any moment of consolidation, of a move between tiers or of removal, a recording plays, nothing is
lost and nothing left over.

    python -m bench.consolidation_killed [--kills 20] [--only tier]

A process that consolidates is killed (SIGKILL) after a random time, again and again; after each death every rendition's
playlist must give the bytes it gave before. Then one goes on to its end, and the audit must find nothing missing and no
orphan. Then the same with a process that moves a recording from disk to disk: to warm, to cold, and back again; what is
noted as cold is read from there, as what brings it back does. Then with a process that removes the recording.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time

from bench.report import Line, report
from bench.stack import ROOT, Stack

SECONDS = 1200  # of each broadcast: enough for a kill to land in the middle
MOVED_SECONDS = 600  # of the one that is moved, which is copied three times in a turn
SEED = 7


def import_inside() -> None:
    """Set Django up for the stack whose environment this process has."""
    from bench import stored_broadcasts  # noqa: F401  does it when it is imported


def store(stream_id: str) -> None:
    from bench.stored_broadcasts import LADDER, played, store_broadcast

    store_broadcast(stream_id, seconds=SECONDS)
    print(json.dumps([played(stream_id, name) for name in LADDER]))


def store_archive(stream_id: str) -> None:
    from bench.stored_broadcasts import LADDER, played, store_broadcast
    from transcode.consolidation import consolidate_recording

    store_broadcast(stream_id, seconds=MOVED_SECONDS)
    consolidate_recording(stream_id=stream_id)
    print(json.dumps([played(stream_id, name) for name in LADDER]))


def check(stream_id: str) -> None:
    from bench.stored_broadcasts import LADDER, played

    print(json.dumps([played(stream_id, name) for name in LADDER]))


def consolidate(stream_id: str) -> None:
    import_inside()
    from transcode.consolidation import consolidate_recording
    from transcode.models import LiveJob

    print("ready", flush=True)
    consolidate_recording(stream_id=stream_id)
    print(LiveJob.objects.filter(stream_id=stream_id, consolidated_at__isnull=False).count())


def tier(stream_id: str) -> None:
    """Through all of them, from wherever the last one who was killed had come to."""
    import_inside()
    from transcode.models import StorageTier
    from transcode.storage_tiers import move_recording

    print("ready", flush=True)
    for place in (StorageTier.WARM, StorageTier.COLD, StorageTier.HOT):
        move_recording(stream_id=stream_id, tier=place)
    print("done")


def remove(stream_id: str) -> None:
    import_inside()
    from transcode.models import LiveJob
    from transcode.services import delete_recording

    print("ready", flush=True)
    delete_recording(stream_id=stream_id)
    print(int(not LiveJob.objects.filter(stream_id=stream_id).exists()))


def audit(_: str) -> None:
    """With files of any age counted: nothing is being written here."""
    import_inside()
    from transcode import storage_audit

    vars(storage_audit)["AUDIT_YOUNG_SECONDS"] = 0
    left = storage_audit.audit_storage()
    storage_audit.delete_orphans(left)
    found = storage_audit.audit_storage()
    print(json.dumps([len(left.orphans), len(found.orphans), len(found.missing), len(found.damaged)]))


STEPS = {step.__name__: step for step in (store, store_archive, check, consolidate, tier, remove, audit)}
KILLED = ("consolidate", "tier", "remove")


class Inside:
    """Runs steps in a stack's environment, each in a process of its own."""

    def __init__(self, stack: Stack) -> None:
        self._environment = stack.environment

    def run(self, step: str, stream_id: str = "") -> str:
        argv = [sys.executable, "-m", "bench.consolidation_killed", "--step", step, "--stream", stream_id]
        ran = subprocess.run(argv, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, check=True, text=True)
        return ran.stdout.splitlines()[-1]

    def kill(self, step: str, stream_id: str, after: float) -> bool:
        """Whether it died before it was done."""
        argv = [sys.executable, "-m", "bench.consolidation_killed", "--step", step, "--stream", stream_id]
        process = subprocess.Popen(argv, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()  # it begins
        time.sleep(after)
        died = process.poll() is None
        process.kill()
        process.wait()
        process.stdout.close()
        return died


def kill_often(inside: Inside, step: str, kills: int, *, first: int) -> tuple[int, int]:
    """How often it died, and after how many of these deaths a playlist gave other bytes than before."""
    chance = random.Random(SEED)
    died = wrong = number = 0
    while died < kills:
        number += 1
        stream_id = f"{first + number:024x}"
        before = inside.run("store", stream_id)
        began = time.monotonic()
        if number == 1:  # how long it takes undisturbed
            inside.run(step, stream_id)
            whole = time.monotonic() - began
            continue
        for _ in range(3):
            if died < kills and inside.kill(step, stream_id, chance.uniform(0, whole)):
                died += 1
                wrong += step == "consolidate" and inside.run("check", stream_id) != before
        inside.run(step, stream_id)
        wrong += step == "consolidate" and inside.run("check", stream_id) != before
    return died, wrong


def kill_moves(inside: Inside, kills: int, *, stream_id: str) -> tuple[int, int]:
    """The same with one recording that goes round and round."""
    chance = random.Random(SEED)
    before = inside.run("store_archive", stream_id)
    began = time.monotonic()
    inside.run("tier", stream_id)
    whole = time.monotonic() - began
    died = wrong = 0
    while died < kills:
        died += inside.kill("tier", stream_id, chance.uniform(0, whole))
        wrong += inside.run("check", stream_id) != before
    inside.run("tier", stream_id)
    wrong += inside.run("check", stream_id) != before
    return died, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", choices=KILLED)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--stream", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        STEPS[chosen.step](chosen.stream)
        return 0
    lines = []
    with tempfile.TemporaryDirectory() as disks, _stack(disks) as stack:
        inside = Inside(stack)
        for place, step in enumerate(KILLED):
            if chosen.only not in (None, step):
                continue
            if step == "tier":
                died, wrong = kill_moves(inside, chosen.kills, stream_id=f"{place << 16:024x}")
            else:
                died, wrong = kill_often(inside, step, chosen.kills, first=place << 16)
            left, orphans, missing, damaged = json.loads(inside.run("audit"))
            lines += [
                Line(f"{step}: killed", died, unit="", bar=chosen.kills, at_least=True),
                Line(f"{step}: recordings that played otherwise", wrong, unit="", bar=0),
                Line(f"{step}: files missing or damaged", missing + damaged, unit="", bar=0),
                Line(f"{step}: orphans after the audit", orphans, unit="", bar=0, note=f"it removed {left}"),
            ]
    return report("Killed while recordings are consolidated, moved and removed", lines)


def _stack(disks: str) -> Stack:
    """Nothing but what we start consolidates or moves anything."""
    return Stack(
        CONSOLIDATE_AFTER=86_400,
        WARM_DIR=f"{disks}/warm",
        COLD_DIR=f"{disks}/cold",
        HOT_DAYS=36_500,
        WARM_DAYS=36_500,
    )


if __name__ == "__main__":
    sys.exit(main())
