"""A streamer on air: publisher, broadcast and what was sent, across reconnects of the encoder."""

from types import TracebackType
from typing import Self

from bench.broadcasts import end, playback_url, wait_for_state
from bench.stack import Person, Stack
from tests.media.counter_clip import STANDARD, Clip
from tests.media.publisher import Publisher, clip_tags

LIVE_SECONDS = 10
GAP_OF_NUMBERS_SECONDS = 10  # an encoder that returns continues this much later in the clip: runs can be told apart


class Show:
    """Use as a context manager; on air when entered."""

    def __init__(self, stack: Stack, streamer: Person, *, clip: Clip = STANDARD, loop: bool = False) -> None:
        self.loop = loop
        self.stack, self.streamer, self.clip = stack, streamer, clip
        self.publishers: list[Publisher] = []
        self.stream_id = ""

    def begin(self) -> Publisher:
        """Publish, and continue later in the clip at each return."""
        sent = self.sent
        start = (max(sent) - self.clip.first) / self.clip.fps + GAP_OF_NUMBERS_SECONDS if sent else 0
        if start >= self.clip.seconds - GAP_OF_NUMBERS_SECONDS:
            start = 0  # it is played out
        tags = clip_tags(self.clip, start_seconds=start)
        publisher = Publisher(port=self.stack.rtmp_port, key=self.streamer.stream_key, tags=tags, loop=self.loop)
        self.publishers.append(publisher.start())
        return publisher

    def wait_until_live(self, *, seconds: float = LIVE_SECONDS) -> str:
        """The broadcast's id once it is announced as live."""
        now = wait_for_state(self.stack, self.streamer, "live", seconds=seconds)
        self.stream_id = self.stream_id or now["id"]
        return str(now["id"])

    @property
    def sent(self) -> dict[int, float]:
        """When each frame of every run was sent."""
        return {number: at for one in self.publishers for number, at in dict(one.sent).items()}  # it grows meanwhile

    @property
    def publisher(self) -> Publisher:
        return self.publishers[-1]

    @property
    def page(self) -> str:
        return f"{self.stack.url}/{self.streamer.login}"

    def playlist(self) -> str:
        """Path of the live multivariant playlist with a fresh token."""
        return playback_url(self.stack, self.streamer)

    def finish(self) -> None:
        """The streamer stops the encoder and declares the end."""
        self.publisher.stop()
        end(self.stack, self.stream_id, as_=self.streamer)

    def __enter__(self) -> Self:
        self.begin()
        self.wait_until_live()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for publisher in self.publishers:
            publisher.stop()
