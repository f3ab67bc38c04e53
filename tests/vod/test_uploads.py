"""Videos come in pieces, whatever happens on the way; the protocol refuses what is wrong."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services import suspend_user
from tests.conftest import PASSWORD
from tests.vod.uploading import CHUNK, LIST, Sender, fake, sender, sent_whole, spool
from vod import upload_spool
from vod.limits import CHUNK_MAX_BYTES, UPLOADS_AT_ONCE, UPLOADS_BEGUN_AN_HOUR
from vod.models import Upload
from vod.upload_states import UploadState
from vod.uploads import create_upload

__all__ = ["fake", "sender", "spool"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


def test_client_is_told_what_is_spoken_here() -> None:
    answer = Client().options(LIST)
    assert answer.status_code == 204
    assert (answer["Tus-Version"], answer["Tus-Extension"]) == ("1.0.0", "creation,termination")
    assert answer["Tus-Max-Size"] == str(20 * 10**9)


def test_file_comes_in_pieces_and_is_what_was_sent(sender: Sender, spool: Path) -> None:
    body = bytes(range(256)) * 4000
    path = sender.begin(len(body), title="Chess tonight")
    assert sender.offset(path) == 0
    for at in range(0, len(body), 300_000):
        answer = sender.send(path, at, body[at : at + 300_000])
        assert (answer.status_code, answer["Tus-Resumable"]) == (204, "1.0.0")
        assert int(answer["Upload-Offset"]) == min(at + 300_000, len(body)) == sender.offset(path)
    upload = Upload.objects.get()
    assert (upload.state, upload.title, upload.visibility) == (UploadState.CHECKING, "Chess tonight", "private")
    assert (spool / upload.public_id).read_bytes() == body
    assert spool.stat().st_mode & 0o777 == 0o700


class Interrupted(Exception):
    """The line breaks."""


def breaking_after(body: bytes, count: int) -> Iterator[bytes]:
    """What comes of `body` before the line breaks."""
    for at in range(0, count, 1000):
        yield body[at : min(at + 1000, count)]
    raise Interrupted


def reader_of(pieces: Iterator[bytes]) -> Callable[[int], bytes]:
    return lambda size: next(pieces)


def test_file_that_was_interrupted_twice_is_the_same(sender: Sender, spool: Path, alice: User) -> None:
    from vod.uploads import append_to_upload

    body = hashlib.sha256(b"a").digest() * 1000
    path = sender.begin(len(body))
    upload = Upload.objects.get()
    for count in (7_500, 1):
        pieces = breaking_after(body[sender.offset(path) :], count)
        with pytest.raises(Interrupted):
            append_to_upload(upload=upload, offset=sender.offset(path), length=None, read=reader_of(pieces))
    assert sender.offset(path) == 7_501
    assert sender.send(path, 7_501, body[7_501:]).status_code == 204
    arrived = (spool / upload.public_id).read_bytes()
    assert hashlib.sha256(arrived).digest() == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [(0, 400, "empty"), (2**40, 413, "too_large"), (20 * 10**9 + 1, 413, "too_large"), ("-1", 400, "invalid")]
    + [(nonsense, 400, "invalid") for nonsense in ("", "1e9", "٣", "9" * 30, "1.5")],
)
def test_length_that_cannot_be_is_refused(sender: Sender, length: Any, status: int, code: str) -> None:
    answer = sender.create(length, filename="a.mp4")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_wrong_pieces_are_refused_and_change_nothing(sender: Sender) -> None:
    path = sender.begin(10)
    assert sender.send(path, 0, b"12345").status_code == 204
    wrong = {
        "behind": (sender.send(path, 0, b"12345"), 409),
        "ahead": (sender.send(path, 6, b"7890"), 409),
        "no offset": (sender.ask("PATCH", path, b"1"), 400),
        "nonsense": (sender.send(path, "-1", b"1"), 400),
        "too long": (sender.send(path, 5, b"123456"), 413),
        "another type": (sender.send(path, 5, b"1", Content_Type="application/json"), 415),
        "another version": (sender.send(path, 5, b"1", Tus_Resumable="0.2.2"), 412),
    }
    assert {name: answer.status_code for name, (answer, _) in wrong.items()} == {
        name: status for name, (_, status) in wrong.items()
    }
    assert sender.offset(path) == 5
    assert sender.send(path, 5, b"67890").status_code == 204
    assert sender.send(path, 10, b"1").status_code == 409  # all of it is here


def test_more_than_a_chunk_at_once_is_refused(sender: Sender) -> None:
    path = sender.begin(CHUNK_MAX_BYTES * 2)
    assert sender.send(path, 0, bytes(CHUNK_MAX_BYTES + 1)).status_code == 413
    assert sender.offset(path) == 0


def test_length_that_was_not_told_is_counted(sender: Sender, spool: Path) -> None:
    from common.errors import InvalidInput
    from vod.uploads import append_to_upload

    sender.begin(10)
    pieces = iter([b"12345", b"67890", b"1", b""])
    with pytest.raises(InvalidInput):
        append_to_upload(upload=Upload.objects.get(), offset=0, length=None, read=reader_of(pieces))
    assert upload_spool.size_of(Upload.objects.get().public_id) == 0


@pytest.mark.parametrize("metadata", ["title ???", "title " + base64.b64encode(b"\xff\xfe").decode()])
def test_metadata_must_be_base64(sender: Sender, metadata: str) -> None:
    assert sender.ask("POST", LIST, Upload_Length="5", Upload_Metadata=metadata).status_code == 400


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"title": "x" * 141}, 400),
        ({"visibility": "secret"}, 400),
        ({"filename": "a\x00b"}, 400),
        ({"title": "é"}, 201),
    ],
)
def test_words_are_checked(sender: Sender, told: dict[str, str], status: int) -> None:
    assert sender.create(5, **told).status_code == status


def test_file_name_is_only_a_name(sender: Sender, spool: Path) -> None:
    upload = sent_whole(sender, filename="../../etc/C:\\Users\\a\\Chess night.mp4")
    assert (upload.filename, upload.title) == ("Chess night.mp4", "Chess night")
    assert [file.name for file in spool.iterdir() if file.name != ".working"] == [upload.public_id]


def test_only_its_owner_gets_at_it(sender: Sender, bob: User, alice: User) -> None:
    path = sender.begin(5)
    stranger = Sender(bob)
    for method in ("HEAD", "GET", "PATCH", "DELETE"):
        assert stranger.ask(method, path, b"", Upload_Offset="0").status_code == 404
        anonymous = Client().generic(method, path, b"", content_type=CHUNK, headers={"Tus-Resumable": "1.0.0"})
        assert anonymous.status_code == 401
    for name in ("0" * 24, "1", "..", "%00"):
        assert sender.ask("HEAD", f"{LIST}/{name}").status_code == 404
    assert Upload.objects.get().state == UploadState.RECEIVING
    suspend_user(user=alice)
    assert sender.send(path, 0, b"12345").status_code == 401


def test_page_without_its_token_can_send_nothing(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.login(username="alice", password=PASSWORD)
    upload = create_upload(owner=alice, length=5, filename="a.mp4")
    told = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Upload-Length": "5"}
    for method, path in (
        ("POST", LIST),
        ("PATCH", f"{LIST}/{upload.public_id}"),
        ("DELETE", f"{LIST}/{upload.public_id}"),
    ):
        assert browser.generic(method, path, b"", content_type=CHUNK, headers=told).status_code == 403
    assert upload_spool.size_of(upload.public_id) == 0


def test_so_many_at_once(sender: Sender) -> None:
    paths = [sender.begin(5) for _ in range(UPLOADS_AT_ONCE)]
    assert sender.create(5).status_code == 429
    assert sender.ask("DELETE", paths[0]).status_code == 204
    assert sender.create(5).status_code == 201


def test_so_many_an_hour(sender: Sender) -> None:
    for _ in range(UPLOADS_BEGUN_AN_HOUR):
        sender.ask("DELETE", sender.begin(5))
    assert sender.create(5).status_code == 429


def test_full_disk_is_said_before_and_while_it_comes(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    path = sender.begin(10)
    monkeypatch.setattr(upload_spool, "free_bytes", lambda: 3 * 10**9)
    assert sender.create(10).status_code == 201
    assert sender.create(2 * 10**9).json()["code"] == "disk_full"

    def full(file: Any, piece: bytes) -> None:
        file.write(piece[:3])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("vod.uploads._write", full)
        assert sender.send(path, 0, b"1234567890").json()["code"] == "disk_full"
    assert sender.offset(path) == 3
    assert sender.send(path, 3, b"4567890").status_code == 204


def test_two_senders_do_not_mix(sender: Sender) -> None:
    path = sender.begin(10)
    with upload_spool.appending(Upload.objects.get().public_id):
        assert sender.send(path, 0, b"12345").json()["code"] == "busy"
    assert sender.send(path, 0, b"12345").status_code == 204


def test_uploads_may_be_switched_off(sender: Sender, settings: Settings) -> None:
    settings.UPLOAD_MAX_GB = 0
    assert sender.create(5).status_code == 403
