"""The ingest nginx: hooks, refusals, and that a stream key leaves it by no other way."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from stack import nginx
from tests.stack.answering import Answer, Asked, answering
from tests.stack.nginx_process import move_settings, running_nginx

KEY = "live_canary_0123456789abcdef0123456789abcdef"
PUBLIC_ID = "0123456789abcdef01234567"


@pytest.fixture
def moved(settings: Any, tmp_path: Path) -> Any:
    tmp_path.chmod(0o755)
    move_settings(settings, tmp_path)
    return settings


def site(asked: Asked) -> Answer:
    """Knows one key."""
    event = asked.path.split("/")[3]
    if event == "publish":
        known = f"name={KEY}&".encode() in asked.body + b"&"
        return Answer(302, headers={"Location": PUBLIC_ID}) if known else Answer(403)
    return Answer()


@contextmanager
def encoder(port: int, key: str, directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """FFmpeg publishing a small picture; the key is in a file, as everywhere in this project."""
    preset = directory / "key.ffpreset"
    preset.write_text(f"rtmp_playpath={key}\n")
    command = [
        *("ffmpeg", "-nostdin", "-v", "quiet", "-re", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30"),
        *("-t", "20", "-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p"),
        *("-fpre", str(preset), "-f", "flv", f"rtmp://127.0.0.1:{port}/live"),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_publisher_with_the_right_key_is_renamed_and_can_be_pulled(moved: Any, tmp_path: Path) -> None:
    with (
        answering(moved.SITE_PORT, site) as hooks,
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT),
        encoder(moved.RTMP_PORT, KEY, tmp_path) as publisher,
    ):
        wait_for(lambda: hooks)
        assert pulled_streams(moved.RTMP_PORT, PUBLIC_ID) == ["video"]
        assert publisher.poll() is None
    assert {hook.path for hook in hooks} >= {
        "/internal/ingest/publish/hook-secret-of-this-test/",
        "/internal/ingest/play/hook-secret-of-this-test/",
    }


def test_publisher_with_a_wrong_key_is_refused(moved: Any, tmp_path: Path) -> None:
    with (
        answering(moved.SITE_PORT, site),
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT),
        encoder(moved.RTMP_PORT, "live_wrong", tmp_path) as publisher,
    ):
        assert publisher.wait(10) != 0


def test_publisher_is_refused_while_the_site_is_down(moved: Any, tmp_path: Path) -> None:
    with (
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT),
        encoder(moved.RTMP_PORT, KEY, tmp_path) as publisher,
    ):
        assert publisher.wait(10) != 0


@pytest.mark.parametrize("straight", [False, True], ids=["by our way", "straight to the site, as a control"])
def test_an_encoder_goes_on_while_the_site_is_away(
    moved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, straight: bool
) -> None:
    """nginx-rtmp asks about each encoder every few seconds, and drops whom it gets no answer for."""
    render = nginx.render
    often = ("notify_update_timeout 5s", "notify_update_timeout 500ms")
    monkeypatch.setattr(nginx, "render", lambda text, values: render(text, values).replace(*often))
    values = nginx.ingest_values()
    if straight:
        values["HOOKS"] = values["HOOKS"].replace(str(moved.INGEST_HOOK_PORT), str(moved.SITE_PORT))
    with running_nginx("ingest", values, moved.RTMP_PORT), ExitStack() as publishing:
        with answering(moved.SITE_PORT, site) as hooks:
            publisher = publishing.enter_context(encoder(moved.RTMP_PORT, KEY, tmp_path))
            wait_for(lambda: any("/update/" in hook.path for hook in hooks))
        with suppress(subprocess.TimeoutExpired):
            publisher.wait(3)  # six questions without an answer
        assert (publisher.poll() is not None) is straight


def test_key_appears_in_no_log_and_no_command_line(moved: Any, tmp_path: Path) -> None:
    with (
        answering(moved.SITE_PORT, site) as hooks,
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT) as log,
    ):
        with encoder(moved.RTMP_PORT, KEY, tmp_path):
            wait_for(lambda: hooks)
            second = tmp_path / "second"
            second.mkdir()
            with encoder(moved.RTMP_PORT, KEY, second) as refused:
                refused.wait(10)  # a second publisher of the same name: the path on which nginx says most
            assert_in_no_command_line(KEY)
        with encoder(moved.RTMP_PORT, f"{KEY}?name=victim&addr=9.9.9.9", tmp_path):
            wait_for(lambda: any(b"victim" in hook.body for hook in hooks))
        wait_for(lambda: sum("publish_done" in hook.path for hook in hooks) >= 2)
        assert KEY.encode() in b"".join(hook.body for hook in hooks)  # the control: it did pass through
    written = log.read_bytes()
    assert KEY.encode() not in written
    assert b"hook-secret" not in written


def test_key_would_appear_in_a_more_talkative_log(moved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control for the test above: it can find a key, and the log level is what keeps it out."""
    quiet_render = nginx.render
    monkeypatch.setattr(
        nginx, "render", lambda text, values: quiet_render(text, values).replace("stderr crit", "stderr info")
    )
    with (
        answering(moved.SITE_PORT, site) as hooks,
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT) as log,
        encoder(moved.RTMP_PORT, KEY, tmp_path),
    ):
        wait_for(lambda: hooks)
        wait_for(lambda: KEY.encode() in log.read_bytes())


def assert_in_no_command_line(secret: str) -> None:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert secret.encode() not in process.read_bytes()
        except OSError:
            continue


def test_only_this_machine_can_pull(moved: Any, tmp_path: Path) -> None:
    with (
        answering(moved.SITE_PORT, site) as hooks,
        running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT),
        encoder(moved.RTMP_PORT, KEY, tmp_path),
    ):
        wait_for(lambda: hooks)
        assert pulled_streams(moved.RTMP_PORT, PUBLIC_ID) == ["video"]
        assert pulled_streams(moved.RTMP_PORT, PUBLIC_ID, from_address="127.0.0.2") == []


def pulled_streams(port: int, name: str, *, from_address: str = "127.0.0.1") -> list[str]:
    """What ffprobe finds in the stream when it is asked for from `from_address`."""
    with relayed(port, from_address) as relay_port:
        url = f"rtmp://127.0.0.1:{relay_port}/live/{name}"
        probe = [
            "ffprobe",
            "-v",
            "quiet",
            "-rw_timeout",
            "2000000",
            "-analyzeduration",
            "300000",
            "-show_entries",
            "stream=codec_type",
            "-of",
            "csv=p=0",
            url,
        ]
        return subprocess.run(probe, capture_output=True, text=True, timeout=20, check=False).stdout.split()


@contextmanager
def relayed(port: int, from_address: str) -> Iterator[int]:
    """A local port whose connections reach `port` from another loopback address."""
    import threading

    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", port), source_address=(from_address, 0))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def test_control_is_on_a_private_socket_only(moved: Any, tmp_path: Path) -> None:
    with running_nginx("ingest", nginx.ingest_values(), moved.RTMP_PORT):
        control = Path(moved.INGEST_CONTROL_SOCKET)
        assert control.is_socket()
        assert control.parent.stat().st_mode & 0o077 == 0
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(control))
            client.sendall(b"GET /control/drop/publisher?app=live&name=x HTTP/1.0\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_rendered_configuration_is_readable_by_its_owner_only(moved: Any) -> None:
    prefix = nginx.write_config("ingest", nginx.ingest_values())
    assert (prefix / "nginx.conf").stat().st_mode & 0o777 == 0o600
    assert (prefix / "nginx.conf").stat().st_uid == os.getuid()
