"""Silence where sound is missing: right in place, and silent in a real decoder."""

import subprocess

import pytest

from transcode import fmp4
from transcode.aac import parse_audio_specific_config
from transcode.hls.cutter import Frame
from transcode.silence import STEREO, SoundFiller

SPF = 1024
START = 480_000  # ten seconds of 48 kHz


def ticks(frames: object) -> list[int]:
    return [frame.dts for frame in frames]  # type: ignore[attr-defined]


def sound(dts: int) -> Frame:
    return Frame(dts, b"sound")


def test_source_without_sound_gets_silence_as_far_as_its_picture() -> None:
    filler = SoundFiller(STEREO, expected=False)
    made = [frame for number in range(31) for frame in filler.take_picture(10_000 + number * 1000 / 30)]

    assert ticks(made) == [START + SPF * number for number in range(47)]
    assert {frame.data for frame in made} == {made[0].data}


def test_sound_is_passed_on_and_its_lag_is_waited_for() -> None:
    filler = SoundFiller(STEREO, expected=True)
    for number in range(20):
        assert ticks(filler.take_sound(sound(START + SPF * number))) == [START + SPF * number]
        assert list(filler.take_picture(10_000 + number * 21.3 + 500)) == []


def test_sound_that_stops_is_replaced_and_may_come_back() -> None:
    filler = SoundFiller(STEREO, expected=True)
    list(filler.take_sound(sound(START)))
    filled = ticks(filler.take_picture(12_000))
    assert filled == [START + SPF * number for number in range(1, 94)]
    assert ticks(filler.take_picture(12_050)) == [filled[-1] + SPF * n for n in (1, 2, 3)]  # no more waiting
    back = START + SPF * 98
    assert ticks(filler.take_sound(sound(back))) == [START + SPF * 97, back]


def test_hole_in_the_sound_is_filled_and_what_comes_too_late_is_dropped() -> None:
    filler = SoundFiller(STEREO, expected=True)
    list(filler.take_sound(sound(START)))
    assert ticks(filler.take_sound(sound(START + SPF * 4 + 100))) == [START + SPF * n for n in (1, 2, 3, 4)]
    list(filler.take_picture(12_000))
    assert list(filler.take_sound(sound(START + SPF * 20))) == []


def test_sound_ends_with_the_picture_when_the_source_is_gone() -> None:
    filler = SoundFiller(STEREO, expected=True)
    list(filler.take_sound(sound(START)))
    end_ms = (START + SPF * 4 + 500) / 48
    assert ticks(filler.finish(end_ms)) == [START + SPF * n for n in (1, 2, 3)]
    assert ticks(filler.finish(end_ms)) == []


def test_packets_stay_end_to_end_when_sound_is_placed_anew_by_less_than_a_packet() -> None:
    filler = SoundFiller(STEREO, expected=True)
    list(filler.take_sound(sound(START)))
    told = [START + SPF * n + off for n, off in enumerate((0, 192, -192, 192 + SPF, 192 + SPF), start=1)]
    placed = [tick for at in told for tick in ticks(filler.take_sound(sound(at)))]

    assert placed == [START + SPF * n for n in (1, 2, 3, 4, 5, 6)]
    assert abs(placed[-1] - told[-1]) <= SPF // 2


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6])
def test_every_silent_block_decodes_to_silence(channels: int) -> None:
    config = parse_audio_specific_config(bytes([0x11, 0x80 | channels << 3]))
    frames = list(SoundFiller(config, expected=False).take_picture(0)) + list(
        _filled(SoundFiller(config, expected=False))
    )
    assert len(frames) > 40
    media = fmp4.audio_init(config, config.sample_rate) + fmp4.fragment(
        sequence_number=1,
        base_decode_time=0,
        samples=[fmp4.Sample(SPF, len(frame.data), True, 0) for frame in frames],
        data=b"".join(frame.data for frame in frames),
        with_styp=True,
    )
    argv = ["ffmpeg", "-v", "error", "-xerror", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    decoded = subprocess.run(argv, input=media, capture_output=True, check=True)

    assert decoded.stderr == b""
    assert len(decoded.stdout) >= (len(frames) - 2) * SPF * 2 * channels
    assert set(decoded.stdout) == {0}


def _filled(filler: SoundFiller) -> list[Frame]:
    list(filler.take_picture(0))
    return list(filler.take_picture(1000))
