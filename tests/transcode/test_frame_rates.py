"""Rungs with fewer pictures than the source: real encodes of sources of every frame rate."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.transcode.encodes import Picture, frame_rate, key_times, pictures, source, transcode
from transcode import ffmpeg
from transcode.ffmpeg import SOFTWARE
from transcode.ladder import Rung, VideoPlan, plan_renditions

SMOOTH, CALM = Rung(180, 300_000, 60.0), Rung(144, 200_000, 30.0)


def rungs(rate: float, *, passthrough: bool = True, width: int = 320, height: int = 240) -> list[VideoPlan]:
    plans = plan_renditions(width, height, frame_rate=rate, passthrough=passthrough, max_rungs=2, ladder=(SMOOTH, CALM))
    return [plan for plan in plans if not plan.is_passthrough]


def distances(made: list[Picture]) -> set[int]:
    """Milliseconds from each picture to the next."""
    return {later.pts - sooner.pts for sooner, later in pairwise(made)}


def bit_rate(made: list[Picture]) -> float:
    return sum(picture.size for picture in made) * 8000 / (made[-1].pts - made[0].pts)


def check_key_frames(clip: list[Picture], made: dict[str, list[Picture]]) -> None:
    """Every rendition begins its segments at the same pictures, and shows none that the source did not have."""
    for rung in made.values():
        assert key_times(rung) == key_times(clip)
        assert {picture.pts for picture in rung} <= {picture.pts for picture in clip}


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize(
    ("rate", "calm"),
    [("24", 24), ("25", 25), ("30000/1001", 29.97), ("30", 30), ("48", 24), ("50", 25), ("60", 30)],
)
def test_key_frames_stay_the_sources_at_every_rate(rate: str, calm: float, b_frames: int) -> None:
    numerator, _, denominator = rate.partition("/")
    said = int(numerator) / int(denominator or 1)
    stream = source(rate=rate, seconds=3, b_frames=b_frames, key_every=round(said))
    clip, made = pictures(stream), transcode(stream, rungs(said))

    assert len(key_times(clip)) == 3
    check_key_frames(clip, made)
    assert [picture.pts for picture in made["180p"]] == [picture.pts for picture in clip]
    assert frame_rate(made["144p"]) == pytest.approx(calm, rel=0.01)
    regular = 1000 / calm
    assert all(abs(distance - regular) <= 1.5 for distance in distances(made["144p"]))


def test_full_hd_at_sixty_pictures_a_second() -> None:
    stream = source(rate="60", seconds=1, size="1920x1080", key_every=30)
    made = transcode(stream, rungs(60.0, width=1920, height=1080))

    check_key_frames(pictures(stream), made)
    assert frame_rate(made["180p"]) == pytest.approx(60, rel=0.01)
    assert frame_rate(made["144p"]) == pytest.approx(30, rel=0.01)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_pictures_that_were_shown_before_are_only_decoded(b_frames: int) -> None:
    """The encode begins in the midst of a group of pictures, with a key frame of its own in every rung."""
    stream = source(rate="60", seconds=5, b_frames=b_frames, key_every=9999)
    begin_ms = pictures(stream)[70].pts - 5
    made = transcode(stream, rungs(60.0, passthrough=False), follow=False, begin_ms=begin_ms)

    assert [one.pts for one in made["source"]] == [one.pts for one in pictures(stream)[70:]]
    for rung in made.values():
        first, second = key_times(rung)[:2]
        assert first == made["source"][0].pts
        assert second - first == pytest.approx(2000, abs=20)


@pytest.mark.parametrize(("rate", "filters"), [("2", "null"), ("30", "select='not(between(mod(t,2),0.5,1.2))'")])
def test_too_few_pictures_are_encoded_at_a_constant_rate(rate: str, filters: str) -> None:
    """Each as often as it takes, and segments begin every two seconds in every rung."""
    stream = source(rate=rate, seconds=6, filters=filters)
    assert max(distances(pictures(stream))) > 350
    made = transcode(stream, rungs(10.0, passthrough=False), follow=False, constant_rate=10.0)

    for rung in made.values():
        assert distances(rung) == {100}
        assert rung[0].pts == pytest.approx(pictures(stream)[0].pts, abs=50)
        assert [at - rung[0].pts for at in key_times(rung)] == [0, 2000, 4000]


def test_key_frames_that_break_the_rhythm_cost_one_short_distance_each() -> None:
    stream = source(rate="60", key_every=45)  # every second key frame comes where the rung would skip a picture
    clip, made = pictures(stream), transcode(stream, rungs(60.0))

    check_key_frames(clip, made)
    calm = made["144p"]
    short = [sooner for sooner, later in pairwise(calm) if later.pts - sooner.pts < 25]
    assert 1 <= len(short) <= len(key_times(clip))
    assert frame_rate(calm) == pytest.approx(30, rel=0.05)


def test_source_of_varying_rate_keeps_what_comes_slowly_enough() -> None:
    """It says 60 and sends between 15 and 60: the calm rung must not halve its slow passages."""
    stream = source(rate="60", b_frames=2, filters="select=if(lt(mod(t\\,2)\\,1)\\,1\\,not(mod(n\\,4)))")
    clip, made = pictures(stream), transcode(stream, rungs(60.0))

    assert frame_rate(clip) < 45
    check_key_frames(clip, made)
    assert max(distances(made["144p"])) <= max(distances(clip)) + 25  # a picture left out makes the one before longer
    slow = [picture for picture in clip if picture.pts % 2000 > 1100]
    assert {picture.pts for picture in slow} <= {picture.pts for picture in made["144p"]}


def test_jitter_of_a_third_of_a_picture_does_no_harm() -> None:
    stream = source(rate="60", filters="settb=1/1000,setpts=PTS+random(3)*6")
    clip, made = pictures(stream), transcode(stream, rungs(60.0))

    check_key_frames(clip, made)
    assert len(distances(clip)) > 5
    assert frame_rate(made["144p"]) == pytest.approx(30, rel=0.03)


@pytest.mark.parametrize("key_every", [250, 77])
def test_where_the_source_is_encoded_too_all_renditions_get_the_same_key_frames(key_every: int) -> None:
    stream = source(rate="60", seconds=7, key_every=key_every)
    made = transcode(stream, rungs(60.0, passthrough=False), follow=False)

    times = key_times(made["source"])
    assert {later - sooner for sooner, later in pairwise(times)} == {2000}
    assert key_times(made["180p"]) == key_times(made["144p"]) == times
    assert frame_rate(made["144p"]) == pytest.approx(30, rel=0.01)


def test_counting_to_thirty_would_lose_the_key_frames() -> None:
    """The control: what the checks above say of a rung that was made by another rule."""
    stream = source(rate="60", key_every=45)
    clip = pictures(stream)
    every_second = [Picture(one.pts, one.size, is_key=one.is_key) for one in clip[::2]]
    with pytest.raises(AssertionError):
        check_key_frames(clip, {"144p": every_second})


def test_encoded_source_keeps_the_frame_rate_that_sources_are_capped_at() -> None:
    source, *_ = plan_renditions(1920, 1080, frame_rate=120, passthrough=False, max_rungs=2, max_frame_rate=30)

    assert (source.frame_rate, source.frame_step) == (30, 4)


@pytest.mark.parametrize("knows_frame_rate", [True, False])
def test_rung_of_half_the_pictures_gets_all_its_bits(knows_frame_rate: bool) -> None:
    """As hardware encoders do, libx264 counts on the source's rate unless it is told another."""
    busy = source(rate="60", seconds=6, filters="noise=alls=60:allf=t+u")
    calm = rungs(60.0)[1:]
    machine = replace(SOFTWARE, knows_frame_rate=knows_frame_rate)

    made = transcode(busy, calm, pipeline=machine)["144p"]
    assert bit_rate(made) == pytest.approx(calm[0].bitrate, rel=0.15)


def test_encoder_that_is_told_neither_spends_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    plain = {"video_bitrate": 200_000, "maxrate": 200_000, "bufsize": 100_000}
    monkeypatch.setattr(ffmpeg, "_rates", lambda rung, pipeline: plain)
    busy = source(rate="60", seconds=6, filters="noise=alls=60:allf=t+u")

    assert bit_rate(transcode(busy, rungs(60.0)[1:])["144p"]) < 0.65 * 200_000
