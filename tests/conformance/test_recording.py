"""The recorder, its client and what keeps a capture: at the model server, and at one that misbehaves on purpose."""

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.client import Client, Reply
from tests.conformance.http_capture import http_capture
from tests.conformance.keeping import load, save
from tests.conformance.reading import read, resolve
from tests.conformance.verdicts import all_rules, leaks

LIVE = "low/index.m3u8"
all_rules()


@asynccontextmanager
async def server_that_says(*pieces: bytes) -> AsyncIterator[Client]:
    """Answers every request with these bytes, a moment apart, then hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = Client("127.0.0.1", server.sockets[0].getsockname()[1])
    async with server:
        yield client
        await client.close()


async def ask(*pieces: bytes) -> Reply:
    async with server_that_says(*pieces) as client:
        return await client.request("/")


async def test_a_whole_answer_is_whole() -> None:
    reply = await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello")
    assert (reply.status, reply.body, reply.wire_size, reply.whole) == (200, b"hello", 5, True)


async def test_a_body_that_ends_early_is_not_whole() -> None:
    reply = await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")
    assert (reply.body, reply.wire_size, reply.whole) == (b"hello", 5, False)


async def test_chunks_and_compression_are_undone_and_the_wire_counted() -> None:
    packed = gzip.compress(b"#EXTM3U\n" * 50)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    reply = await ask(head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed))
    assert (reply.body, reply.wire_size, reply.whole) == (b"#EXTM3U\n" * 50, len(packed), True)


async def test_compression_that_is_cut_off_is_not_whole() -> None:
    packed = gzip.compress(bytes(range(256)))[:-9]
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    assert not (await ask(head + packed)).whole


async def test_a_trickle_is_seen_between_the_first_and_the_last_byte() -> None:
    reply = await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"a", b"b", b"cd")
    assert reply.asked_at < reply.first_byte_at < reply.done_at
    assert reply.done_at - reply.first_byte_at > 0.08


async def test_no_answer_is_an_answer_too() -> None:
    assert (await ask()).status == 0


def test_a_kept_capture_is_the_same_again(tmp_path: Path) -> None:
    capture = http_capture()
    save(capture, tmp_path)
    assert load(tmp_path) == capture


def test_pictures_of_the_broadcast_before_are_noticed() -> None:
    capture = http_capture()
    renamed = [replace(one, body=b"other" + one.body) for one in capture.exchanges]
    assert leaks(capture, replace(capture, exchanges=renamed)).outcome == "passed"
    assert leaks(capture, replace(capture, exchanges=[*renamed, *capture.of("low/20.m4s")])).outcome == "failed"


def test_every_hinted_part_is_asked_for_once() -> None:
    capture = http_capture()
    asked = Counter(one.path for one in capture.exchanges if one.purpose == "hint")
    hinted = {
        resolve(one.path, uri)
        for one in capture.exchanges
        if one.purpose == "block" and one.status == 200 and one.is_playlist
        for uri in read(one.text).hints.values()
    }
    assert hinted <= set(asked)
    assert set(asked.values()) == {1}


def test_everything_listed_is_downloaded_once_at_first_sight() -> None:
    capture = http_capture()
    asked = Counter(one.path for one in capture.exchanges if one.purpose == "media")
    listed = {resolve(one.path, uri) for one in capture.of(LIVE, "poll") for uri in read(one.text).objects}
    assert listed <= set(asked)
    assert set(asked.values()) == {1}


def test_a_removed_segment_is_asked_for_again_just_before_it_may_go() -> None:
    capture = http_capture()
    last_listed = max(one.asked_at for one in capture.of(LIVE, "poll") if b"\n20.m4s" in one.body)
    [again] = [one for one in capture.of("low/20.m4s", "again")]
    assert 9 < again.asked_at - last_listed < 10  # its own second and the nine of the playlist


@pytest.mark.parametrize("path", [LIVE, "high/index.m3u8"])
def test_the_follower_asks_as_a_low_latency_player_does(path: str) -> None:
    queries = [one.query for one in http_capture().of(path, "block")]
    assert len(queries) > 100
    assert all(query.split("&") == sorted(query.split("&")) for query in queries)
    assert all("_HLS_skip=YES" in query for query in queries[1:])


def test_a_second_rendition_begins_where_the_first_one_reports_it() -> None:
    first = next(http_capture().of(LIVE, "block"))
    assert first.query == "_HLS_msn=10&_HLS_part=3"
