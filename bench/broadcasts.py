"""What a broadcast is like from outside: its state by the API, its playlists and pictures over HTTP."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import m3u8

from bench.stack import Person, Stack
from tests.media import counter


class NotReached(AssertionError):
    """The stack did not get into the expected state in time."""


def broadcast(stack: Stack, streamer: Person) -> dict[str, Any]:
    """The API's answer about a channel's running or else last broadcast; {} when there was none.

    Asked as the streamer: anonymous callers may not ask as often as these polls do.
    """
    answer = stack.api("GET", f"/streams/{streamer.login}", as_=streamer)
    return dict(answer.json()) if answer.status_code == 200 else {}


def wait_for_state(stack: Stack, streamer: Person, *states: str, seconds: float) -> dict[str, Any]:
    """The broadcast once it is in one of these states."""
    deadline = time.monotonic() + seconds
    while (now := broadcast(stack, streamer)).get("state") not in states:
        if time.monotonic() > deadline:
            raise NotReached(f"{streamer.login} is not {' or '.join(states)} after {seconds} s but: {now}")
        time.sleep(0.05)
    return now


def playback_url(stack: Stack, streamer: Person) -> str:
    """The path of the multivariant playlist, with a playback token in it."""
    answer = stack.api("GET", f"/streams/{streamer.login}/playback", as_=streamer)
    answer.raise_for_status()
    return httpx.URL(str(answer.json()["hls"])).raw_path.decode()


def end(stack: Stack, stream_id: str, *, as_: Person) -> None:
    stack.api("POST", f"/streams/{stream_id}/end", as_=as_).raise_for_status()


@dataclass
class Run:
    """Segments that follow one another without a discontinuity, as one playable file."""

    media: bytearray = field(default_factory=bytearray)
    seconds: float = 0.0

    def counters(self) -> list[int | None]:
        """The counter of every picture in it, in order."""
        return counter.read_counters_of_bytes(bytes(self.media))


def load_playlist(stack: Stack, path: str) -> m3u8.M3U8:
    """A playlist, its URIs relative to the URL it came from."""
    answer = stack.http.get(path)
    answer.raise_for_status()
    return m3u8.loads(answer.text, uri=str(answer.url))


def fetch(stack: Stack, url: str, byte_range: str | None = None) -> bytes:
    headers = {}
    if byte_range:
        length, _, offset = byte_range.partition("@")
        headers["Range"] = f"bytes={offset}-{int(offset) + int(length) - 1}"
    answer = stack.http.get(url, headers=headers)
    answer.raise_for_status()
    return answer.content


def rendition_playlists(stack: Stack, multivariant_path: str) -> dict[int, str]:
    """URL of each video rendition's media playlist by lines of picture."""
    multivariant = load_playlist(stack, multivariant_path)
    pictures = [one for one in multivariant.playlists if one.stream_info.resolution]
    return {one.stream_info.resolution[1]: one.absolute_uri for one in pictures}


def runs(stack: Stack, playlist_url: str) -> list[Run]:
    """Everything a media playlist lists, one Run for each piece between discontinuities."""
    found: list[Run] = []
    initialisation = None
    for segment in load_playlist(stack, playlist_url).segments:
        section = segment.init_section
        if not found or segment.discontinuity or section.absolute_uri != initialisation:
            found.append(Run(bytearray(fetch(stack, section.absolute_uri, section.byterange))))
            initialisation = section.absolute_uri
        found[-1].media += fetch(stack, segment.absolute_uri, segment.byterange)
        found[-1].seconds += segment.duration
    return found
