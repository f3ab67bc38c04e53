"""What the edge fetches once for all viewers: through its origin, or from a shield with the storage."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.free_ports import free_ports
from stack import nginx
from stack.errors import StackError
from tests.stack.answering import Answer, Asked, answering
from tests.stack.test_edge import GOOD, OTHER_STREAM, STREAM, Edge, media, running_edge

BOB = "6553f100.bobssignature"
FOREVER = {"Content-Type": "video/mp4", "Cache-Control": "public, max-age=31536000, immutable"}
SEGMENT, PART, INIT = "source/1-9.m4s", "source/1-9.0.m4s", "source/1.init.mp4"
RECORDING = "vod/source/index.m3u8"


def origin(asked: Asked) -> Answer:
    if asked.path.startswith("/authorise"):
        good = tuple(f"/authorise?token={token}&stream_id={STREAM}&kind=" for token in (GOOD, BOB))
        return Answer(200 if asked.path.startswith(good) else 403)
    return Answer(body=b"from the origin", headers=FOREVER)


def shield(asked: Asked) -> Answer:
    return Answer(body=b"from the shield " * 100, headers=FOREVER)


@contextmanager
def edge_with(
    settings: Any, directory: Path, *, shield_answer: Callable[[Asked], Answer] | None = None
) -> Iterator[tuple[Edge, list[Asked]]]:
    """An edge, and what its shield was asked."""
    with ExitStack() as stack:
        asked: list[Asked] = []
        if shield_answer is not None:
            port = free_ports(1)[0]
            asked = stack.enter_context(answering(port, shield_answer))
            settings.ORIGIN_SHIELD, settings.PROCESSES = f"http://127.0.0.1:{port}", ["edge", "origin"]
        edge = stack.enter_context(running_edge(settings, directory, origin_answer=origin))
        yield edge, asked


@pytest.fixture
def alone(settings: Any, tmp_path: Path) -> Iterator[Edge]:
    """With object storage: what is asked of it is kept."""
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}
    with edge_with(settings, tmp_path) as (edge, _):
        yield edge


@pytest.mark.parametrize("path", [SEGMENT, RECORDING])
def test_host_with_the_storage_on_its_disk_keeps_nothing_twice(settings: Any, tmp_path: Path, path: str) -> None:
    """A cache would have to say how old its answers are (RFC 9111 §5.1); what is not on this disk yet is on its way."""
    with edge_with(settings, tmp_path) as (edge, _):
        for _ in range(2):
            assert "x-cache-status" not in edge.client.get(media(GOOD, path)).headers
        assert len(asked_for_media(edge.origin)) == 2


@pytest.fixture
def shielded(settings: Any, tmp_path: Path) -> Iterator[tuple[Edge, list[Asked]]]:
    with edge_with(settings, tmp_path, shield_answer=shield) as both:
        yield both


def asked_for_media(asked: list[Asked]) -> list[str]:
    return [one.path for one in asked if not one.path.startswith("/authorise")]


@pytest.mark.parametrize("path", [SEGMENT, INIT, RECORDING])
def test_two_viewers_with_tokens_of_their_own_cost_one_request(alone: Edge, path: str) -> None:
    for token in (GOOD, BOB, GOOD):
        answer = alone.client.get(media(token, path))
        assert (answer.status_code, answer.text) == (200, "from the origin")
        assert answer.headers.get_list("cache-control") == [FOREVER["Cache-Control"]]
    assert asked_for_media(alone.origin) == [media(GOOD, path)]


@pytest.mark.parametrize("path", [SEGMENT, RECORDING])
def test_what_is_kept_is_refused_without_a_good_token(alone: Edge, path: str) -> None:
    assert alone.client.get(media(GOOD, path)).status_code == 200
    for token in ("6553f100.expiredsignature", GOOD[:-1], "x"):
        answer = alone.client.get(media(token, path))
        assert (answer.status_code, "origin" in answer.text) == (403, False)
    assert alone.client.get(media(GOOD, path, OTHER_STREAM)).status_code == 403
    assert len(asked_for_media(alone.origin)) == 1


def test_parts_are_asked_anew_each_time(alone: Edge) -> None:
    """The control: at the live edge nothing may wait for nginx's cache lock, and the origin answers all at once."""
    for token in (GOOD, BOB):
        assert alone.client.get(media(token, PART)).status_code == 200
    assert asked_for_media(alone.origin) == [media(GOOD, PART), media(BOB, PART)]


def test_many_who_ask_at_once_cost_one_request(settings: Any, tmp_path: Path) -> None:
    answered = threading.Event()

    def slow(asked: Asked) -> Answer:
        answered.wait(1)
        return shield(asked)

    with edge_with(settings, tmp_path, shield_answer=slow) as (edge, asked), ThreadPoolExecutor(20) as viewers:
        answers = [viewers.submit(edge.client.get, media(token, SEGMENT)) for token in (GOOD, BOB) * 10]
        assert {answer.result().status_code for answer in answers} == {200}
        assert len(asked) == 1


def test_segments_and_recordings_come_from_the_shield_and_parts_do_not(shielded: tuple[Edge, list[Asked]]) -> None:
    edge, asked = shielded
    for path in (SEGMENT, INIT, RECORDING, "storyboard.json"):
        assert edge.client.get(media(GOOD, path)).text.startswith("from the shield")
    assert edge.client.get(media(GOOD, PART)).text == "from the origin"
    assert edge.client.get(media(GOOD, "source/index.m3u8")).text == "from the origin"
    assert [one.path for one in asked] == [media(GOOD, path) for path in (SEGMENT, INIT, RECORDING, "storyboard.json")]
    assert asked[0].headers["host"] != edge.client.base_url.netloc.decode()  # the shield's own name
    assert "x-sendfile-prefix" not in asked[0].headers


def test_ranges_are_served_from_what_is_kept_whole(shielded: tuple[Edge, list[Asked]]) -> None:
    edge, asked = shielded
    for wanted, text in (("bytes=0-3", "from"), ("bytes=-7", "shield ")):
        answer = edge.client.get(media(GOOD, SEGMENT), headers={"Range": wanted})
        assert (answer.status_code, answer.text) == (206, text)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [403, 404, 503])
def test_refusal_of_the_shield_is_not_kept_for_others(settings: Any, tmp_path: Path, status: int) -> None:
    answers = iter([Answer(status, headers={"Cache-Control": "public, max-age=60"})])

    def once_bad(asked: Asked) -> Answer:
        return next(answers, shield(asked))

    with edge_with(settings, tmp_path, shield_answer=once_bad) as (edge, _):
        assert edge.client.get(media(GOOD, SEGMENT)).status_code == status
        assert edge.client.get(media(BOB, SEGMENT)).status_code == 200


def test_what_is_kept_is_served_while_the_shield_is_away(settings: Any, tmp_path: Path) -> None:
    with ExitStack() as stack:
        port = free_ports(1)[0]
        settings.ORIGIN_SHIELD = f"http://127.0.0.1:{port}"
        with answering(port, lambda _: Answer(body=b"kept", headers={**FOREVER, "Connection": "close"})):
            edge = stack.enter_context(running_edge(settings, tmp_path, origin_answer=origin))
            assert edge.client.get(media(GOOD, SEGMENT)).status_code == 200
        assert edge.client.get(media(BOB, SEGMENT)).status_code == 200
        assert edge.client.get(media(BOB, "source/1-8.m4s")).status_code == 503


def test_pages_chat_and_previews_of_an_edge_machine_come_from_the_shield(shielded: tuple[Edge, list[Asked]]) -> None:
    edge, asked = shielded
    paths = ["/alice", "/api/v1/streams", "/api/v1/chat/1", "/api/v1/channels/alice/events", "/previews/a.jpg"]
    for path in paths:
        assert edge.client.get(path).status_code == 200
    assert [one.path for one in asked] == paths
    assert edge.site == edge.chat == []


@pytest.mark.parametrize("address", ["main.example", "ftp://main.example", "https://main.example/path", "https://"])
def test_shield_that_is_no_address_is_one_sentence(settings: Any, address: str) -> None:
    settings.ORIGIN_SHIELD = address
    with pytest.raises(StackError, match="MILLRACE_ORIGIN_SHIELD"):
        nginx.edge_values([])
