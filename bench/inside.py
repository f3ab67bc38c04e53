"""Runs code of the product in the environment of a stack, as one of its processes would."""

import subprocess
import sys
import time

from bench.stack import ROOT, Stack, StackFailed

FINISHED_SECONDS = 15


def run_inside(stack: Stack, module: str, *arguments: str) -> str:
    """The last line that `python -m MODULE` prints there."""
    argv = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(argv, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, check=True, text=True)
    return ran.stdout.splitlines()[-1]


def consolidate(stack: Stack, stream_id: str) -> None:
    """Have a recording put into one file for each rendition, as soon as its broadcast is finished."""
    deadline = time.monotonic() + FINISHED_SECONDS
    while run_inside(stack, "bench.consolidation_killed", "--step", "consolidate", "--stream", stream_id) != "1":
        if time.monotonic() > deadline:
            raise StackFailed(f"{stream_id} is not finished after {FINISHED_SECONDS} s")
