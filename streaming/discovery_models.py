"""What is found: one table for the search, and what recommendations are made of. All of it can be made anew."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from streaming.limits import SEARCH_MORE_MAX, SOUGHT_RANK, TITLE_MAX


class Fold(Func):
    """Text without case and accents, as `discovery.search_words.fold` makes it. Only of immutable functions."""

    template = "regexp_replace(normalize(lower(%(expressions)s), NFKD), '[\u0300-\u036f]', '', 'g')"
    output_field = models.TextField()


class _Words(Func):
    """Letters and digits only: PostgreSQL's own parser takes "hello.world" for the name of a host."""

    template = "to_tsvector('simple', regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g'))"


class WeightedWords(Func):
    """Words of the title, then those of the rest. No language's rules: what streams are called is in any of them."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = SearchVectorField()

    def __init__(self, title: F, more: F) -> None:
        super().__init__(
            Func(_Words(Fold(title)), template="setweight(%(expressions)s, 'A')"),
            Func(_Words(Fold(more)), template="setweight(%(expressions)s, 'B')"),
        )


class EntryKind(models.TextChoices):
    CHANNEL = "channel"
    CATEGORY = "category"
    VIDEO = "video"
    CLIP = "clip"


class SearchEntryQuerySet(models.QuerySet["SearchEntry"]):
    def visible(self) -> "SearchEntryQuerySet":
        """Those that may be shown, whoever was suspended a moment ago."""
        return self.filter(
            Q(kind=EntryKind.CATEGORY, category__isnull=False)
            | (~Q(kind=EntryKind.CATEGORY) & Q(channel__owner__is_active=True))
        )

    def for_pages(self) -> "SearchEntryQuerySet":
        """With what every card shows, in one query."""
        return self.select_related("channel__owner", "channel__category", "category")

    def best_first(self) -> "SearchEntryQuerySet":
        return self.order_by("-rank", "-id")

    def newest(self) -> "SearchEntryQuerySet":
        return self.order_by("-created_at", "-id")


class SearchEntry(models.Model):
    """Something anyone may find: a channel, a category, a public recording or clip. What is not public has none."""

    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    ref = models.BigIntegerField(help_text="Key of the row that it stands for.")
    channel = models.ForeignKey("streaming.Channel", null=True, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey("streaming.Category", null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=TITLE_MAX, blank=True)
    more = models.CharField(max_length=SEARCH_MORE_MAX, blank=True, help_text="Found by, but not shown.")
    path = models.CharField(max_length=200, blank=True, help_text="Page of a recording or clip.")
    picture = models.CharField(max_length=200, blank=True, help_text="A recording's path, a clip's id.")
    duration_seconds = models.FloatField(default=0)
    views = models.PositiveIntegerField(default=0)
    rank = models.IntegerField(default=0, help_text="Most sought first; see `search_ranks`.")
    created_at = models.DateTimeField()
    key = models.GeneratedField(expression=Fold(F("title")), output_field=models.TextField(), db_persist=True)
    vector = models.GeneratedField(
        expression=WeightedWords(F("title"), F("more")), output_field=SearchVectorField(), db_persist=True
    )

    objects = SearchEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "ref"], name="one_entry_of_each")]
        indexes: ClassVar = [
            models.Index("kind", F("rank").desc(), F("id").desc(), name="entry_best"),
            models.Index("kind", F("created_at").desc(), F("id").desc(), name="entry_newest"),
            models.Index(
                "category", "kind", F("rank").desc(), F("id").desc(), name="entry_in_category",
                condition=Q(category__isnull=False),
            ),
            models.Index(fields=["kind", "key"], name="entry_prefix", opclasses=["varchar_ops", "text_pattern_ops"]),
            GinIndex(fields=["vector"], name="entry_words"),
            # Names are what people mistype; a title has its other words. Those that are sought are guessed first.
            GinIndex(
                fields=["key"], name="entry_alike_sought", opclasses=["gin_trgm_ops"],
                condition=Q(kind="category") | Q(kind="channel", rank__gte=SOUGHT_RANK),
            ),
            GinIndex(
                fields=["key"], name="entry_alike", opclasses=["gin_trgm_ops"],
                condition=Q(kind="channel", rank__lt=SOUGHT_RANK),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"

    def get_absolute_url(self) -> str:
        """Asks the database for nothing where the entry comes `for_pages`."""
        shown = self.channel if self.kind == EntryKind.CHANNEL else self.category
        return shown.get_absolute_url() if self.kind in (EntryKind.CHANNEL, EntryKind.CATEGORY) and shown else self.path


class ChannelNeighbour(models.Model):
    """Who follows `channel` often follows `other` too. The best few of each channel, made anew by the schedule."""

    channel = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="neighbours")
    other = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="+")
    score = models.FloatField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "other"], name="neighbour_once")]
        indexes: ClassVar = [models.Index("channel", F("score").desc(), name="neighbour_best")]

    def __str__(self) -> str:
        return f"{self.channel_id} → {self.other_id}"


class NotInterested(models.Model):
    """A channel that a user does not want recommended. NOT_INTERESTED_MAX."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey("streaming.Channel", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "channel"], name="not_interested_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: not {self.channel_id}"


class CategoryAlias(models.Model):
    """A name that a category once had in addresses, or that of one which became part of it."""

    slug = models.SlugField(max_length=80, unique=True)
    category = models.ForeignKey("streaming.Category", on_delete=models.CASCADE, related_name="aliases")

    def __str__(self) -> str:
        return self.slug
