"""The frame counter drawn into every test clip, and how to read it back.

A strip across the top of the picture has two rows of 20 cells. The upper row is the number (16 bits, highest first) and
a check nibble; the lower row is its negative. The cells are so large that they survive a transcode to 160 lines, and a
covered, blended or shifted strip is never read as a number: it breaks a pair of cells or the check.

`counter.js` reads the same strip in a page; the geometry is written there a second time on purpose, so that a slip
in one of them shows.
"""

import subprocess
from pathlib import Path

NUMBER_BITS = 16
CHECK_BITS = 4
CELLS = NUMBER_BITS + CHECK_BITS
STRIP_LINES = 16  # of 90 lines of picture, both rows together
PICTURE_LINES = 90
MIN_CONTRAST = 90  # of 255, between a cell and the one below it
CELL_BYTES = CELLS * 2
FFMPEG_SECONDS = 300
# FFmpeg's output options that turn each frame into its grey cells.
TO_CELLS = [
    *("-vf", f"crop=iw:ih*{STRIP_LINES}/{PICTURE_LINES}:0:0:exact=1,scale={CELLS}:2:flags=area,format=gray"),
    *("-fps_mode", "passthrough", "-f", "rawvideo", "-"),
]


def encode(number: int) -> bytes:
    """The strip of one frame as grey cells, the upper row first."""
    word = (number << CHECK_BITS) | _check(number)
    upper = bytes(255 if word >> bit & 1 else 0 for bit in reversed(range(CELLS)))
    return upper + bytes(255 - cell for cell in upper)


def decode(cells: bytes) -> int | None:
    """The number in 2 × 20 grey cells, or None when they are not a whole, undamaged strip."""
    if len(cells) != CELL_BYTES:
        return None
    word = 0
    for upper, lower in zip(cells[:CELLS], cells[CELLS:], strict=True):
        if abs(upper - lower) < MIN_CONTRAST:
            return None
        word = word << 1 | (upper > lower)
    number = word >> CHECK_BITS
    return number if word & 0xF == _check(number) else None


def decode_rgb(pixels: bytes, *, width: int, height: int) -> int | None:
    """The number in an RGB picture of the strip alone, read at the middle of each cell."""
    if len(pixels) != width * height * 3:
        return None
    cells = bytearray()
    for row in range(2):
        y = (2 * row + 1) * height // 4
        for column in range(CELLS):
            at = (y * width + (2 * column + 1) * width // (2 * CELLS)) * 3
            cells.append(sum(pixels[at : at + 3]) // 3)
    return decode(bytes(cells))


def read_counters(source: Path | str, *, start: float | None = None, frames: int | None = None) -> list[int | None]:
    """The counter of every frame of a media file or playlist URL, in presentation order."""
    command = ["ffmpeg", "-v", "error", "-nostdin"]
    command += ["-i", str(source), "-map", "0:v:0", "-an"]
    command += ["-ss", str(start)] if start is not None else []  # after -i: FFmpeg 5.1 cannot seek in an fMP4 playlist
    command += ["-frames:v", str(frames)] if frames is not None else []
    result = subprocess.run([*command, *TO_CELLS], capture_output=True, check=True, timeout=FFMPEG_SECONDS)
    return read_cells(result.stdout)


def read_counters_of_bytes(media: bytes) -> list[int | None]:
    """The counter of every frame of a media file in memory. Raises ValueError when FFmpeg finds fault with it."""
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-map", "0:v:0", "-an", *TO_CELLS]
    result = subprocess.run(command, input=media, capture_output=True, check=False, timeout=FFMPEG_SECONDS)
    if result.returncode or result.stderr:
        raise ValueError(f"FFmpeg complains: {result.stderr.decode(errors='replace')[:500]}")
    return read_cells(result.stdout)


def read_cells(raw: bytes) -> list[int | None]:
    """The numbers in frames of grey cells, one after the other."""
    return [decode(raw[at : at + CELL_BYTES]) for at in range(0, len(raw), CELL_BYTES)]


def _check(number: int) -> int:
    """Four bits that differ between neighbours; the constant keeps an all-black row from being valid."""
    return (number ^ number >> 4 ^ number >> 8 ^ number >> 12 ^ 0b1010) & 0xF
