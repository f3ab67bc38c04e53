"""Claim: an hour of four renditions becomes one file each within a minute, and is read and written once.

    python -m bench.consolidation [--seconds 3600]

A broadcast of that length is put into a stack's storage, of bytes at the rates of a usual ladder, and consolidated. The
rival does the least there is to do: it concatenates the same files, without an index, a check or a database.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Line, report
from bench.stack import ROOT, Stack

STREAM = "0123456789abcdef01234567"
BAR_SECONDS, BAR_BYTES, BAR_OBJECTS = 60.0, 1.1, 3


def concatenate(media: Path, target: Path) -> float:
    """Seconds that it takes to put each rendition's segments behind one another."""
    target.mkdir()
    began = time.monotonic()
    for folder in sorted(path for path in media.iterdir() if any(path.glob("*.m4s"))):
        with (target / folder.name).open("wb") as whole:
            for piece in sorted(folder.glob("*.m4s"), key=lambda path: int(path.stem.partition("-")[2])):
                with piece.open("rb") as body:
                    shutil.copyfileobj(body, whole, 1 << 20)
    return time.monotonic() - began


def inside(seconds: int) -> None:
    """In the stack's environment: print the figures as JSON."""
    from django.conf import settings

    from bench.stored_broadcasts import LADDER, played, store_broadcast
    from transcode.consolidation import consolidate_recording

    total = store_broadcast(STREAM, seconds=seconds)
    before = [played(STREAM, name) for name in LADDER]
    media = Path(settings.MEDIA_ROOT) / "broadcasts" / STREAM
    rival = concatenate(media, Path(settings.DATA_DIR) / "concatenated")
    shutil.rmtree(Path(settings.DATA_DIR) / "concatenated")
    read, written = io_bytes()
    began = time.monotonic()
    consolidate_recording(stream_id=STREAM)
    took = time.monotonic() - began
    read_after, written_after = io_bytes()
    objects = max(len(list((media / name).iterdir())) + len(list((media / "vod" / name).iterdir())) for name in LADDER)
    figures = {
        "seconds": took,
        "rival": rival,
        "gigabytes": total / 1e9,
        "read": (read_after - read) / total,
        "written": (written_after - written) / total,
        "objects": objects,
        "same": before == [played(STREAM, name) for name in LADDER],
    }
    print(json.dumps(figures))


def io_bytes() -> tuple[int, int]:
    """What this process has read and written so far, as system calls, caches or not."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"]), int(fields["wchar"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        inside(chosen.seconds)
        return 0
    with Stack(CONSOLIDATE_AFTER=86_400) as stack:
        argv = [sys.executable, "-m", "bench.consolidation", "--inside", "--seconds", str(chosen.seconds)]
        ran = subprocess.run(argv, cwd=ROOT, env=stack.environment, stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(ran.stdout.splitlines()[-1])
    lines = [
        Line("an hour of four renditions" if chosen.seconds == 3600 else "consolidation", found["seconds"], bar=60.0),
        Line("bytes read", found["read"], unit="×", bar=BAR_BYTES, note=f"of {found['gigabytes']:.2f} GB"),
        Line("bytes written", found["written"], unit="×", bar=BAR_BYTES),
        Line("files of a rendition", found["objects"], unit="", bar=BAR_OBJECTS, note="archive and two playlists"),
        Line("the same bytes are played after it", int(found["same"]), unit="", bar=1, at_least=True),
        Line("beside bare concatenation", found["seconds"] / found["rival"], unit="×", note=f"{found['rival']:.1f} s"),
    ]
    return report("Consolidation", lines)


if __name__ == "__main__":
    sys.exit(main())
