"""What was seen of one broadcast from outside: every request and answer, and what was done to it meanwhile.

Rules judge a Capture and nothing else, so that a broken one can be made from a good one for each rule.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


def place(uri: str, byte_range: tuple[int, int] | None) -> str:
    """A file, or the bytes of it that a playlist names: (length, offset)."""
    return f"{uri}#{byte_range[1]}-{byte_range[1] + byte_range[0] - 1}" if byte_range else uri


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. Times are monotonic seconds; `wall` is Unix time when the answer was complete.

    `first_byte_at` is of the body, or of the head when there is no body. Status 0: no answer came.

    `path` is what follows `/media/<token>/<stream id>/`, e.g. `360p/index.m3u8`; where only a range of a file is asked
    for, it ends with the bytes: `360p/archive.mp4#700-1399`. `query` is the text after `?`.
    `purpose` says why it was asked: `poll`, `block` (a reload as a low-latency player does), `media` (first sight),
    `again` (just before its permitted removal), `hint`, or the id of the rule it probes, such as `A-104`, with what is
    special about the request after a colon where there are several: `A-110:reversed`.
    """

    path: str
    query: str
    purpose: str
    asked_at: float
    first_byte_at: float
    done_at: float
    wall: float
    status: int
    headers: Mapping[str, str]  # names in lower case, as received
    body: bytes  # decoded; `wire_size` bytes came over the wire
    wire_size: int = 0
    http_version: str = "HTTP/1.1"
    asked_headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    whole: bool = True  # the answer ended where HTTP says it does, and its compression was sound

    @property
    def is_playlist(self) -> bool:
        return self.path.endswith(".m3u8")

    @property
    def wanted_status(self) -> int:
        """What an answer has that gives what was asked for: all of a file, or the bytes that a playlist names."""
        return 206 if "#" in self.path else 200

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True)
class Happening:
    """Something done to the broadcast: `encoder_gone`, `encoder_back`, `worker_killed`, `source_changed`, `ended`."""

    name: str
    at: float  # monotonic seconds
    wall: float


@dataclass(frozen=True)
class Expected:
    """What the installation and the source promise; rules compare the media with it."""

    target_duration: int = 2
    part_target: float = 0.35
    frame_rate: float = 30.0
    has_sound: bool = True
    stereo: bool = True
    slack_seconds: float = 0.0  # allowed beyond every limit of time, on a machine that does other things as well
    counted: bool = True  # the picture carries the machine-readable frame counter of tests.media


@dataclass(repr=False)  # asyncio shows a task's result in an exception it catches: here of gigabytes
class Capture:
    """Everything recorded of one broadcast, in the order in which answers were complete."""

    expected: Expected
    exchanges: list[Exchange] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    sent: dict[int, float] = field(default_factory=dict)  # frame number → Unix time at which the encoder sent it
    stalls: list[tuple[float, float]] = field(
        default_factory=list
    )  # when the recorder did not get to run, and how long
    facts: dict[str, float] = field(default_factory=dict)  # what was counted beside the exchanges

    def of(self, path: str, *purposes: str) -> Iterator[Exchange]:
        """Exchanges of one path, of these purposes only when any are named."""
        return (one for one in self.exchanges if one.path == path and (not purposes or one.purpose in purposes))

    def stalled(self, begin: float, end: float) -> float:
        """For how many seconds between two moments this machine had no time for the recorder."""
        return sum(max(0.0, min(at, end) - max(at - length, begin)) for at, length in self.stalls)
