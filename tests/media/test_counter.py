"""The measuring instrument itself: the counter is read on every frame, and never from a damaged strip."""

import subprocess
from pathlib import Path

import pytest

from tests.media import counter
from tests.media.counter_clip import Clip, clip_path

SHORT = Clip(seconds=4, first=4_090)  # crosses a change of many bits


@pytest.mark.parametrize("number", [0, 1, 0x5555, 0xAAAA, 0xFFFF, 4095, 4096])
def test_a_drawn_number_is_read_back(number: int) -> None:
    assert counter.decode(counter.encode(number)) == number


def test_every_number_has_its_own_strip() -> None:
    assert len({counter.encode(number) for number in range(1 << 16)}) == 1 << 16


@pytest.mark.parametrize("cell", range(counter.CELLS))
def test_a_strip_with_one_covered_cell_is_refused(cell: int) -> None:
    cells = bytearray(counter.encode(1234))
    cells[cell] = cells[cell + counter.CELLS] = 128
    assert counter.decode(bytes(cells)) is None


@pytest.mark.parametrize("cell", range(counter.CELLS))
def test_a_strip_with_one_flipped_pair_is_refused(cell: int) -> None:
    cells = bytearray(counter.encode(1234))
    cells[cell], cells[cell + counter.CELLS] = cells[cell + counter.CELLS], cells[cell]
    assert counter.decode(bytes(cells)) is None


@pytest.mark.parametrize("grey", [0, 16, 128, 235, 255])
def test_a_plain_picture_is_no_strip(grey: int) -> None:
    assert counter.decode(bytes([grey]) * counter.CELL_BYTES) is None


def test_two_blended_frames_are_refused() -> None:
    blend = bytes((a + b) // 2 for a, b in zip(counter.encode(7), counter.encode(8), strict=True))
    assert counter.decode(blend) is None


def test_an_rgb_picture_of_the_strip_is_read() -> None:
    width, height = 284, 28  # what is left of it at 160 lines
    cells = counter.encode(777)
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            pixels += bytes([cells[(y * 2 // height) * counter.CELLS + x * counter.CELLS // width]]) * 3
    assert counter.decode_rgb(bytes(pixels), width=width, height=height) == 777


def test_every_frame_of_a_clip_is_numbered() -> None:
    assert counter.read_counters(clip_path(SHORT)) == list(range(4_090, 4_090 + SHORT.frames))


def test_every_frame_survives_a_transcode_to_160_lines(tmp_path: Path) -> None:
    small = tmp_path / "160p.mp4"
    encode = ["-vf", "scale=-2:160:flags=fast_bilinear", "-c:v", "libx264", "-preset", "superfast", "-b:v", "300k"]
    encode += ["-fps_mode", "passthrough", "-an"]  # FFmpeg's default repeats the first frame: the counter shows it
    subprocess.run(["ffmpeg", "-v", "error", "-i", clip_path(SHORT), *encode, small], check=True, timeout=60)
    assert counter.read_counters(small) == list(range(4_090, 4_090 + SHORT.frames))


def test_a_picture_without_a_strip_reads_as_nothing(tmp_path: Path) -> None:
    plain = tmp_path / "plain.mp4"
    make = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-t", "1", "-c:v", "libx264"]
    subprocess.run(["ffmpeg", "-v", "error", *make, plain], check=True, timeout=60)
    assert counter.read_counters(plain) == [None] * 30
