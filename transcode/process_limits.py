"""What one FFmpeg may take of the machine, since it decodes what strangers send. The kernel enforces it: whoever asks
for more fails alone, and the broadcast goes on with its source.

Without a limit on purpose: time on the processor (a broadcast lasts for days), address space (GPU drivers reserve
many times what they use; data is what fills memory), and processes (the kernel counts them per user, not per FFmpeg).
"""

import os
import resource

MEMORY_BYTES = 4 << 30  # 4K at 60 pictures a second with six rungs takes 0.8 GiB
OPEN_FILES = 256  # pipes, libraries, a GPU's devices
NICENESS = 5  # whoever packages the source goes first when cores are short

LIMITS = (
    (resource.RLIMIT_DATA, MEMORY_BYTES),
    (resource.RLIMIT_NOFILE, OPEN_FILES),
    (resource.RLIMIT_FSIZE, 0),  # it writes to pipes only
    (resource.RLIMIT_CORE, 0),
)


def confine() -> None:
    """Runs in the child between fork and exec; never raises a limit that is lower already."""
    for which, most in LIMITS:
        _, hard = resource.getrlimit(which)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (allowed, allowed))
    os.nice(NICENESS)
