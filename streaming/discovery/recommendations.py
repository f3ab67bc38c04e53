"""What someone may like who is on air now, and why we think so. Two queries, whoever asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Value

from accounts.models import User
from streaming.discovery_models import NotInterested
from streaming.limits import FOLLOWS_CONSIDERED, NOT_INTERESTED_MAX
from streaming.models import Broadcast, Channel

_CATEGORIES = 3  # that someone's follows are in most
POPULAR = "Popular now"

# Neighbours of the channels followed, then the most watched of the categories followed, then the most watched of all.
# Each is an ordered read of an index with a limit.
_CANDIDATES = """
WITH mine AS MATERIALIZED (
    SELECT channel_id FROM streaming_follow WHERE user_id = %(user)s ORDER BY created_at DESC LIMIT %(considered)s
), hidden AS MATERIALIZED (
    SELECT channel_id FROM streaming_notinterested WHERE user_id = %(user)s
), liked AS (
    SELECT channel.category_id, count(*) AS weight
      FROM mine JOIN streaming_channel AS channel ON channel.id = mine.channel_id
     WHERE channel.category_id IS NOT NULL
     GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(categories)s
)
(SELECT 1 AS source, near.other_id AS channel_id, sum(near.score) AS weight,
        (array_agg(near.channel_id ORDER BY near.score DESC))[1] AS because
   FROM mine
   JOIN streaming_channelneighbour AS near ON near.channel_id = mine.channel_id
   JOIN streaming_channel AS other ON other.id = near.other_id AND other.is_live AND other.owner_id <> %(user)s
  WHERE NOT EXISTS (SELECT FROM streaming_follow AS f WHERE f.user_id = %(user)s AND f.channel_id = near.other_id)
    AND near.other_id NOT IN (SELECT channel_id FROM hidden)
  GROUP BY near.other_id ORDER BY 3 DESC, 2 LIMIT %(count)s)
UNION ALL
(SELECT 2, top.id, top.viewer_count, liked.category_id
   FROM liked
  CROSS JOIN LATERAL (
        SELECT channel.id, channel.viewer_count
          FROM streaming_channel AS channel
         WHERE channel.is_live AND channel.category_id = liked.category_id AND channel.owner_id <> %(user)s
           AND NOT EXISTS (SELECT FROM streaming_follow AS f
                            WHERE f.user_id = %(user)s AND f.channel_id = channel.id)
           AND channel.id NOT IN (SELECT channel_id FROM hidden)
         ORDER BY channel.viewer_count DESC, channel.id LIMIT %(count)s) AS top
  ORDER BY liked.weight DESC, top.viewer_count DESC, top.id)
UNION ALL
(SELECT 3, channel.id, channel.viewer_count, NULL
   FROM streaming_channel AS channel
  WHERE channel.is_live AND channel.owner_id <> %(user)s
    AND NOT EXISTS (SELECT FROM streaming_follow AS f WHERE f.user_id = %(user)s AND f.channel_id = channel.id)
    AND channel.id NOT IN (SELECT channel_id FROM hidden)
  ORDER BY channel.viewer_count DESC, channel.id LIMIT %(count)s)
"""


@dataclass(frozen=True)
class Recommended:
    """A channel on air, and why."""

    channel: Channel
    reason: str


def recommend(user: Any, count: int) -> list[Recommended]:
    """At most `count`; nobody's own, none that is followed or not wanted. Strangers get what most people watch."""
    if not user.is_authenticated:
        popular = Channel.objects.live().for_pages().filter(owner__is_active=True)
        return [Recommended(channel, POPULAR) for channel in popular[:count]]
    rows = _candidates(user.pk, count)
    wanted = {row[1] for row in rows} | {row[3] for row in rows if row[0] == 1}
    channels = Channel.objects.for_pages().filter(owner__is_active=True).in_bulk(wanted)
    chosen: dict[int, Recommended] = {}
    for source, channel_id, _weight, because in rows:
        channel = channels.get(channel_id)
        if channel is not None and channel_id not in chosen and len(chosen) < count:
            chosen[channel_id] = Recommended(channel, _reason(source, channel, channels.get(because)))
    return list(chosen.values())


def on_air_beside(channel: Channel, others: Sequence[Recommended], count: int) -> list[Broadcast]:
    """What to watch while a channel is off air: what its followers like, then `others`. One query."""
    shown = Broadcast.objects.on_air().for_pages().filter(channel__owner__is_active=True).order_by()
    # Each by the index of channels; with an OR of both the planner would look at everything that is on air.
    near = shown.filter(channel_id__in=channel.neighbours.values("other_id")).annotate(liked=Value(1))
    rest = shown.filter(channel_id__in=[one.channel.pk for one in others]).annotate(liked=Value(0))
    rows: list[Any] = list(near.union(rest, all=True))
    chosen: dict[int, Broadcast] = {}
    for one in sorted(rows, key=lambda row: (-row.liked, -row.channel.viewer_count, row.pk)):
        chosen.setdefault(one.channel_id, one)
    chosen.pop(channel.pk, None)
    return list(chosen.values())[:count]


def hide_recommendation(*, user: User, channel: Channel) -> None:
    """Do not recommend it to this user any more. Of very many the oldest come back."""
    with transaction.atomic():
        NotInterested.objects.get_or_create(user=user, channel=channel)
        newest = NotInterested.objects.filter(user=user).order_by("-pk").values("pk")[:NOT_INTERESTED_MAX]
        NotInterested.objects.filter(user=user).exclude(pk__in=newest).delete()


def show_recommendation(*, user: User, channel: Channel) -> None:
    """Undo that."""
    NotInterested.objects.filter(user=user, channel=channel).delete()


def hidden_channels(user: User) -> list[Channel]:
    """What this user does not want recommended, the latest first."""
    rows = NotInterested.objects.filter(user=user, channel__owner__is_active=True)
    return [row.channel for row in rows.select_related("channel__owner").order_by("-pk")[:NOT_INTERESTED_MAX]]


def _candidates(user_id: int, count: int) -> list[tuple[int, int, float, int | None]]:
    values = {"user": user_id, "count": count, "considered": FOLLOWS_CONSIDERED, "categories": _CATEGORIES}
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        return list(cursor.fetchall())


def _reason(source: int, channel: Channel, because: Channel | None) -> str:
    if source == 1 and because is not None:
        return f"Because you follow {because.owner}"
    return f"Popular in {channel.category}" if source == 2 and channel.category else POPULAR
