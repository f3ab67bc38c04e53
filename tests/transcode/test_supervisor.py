"""A live job with everything real: nginx-rtmp, an encoder, FFmpeg, Redis, PostgreSQL; and what can break."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from django.test import override_settings

from tests.media.bad_sources import audio_only, hevc_by_number, hevc_enhanced, hidden_keyframes
from tests.media.counter_clip import Clip
from tests.media.publisher import Publisher, clip_tags
from tests.transcode.ingest_server import ingest_server
from tests.transcode.live_job import LiveJobUnderTest, Recorder, Worker, live_job
from tests.transcode.live_services import wait_until
from transcode.hls.window import Window
from transcode.recordings import write_recording

CLIP = Clip(width=320, height=180, fps=30, seconds=40, gop_seconds=1.0, bframes=2, kbps=250, first=100)
LONG_GOP = Clip(width=320, height=180, fps=30, seconds=20, gop_seconds=10.0, kbps=250, first=2000)
SLIDES = Clip(width=320, height=180, fps=2, seconds=20, gop_seconds=2.0, kbps=250, first=3000)
SILENT_BLOCK = bytes.fromhex("210049900219002380")  # of transcode.silence, for two channels
RENDITIONS = ["source", "160p", "audio"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def rtmp_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    for clip in (CLIP, LONG_GOP, SLIDES):
        clip_tags(clip)  # encoded before anything is timed
    with ingest_server(tmp_path_factory.mktemp("ingest")) as port:
        yield port


@pytest.fixture
def job(tmp_path: Path, rtmp_port: int, transactional_db: None) -> Iterator[LiveJobUnderTest]:
    with live_job(tmp_path, rtmp_port) as job:
        yield job


def publish(job: LiveJobUnderTest, clip: Clip = CLIP, *, start_seconds: float = 0) -> Publisher:
    tags = clip_tags(clip, start_seconds=start_seconds)
    return Publisher(port=job.rtmp_port, key=job.stream_id, tags=tags).start()


def assert_in_sync(windows: dict[str, Window]) -> None:
    """A-074, A-093: the same segments at the same times in every rendition."""
    common = set.intersection(*({segment.msn for segment in window.segments} for window in windows.values()))
    by_name = {name: {s.msn: s for s in window.segments} for name, window in windows.items()}
    assert common
    for msn in common:
        segments = [by_name[name][msn] for name in windows]
        assert len({(segment.epoch, segment.discontinuity, segment.gap) for segment in segments}) == 1
        # A gap begins where a rendition's last part ended: FFmpeg's own may be a few frames short.
        times = [s.starts_at + (s.duration if s.gap else 0) for s in segments]
        assert max(times) - min(times) < 0.03


def kill_ffmpeg(job: LiveJobUnderTest) -> None:
    wait_until(lambda: job.status.get("transcoder_pid"), "no status")
    pid = job.status["transcoder_pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: job.status.get("transcoder_pid") not in {pid, None}, "FFmpeg was not started again")


def has_spoken_or_ended(worker: Worker) -> bool:
    return worker.process.poll() is not None or bool(worker.told)


def take_over(job: LiveJobUnderTest) -> Worker:
    """A second worker, sent again until the dead one's lease has run out, as reconcile does."""
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        worker = job.start_worker()
        wait_until(partial(has_spoken_or_ended, worker), "nothing happened", seconds=8)
        if worker.told:
            return worker
    raise AssertionError("nobody took over")


def test_broadcast_survives_everything_that_dies(job: LiveJobUnderTest) -> None:
    """B-01, B-03, B-05 and the end, in one broadcast."""
    first = job.start_worker()
    job.wait_for_player()
    with Recorder(job) as recorder:
        encoder = publish(job)
        first.wait_for("run_live", seconds=6)
        assert job.state["ready"]
        assert [entry["name"] for entry in job.state["renditions"]] == RENDITIONS
        kill_ffmpeg(job)
        job.wait_until_segments(5, epoch=1)

        encoder.stop()
        wait_until(lambda: all(window.open is None for window in job.windows.values()), "the run did not end")
        returned = publish(job, start_seconds=15)
        wait_until(lambda: len(first.heard("run_live")) == 2, "not live again", seconds=5)
        job.wait_until_segments(2, epoch=2)
        wait_until(lambda: (w := job.windows["160p"].open) is not None and len(w.parts) > 1, "no open parts")

        before = job.windows
        first.kill()
        second = take_over(job)
        second.wait_for("run_live", seconds=8)
        job.wait_until_segments(2, epoch=3)
        returned.stop()
        finish(job, second)

    assert recorder.broken == []
    assert recorder.looks > 100
    assert all(window.ended for window in job.windows.values())
    assert_numbered(job)
    assert_nothing_lost(job, sorted(encoder.sent), sorted(returned.sent))
    assert_nothing_listed_is_lost(job, before)
    assert_recording_plays(job)


def finish(job: LiveJobUnderTest, worker: Worker) -> None:
    """The encoder has stopped, and once its run has ended the broadcast is over."""
    wait_until(lambda: all(window.open is None for window in job.windows.values()), "the run did not end")
    job.finish()
    worker.wait_for("live_finished", seconds=8)


def assert_numbered(job: LiveJobUnderTest) -> None:
    assert job.state["ended"]
    assert_in_sync(job.windows)
    rows = job.rows()
    # Numbers are only missing where gaps stood while the encoder was away.
    for before, row in pairwise(rows):
        assert row.sequence == before.sequence + 1 or (row.sequence > before.sequence and row.discontinuity)
    assert [row.sequence for row in rows if row.discontinuity] == [
        next(row.sequence for row in rows if row.epoch == epoch) for epoch in (2, 3)
    ]
    assert all(sorted(row.renditions) == sorted(RENDITIONS) for row in rows)


def assert_nothing_lost(job: LiveJobUnderTest, sent: list[int], sent_later: list[int]) -> None:
    """A-073 gold: every picture that was sent is there once, in every rendition. Runs 2 and 3 share an encoder."""
    shown = {epoch: job.counters("source", epoch) for epoch in (1, 2, 3)}
    assert shown[1] == sent
    first_of_3 = shown[3][0]
    assert first_of_3 is not None
    assert shown[3] == [number for number in sent_later if number >= first_of_3]
    # The worker was killed between two pictures that depend on each other at most.
    assert shown[2][:-3] == sent_later[: len(shown[2]) - 3]
    for epoch, numbers in shown.items():
        assert job.counters("160p", epoch)[:-3] == numbers[: len(job.counters("160p", epoch)) - 3]
        if epoch != 2:
            assert job.counters("160p", epoch) == numbers


def assert_sound_decodes(job: LiveJobUnderTest) -> None:
    for epoch in (1, 2, 3):
        names = [f"{epoch}.init.mp4", *(f"{epoch}-{row.sequence}.m4s" for row in job.rows() if row.epoch == epoch)]
        sound = b"".join((job.media / "audio" / name).read_bytes() for name in names)
        argv = ["ffmpeg", "-v", "error", "-xerror", "-i", "pipe:0", "-f", "null", "-"]
        assert subprocess.run(argv, input=sound, capture_output=True, check=True).stderr == b""


def assert_recording_plays(job: LiveJobUnderTest) -> None:
    assert_sound_decodes(job)
    with override_settings(STORAGES=job.storages):
        recording = write_recording(stream_id=job.stream_id)
    assert recording.renditions == RENDITIONS
    for rendition in ("source", "160p"):
        text = (job.media / "vod" / rendition / "index.m3u8").read_text()
        files = [line.rsplit("/", 1)[1] for line in text.splitlines() if not line.startswith("#")]
        assert files == [f"{row.epoch}-{row.sequence}.m4s" for row in job.rows()]
        # FFmpeg 5.1 knows no discontinuity: it is given the first run alone.
        first_run, *others = text.split("#EXT-X-DISCONTINUITY\n")
        assert len(others) == 2
        alone = job.media / "vod" / rendition / "first.m3u8"
        alone.write_text(f"{first_run}#EXT-X-ENDLIST\n")
        argv = ["ffmpeg", "-v", "error", "-xerror", "-i", str(alone), "-map", "0:v", "-fps_mode", "passthrough"]
        shown = subprocess.run([*argv, "-f", "framehash", "pipe:1"], capture_output=True, check=True, text=True)
        frames = [line for line in shown.stdout.splitlines() if not line.startswith("#")]
        assert len(frames) == len(job.counters(rendition, 1))
    seconds = sum(row.renditions["source"][0] for row in job.rows())
    assert abs(recording.duration_seconds - seconds) < 0.6  # at the end of a run its sound may outlast its picture


def assert_nothing_listed_is_lost(job: LiveJobUnderTest, before: dict[str, Window]) -> None:
    rows = job.rows()
    # What was listed when the worker died is in the recording, also of the segment that was open then.
    opened = before["source"].open
    assert opened is not None
    recorded = {row.sequence: row.renditions["source"][0] for row in rows if row.epoch == 2}
    assert recorded[opened.msn] >= sum(part.duration for part in opened.parts) - 0.001
    assert {segment.msn for segment in before["source"].segments if not segment.gap} <= {row.sequence for row in rows}


def test_source_with_distant_key_frames_is_encoded_anew(job: LiveJobUnderTest) -> None:
    """B-13, A-040"""
    worker = job.start_worker()
    job.wait_for_player()
    with Recorder(job) as recorder, publish(job, LONG_GOP) as encoder:
        worker.wait_for("run_live", seconds=10)
        told = ["keyframe_interval"]
        wait_until(lambda: [one["code"] for one in job.status.get("warnings", [])] == told, "no warning")
        epoch = worker.heard("run_live")[0]["epoch"]
        job.wait_until_segments(3, epoch=epoch)
        encoder.stop()
        finish(job, worker)

    assert recorder.broken == []
    assert job.state["target_duration"] == 2
    assert {window.target_duration for window in job.windows.values()} == {2}
    durations = [segment.duration for segment in job.windows["source"].segments[:-1]]
    assert all(1.9 < duration < 2.1 for duration in durations)
    source = job.counters("source", epoch)
    assert source == list(range(LONG_GOP.first, max(encoder.sent) + 1))
    assert job.counters("160p", epoch) == source
    sound = b"".join(path.read_bytes() for path in (job.media / "audio").glob(f"{epoch}-*.m4s"))
    assert sound.count(SILENT_BLOCK) <= 1, "silence stands where the sound was replayed"


def test_key_frames_that_become_distant_on_air_cost_no_picture_and_no_time(job: LiveJobUnderTest) -> None:
    """B-13"""
    worker = job.start_worker()
    job.wait_for_player()
    tags = hidden_keyframes(clip_tags(CLIP), after_seconds=5)
    with Recorder(job) as recorder, Publisher(port=job.rtmp_port, key=job.stream_id, tags=tags) as encoder:
        wait_until(lambda: len(worker.heard("run_live")) == 2, "it is not encoded anew", seconds=25)
        job.wait_until_segments(2, epoch=2)
        encoder.stop()
        finish(job, worker)

    assert recorder.broken == []
    for name in ("source", "160p"):
        shown = [number for epoch in (1, 2) for number in job.counters(name, epoch)]
        assert shown == sorted(encoder.sent)
    before, after = (job.windows["source"].segments[place] for place in seam(job.windows["source"]))
    assert (before.epoch, after.epoch, after.discontinuity) == (1, 2, True)
    assert abs(after.starts_at - before.ends_at) < 0.01
    assert all(segment.duration < 2.5 for window in job.windows.values() for segment in window.segments)


def seam(window: Window) -> tuple[int, int]:
    """Where the second run begins."""
    place = next(place for place, segment in enumerate(window.segments) if segment.discontinuity)
    return place - 1, place


def test_source_of_few_pictures_is_encoded_at_a_constant_rate(job: LiveJobUnderTest) -> None:
    """A-083: two pictures a second cannot be cut into parts."""
    worker = job.start_worker()
    job.wait_for_player()
    with Recorder(job) as recorder, publish(job, SLIDES) as encoder:
        worker.wait_for("run_live", seconds=12)
        wait_until(lambda: [one["code"] for one in job.status.get("warnings", [])] == ["slow_pictures"], "no warning")
        epoch = worker.heard("run_live")[0]["epoch"]
        job.wait_until_segments(3, epoch=epoch)
        encoder.stop()
        finish(job, worker)

    assert recorder.broken == []
    for window in (job.windows["source"], job.windows["160p"]):
        parts = [part for segment in window.segments for part in segment.parts[:-1] if not part.independent]
        assert len(parts) >= 4
        assert all(0.85 * window.part_target <= part.duration <= window.part_target for part in parts)
    shown = job.counters("source", epoch)
    assert list(dict.fromkeys(shown)) == sorted(encoder.sent)
    assert len(shown) == pytest.approx(5 * len(encoder.sent), abs=5)


def test_sources_that_cannot_go_on_air_are_refused(
    rtmp_port: int, tmp_path_factory: pytest.TempPathFactory, transactional_db: None
) -> None:
    """Three encoders at once. nginx-rtmp does not forward Enhanced RTMP: all we see of it is that no picture comes."""
    spoilt = {
        "no picture that we can show": audio_only,
        "H.264": hevc_enhanced,
        "HEVC (H.265)": hevc_by_number,
    }
    codes = {"no_video": 2, "video_codec": 1}
    with ExitStack() as stack:
        encoders = []
        for word, spoil in spoilt.items():
            job = stack.enter_context(live_job(tmp_path_factory.mktemp("job"), rtmp_port))
            worker = job.start_worker()
            job.wait_for_player()
            tags = spoil(clip_tags(CLIP))
            stack.enter_context(Publisher(port=rtmp_port, key=job.stream_id, tags=tags))
            encoders.append((word, job, worker))
        told = Counter[str]()
        for word, job, worker in encoders:
            refused = worker.wait_for("source_refused", seconds=15)
            assert word in refused["text"]
            assert job.windows == {}
            told[refused["code"]] += 1
        assert told == codes


def test_second_worker_leaves_a_supervised_broadcast_alone(job: LiveJobUnderTest) -> None:
    first = job.start_worker()
    job.wait_for_player()
    second = job.start_worker()

    assert second.process.wait(timeout=10) == 0
    assert first.process.poll() is None
    assert first.told == []  # nobody publishes, so nobody is refused
    job.finish()
    first.wait_for("live_finished")
    assert first.process.wait(timeout=5) == 0


def test_broadcast_without_any_media_has_an_empty_recording(job: LiveJobUnderTest) -> None:
    assert write_recording(stream_id=job.stream_id).renditions == []


def test_worker_that_slept_through_its_lease_writes_nothing_when_it_wakes(job: LiveJobUnderTest) -> None:
    """Its windows are older than its heir's: one write would turn playlists back."""
    sleeper = job.start_worker()
    job.wait_for_player()
    with Recorder(job) as recorder, publish(job) as encoder:
        sleeper.wait_for("run_live", seconds=6)
        sleeper.process.send_signal(signal.SIGSTOP)
        heir = take_over(job)
        heir.wait_for("run_live", seconds=8)
        sleeper.process.send_signal(signal.SIGCONT)
        assert sleeper.process.wait(timeout=5) == 0
        job.wait_until_segments(2, epoch=2)
        encoder.stop()
        finish(job, heir)

    assert recorder.broken == []
    assert sleeper.heard("live_finished") == []
