"""Stands in for `ffmpeg`: the real one behind a throttle that depends on the rungs it is asked for.

What it does is written in the bit rates of the command line, because FFmpeg is given nothing else of a test's:
rates that end in 111 pass half of a 30 fps source as long as there are two of them, and rates that end in 222 end at
once with a word on stderr. The file `quick` beside this one lets everything pass.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import IO

REAL = "REAL_FFMPEG"
FRAME_SECONDS = 1 / 15
SLOW_RATE, BROKEN_RATE = "111", "222"
VIDEO, TAG_HEADER_BYTES, FLV_HEADER_BYTES = 9, 11, 13


def main() -> int:
    rates = [word for flag, word in zip(sys.argv, sys.argv[1:], strict=False) if flag.startswith("-b:v")]
    if any(rate.endswith(BROKEN_RATE) for rate in rates):
        sys.stderr.write("Unrecognized option.\n")
        return 1
    real = subprocess.Popen([REAL, *sys.argv[1:]], stdin=subprocess.PIPE, close_fds=False)
    assert real.stdin is not None
    slow = sum(rate.endswith(SLOW_RATE) for rate in rates) >= 2
    try:
        pass_on(sys.stdin.buffer, real.stdin, slow=slow)
        real.stdin.close()
    except BrokenPipeError:
        pass
    return real.wait()


def pass_on(source: IO[bytes], sink: IO[bytes], *, slow: bool) -> None:
    sink.write(source.read(FLV_HEADER_BYTES))
    while header := source.read(TAG_HEADER_BYTES):
        body = source.read(int.from_bytes(header[1:4], "big") + 4)
        sink.write(header + body)
        sink.flush()
        if slow and header[0] == VIDEO and not Path(__file__).with_name("quick").exists():
            time.sleep(FRAME_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
