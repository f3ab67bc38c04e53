"""Sources as they come: each is packaged whole and in step, encoded again with a reason, or refused with one."""

import subprocess
from dataclasses import dataclass

import pytest

from tests.media.flv_tags import AUDIO, VIDEO, Tag
from tests.media.odd_sources import (
    Bend,
    Recipe,
    changing_header_every_second,
    claiming,
    followed_by,
    header_every_second,
    jump,
    sound_from,
    tags_of,
    told_at,
    without_header,
    without_sound_between,
)
from tests.transcode.offline_packaging import Outcome, PackagedRun, package
from transcode.limits import TICKS_PER_MS, TIMELINE_START_MS
from transcode.source_limits import SourceLimits

OFFSET_MS = 45  # ITU-R BT.1359: what viewers notice
LONGEST_SEGMENT = 2.5  # it rounds to the target duration of 2


def as_it_is(tags: list[Tag]) -> list[Tag]:
    return tags


@dataclass(frozen=True)
class Row:
    """A source and what must become of it: so many runs, encoded for a reason, or refused for one."""

    recipe: Recipe = Recipe()
    bend: Bend = as_it_is
    runs: int = 1
    encoded_for: tuple[str, ...] = ()
    refused: str = ""
    rate: float = 0.0
    limits: SourceLimits | None = None
    has_sound: bool = True


SILENT: tuple[str, ...] = ()
HOLE = "select='not(between(t,1.5,2.5))'"
ROWS: dict[str, Row] = {
    **{f"{rate} fps": Row(Recipe(rate=rate), rate=float(eval_rate)) for rate, eval_rate in (
        ("24", 24), ("25", 25), ("30000/1001", 29.97), ("30", 30), ("50", 50), ("60", 60),
    )},
    "holes of a second": Row(Recipe(filters=HOLE, key_seconds="0,1,2.6,3.6")),
    "8 fps": Row(Recipe(rate="8"), encoded_for=("slow_pictures",)),
    "2 fps, 30 claimed": Row(Recipe(rate="2"), bend=claiming(framerate=30.0), encoded_for=("slow_pictures",)),
    "holes again and again": Row(
        Recipe(filters="select='not(between(mod(t,1),0.2,0.7))'", seconds=5), encoded_for=("slow_pictures",)
    ),
    "10 to 60 fps": Row(Recipe(rate="60", filters="select='gte(t,2)+not(mod(n,6))'")),
    **{f"sound of {rate} Hz": Row(Recipe(audio=("-ar", rate, "-ac", "2"))) for rate in ("44100", "22050", "32000")},
    "mono": Row(Recipe(audio=("-ar", "44100", "-ac", "1"))),
    "5.1": Row(Recipe(audio=("-ar", "48000", "-ac", "6"))),
    "no sound": Row(Recipe(audio=SILENT), has_sound=False),
    "two B-frames": Row(Recipe(video=("-bf", "2", "-x264-params", "b-adapt=0"))),
    "three B-frames in a pyramid": Row(Recipe(video=("-bf", "3", "-x264-params", "b-adapt=0:b-pyramid=normal"))),
    "a key frame every 2 s": Row(Recipe(key_seconds="2")),
    "a key frame every 2.5 s": Row(Recipe(key_seconds="2.5"), encoded_for=("keyframe_interval",)),
    "a key frame every 4 s": Row(Recipe(key_seconds="4"), encoded_for=("keyframe_interval",)),
    "one key frame": Row(Recipe(key_seconds="9999"), encoded_for=("keyframe_interval",)),
    "key frames at scene changes": Row(Recipe(key_seconds="0,0.2,0.7,1.4,1.6,2.8,4.1")),
    "portrait": Row(Recipe(size="90x160")),
    "4:3": Row(Recipe(size="160x120")),
    "21:9": Row(Recipe(size="210x90")),
    "sizes that are no multiple of 16": Row(Recipe(size="642x362", seconds=3)),
    "pixels that are not square": Row(Recipe(filters="setsar=4/3")),
    "4K": Row(Recipe(size="3840x2160", seconds=0.5), refused="resolution"),
    "4K, capped": Row(
        Recipe(size="3840x2160", seconds=0.5), encoded_for=("resolution",), limits=SourceLimits(cap=True)
    ),
    "120 fps": Row(Recipe(rate="120", seconds=2), refused="frame_rate"),
    "10-bit": Row(Recipe(pixels="yuv420p10le"), encoded_for=("colour_format",)),
    "4:2:2": Row(Recipe(pixels="yuv422p"), encoded_for=("colour_format",)),
    "4:4:4 with odd sides": Row(Recipe(size="161x91", pixels="yuv444p"), encoded_for=("colour_format",)),
    "interlaced": Row(Recipe(size="320x192", video=("-x264-params", "interlaced=1")), refused="interlaced"),
    "bit rate above the limit": Row(Recipe(seconds=14), refused="bitrate", limits=SourceLimits(max_kbps=100)),
    "new resolution": Row(bend=followed_by(Recipe(size="320x180")), runs=2),
    "new frame rate": Row(bend=followed_by(Recipe(rate="60")), runs=2),
    "new profile, same size": Row(bend=followed_by(Recipe(video=("-profile:v", "main", "-coder", "1"))), runs=2),
    "new sound": Row(bend=followed_by(Recipe(audio=("-ar", "44100", "-ac", "1"))), runs=2),
    "clock jumps an hour": Row(bend=jump(2_500, 3_600_000), runs=2),
    "clock jumps two seconds": Row(bend=jump(2_500, 2_000), runs=2),
    "clock jumps a fifth of a second": Row(bend=jump(2_500, 200)),
    "clock jumps back a second": Row(bend=jump(2_500, -1_000), runs=2),
    "clock jumps back a minute": Row(bend=jump(2_500, -60_000), runs=2),
    "clock starts again after 49 days": Row(bend=told_at(lambda time_ms: time_ms + 2**32 - 2_500)),
    "timestamps all zero": Row(bend=told_at(lambda _: 0), refused="clock_stopped"),
    "timestamps in reverse": Row(bend=told_at(lambda time_ms: 100_000 - time_ms), refused="clock_stopped"),
    "clock at double speed": Row(Recipe(seconds=8), told_at(lambda time_ms: 2 * time_ms), refused="clock_fast"),
    "sound 5 s late": Row(bend=told_at(lambda time_ms: time_ms + 5_000, (AUDIO,))),
    "sound 5 s early": Row(bend=told_at(lambda time_ms: time_ms - 5_000, (AUDIO,))),
    "no metadata": Row(bend=claiming(audiocodecid=None, framerate=None)),
    **{f"{value} fps claimed": Row(bend=claiming(framerate=value, width=0.0, height=-1.0), rate=30)
       for value in (0.0, 1e308, float("nan"), -5.0, 300.0, 60.0)},
    "decoder configuration twice": Row(bend=header_every_second),
    "no decoder configuration": Row(bend=without_header, runs=0),
    "sound that stops": Row(bend=without_sound_between(2_000, 99_000)),
    "sound that comes back": Row(bend=without_sound_between(1_000, 3_000)),
    "sound that begins late": Row(bend=sound_from(2_200), runs=2),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_source(name: str) -> None:
    row = ROWS[name]
    tags = row.bend(tags_of(row.recipe))
    outcome = package(tags, row.limits)

    assert outcome.refused == row.refused
    assert outcome.bad_tags == 0
    if row.refused:
        return
    assert len(outcome.runs) == row.runs
    for run in outcome.runs:
        check_run(run, row)
    check_nothing_is_lost(outcome, tags, row)


def check_run(run: PackagedRun, row: Row) -> None:
    assert run.encoded_for == list(row.encoded_for)
    assert run.samples("source") == len(run.pictures)
    assert run.seconds["source"] == pytest.approx(length_of(run), abs=0.2)
    if row.rate:
        assert run.description.frame_rate == pytest.approx(row.rate, rel=0.01)
    if run.encoded_for:
        return
    assert run.longest <= LONGEST_SEGMENT
    check_decodes(bytes(run.media["source"]))
    if run.description.audio_codec and run.sounds:
        assert run.description.audio_codec.startswith("mp4a.40.")
        check_decodes(bytes(run.media["audio"]))
    assert row.has_sound or not run.sounds


def length_of(run: PackagedRun) -> float:
    return (run.pictures[-1].time_ms - run.pictures[0].time_ms) / 1000


def check_nothing_is_lost(outcome: Outcome, tags: list[Tag], row: Row) -> None:
    """Every picture from the first key frame on; after a change, from the next key frame on. The sound keeps its
    distance from the picture."""
    sent = sum(tag.kind == VIDEO and not tag.is_header for tag in tags)
    packaged = sum(len(run.pictures) for run in outcome.runs)
    if row.runs == 1:
        assert packaged == sent
        check_distance(outcome.runs[0], tags)
    elif outcome.runs:
        assert packaged > sent * 0.6


def check_distance(run: PackagedRun, tags: list[Tag]) -> None:
    """Compares each sound packet with the packets of the source that were told for the same time."""
    base = next(told(tag) for tag in tags if tag.is_keyframe)
    expected = [distance(told(tag), base) for tag in tags if tag.kind == AUDIO and not tag.is_header]
    rate = run.description.sample_rate
    placed = [frame.frame.dts * 1000 / rate - TIMELINE_START_MS for frame in run.sounds]
    assert len(placed) >= sum(0 <= time <= length_of(run) * 1000 for time in expected) * 0.98
    for place in placed:
        assert min(abs(place - time) for time in expected) <= OFFSET_MS
    first = run.pictures[0]
    assert first.frame.dts == TIMELINE_START_MS * TICKS_PER_MS


def told(tag: Tag) -> int:
    return tag.time_ms if tag.wire_ms is None else tag.wire_ms


def distance(time_ms: int, base_ms: int) -> int:
    return (time_ms - base_ms + 2**31) % 2**32 - 2**31


def check_decodes(media: bytes) -> None:
    """FFmpeg finds no fault."""
    argv = ["ffmpeg", "-v", "error", "-i", "pipe:0"]
    argv += ["-vsync", "passthrough", "-enc_time_base", "-1", "-f", "null", "-"]
    done = subprocess.run(argv, input=media, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_table_would_notice_a_lost_picture_and_sound_out_of_step() -> None:
    tags = tags_of(Recipe())
    outcome = package([tag for tag in tags if not 2_000 < tag.time_ms < 2_100 or tag.kind != VIDEO])
    with pytest.raises(AssertionError):
        check_nothing_is_lost(outcome, tags, Row())

    moved = package(told_at(lambda time_ms: time_ms + 200, (AUDIO,))([tag for tag in tags if tag.time_ms < 1_000]))
    with pytest.raises(AssertionError):
        check_distance(moved.runs[0], [tag for tag in tags if tag.time_ms < 900])


def test_decoder_configuration_that_keeps_changing_makes_a_run_each_time() -> None:
    """The intake refuses it then as unsteady."""
    assert len(package(changing_header_every_second(tags_of(Recipe()))).runs) >= 4
