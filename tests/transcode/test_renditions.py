"""What the multivariant playlist promises of each rendition."""

from transcode.hls.multivariant import Rendition
from transcode.hls.window import Part, Window
from transcode.ladder import VideoPlan
from transcode.renditions import describe_renditions
from transcode.source import SourceDescription

SOURCE = SourceDescription(1280, 720, 29.97003, "avc1.64001f", "mp4a.40.2", 48_000, 2, 2500, "OBS")
PLANS = [VideoPlan("source", 1280, 720), VideoPlan("360p", 640, 360, 800_000)]


def window_of(*sizes: int) -> Window:
    window = Window(target_duration=2, part_target=0.35)
    for size in sizes:
        window.open_segment(epoch=1, starts_at=0.0, discontinuity=False)
        window.add_part(Part(2.0, size))
        window.close_segment()
    return window


def described(source_size: int, **changes: object) -> list[Rendition]:
    windows = {"source": window_of(source_size), "360p": window_of(300_000), "audio": window_of(32_000)}
    codecs = {"source": "avc1.64001f", "360p": "avc1.42c01e", "audio": "mp4a.40.2"}
    codecs |= {str(name): str(codec) for name, codec in changes.items()}
    return describe_renditions(PLANS, SOURCE, {name: codec for name, codec in codecs.items() if codec}, windows)


def test_source_promises_the_larger_of_what_it_says_and_what_it_does() -> None:
    assert described(500_000)[0] == Rendition("source", "avc1.64001f", 3_250_000, 2_500_000, 1280, 720, 29.97)
    assert described(750_000)[0].average_bandwidth == 3_000_000


def test_rung_promises_its_cap_and_sound_what_it_measured() -> None:
    rung, sound = described(500_000)[1:]

    assert rung == Rendition("360p", "avc1.42c01e", 1_000_000, 800_000, 640, 360, 29.97)
    assert sound == Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2)


def test_silent_source_has_no_sound_rendition() -> None:
    assert [entry.name for entry in described(500_000, audio="")] == ["source", "360p"]
