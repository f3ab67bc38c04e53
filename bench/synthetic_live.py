"""A broadcast without an encoder: pictures and sound of a chosen size, through the real packager into live Redis.

    python -m bench.synthetic_live REDIS_URL STREAM_ID SECONDS [PART_BYTES]

Prints `rendition msn part seconds` when each part is published, on the machine's monotonic clock.
"""

import asyncio
import sys
import time

import uvloop
from redis import asyncio as aioredis

from transcode.hls.cutter import Frame
from transcode.hls.multivariant import Rendition
from transcode.hls.window import Window
from transcode.live_state import LiveState
from transcode.live_store import LiveStore
from transcode.packager import Packager, Publication, RunStart, Track

FPS, SAMPLE_RATE, SAMPLES = 30, 48_000, 1024
PART_SECONDS, SEGMENT_SECONDS = 0.35, 2
PARTS_PER_SEGMENT = 6
LEAD_SECONDS = 12  # published at once, so that there is a window
RENDITIONS = [
    Rendition("source", "avc1.64001f", 3_000_000, 2_500_000, 1280, 720, 30.0),
    Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2),
]


class SyntheticLive:
    """One run of picture and sound, published as a supervisor would."""

    def __init__(self, redis: "aioredis.Redis", stream_id: str, *, part_bytes: int) -> None:
        self.store = LiveStore(redis, stream_id)
        self.published: list[tuple[str, int, int, float]] = []
        tracks = {
            entry.name: Track(entry.name, Window(target_duration=SEGMENT_SECONDS, part_target=PART_SECONDS))
            for entry in RENDITIONS
        }
        self._tracks = tracks
        start = RunStart(1, 0, time.time(), 0, discontinuity=False)
        self._packager = Packager(start=start, part_target=PART_SECONDS, leader="source")
        self._made = [
            self._packager.add_video(tracks["source"], b"source init", float(FPS)),
            self._packager.add_audio(tracks["audio"], b"audio init", SAMPLE_RATE, SAMPLES),
        ]
        self._picture = b"p" * (part_bytes * SEGMENT_SECONDS // (PARTS_PER_SEGMENT * SEGMENT_SECONDS * FPS // 12))
        self._frames = self._sounds = 0

    def play(self, until_seconds: float) -> None:
        """Everything up to this moment of the broadcast."""
        while self._frames < until_seconds * FPS:
            key = self._frames % (SEGMENT_SECONDS * FPS) == 0
            self._made += self._packager.push("source", Frame(self._frames * 90_000 // FPS, self._picture, key))
            self._frames += 1
            while self._sounds * SAMPLES / SAMPLE_RATE < self._frames / FPS:
                self._made += self._packager.push("audio", Frame(self._sounds * SAMPLES, b"s" * 340))
                self._sounds += 1

    async def publish(self) -> list[Publication]:
        made, self._made = self._made, []
        if made:
            now = time.monotonic()
            await self.store.publish(made)
            for entry in made:
                if entry.part_name is not None:
                    msn, part = entry.part_name.split("-")[1].split(".")[:2]
                    self.published.append((entry.rendition, int(msn), int(part), now))
        return made


async def run(url: str, stream_id: str, seconds: float, part_bytes: int) -> None:
    """On air for so long; frame by frame, as an encoder sends them."""
    redis = aioredis.Redis.from_url(url)
    live = SyntheticLive(redis, stream_id, part_bytes=part_bytes)
    state = LiveState(SEGMENT_SECONDS, PART_SECONDS, RENDITIONS)
    await live.store.put_state(state)
    live.play(LEAD_SECONDS)
    await live.publish()
    state.ready = True
    await live.store.put_state(state)
    print("on air", flush=True)
    began, printed = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        live.play(LEAD_SECONDS + passed)
        await live.publish()
        for rendition, msn, part, at in live.published[printed:]:
            print(rendition, msn, part, f"{at:.6f}", flush=True)
        printed = len(live.published)
        await asyncio.sleep(1 / FPS - (time.monotonic() - began) % (1 / FPS))
    await redis.aclose()


if __name__ == "__main__":
    redis_url, stream, duration = sys.argv[1:4]
    uvloop.run(run(redis_url, stream, float(duration), int(sys.argv[4]) if len(sys.argv) > 4 else 60_000))
