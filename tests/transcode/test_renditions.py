"""What the multivariant playlist promises of each rendition."""

from dataclasses import replace

import pytest

from tests.transcode.encodes import Picture, source, transcode
from transcode import ffmpeg
from transcode.hls.cutter import Frame
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Part, Window, WindowSegment
from transcode.ladder import VideoPlan
from transcode.limits import TICKS_PER_MS
from transcode.packager import Packager, RunStart, Track
from transcode.renditions import describe_renditions, measured, peak_factor, peak_rate, update_rates
from transcode.source import SourceDescription

SOURCE = SourceDescription(1280, 720, 29.97003, "avc1.64001f", "mp4a.40.2", 48_000, 2, 2500, "OBS", 160)
PLANS = [VideoPlan("source", 1280, 720), VideoPlan("360p", 640, 360, 800_000, 29.97003)]
# What fragments add: 104 bytes for each of 1/0.35 parts, 12 for each picture or 4 for each sound packet; in bits.
PICTURE_CONTAINER, SOUND_CONTAINER = 5254, 3877


def window_of(*sizes: int, key_bytes: int = 0, duration: float = 2.0) -> Window:
    window = Window(target_duration=2, part_target=0.35)
    for size in sizes:
        window.open_segment(epoch=1, starts_at=0.0, discontinuity=False)
        window.add_part(Part(duration, size, independent=True, key_bytes=key_bytes))
        window.close_segment()
    return window


def described(source_size: int, *, about: SourceDescription = SOURCE, sound_size: int = 32_000) -> list[Rendition]:
    windows = {
        "source": window_of(source_size, key_bytes=40_000),
        "360p": window_of(100_000),
        "audio": window_of(sound_size),
    }
    codecs = {"source": "avc1.64001f", "360p": "avc1.42c01e"}
    codecs |= {"audio": "mp4a.40.2"} if about.audio_codec else {}
    return describe_renditions(PLANS, about, codecs, windows)


def test_source_promises_the_larger_of_what_it_says_and_what_it_does() -> None:
    said = 2_500_000 + PICTURE_CONTAINER
    assert described(500_000)[0] == Rendition(
        "source", "avc1.64001f", 3_256_831, said, 1280, 720, 29.97, iframe_bandwidth=320_000
    )
    busy = described(750_000)[0]
    assert (busy.average_bandwidth, busy.bandwidth) == (3_000_000, 3_900_000)


def test_rung_promises_what_its_rate_control_allows() -> None:
    assert described(500_000)[1] == Rendition(
        "360p", "avc1.42c01e", 1_000_000 + PICTURE_CONTAINER, 800_000 + PICTURE_CONTAINER, 640, 360, 29.97
    )


def test_sound_promises_what_it_says_even_while_it_is_silent() -> None:
    declared = 160_000 + SOUND_CONTAINER
    for size in (500, 32_000):
        sound = described(500_000, sound_size=size)[-1]
        assert sound == Rendition("audio", "mp4a.40.2", 180_265, declared, channels=2)
        assert sound.bandwidth <= 192_000  # a variant for phones
    untold = described(500_000, about=replace(SOURCE, declared_audio_kbps=0))[-1]
    assert (untold.average_bandwidth, untold.bandwidth) == (128_000, 140_800)


def test_silence_that_is_made_here_promises_room_for_sound() -> None:
    mute = replace(SOURCE, channels=0, sample_rate=0, declared_audio_kbps=0)
    sound = described(500_000, about=mute, sound_size=500)[-1]
    assert (sound.channels, sound.average_bandwidth) == (2, 160_000 + SOUND_CONTAINER)


def test_broadcast_without_a_sound_track_has_no_sound_rendition() -> None:
    silent = replace(SOURCE, audio_codec="")
    assert [entry.name for entry in described(500_000, about=silent)] == ["source", "360p"]


@pytest.mark.parametrize("target_duration", [1, 2, 3, 4, 6, 10])
def test_peak_of_any_window_the_rule_looks_at_stays_within_a_quarter_of_the_promise(target_duration: int) -> None:
    """A-133: windows last 0.5 to 1.5 target durations; in T an encode may spend T and half a second of its rate."""
    promise = peak_factor(target_duration)
    assert promise <= 2  # A-135's S half: not wildly more than the average
    for tenths in range(5, 16):
        seconds = target_duration * tenths / 10
        assert (seconds + 0.5) / seconds <= promise * 1.25
    assert (target_duration + 0.5) / target_duration <= promise  # and a whole segment's within the promise itself


def test_peak_is_looked_for_in_every_set_of_segments_the_rule_names() -> None:
    def segment(seconds: float, size: int, *, gap: bool = False) -> WindowSegment:
        return WindowSegment(0, 1, 0.0, seconds, size, gap=gap)

    assert peak_rate([segment(2, 100), segment(2, 300), segment(2, 200)], target_duration=2) == 1200
    # Too short to count alone, and with its neighbours it does.
    assert peak_rate([segment(2, 100), segment(0.5, 300), segment(2, 100)], target_duration=2) == 400 * 8 / 2.5
    # Four seconds are no set, so the rate of the two in a row does not count.
    assert peak_rate([segment(2, 300), segment(2, 300)], target_duration=2) == 1200
    # Nothing reaches over a gap.
    apart = [segment(0.6, 300), segment(2, 0, gap=True), segment(0.6, 300), segment(1, 100)]
    assert peak_rate(apart, target_duration=2) == 400 * 8 / 1.6
    assert peak_rate([segment(0.4, 100)], target_duration=2) == 2000  # all there is
    assert peak_rate([], target_duration=2) == 0


def test_broken_promise_is_raised_and_none_is_lowered() -> None:
    promised = described(500_000)
    calm = {name: window_of(*[1000] * 20) for name in ("source", "360p", "audio")}
    assert update_rates(promised, calm) == promised

    burst = {**calm, "source": window_of(*[1000] * 10, 1_000_000, *[1000] * 9)}
    raised = update_rates(promised, burst)
    assert raised == [replace(promised[0], bandwidth=4_400_000), *promised[1:]]
    assert update_rates(raised, burst) == raised  # 10 % in hand: not again with every segment


def test_average_is_raised_once_it_is_more_than_a_moments() -> None:
    promised = described(500_000)
    moment, long = window_of(*[750_000] * 3), window_of(*[750_000] * 20)

    assert update_rates(promised, {"source": moment})[0].average_bandwidth == promised[0].average_bandwidth
    raised = update_rates(promised, {"source": long})[0]
    assert (raised.average_bandwidth, raised.bandwidth) == (3_300_000, 3_300_000)


def test_key_frames_that_grow_raise_what_is_said_of_them() -> None:
    promised = described(500_000)
    raised = update_rates(promised, {"source": window_of(500_000, key_bytes=200_000)})
    assert raised[0].iframe_bandwidth == 880_000
    sound = update_rates(promised, {"audio": window_of(500, key_bytes=400)})[-1]
    assert sound.iframe_bandwidth == 0


def test_recording_says_what_was_measured() -> None:
    """A-135: exact once all segments are known."""
    rows = [WindowSegment(n, 1, 0.0, 2.0, size, key_bytes=size // 4) for n, size in enumerate([100, 300, 200])]
    rows.append(WindowSegment(3, 1, 0.0, 2.0, 0, gap=True))
    said = measured(described(500_000)[0], rows, target_duration=2)
    assert (said.bandwidth, said.average_bandwidth, said.iframe_bandwidth) == (1200, 800, 300)
    assert measured(described(500_000)[0], rows[3:], target_duration=2) == described(500_000)[0]


# --- Real encodes -----------------------------------------------------------------------------------------------------

# A still picture, four seconds of noise, the still picture again: an encoder saves up, then wants far too much.
CONFETTI = "loop=loop=-1:size=1:start=0,setpts=N/30/TB,noise=alls=100:allf=t+u:enable=between(t\\,4\\,8)"
RUNG = VideoPlan("180p", 240, 180, 300_000, 30.0)


def packaged(made: list[Picture]) -> Window:
    """The window that these pictures become."""
    track = Track("180p", Window(target_duration=2, part_target=0.35))
    start = RunStart(epoch=1, base_msn=0, wall_time=0.0, first_pts_ms=made[0].pts, discontinuity=False)
    packager = Packager(start=start, part_target=0.35, leader="180p")
    packager.add_video(track, b"", 30.0)
    for picture in made:
        packager.push("180p", Frame(picture.pts * TICKS_PER_MS, bytes(picture.size), is_key=picture.is_key))
    packager.finish()
    return track.window


def rates_of(window: Window) -> tuple[Rendition, Rendition]:
    """What is promised and what was."""
    promised = describe_renditions([RUNG], SOURCE, {"180p": "avc1.42c01e"}, {"180p": window})[0]
    return promised, measured(promised, window.segments, target_duration=2)


def test_still_confetti_still_keeps_the_promise() -> None:
    """A-133, A-134, A-136."""
    window = packaged(transcode(source(seconds=10, filters=CONFETTI), [RUNG])["180p"])
    promised, was = rates_of(window)

    still, confetti = window.segments[1], window.segments[3]
    assert confetti.size > 2 * still.size  # the content did change
    assert was.bandwidth <= promised.bandwidth
    assert was.average_bandwidth <= 1.1 * promised.average_bandwidth
    assert promised.bandwidth < 1.3 * promised.average_bandwidth
    assert update_rates([promised], {"180p": window}) == [promised]


def test_encoder_that_saves_up_more_breaks_the_promise_which_is_seen_and_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control."""
    monkeypatch.setattr(ffmpeg, "RUNG_BUFFER_SECONDS", 3.0)
    window = packaged(transcode(source(seconds=10, filters=CONFETTI), [RUNG])["180p"])
    promised, was = rates_of(window)

    assert was.bandwidth > 1.25 * promised.bandwidth
    (raised,) = update_rates([promised], {"180p": window})
    assert was.bandwidth <= raised.bandwidth
