"""Damaged and hostile input to what reads encoders' bytes: only declared errors, bounded memory, and it goes on."""

import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.media.flv_tags import SCRIPT, VIDEO, Tag
from tests.media.hostile_messages import ATTACKS, Attack
from tests.media.odd_sources import Recipe, tags_of
from tests.transcode.offline_packaging import package
from tests.transcode.test_rtmp import PLAYING, session, status
from transcode.errors import RtmpError, SourceInterrupted, SourceRefused, TranscodeError
from transcode.flv import MediaTag
from transcode.source import SourceReader

CLIP = Recipe(seconds=2, video=("-bf", "2"))
READ_BYTES = 65_536
MEMORY_LIMIT_BYTES = 40_000_000
SEEDS = range(150)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_that_the_ingest_server_passed_on_would_not_hurt_us(attack: Attack) -> None:
    """As if the server had sent it: the play session refuses or passes over, within bounded memory."""
    data = attack.make(random.Random(7))
    play = session()
    play.receive_data(PLAYING)
    tracemalloc.start()
    try:
        for at in range(0, len(data), READ_BYTES):
            play.receive_data(data[at : at + READ_BYTES])
            play.data_to_send()
    except RtmpError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT_BYTES


def test_play_session_goes_on_after_what_it_passes_over() -> None:
    """The control of the test above: not everything is refused."""
    play = session()
    play.receive_data(PLAYING)
    unknown = next(attack for attack in ATTACKS if attack.name == "acknowledgement window 0")

    assert play.receive_data(unknown.make(random.Random(7))) == []
    assert play.receive_data(status("NetStream.Play.PublishNotify")) != []


def damaged(tags: list[Tag], rng: random.Random) -> Iterator[Tag]:
    """Flipped bits, cut and lengthened bodies, lying timestamps, tags lost, doubled and swapped."""
    held: list[Tag] = []
    for tag in tags:
        fate = rng.random()
        if fate < 0.03:
            continue
        if fate < 0.06:
            held.append(tag)
            continue
        yield _bent(tag, rng) if fate < 0.25 else tag
        yield from held
        held.clear()
        if fate > 0.97:
            yield tag


def _bent(tag: Tag, rng: random.Random) -> Tag:
    body = bytearray(tag.body)
    kind = rng.randrange(4)
    if kind == 0:
        for _ in range(rng.randrange(1, 8)):
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del body[rng.randrange(1, len(body) + 1) :]
    elif kind == 2:
        body += rng.randbytes(rng.randrange(1, 30))
    else:
        return replace(tag, wire_ms=rng.choice([0, tag.time_ms - 50, tag.time_ms + 400, rng.randrange(2**32)]))
    return replace(tag, body=bytes(body))


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_source_is_packaged_refused_or_passed_over(seed: int) -> None:
    tags = [tag for tag in tags_of(CLIP) if tag.kind != SCRIPT]
    outcome = package(damaged(tags, random.Random(seed)))

    for run in outcome.runs:
        assert run.pictures[0].frame.is_key
        assert run.samples("source") == len(run.pictures)
        times = [frame.frame.dts for frame in run.pictures]
        assert times == sorted(set(times))


def test_undamaged_clip_is_packaged_whole() -> None:
    """The control of the damage above."""
    tags = [tag for tag in tags_of(CLIP) if tag.kind != SCRIPT]
    (run,) = package(tags).runs

    assert len(run.pictures) == sum(tag.kind == VIDEO and not tag.is_header for tag in tags)


def test_reader_recovers_at_the_next_key_frame_after_damage() -> None:
    tags = [MediaTag("video", tag.time_ms, tag.body) for tag in tags_of(CLIP) if tag.kind == VIDEO]
    reader, good = SourceReader({"framerate": 30.0}), 0
    rng = random.Random(1)
    for number, tag in enumerate(tags):
        broken = 5 < number < 20
        try:
            payload = tag.payload[:5] + rng.randbytes(40) if broken else tag.payload
            good += len(reader.feed(MediaTag("video", tag.timestamp_ms, payload), tag.timestamp_ms / 1000))
        except SourceInterrupted:
            reader = SourceReader({"framerate": 30.0}, inherit=reader)
        except SourceRefused:
            raise
        except TranscodeError:
            assert broken
    assert good >= len(tags) - 1 - 15 - 30
