"""A private nginx-rtmp and FFmpeg publishers for tests that need the real ones."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transcode.rtmp import Event, PlaySession

APP = "live"
DEADLINE_SECONDS = 15.0

_CONFIG = """\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
{user}
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ worker_connections 64; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        chunk_size 4096;
        max_message {max_message};
        ping 1s;
        ping_timeout 5s;
        buflen 100ms;
        application {app} {{
            live on;
            wait_key on;
            wait_video on;
            idle_streams on;
            publish_notify on;
            sync 10ms;
        }}
    }}
}}
"""


@contextmanager
def ingest_server(directory: Path, *, stack_kilobytes: int | None = None, max_message: str = "1M") -> Iterator[int]:
    """Runs nginx-rtmp with the settings that the packager relies on. Yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""
    config = directory / "nginx.conf"
    config.write_text(_CONFIG.format(max_message=max_message, directory=directory, port=port, app=APP, user=user))
    argv = ["nginx", "-p", str(directory), "-e", str(directory / "start.log"), "-c", str(config)]
    if stack_kilobytes:
        argv = ["sh", "-c", f'ulimit -s {stack_kilobytes}; exec "$@"', "sh", *argv]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            _wait_for_port(port)
            yield port
        finally:
            server.terminate()


@contextmanager
def publisher(port: int, name: str, *, seconds: float, size: str = "320x180") -> Iterator[subprocess.Popen[bytes]]:
    """FFmpeg sending a moving picture with B-frames, a keyframe each second, and a tone, in real time."""
    argv = [
        *("ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30"),
        *("-re", "-f", "lavfi", "-i", "sine=r=48000", "-t", str(seconds)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-b_strategy", "0", "-g", "30", "-sc_threshold", "0"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-f", "flv", f"rtmp://127.0.0.1:{port}/{APP}/{name}"),
    ]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


class Player:
    """A PlaySession on a plain blocking socket."""

    def __init__(self, port: int, name: str) -> None:
        self.events: list[Event] = []
        self.received_bytes = 0
        self._session = PlaySession(APP, f"rtmp://127.0.0.1:{port}/{APP}", name)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Player":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def read(self) -> list[Event]:
        """What the next bytes from the server bring. Raises ConnectionError when it closes."""
        self._socket.sendall(self._session.data_to_send())
        data = self._socket.recv(65_536)
        if not data:
            raise ConnectionError("The server closed the connection.")
        self.received_bytes += len(data)
        events = self._session.receive_data(data)
        self._socket.sendall(self._session.data_to_send())
        self.events += events
        return events

    def read_until(self, wanted: type, count: int = 1) -> None:
        """Read until `count` events of a kind have come in all. Raises TimeoutError."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while sum(isinstance(event, wanted) for event in self.events) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"No {wanted.__name__} came.")
            self.read()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
