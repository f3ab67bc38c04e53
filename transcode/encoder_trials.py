"""Runs the test encodes of `transcode.encoders`, once per worker and before it forks: later there is no time for it."""

import logging
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Any

from celery.signals import celeryd_after_setup
from django.conf import settings

from transcode.encoders import Trial, candidates, choose, judge, picture_argv, trial_argv
from transcode.ffmpeg import Pipeline
from transcode.process import ffmpeg_child, ffmpeg_timing_option

log = logging.getLogger(__name__)

TRIAL_SECONDS = 15  # the first program on a large GPU after its start takes several


@celeryd_after_setup.connect
def choose_encoder(instance: Any, **_facts: Any) -> None:
    """Only workers that take broadcasts need one."""
    if any(queue.startswith("live") for queue in instance.app.amqp.queues.consume_from):
        chosen_pipeline()


@cache
def chosen_pipeline() -> Pipeline:
    """What this worker encodes with."""
    wanted = settings.ENCODER
    choice = choose(wanted, run_trials(candidates(wanted)))
    if choice.missed:
        log.error("MILLRACE_ENCODER asks for %s, which does not work here. Encoding with %s", wanted, choice.says)
    else:
        log.info("encoding with %s", choice.says)
    return choice.pipeline


def run_trials(pipelines: Sequence[Pipeline], *, binary: str = "ffmpeg") -> list[Trial]:
    """Each pipeline's test encode, up to the first that works."""
    trials: list[Trial] = []
    if not pipelines:
        return trials
    _, pictures, _ = _run(picture_argv(binary))
    for pipeline in pipelines:
        status, output, last_words = _run(
            trial_argv(pipeline, timing=ffmpeg_timing_option(), binary=binary), input=pictures
        )
        trials.append(judge(pipeline, status=status, output=output, last_words=last_words))
        if not trials[-1].reason:
            break
    return trials


def _run(argv: Sequence[str], input: bytes = b"") -> tuple[int, bytes, str]:
    """Exit status, output and last words of an FFmpeg that is started as a broadcast's would be."""
    try:
        ran = subprocess.run(
            argv, input=input, capture_output=True, timeout=TRIAL_SECONDS, check=False, **ffmpeg_child()
        )
    except subprocess.TimeoutExpired:
        return -1, b"", f"no answer within {TRIAL_SECONDS} s"
    except OSError as error:
        return -1, b"", str(error)
    return ran.returncode, ran.stdout, ran.stderr.decode(errors="replace")
