"""Publishes a clip over RTMP as an encoder does, and knows to the millisecond when each frame was sent."""

import contextlib
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

from tests.media.counter_clip import STANDARD, Clip
from tests.media.flv_tags import SCRIPT, Tag, cut, read_clip
from tests.media.rtmp_client import CHANNEL_OF_KIND, Refused, RtmpConnection, encode_amf

FRAME_MS = 33  # between the last frame of a clip and the first of its repetition
_CLIPS: dict[Clip, list[Tag]] = {}


def clip_tags(clip: Clip = STANDARD, *, start_seconds: float = 0) -> list[Tag]:
    """A clip's tags, read once a process."""
    if clip not in _CLIPS:
        _CLIPS[clip] = read_clip(clip)
    return cut(_CLIPS[clip], start_seconds=start_seconds)


class Publisher:
    """One encoder: `start()` returns when the server accepted it or raises `Refused`; frames then go out in real time.

    The key is in this process's memory only, never in an argument of a command.
    `sent` maps a frame's number to the Unix time at which its last byte was handed to the kernel.
    """

    def __init__(
        self,
        *,
        port: int,
        key: str,
        tags: list[Tag] | None = None,
        loop: bool = False,
        host: str = "127.0.0.1",
        app: str = "live",
        source: str = "",
    ) -> None:
        self._source = source
        self.host, self.port, self.app, self.key = host, port, app, key
        self.tags = clip_tags() if tags is None else tags
        self.loop = loop  # numbers repeat then, timestamps do not
        self.sent: dict[int, float] = {}
        self.sendings: defaultdict[int, list[float]] = defaultdict(list)  # every time, where a loop repeats numbers
        self.latest = 0.0  # seconds by which the latest frame left too late: the machine was too slow then
        self.asked_at = 0.0  # Unix time at which `publish` was sent
        self.accepted_at = 0.0
        self.ended_at: float | None = None  # Unix time at which the server or the clip's end stopped us
        self.error = ""
        self._goes_on = threading.Event()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connection: RtmpConnection | None = None
        self._stream = 1

    def start(self) -> Self:
        self._connection = RtmpConnection(host=self.host, port=self.port, source=self._source)
        try:
            self._negotiate(self._connection)
        except (OSError, Refused) as error:
            self._connection.close()
            raise error if isinstance(error, Refused) else Refused(str(error)) from error
        self._goes_on.set()
        for work in (self._send_media, self._listen):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        """End as an encoder does whose streamer pressed the button."""
        self._stopped.set()
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.send_command("FCUnpublish", 6, None, self.key)
                self._connection.send_command("deleteStream", 7, None, float(self._stream))
            self._connection.hang_up()
        self._finish()

    def drop(self) -> None:
        """Lose the connection without a word."""
        self._stopped.set()
        if self._connection:
            self._connection.hang_up(abruptly=True)
        self._finish()

    def fall_silent(self) -> None:
        """Keep the connection open and send nothing more, as behind a pulled cable."""
        self._goes_on.clear()

    def send_garbage(self, data: bytes) -> None:
        """Bytes that are no RTMP chunk, in the middle of a good stream."""
        self._goes_on.clear()
        if self._connection:
            with contextlib.suppress(OSError):
                self._connection.send_bytes(data)

    @property
    def is_connected(self) -> bool:
        return bool(self._threads) and self.ended_at is None and not self._stopped.is_set()

    def wait_until_all_is_sent(self, seconds: float) -> bool:
        """Whether the last tag went out, or the server closed the connection, within `seconds`."""
        if self._threads:
            self._threads[0].join(timeout=seconds)
        return not self._threads or not self._threads[0].is_alive()

    def wait_until_dropped(self, seconds: float) -> bool:
        """Whether the server closed the connection within `seconds`."""
        deadline = time.monotonic() + seconds
        while self.ended_at is None and time.monotonic() < deadline:
            self._stopped.wait(0.02)
        return self.ended_at is not None

    def __enter__(self) -> Self:
        return self if self._threads else self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._stopped.is_set():
            self.stop()

    def _negotiate(self, connection: RtmpConnection) -> None:
        connection.shake_hands()
        url = f"rtmp://{self.host}:{self.port}/{self.app}"
        connection.send_command(
            "connect", 1, {"app": self.app, "type": "nonprivate", "flashVer": "FMLE/3.0 (compatible)", "tcUrl": url}
        )
        connection.wait_for("_result")
        connection.send_command("releaseStream", 2, None, self.key)
        connection.send_command("FCPublish", 3, None, self.key)
        connection.send_command("createStream", 4, None)
        while (answer := connection.wait_for("_result"))[1] != 4:
            pass
        self._stream = int(answer[-1]) if isinstance(answer[-1], float) else 1
        self.asked_at = time.time()
        connection.send_command("publish", 5, None, self.key, "live", stream=self._stream)
        status = connection.wait_for("onStatus")[-1]
        if not isinstance(status, dict) or status.get("code") != "NetStream.Publish.Start":
            raise Refused(str(status))
        self.accepted_at = time.time()

    def _send_media(self) -> None:
        began = time.monotonic()
        try:
            for tag in self._tags_to_send():
                if not self._sleep_until(began + tag.time_ms / 1000):
                    return
                self._send_tag(tag)
                self.latest = max(self.latest, time.monotonic() - began - tag.time_ms / 1000)
        except OSError as error:
            self._note_end(str(error))

    def _tags_to_send(self) -> Iterator[Tag]:
        yield from self.tags
        media = [tag for tag in self.tags if not tag.is_header]
        length_ms = max(tag.time_ms for tag in media) + FRAME_MS if media else 0
        for turn in itertools.count(1) if self.loop and media else ():
            for tag in media:
                yield replace(tag, time_ms=tag.time_ms + turn * length_ms)

    def _sleep_until(self, moment: float) -> bool:
        """Whether to send on: not after stop(), and never while silent."""
        while (left := moment - time.monotonic()) > 0:
            if self._stopped.wait(left):
                return False
        while not self._goes_on.is_set():
            if self._stopped.wait(0.05):
                return False
        return not self._stopped.is_set()

    def _send_tag(self, tag: Tag) -> None:
        assert self._connection
        body = encode_amf("@setDataFrame") + tag.body if tag.kind == SCRIPT else tag.body
        channel = CHANNEL_OF_KIND[tag.kind]
        time_ms = tag.time_ms if tag.wire_ms is None else tag.wire_ms
        self._connection.send(tag.kind, body, channel=channel, stream=self._stream, time_ms=time_ms)
        if tag.number is not None:
            self.sent[tag.number] = time.time()
            self.sendings[tag.number].append(self.sent[tag.number])

    def _listen(self) -> None:
        assert self._connection
        self._connection.socket.settimeout(None)
        try:
            while True:
                self._connection.receive()
        except (OSError, Refused) as error:
            if not self._stopped.is_set():
                self._note_end(str(error))

    def _note_end(self, error: str) -> None:
        self.error, self.ended_at = error, time.time()
        self._stopped.set()

    def _finish(self) -> None:
        for thread in self._threads:
            thread.join(timeout=5)
        if self._connection:
            self._connection.close()
