"""Cutting frames into parts and segments: at every usual frame rate, with B-frames, jitter and scene cuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.hls.cutter import CutPart, Cutter, Frame, SegmentClock

TICKS = 90_000
PART_TARGET = 0.35
TARGET_TICKS = round(PART_TARGET * TICKS)
START_MS = 10_000
MIN_SEGMENT_MS = 450

WHOLE_RATES = [Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)]
rates = st.sampled_from([*WHOLE_RATES, Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)])


@dataclass(frozen=True)
class Cut:
    """Everything one rendition was cut into."""

    parts: list[CutPart]

    @property
    def segments(self) -> list[list[CutPart]]:
        return [list(parts) for _, parts in groupby(self.parts, key=lambda part: part.segment)]

    @property
    def frames(self) -> list[Frame]:
        return [frame for part in self.parts for frame in part.frames]


def pictures(
    rate: Fraction, seconds: float, *, key_every: float = 2.0, first_ms: int = START_MS, b_frames: int = 0
) -> list[Frame]:
    """Frames as RTMP carries them: decode times rounded to milliseconds."""
    keys = max(round(key_every * rate), 1)
    found = []
    for number in range(int(seconds * rate)):
        dts_ms, later_ms = (first_ms + round(1000 * Fraction(count) / rate) for count in (number, number + 1))
        shown_later = b_frames and (number - 1) % (b_frames + 1) == 0 and number % keys
        offset_ms = round(Fraction(b_frames * 1000) / rate) if shown_later else (later_ms - dts_ms if b_frames else 0)
        found.append(Frame(dts_ms * 90, b"picture", is_key=number % keys == 0, composition_offset=offset_ms * 90))
    return found


def leader(clock: SegmentClock) -> Cutter:
    return Cutter(clock, TICKS, PART_TARGET, leads=True, min_segment_ms=MIN_SEGMENT_MS, default_duration=3000)


def cut_all(cutter: Cutter, frames: Sequence[Frame]) -> Cut:
    parts = [part for frame in frames for part in cutter.push(frame)]
    return Cut(parts + cutter.finish())


def check_parts(cut: Cut) -> None:
    """A-083, A-085: no part is too long, none too short but the last of its segment, and no tick is lost."""
    for segment in cut.segments:
        for part in segment:
            assert part.duration <= TARGET_TICKS
        for part in segment[:-1]:
            assert part.duration >= 0.85 * TARGET_TICKS
            assert part.next_starts_pts is None
    at = cut.frames[0].dts
    for part in cut.parts:
        for frame, duration in zip(part.frames, part.durations, strict=True):
            assert frame.dts == at
            assert duration > 0
            at += duration


@given(rates, st.integers(3, 120), st.integers(0, 999), st.sampled_from([0, 2, 3]))
def test_parts_at_every_usual_frame_rate(rate: Fraction, key_tenths: int, first_ms: int, b_frames: int) -> None:
    frames = pictures(rate, 13, key_every=max(key_tenths / 10, 0.5), first_ms=first_ms, b_frames=b_frames)
    cut = cut_all(leader(SegmentClock()), frames)

    assert cut.frames == frames
    check_parts(cut)
    for segment in cut.segments:
        assert segment[0].frames[0].is_key


@given(
    st.lists(st.integers(1, 120), min_size=2, max_size=300),
    st.lists(st.integers(0, 299), max_size=40),
)
def test_jittering_and_variable_frame_rate_never_exceeds_the_part_target(steps: list[int], keys: list[int]) -> None:
    at, frames = START_MS, []
    for number, step in enumerate(steps):
        frames.append(Frame(at * 90, b"picture", is_key=number == 0 or number in keys))
        at += step
    cut = cut_all(leader(SegmentClock()), frames)

    assert cut.frames == frames
    for part in cut.parts[:-1]:
        assert part.duration <= TARGET_TICKS
    assert sum(part.duration for part in cut.parts[:-1]) == cut.parts[-1].frames[0].dts - frames[0].dts


def test_one_picture_that_lasts_longer_than_a_part_is_a_part_of_its_own() -> None:
    frames = [Frame((START_MS + 1000 * number) * 90, b"slide", is_key=number % 2 == 0) for number in range(6)]
    cut = cut_all(leader(SegmentClock()), frames)

    assert [len(part.frames) for part in cut.parts] == [1] * 6
    assert [part.segment for part in cut.parts] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("key_at_ms", [100, 1900])
def test_key_frame_of_a_scene_cut_near_a_boundary_opens_no_segment(key_at_ms: int) -> None:
    frames = [
        frame._replace(is_key=frame.is_key or frame.dts == (START_MS + key_at_ms) * 90)
        for frame in pictures(Fraction(50), 6)
    ]
    lengths = [sum(part.duration for part in segment) for segment in cut_all(leader(SegmentClock()), frames).segments]

    assert sum(lengths) == 6 * TICKS
    assert max(lengths) < 2.5 * TICKS  # rounds to the target duration
    assert min(lengths[:-1]) >= MIN_SEGMENT_MS * 90


def test_frames_before_the_first_key_frame_are_dropped() -> None:
    frames = [frame._replace(is_key=number == 5) for number, frame in enumerate(pictures(Fraction(30), 1))]

    assert cut_all(leader(SegmentClock()), frames).frames == frames[5:]


def test_segment_ends_with_the_time_at_which_the_next_is_shown() -> None:
    cut = cut_all(leader(SegmentClock()), pictures(Fraction(30), 5, b_frames=2))
    ends = [part.next_starts_pts for part in cut.parts if part.next_starts_pts is not None]

    assert ends == [segment[0].starts_pts for segment in cut.segments[1:]]


def sounds(clock_ms: float, seconds: float, sample_rate: int = 48_000) -> list[Frame]:
    first = round(clock_ms * sample_rate / 1000)
    return [Frame(first + 1024 * number, b"sound") for number in range(int(seconds * sample_rate / 1024))]


@given(st.integers(-40, 40), st.sampled_from([44_100, 48_000]), st.integers(5, 24))
def test_sound_is_cut_nearest_to_the_pictures_boundary(ahead_ms: int, sample_rate: int, key_tenths: int) -> None:
    clock = SegmentClock()
    cut_all(leader(clock), pictures(Fraction(30), 10, key_every=key_tenths / 10))
    cutter = Cutter(clock, sample_rate, PART_TARGET, is_audio=True, fixed_duration=1024)
    cut = cut_all(cutter, sounds(START_MS + ahead_ms, 9, sample_rate))

    for segment in cut.segments[1:]:
        start_ms = segment[0].starts_pts * 1000 / sample_rate
        off = abs(start_ms - clock.start_ms(segment[0].segment))
        assert off <= 512_000 / sample_rate + 0.03  # half a frame, and a sample's rounding
    for segment in cut.segments:
        for part in segment[:-1]:
            assert 0.85 * PART_TARGET * sample_rate <= part.duration <= PART_TARGET * sample_rate
    assert {duration for part in cut.parts for duration in part.durations} == {1024}


@given(rates, st.integers(-8, 8), st.integers(5, 24))
def test_rung_opens_the_same_segments_as_the_source(rate: Fraction, off_ms: int, key_tenths: int) -> None:
    """A-074: encoders repeat the source's timestamps to within a few milliseconds."""
    clock = SegmentClock()
    source = pictures(rate, 9, key_every=key_tenths / 10)
    rung = [frame._replace(dts=frame.dts + off_ms * 90) for frame in source]
    lead = cut_all(leader(clock), source)
    follow = cut_all(Cutter(clock, TICKS, PART_TARGET, default_duration=3000), rung)

    assert [s[0].segment for s in follow.segments] == [s[0].segment for s in lead.segments]
    assert [len([f for p in s for f in p.frames]) for s in follow.segments] == [
        len([f for p in s for f in p.frames]) for s in lead.segments
    ]


def test_restarted_encoder_goes_on_with_the_frame_after_the_last_part() -> None:
    clock = SegmentClock()
    frames = pictures(Fraction(30), 6)
    cut_all(leader(clock), frames)
    cutter = Cutter(clock, TICKS, PART_TARGET, default_duration=3000)
    before = [part for frame in frames[:100] for part in cutter.push(frame)]
    cutter.forget_pending()  # frames 90 to 99 were not in a part yet

    after = [part for frame in frames[60:] for part in cutter.push(frame)]  # from the open segment's key frame again

    cut = Cut([*before, *after, *cutter.finish()])
    assert cut.frames == frames
    check_parts(cut)


def test_restarted_encoder_goes_on_even_when_nothing_was_pending() -> None:
    clock = SegmentClock()
    frames = pictures(Fraction(30), 4)
    cut_all(leader(clock), frames)
    cutter = Cutter(clock, TICKS, PART_TARGET, default_duration=3000)
    before = [part for frame in frames[:75] for part in cutter.push(frame)]
    cutter.forget_pending()
    cutter.forget_pending()  # killed again before it wrote anything

    after = [part for frame in frames[60:] for part in cutter.push(frame)]

    assert Cut([*before, *after, *cutter.finish()]).frames == frames


def test_single_frame_lasts_as_long_as_the_frame_rate_says() -> None:
    cut = cut_all(leader(SegmentClock()), pictures(Fraction(30), 0.04))

    assert [part.durations for part in cut.parts] == [[3000]]


def test_decode_times_that_stand_still_are_a_tick_apart() -> None:
    frames = [Frame(START_MS * 90, b"x", is_key=True), Frame(START_MS * 90, b"x", is_key=False)]

    assert all(duration >= 1 for part in cut_all(leader(SegmentClock()), frames).parts for duration in part.durations)


def test_clock_says_which_segment_a_time_belongs_to() -> None:
    clock = SegmentClock()
    assert not clock.started
    assert clock.number_at(10_000.0) == -1
    clock.open(10_000.0)
    clock.open(12_000.0)

    assert [clock.number_at(at) for at in (9_999.0, 10_000.0, 11_999.0, 12_000.0, 99_999.0)] == [-1, 0, 0, 1, 1]
    assert (clock.latest_number, clock.latest_ms, clock.start_ms(0)) == (1, 12_000.0, 10_000.0)


def lengths_ms(key_times_ms: list[int], *, target_duration: int) -> list[int]:
    """Segments of a source with key frames at these times and a picture every 50 ms."""
    lead = Cutter(
        SegmentClock(), TICKS, 1.0, leads=True, min_segment_ms=450, max_segment_ms=target_duration * 1000 + 450
    )
    for time_ms in range(key_times_ms[0], key_times_ms[-1] + 50, 50):
        lead.push(Frame((START_MS + time_ms) * 90, b"x", is_key=time_ms in key_times_ms))
    starts = [lead.clock.start_ms(number) for number in range(lead.clock.latest_number + 1)]
    return [round(end - start) for start, end in pairwise(starts)]


def test_segments_hold_as_many_regular_key_frames_as_have_room() -> None:
    """The first is cut at once: viewers wait for it."""
    assert lengths_ms(list(range(0, 16_001, 1000)), target_duration=2) == [1000] + [2000] * 7
    assert lengths_ms(list(range(0, 40_001, 2000)), target_duration=6) == [2000] + [6000] * 6
    assert lengths_ms(list(range(0, 30_001, 2000)), target_duration=4) == [2000] + [4000] * 7
    assert lengths_ms(list(range(0, 10_001, 2000)), target_duration=2) == [2000] * 5


def test_key_frames_at_scene_changes_never_make_a_segment_too_long() -> None:
    times, now = [0], 0
    for interval in [2000, 300, 1700, 500, 2000, 900, 2000, 2000, 100, 1900, 2000] * 3:
        now += interval
        times.append(now)

    assert max(lengths_ms(times, target_duration=2)) <= 2450


def assert_decode_times_have_no_hole(parts: Sequence[CutPart]) -> None:
    for one, other in pairwise(parts):
        assert one.frames[0].dts + one.duration == other.frames[0].dts


@given(
    rates,
    st.sets(st.integers(min_value=1, max_value=99), min_size=1, max_size=5),
    st.integers(min_value=0, max_value=900),
    st.integers(min_value=0, max_value=2),
)
def test_source_that_pauses_loses_nothing_and_its_decode_times_have_no_hole(
    rate: Fraction, pauses: set[int], hole_ms: int, b_frames: int
) -> None:
    """A-062. Whether pictures of the pause are missing or only late, and wherever it is."""
    frames, late = [], 0
    for number, frame in enumerate(pictures(rate, 5, b_frames=b_frames)):
        late += hole_ms if number in pauses else 0
        frames.append(frame._replace(dts=frame.dts + late * 90))
    cutter, parts = leader(SegmentClock()), []
    for number, frame in enumerate(frames):
        parts += cutter.flush() if number in pauses else []
        parts += cutter.push(frame)
    parts += cutter.finish()

    assert_decode_times_have_no_hole(parts)
    made = Cut(parts).frames
    assert [(frame.pts, frame.is_key) for frame in made] == [(frame.pts, frame.is_key) for frame in frames]
    assert abs(made[-1].dts - frames[-1].dts) < 90 * 1000


def test_flush_shows_what_is_there_and_the_next_picture_is_decoded_where_it_ended() -> None:
    cutter = leader(SegmentClock())
    first = [Frame((START_MS + at) * 90, b"picture", is_key=at == 0) for at in (0, 33, 66)]
    assert [part for frame in first for part in cutter.push(frame)] == []

    (part,) = cutter.flush()
    assert list(part.durations) == [33 * 90] * 3
    assert cutter.flush() == []
    assert cutter.push(Frame((START_MS + 200) * 90, b"picture", is_key=False)) == []
    assert cutter.push(Frame((START_MS + 233) * 90, b"picture", is_key=False)) == []
    (after,) = cutter.finish()
    assert after.frames[0] == Frame((START_MS + 99) * 90, b"picture", is_key=False, composition_offset=101 * 90)
    assert list(after.durations) == [134 * 90, 33 * 90]


def test_restarted_encoder_repeats_nothing_that_a_flush_has_shown() -> None:
    cutter, frames = leader(SegmentClock()), pictures(Fraction(30), 1)
    before = [part for frame in frames[:5] for part in cutter.push(frame)] + cutter.flush()
    cutter.forget_pending()
    made = Cut(before + [part for frame in frames for part in cutter.push(frame)] + cutter.finish()).frames
    assert [frame.pts for frame in made] == [frame.pts for frame in frames]
