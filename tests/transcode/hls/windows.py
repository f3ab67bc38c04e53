"""Windows to test with: five parts and a shorter sixth make segments of exactly two seconds."""

from collections.abc import Collection

from transcode.hls.window import Part, Window

PART, LAST_PART = 0.34375, 0.28125  # exact in binary
PARTS = 6


def grown_window(
    segments: int, *, open_parts: int = 0, discontinuity_at: Collection[int] = (), part_size: int = 100
) -> Window:
    """A window after so many segments of one epoch; those in `discontinuity_at` begin with a discontinuity."""
    window = Window(target_duration=2, part_target=0.35)
    for number in range(segments):
        fill_segment(window, number, PARTS, discontinuity=number in discontinuity_at, part_size=part_size)
        window.close_segment()
    if open_parts:
        fill_segment(window, segments, open_parts, discontinuity=segments in discontinuity_at, part_size=part_size)
    return window


def fill_segment(window: Window, number: int, parts: int, *, discontinuity: bool = False, part_size: int = 100) -> None:
    window.open_segment(epoch=1, starts_at=2.0 * number, discontinuity=discontinuity)
    for index in range(parts):
        duration = LAST_PART if index == PARTS - 1 else PART
        window.add_part(Part(duration, part_size, independent=index == 0))
