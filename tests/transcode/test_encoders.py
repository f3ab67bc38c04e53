"""Which encoder a worker uses: test encodes, on this machine and on machines of every other kind."""

import asyncio
import logging
import subprocess
from collections import deque
from typing import Any

import pytest

from tests.transcode.encodes import source
from transcode import encoder_trials, transcoding
from transcode.encoder_trials import chosen_pipeline, run_trials
from transcode.encoders import (
    PICTURES,
    Choice,
    Trial,
    after_failure,
    candidates,
    choose,
    judge,
    picture_argv,
    trial_argv,
)
from transcode.ffmpeg import PIPELINES, SOFTWARE, Pipeline, transcode_argv
from transcode.flv import FlvReader, MediaTag
from transcode.ladder import VideoPlan
from transcode.rung_policy import RungPolicy
from transcode.source import SourceReader, VideoFrame
from transcode.transcoding import Transcoding

IMPOSSIBLE = Pipeline("v4l2", {}, SOFTWARE.filters, {"vcodec": "h264_v4l2m2m"})  # no such device here
NVENC, NVENC_SOFTWARE_DECODE, VAAPI, QSV, X264_CUDA, _ = PIPELINES


@pytest.fixture(scope="module")
def two_pictures() -> bytes:
    return subprocess.run(picture_argv(), capture_output=True, check=True).stdout


def test_all_kinds_of_hardware_are_tried_before_software_is_used() -> None:
    assert candidates("auto") == [NVENC, NVENC_SOFTWARE_DECODE, VAAPI, QSV, X264_CUDA]


def test_operator_may_ask_for_one_kind() -> None:
    assert candidates("nvenc") == [NVENC, NVENC_SOFTWARE_DECODE]
    assert (candidates("vaapi"), candidates("qsv")) == ([VAAPI], [QSV])
    assert candidates("x264") == []  # nothing to try: it is what remains


def test_first_that_works_is_chosen_and_the_reason_against_each_other_is_told() -> None:
    trials = [Trial(NVENC, "exit 1: Cannot load libcuda.so.1"), Trial(VAAPI)]
    assert choose("auto", trials) == Choice(VAAPI, "vaapi (not nvenc: exit 1: Cannot load libcuda.so.1)")


def test_software_remains_and_an_operators_wish_that_fails_is_told_apart() -> None:
    assert choose("auto", [Trial(NVENC, "no")]) == Choice(SOFTWARE, "x264 (not nvenc: no)")
    assert choose("nvenc", [Trial(NVENC, "no")]) == Choice(SOFTWARE, "x264 (not nvenc: no)", missed=True)
    assert choose("x264", []) == Choice(SOFTWARE, "x264")
    # A GPU that only decodes is no answer to who asked for its encoder, but a good one to who asked for the best.
    assert choose("auto", [Trial(NVENC, "no"), Trial(X264_CUDA)]).pipeline is X264_CUDA


def test_exit_status_decides_whatever_ffmpeg_says(two_pictures: bytes) -> None:
    assert judge(SOFTWARE, status=0, output=two_pictures, last_words="Cannot load libcuda.so.1") == Trial(SOFTWARE)
    said = judge(NVENC, status=1, output=two_pictures, last_words="\n  No capable devices found \nConversion failed!")
    assert said == Trial(NVENC, "exit 1: No capable devices found")
    assert judge(NVENC, status=-11, output=b"", last_words="").reason == "exit -11: no word"


def test_encoder_that_swallows_pictures_does_not_count(two_pictures: bytes) -> None:
    assert judge(NVENC, status=0, output=b"", last_words="").reason == f"0 pictures came out of {PICTURES}"
    assert judge(NVENC, status=0, output=two_pictures[:-50], last_words="").reason.startswith("1 pictures")
    assert judge(NVENC, status=0, output=b"garbage" * 20, last_words="").reason.startswith("0 pictures")


def test_trial_is_a_broadcasts_own_command_line() -> None:
    small = VideoPlan("trial", 192, 144, 200_000, 30.0)
    assert trial_argv(VAAPI, timing="vsync") == transcode_argv(
        [small], {"trial": 1}, follow_source_key_frames=True, pipeline=VAAPI, timing="vsync"
    )
    assert run_trials([SOFTWARE]) == [Trial(SOFTWARE)]


def test_software_takes_pictures_as_a_gpu_hands_them_down() -> None:
    """All of `x264+cuda` but the GPU."""
    without_gpu = Pipeline("x264", {}, (*SOFTWARE.filters, "format=nv12"), X264_CUDA.encoder, knows_frame_rate=True)
    assert run_trials([without_gpu]) == [Trial(without_gpu)]


def test_encoder_that_is_compiled_in_and_has_no_hardware_is_not_chosen() -> None:
    """On this machine FFmpeg lists an encoder for which it has nothing; the control is the trial that works."""
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-encoders"], capture_output=True, text=True, check=True).stdout
    assert "h264_v4l2m2m" in listed

    failed, works = run_trials([IMPOSSIBLE, SOFTWARE, NVENC])
    assert failed.reason.startswith("exit 1: ")
    assert works == Trial(SOFTWARE)  # and nothing is tried after it


def test_trial_that_hangs_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_trials, "TRIAL_SECONDS", 0.2)
    monkeypatch.setattr(encoder_trials, "trial_argv", lambda pipeline, **_: ["sleep", "60"])
    assert run_trials([SOFTWARE])[0].reason == "exit -1: no answer within 0.2 s"


def test_machine_without_ffmpeg_is_told() -> None:
    assert "No such file" in run_trials([SOFTWARE], binary="/nowhere/ffmpeg")[0].reason


def test_hardware_that_fails_at_once_is_given_up_and_a_late_failure_is_none_of_its_making() -> None:
    assert after_failure(NVENC, lived=0.2) is SOFTWARE
    assert after_failure(NVENC, lived=600) is NVENC
    assert after_failure(SOFTWARE, lived=0.2) is SOFTWARE


class Taken:
    """Takes what a run's encoder makes, as LiveRun does."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()

    def take_tags(self, rung: str, tags: list[MediaTag]) -> None:
        if tags:
            self.arrived.set()

    def join(self, rung: str, from_ms: float) -> None:
        pass

    def leave(self, rung: str, *, whole: bool) -> None:
        pass

    def resume_ms(self, rung: str) -> float:
        return 0.0


async def test_broadcast_goes_on_in_software_when_the_hardware_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU that encodes as many broadcasts as it may refuses the next one when its FFmpeg starts."""
    monkeypatch.setattr(transcoding, "chosen_pipeline", lambda: IMPOSSIBLE)
    reader = SourceReader({})
    tags = [tag for tag in FlvReader().feed(source(rate="30", seconds=2)) if tag.kind == "video"]
    frames = [frame for tag in tags for frame in reader.feed(tag) if isinstance(frame, VideoFrame)]
    assert reader.video_header is not None
    taken, rung = Taken(), VideoPlan("144p", 192, 144, 200_000, 30.0)
    encoding = Transcoding(RungPolicy([rung]), deque(frames), reader.video_header, taken, follow_source_key_frames=True)
    await encoding.begin(frames[0].time_ms)
    for frame in frames:
        encoding.feed(frame, begins_segment=frame.frame.is_key)
    try:
        await asyncio.wait_for(taken.arrived.wait(), 20)
    finally:
        await encoding.abort()


@pytest.fixture
def _not_chosen_yet() -> None:
    chosen_pipeline.cache_clear()


@pytest.mark.usefixtures("_not_chosen_yet")
def test_worker_says_once_what_it_encodes_with(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ENCODER = "x264"
    caplog.set_level(logging.INFO, "transcode.encoder_trials")
    assert chosen_pipeline() is chosen_pipeline() is SOFTWARE
    assert [record.getMessage() for record in caplog.records] == ["encoding with x264"]


@pytest.mark.usefixtures("_not_chosen_yet")
def test_worker_that_lacks_what_its_operator_asked_for_says_so_loudly(
    monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ENCODER = "qsv"
    monkeypatch.setattr(encoder_trials, "run_trials", lambda pipelines: [Trial(one, "no chip") for one in pipelines])
    assert chosen_pipeline() is SOFTWARE
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage() == (
        "MILLRACE_ENCODER asks for qsv, which does not work here. Encoding with x264 (not qsv: no chip)"
    )
    chosen_pipeline.cache_clear()
