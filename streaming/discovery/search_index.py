"""The only writer of the search's table. Channels and categories are written from here, recordings and clips by whoever
keeps them, calling down. Everything may be repeated: what is right already stays as it is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Max

from streaming.discovery.search_ranks import RANK_OF_LIVE, RANK_STEPS, rank_of
from streaming.discovery_models import EntryKind, SearchEntry
from streaming.limits import INDEXED_AT_ONCE, SEARCH_MORE_MAX
from streaming.models import Category, Channel

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # categories stand in no list of what is new

# The rank as `search_ranks.rank_of` computes it.
_CHANNELS = f"""
INSERT INTO streaming_searchentry
    (kind, ref, channel_id, category_id, title, more, path, picture, duration_seconds, views, rank, created_at)
SELECT 'channel', channel.id, channel.id, channel.category_id,
       coalesce(nullif(owner.display_name, ''), owner.login),
       left(concat_ws(' ', channel.title, category.name,
                      (SELECT string_agg(tag, ' ') FROM jsonb_array_elements_text(channel.tags) AS tag)),
            {SEARCH_MORE_MAX}),
       '', '', 0, 0,
       CASE WHEN channel.is_live
            THEN {RANK_OF_LIVE} + floor({RANK_STEPS} * log(1 + channel.viewer_count))
            ELSE floor({RANK_STEPS} * log(1 + channel.follower_count)) END,
       channel.created_at
  FROM streaming_channel AS channel
  JOIN accounts_user AS owner ON owner.id = channel.owner_id
  LEFT JOIN streaming_category AS category ON category.id = channel.category_id
 WHERE {{wanted}}
 ORDER BY channel.id
    ON CONFLICT (kind, ref) DO UPDATE SET
       category_id = excluded.category_id, title = excluded.title, more = excluded.more, rank = excluded.rank
 WHERE (streaming_searchentry.category_id, streaming_searchentry.title, streaming_searchentry.more,
        streaming_searchentry.rank)
    IS DISTINCT FROM (excluded.category_id, excluded.title, excluded.more, excluded.rank)
"""  # noqa: S608  nothing in it comes from outside

# As `tags.facets_of` makes them.
_FACETS = """
UPDATE streaming_channel AS channel SET facets = fresh.facets
  FROM (SELECT one.id, ARRAY(SELECT DISTINCT 'tag:' || lower(tag) FROM jsonb_array_elements_text(one.tags) AS tag
                              WHERE tag ~ '^[[:alnum:]]+$' ORDER BY 1)
                       || ('lang:' || split_part(lower(one.language), '-', 1)) AS facets
          FROM streaming_channel AS one) AS fresh
 WHERE fresh.id = channel.id AND channel.facets::text[] <> fresh.facets
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A recording or clip that anyone may find."""

    ref: int
    channel_id: int
    category_id: int | None
    title: str
    more: str
    path: str
    picture: str
    duration_seconds: float
    views: int
    created_at: datetime


def rebuild_index() -> None:
    """Everything that streaming is found by, from what its own rows say: after an upgrade, or rows by other means."""
    _run(_FACETS, [])
    index_all_channels()
    index_categories()


def index_channels(*, channel_ids: Collection[int]) -> int:
    """Write down how these channels are found; returns how many entries changed."""
    return _run(_CHANNELS.format(wanted="channel.id = ANY(%s)"), [sorted(channel_ids)]) if channel_ids else 0


def index_channel_of(*, user_id: int) -> None:
    """This user is called differently now."""
    index_channels(channel_ids=list(Channel.objects.filter(owner_id=user_id).values_list("pk", flat=True)))


def index_live_channels() -> int:
    """The same of all on air: how they are watched changes without anyone saying so."""
    ids = Channel.objects.filter(is_live=True).order_by("pk").values_list("pk", flat=True)
    return sum(index_channels(channel_ids=some) for some in _slices(list(ids)))


def index_all_channels() -> int:
    """The same of all there are."""
    last: int = Channel.objects.aggregate(last=Max("pk"))["last"] or 0
    sql = _CHANNELS.format(wanted="channel.id BETWEEN %s AND %s")
    return sum(_run(sql, [begin, begin + INDEXED_AT_ONCE - 1]) for begin in range(1, last + 1, INDEXED_AT_ONCE))


def index_categories() -> None:
    """Write down all categories and forget those that are no more. There are hundreds, not millions."""
    categories = list(Category.objects.all())
    _write(
        [
            SearchEntry(
                kind=EntryKind.CATEGORY,
                ref=category.pk,
                category=category,
                title=category.name,
                rank=rank_of(category.viewer_count),
                created_at=_LONG_AGO,
            )
            for category in categories
        ]
    )
    gone = SearchEntry.objects.filter(kind=EntryKind.CATEGORY)
    gone.exclude(ref__in=[category.pk for category in categories]).delete()


def index_found(*, kind: EntryKind, refs: Collection[int], found: Sequence[Found]) -> None:
    """Of the recordings or clips `refs`, `found` are those that anyone may find; the others are not found any more."""
    _write(
        [
            SearchEntry(
                kind=kind,
                ref=one.ref,
                channel_id=one.channel_id,
                category_id=one.category_id,
                title=one.title,
                more=one.more[:SEARCH_MORE_MAX],
                path=one.path,
                picture=one.picture,
                duration_seconds=one.duration_seconds,
                views=one.views,
                rank=rank_of(one.views),
                created_at=one.created_at,
            )
            for one in found
        ]
    )
    hidden = set(refs) - {one.ref for one in found}
    if hidden:
        SearchEntry.objects.filter(kind=kind, ref__in=hidden).delete()


_WRITTEN = (
    "channel_id", "category_id", "title", "more", "path", "picture", "duration_seconds", "rank", "created_at",
)  # fmt: skip


def _write(entries: Sequence[SearchEntry]) -> None:
    """All of one kind. Only what differs: a row that is written anew costs a dozen index entries."""
    if not entries:
        return
    same_kind = SearchEntry.objects.filter(kind=entries[0].kind, ref__in=[entry.ref for entry in entries])
    stored = {ref: values for ref, *values in same_kind.values_list("ref", *_WRITTEN)}
    different = [one for one in entries if stored.get(one.ref) != [getattr(one, name) for name in _WRITTEN]]
    SearchEntry.objects.bulk_create(
        different,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["kind", "ref"],
        update_fields=[name.removesuffix("_id") for name in (*_WRITTEN, "views")],
    )


def _run(sql: str, values: list[int | list[int]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


def _slices(ids: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(ids), INDEXED_AT_ONCE):
        yield ids[at : at + INDEXED_AT_ONCE]
