"""Which tests run together: `stack/test.sh` starts lines of them side by side, each a process with services of its own.

A line reads its own files only: to collect them all takes each process about ten seconds.
"""

from collections.abc import Mapping
from types import MappingProxyType

FIRST = "first"
# Folders and files below tests/; the first line that names a file has it.
LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # End-to-end tests that only wait for events, however long they take: beside the others, last for the processor.
        "patient": (
            "s3/",
            "end_to_end/test_encoders",
            "end_to_end/test_managing_recordings",
            "end_to_end/test_odd_sources",
            "end_to_end/test_playback_tokens",
            "end_to_end/test_slots",
            "end_to_end/test_stopping",
            "stack/test_killed_runner",
        ),
        # Those that need a whole core for a moment: a browser, a strict player.
        "end_to_end": ("end_to_end/",),
        # What only computes or encodes needs no clock.
        "offline": (
            "conformance/test_controls",
            "conformance/test_http_rules",
            "conformance/test_readers",
            "streaming/ingest/test_interleavings",
            "transcode/hls/",
            "transcode/test_clip_plan",
            "transcode/test_clips",
            "transcode/test_fmp4",
            "transcode/test_fragments",
            "transcode/test_frame_rates",
            "transcode/test_odd_sources",
            "transcode/test_packager",
            "transcode/test_pixel_shape",
            "transcode/test_renditions",
            "transcode/test_rung_changes",
            "transcode/test_silence",
        ),
        "pages": ("config/", "pages/"),
        "library": ("accounts/", "streaming/", "vod/"),
        # What watches the clock, which is all that no other line has; and chat in a browser, so that all are as long.
        FIRST: ("chat/test_hostile_text", "chat/test_moderation_page", "chat/test_panel"),
        "rooms": ("chat/",),
    }
)


def line_of(path: str) -> str:
    """The line that a file is in; `path` is below tests/."""
    return next((name for name, paths in LINES.items() if path.startswith(paths)), FIRST)
