"""Lists of who is on air: whole index orders, read page by page from where the last page ended."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from streaming.discovery.keyset import Cursor, moment_of, number_of
from streaming.discovery.tags import language_facet, tag_facet
from streaming.limits import BROWSE_PAGE
from streaming.models import Broadcast, Category, Channel, ChannelQuerySet


@dataclass(frozen=True)
class Order:
    """One of the ways to look at a list: by a column, one way or the other; equal ones by their key."""

    label: str
    column: str
    falling: bool
    keys_falling: bool

    @property
    def columns(self) -> list[str]:
        return [f"{'-' if self.falling else ''}{self.column}", f"{'-' if self.keys_falling else ''}id"]


ORDERS = {
    "viewers": Order("Most viewers", "viewer_count", falling=True, keys_falling=False),
    "newest": Order("Newest", "last_live_at", falling=True, keys_falling=False),
    # The same index as the first, backwards.
    "few": Order("Few viewers", "viewer_count", falling=False, keys_falling=True),
}
DEFAULT_ORDER = "viewers"


@dataclass(frozen=True)
class LivePage:
    """One page of a list; `after` continues it."""

    broadcasts: list[Broadcast]
    after: Cursor | None


def live_page(
    *, category: Category | None = None, tag: str = "", language: str = "", sort: str, after: Cursor | None
) -> LivePage:
    """Who is on air, of a category, with a tag, in a language: any of them together."""
    order = ORDERS[sort]
    channels = Channel.objects.filter(is_live=True, owner__is_active=True).order_by(*order.columns)
    channels = channels.exclude(**{order.column: None})
    if category is not None:
        channels = channels.filter(category=category)
    facets = [*([tag_facet(tag)] if tag else []), *([language_facet(language)] if language else [])]
    if facets:
        channels = channels.filter(facets__contains=facets)
    if after is not None:
        channels = _behind(channels, order, after)
    rows = list(channels.values_list("pk", order.column)[: BROWSE_PAGE + 1])
    more = len(rows) > BROWSE_PAGE
    rows = rows[:BROWSE_PAGE]
    return LivePage(
        broadcasts_of([pk for pk, _ in rows]), Cursor(number_of(rows[-1][1]), rows[-1][0]) if more else None
    )


def broadcasts_of(channel_ids: Collection[int]) -> list[Broadcast]:
    """What is on air on these channels, in their order, with all that cards show; one query."""
    if not channel_ids:
        return []
    found = Broadcast.objects.on_air().for_pages().filter(channel_id__in=channel_ids)
    by_channel = {broadcast.channel_id: broadcast for broadcast in found}
    return [by_channel[channel_id] for channel_id in channel_ids if channel_id in by_channel]


def top_of_categories(categories: Iterable[Category], count: int) -> dict[int, list[int]]:
    """Of each category the most watched channels; one query."""
    tops: list[Any] = [
        Channel.objects.live().filter(category=category).values_list("category_id", "pk", "viewer_count")[:count]
        for category in categories
    ]
    if not tops:
        return {}
    rows = tops[0].union(*tops[1:]) if len(tops) > 1 else tops[0]
    by_category: dict[int, list[int]] = {}
    for category_id, pk, _ in sorted(rows, key=lambda row: (-row[2], row[1])):
        by_category.setdefault(category_id, []).append(pk)
    return by_category


def _behind(channels: ChannelQuerySet, order: Order, after: Cursor) -> ChannelQuerySet:
    value = moment_of(after.value) if order.column == "last_live_at" else None
    return after.of(channels, order.column, falling=order.falling, keys_falling=order.keys_falling, value=value)
