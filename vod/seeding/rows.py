"""The rows of a made-up site, table by table. What belongs to the n-th user has numbers that follow from n."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from streaming.broadcast_states import BroadcastState
from streaming.models import ChannelTier
from vod.clip_states import ClipState
from vod.models import Visibility
from vod.seeding import words
from vod.seeding.copying import as_json
from vod.seeding.follows import Follows
from vod.seeding.plan import Plan
from vod.seeding.words import zipf

NOBODYS_PASSWORD = "!made-up"  # noqa: S105  no hash begins like this: nobody can sign in
SITE_AGE = timedelta(days=5 * 365)
SUSPENDED_EVERY = 1_009  # a prime: one user of so many, none of them on air
BEEN_ON_AIR_SHARE = 0.2  # of the channels that are off air
LONGEST_LIVE = timedelta(hours=12)
LONGEST_LIVE_SECONDS = LONGEST_LIVE.total_seconds()
MOST_WATCHED = 60_000  # viewers of the first channel; the n-th on air has about 1/n of them
RENDITIONS = as_json([{"name": "source", "width": 1280, "height": 720}])
VISIBILITIES = [Visibility.PUBLIC.value] * 17 + [Visibility.UNLISTED.value] * 2 + [Visibility.PRIVATE.value]
TIERS = [ChannelTier.EVERYONE.value] * 90 + [ChannelTier.AFFILIATE.value] * 9 + [ChannelTier.PARTNER.value]


@dataclass
class Ids:
    """What stands before the first new row of each table: made-up rows come after those that are there."""

    user: int = 0
    channel: int = 0
    category: int = 0
    broadcast: int = 0


@dataclass(frozen=True)
class Channels:
    """What the rows of several tables must agree on. Lists are by a channel's number."""

    live: list[int]
    titles: list[str]
    categories: list[int | None]
    started: dict[int, datetime]  # of the live ones
    viewers: dict[int, int]
    last_live: dict[int, datetime] = field(default_factory=dict)

    @classmethod
    def draw(cls, plan: Plan) -> "Channels":
        chance = random.Random(f"{plan.seed} channels")
        active = [number for number in range(plan.users) if not is_suspended(number)]
        live = sorted(chance.sample(active, min(plan.live, len(active))))
        categories = [
            None if chance.random() < 0.05 else zipf(chance, plan.categories)  # a few say nothing
            for _ in range(plan.users)
        ]
        titles = [words.title(chance) for _ in range(plan.users)]
        started = {number: plan.now - LONGEST_LIVE * chance.random() for number in live}
        viewers = {
            number: int(MOST_WATCHED / (rank + 1) * chance.uniform(0.5, 1.5)) + chance.randrange(3)
            for rank, number in enumerate(live)
        }
        last_live = {
            number: plan.now - timedelta(hours=1) - SITE_AGE * chance.random() ** 3
            for number in range(plan.users)
            if number not in started and chance.random() < BEEN_ON_AIR_SHARE
        }
        return cls(live, titles, categories, started, viewers, last_live | started)


def is_suspended(number: int) -> bool:
    return number % SUSPENDED_EVERY == SUSPENDED_EVERY - 1


Rows = Iterator[tuple[Any, ...]]

USER = ("id", "login", "display_name", "email", "password", "is_active", "created_at")


def users(plan: Plan, ids: Ids) -> Rows:
    begin, each = plan.now - SITE_AGE, SITE_AGE / max(plan.users, 1)
    for number in range(plan.users):
        login = words.login(number)
        email = f"{login}@example.invalid"
        yield (
            ids.user + number + 1,
            login,
            login.capitalize(),
            email,
            NOBODYS_PASSWORD,
            not is_suspended(number),
            begin + each * number,
        )


CATEGORY = ("id", "name", "slug", "viewer_count", "live_count")


def categories(plan: Plan, ids: Ids, drawn: Channels) -> Rows:
    viewers, live = Counter[int | None](), Counter[int | None]()
    for channel in drawn.live:
        viewers[drawn.categories[channel]] += drawn.viewers[channel]
        live[drawn.categories[channel]] += 1
    for number in range(plan.categories):
        name = words.category_name(number)
        yield ids.category + number + 1, name, name.lower().replace(" ", "-"), viewers[number], live[number]


CHANNEL = (
    "id", "owner_id", "title", "about", "category_id", "tags", "language", "tier", "is_live", "last_live_at",
    "viewer_count", "follower_count",
)  # fmt: skip


def channels(plan: Plan, ids: Ids, drawn: Channels, follows: Follows) -> Rows:
    chance = random.Random(f"{plan.seed} channel rows")
    for number in range(plan.users):
        category = drawn.categories[number]
        yield (
            ids.channel + number + 1,
            ids.user + number + 1,
            drawn.titles[number],
            words.about(chance),
            None if category is None else ids.category + category + 1,
            as_json(words.tags(chance)),
            chance.choice(words.LANGUAGES),
            chance.choice(TIERS),
            number in drawn.started,
            drawn.last_live.get(number),
            drawn.viewers.get(number, 0),
            follows.followers[number],
        )


FOLLOW = ("user_id", "channel_id", "created_at")


def follow_rows(plan: Plan, ids: Ids, follows: Follows) -> Rows:
    chance = random.Random(f"{plan.seed} follow rows")
    days = [plan.now - SITE_AGE * (day / 1000) for day in range(1000)]  # made once: there are ten million rows
    for user, channel in follows.pairs():
        yield ids.user + user + 1, ids.channel + channel + 1, days[int(chance.random() * 1000)]


BROADCAST = (
    "id", "channel_id", "public_id", "title", "category_id", "state", "created_at", "started_at", "ended_at",
    "recording_path", "peak_viewers", "average_viewers", "unique_viewers",
)  # fmt: skip


def live_broadcasts(plan: Plan, ids: Ids, drawn: Channels) -> Rows:
    for place, number in enumerate(drawn.live):
        category, viewers = drawn.categories[number], drawn.viewers[number]
        yield (
            ids.broadcast + place + 1,
            ids.channel + number + 1,
            broadcast_name(plan, place),
            drawn.titles[number],
            None if category is None else ids.category + category + 1,
            BroadcastState.LIVE.value,
            drawn.started[number],
            drawn.started[number],
            None,
            "",
            viewers * 2,
            viewers,
            viewers * 5,
        )


@dataclass(frozen=True)
class Recordings:
    """The finished broadcasts that were recorded; lists are by a recording's number, the oldest first."""

    channels: list[int]
    begun: list[datetime]
    seconds: list[int]
    titles: list[str]
    visibilities: list[str]

    @classmethod
    def draw(cls, plan: Plan) -> "Recordings":
        chance = random.Random(f"{plan.seed} recordings")
        count = plan.recordings
        return cls(
            channels=[zipf(chance, plan.users) for _ in range(count)],
            begun=sorted(plan.now - timedelta(days=2) - SITE_AGE * chance.random() for _ in range(count)),
            seconds=[chance.randrange(600, int(LONGEST_LIVE_SECONDS)) for _ in range(count)],
            titles=[words.title(chance) for _ in range(count)],
            visibilities=[chance.choice(VISIBILITIES) for _ in range(count)],
        )


def ended_broadcasts(plan: Plan, ids: Ids, drawn: Channels, recordings: Recordings) -> Rows:
    for number, channel in enumerate(recordings.channels):
        category = drawn.categories[channel]
        begun, public = recordings.begun[number], recordings.visibilities[number] == Visibility.PUBLIC
        place = len(drawn.live) + number
        yield (
            ids.broadcast + place + 1,
            ids.channel + channel + 1,
            broadcast_name(plan, place),
            recordings.titles[number],
            None if category is None else ids.category + category + 1,
            BroadcastState.ENDED.value,
            begun,
            begun,
            begun + timedelta(seconds=recordings.seconds[number]),
            f"/videos/{recording_name(plan, number)}" if public else "",
            100,
            50,
            300,
        )


SESSION = ("broadcast_id", "client_id", "address", "started_at", "last_seen_at")


def ingest_sessions(plan: Plan, ids: Ids, drawn: Channels) -> Rows:
    """The encoder of each live broadcast."""
    for place, number in enumerate(drawn.live):
        client = f"made-up-{ids.broadcast + place + 1}"
        yield ids.broadcast + place + 1, client, "127.0.0.1", drawn.started[number], plan.now


LIVE_JOB = ("stream_id", "wanted", "created_at", "finished_at", "renditions", "consolidated_at")


def live_jobs(plan: Plan, drawn: Channels, recordings: Recordings) -> Rows:
    for place, number in enumerate(drawn.live):
        yield broadcast_name(plan, place), True, drawn.started[number], None, RENDITIONS, None
    for number, begun in enumerate(recordings.begun):
        name = broadcast_name(plan, len(drawn.live) + number)
        finished = begun + timedelta(seconds=recordings.seconds[number] + 60)
        yield name, False, begun, finished, RENDITIONS, finished


VOD = (
    "id", "public_id", "broadcast_id", "channel_id", "title", "duration_seconds", "visibility", "view_count",
    "created_at",
)  # fmt: skip


def vods(plan: Plan, ids: Ids, drawn: Channels, recordings: Recordings, first: int) -> Rows:
    """`first`: what stands before the first one's id."""
    chance = random.Random(f"{plan.seed} views")
    for number, channel in enumerate(recordings.channels):
        seconds = recordings.seconds[number]
        yield (
            first + number + 1,
            recording_name(plan, number),
            ids.broadcast + len(drawn.live) + number + 1,
            ids.channel + channel + 1,
            recordings.titles[number],
            seconds,
            recordings.visibilities[number],
            zipf(chance, 100_000),
            recordings.begun[number] + timedelta(seconds=seconds),
        )


CLIP = (
    "public_id", "channel_id", "broadcast_id", "clipper_id", "title", "starts_at", "duration_seconds", "visibility",
    "state", "width", "height", "view_count", "created_at",
)  # fmt: skip


def clips(plan: Plan, ids: Ids, drawn: Channels, recordings: Recordings) -> Rows:
    chance = random.Random(f"{plan.seed} clips")
    for number in range(plan.clips if recordings.channels else 0):
        of = chance.randrange(len(recordings.channels))
        starts_at = recordings.begun[of] + timedelta(seconds=recordings.seconds[of] * chance.random())
        yield (
            f"c{plan.seed & 0xFFFFFFF:07x}{number:016x}",
            ids.channel + recordings.channels[of] + 1,
            ids.broadcast + len(drawn.live) + of + 1,
            ids.user + chance.randrange(plan.users) + 1,
            words.title(chance),
            starts_at,
            chance.randrange(5, 91),
            recordings.visibilities[of],
            ClipState.READY.value,
            1280,
            720,
            zipf(chance, 100_000),
            starts_at + timedelta(minutes=1),
        )


POSITION = ("user_id", "vod_id", "seconds", "updated_at")


def positions(plan: Plan, ids: Ids, recordings: Recordings, first: int) -> Rows:
    """Where users were in recordings; `first` as for `vods`."""
    chance = random.Random(f"{plan.seed} positions")
    taken: set[tuple[int, int]] = set()
    for _ in range(plan.positions if recordings.channels else 0):
        user, vod = chance.randrange(plan.users), zipf(chance, len(recordings.channels))
        if (user, vod) in taken:
            continue
        taken.add((user, vod))
        seconds = chance.randrange(recordings.seconds[vod])
        yield ids.user + user + 1, first + vod + 1, seconds, plan.now - timedelta(days=100 * chance.random())


def broadcast_name(plan: Plan, place: int) -> str:
    """The public id of a made-up broadcast: 24 hexadecimal digits that nobody's chance would draw."""
    return f"b{plan.seed & 0xFFFFFFF:07x}{place:016x}"


def recording_name(plan: Plan, number: int) -> str:
    return f"f{plan.seed & 0xFFFFFFF:07x}{number:016x}"
