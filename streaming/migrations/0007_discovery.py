"""One table for the search, orders of the lists of channels, and what recommendations are made of."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import streaming.discovery_models

FACETS = """
UPDATE streaming_channel AS channel SET facets = fresh.facets
  FROM (SELECT one.id, ARRAY(SELECT DISTINCT 'tag:' || lower(tag) FROM jsonb_array_elements_text(one.tags) AS tag
                              WHERE tag ~ '^[[:alnum:]]+$' ORDER BY 1)
                       || ('lang:' || split_part(lower(one.language), '-', 1)) AS facets
          FROM streaming_channel AS one) AS fresh
 WHERE fresh.id = channel.id AND channel.facets::text[] <> fresh.facets
"""


class Migration(migrations.Migration):
    dependencies = [
        ("streaming", "0006_raids_and_hosting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="CategoryAlias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="ChannelNeighbour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("score", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="NotInterested",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("channel", "Channel"),
                            ("category", "Category"),
                            ("video", "Video"),
                            ("clip", "Clip"),
                        ],
                        max_length=8,
                    ),
                ),
                ("ref", models.BigIntegerField(help_text="Key of the row that it stands for.")),
                ("title", models.CharField(blank=True, max_length=140)),
                ("more", models.CharField(blank=True, help_text="Found by, but not shown.", max_length=500)),
                ("path", models.CharField(blank=True, help_text="Page of a recording or clip.", max_length=200)),
                (
                    "picture",
                    models.CharField(blank=True, help_text="A recording's path, a clip's id.", max_length=200),
                ),
                ("duration_seconds", models.FloatField(default=0)),
                ("views", models.PositiveIntegerField(default=0)),
                ("rank", models.IntegerField(default=0, help_text="Most sought first; see `search_ranks`.")),
                ("created_at", models.DateTimeField()),
                (
                    "key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=streaming.discovery_models.Fold(models.F("title")),
                        output_field=models.TextField(),
                    ),
                ),
                (
                    "vector",
                    models.GeneratedField(
                        db_persist=True,
                        expression=streaming.discovery_models.WeightedWords(models.F("title"), models.F("more")),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
        ),
        migrations.RemoveIndex(
            model_name="channel",
            name="channel_live_in_category",
        ),
        migrations.RemoveIndex(
            model_name="channel",
            name="channel_live",
        ),
        migrations.AddField(
            model_name="category",
            name="art_path",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="channel",
            name="facets",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), blank=True, default=list, size=None
            ),
        ),
        migrations.AlterField(
            model_name="channel",
            name="last_live_at",
            field=models.DateTimeField(
                blank=True, help_text="On air: since when. Off air: when it was last seen on air.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(
                models.OrderBy(models.F("viewer_count"), descending=True),
                models.F("id"),
                condition=models.Q(("is_live", True)),
                name="channel_live_watched",
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(
                models.F("category"),
                models.OrderBy(models.F("viewer_count"), descending=True),
                models.F("id"),
                condition=models.Q(("is_live", True)),
                name="channel_category_watched",
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(
                models.OrderBy(models.F("last_live_at"), descending=True),
                models.F("id"),
                condition=models.Q(("is_live", True)),
                name="channel_live_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(
                models.F("category"),
                models.OrderBy(models.F("last_live_at"), descending=True),
                models.F("id"),
                condition=models.Q(("is_live", True)),
                name="channel_category_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("is_live", True)), fields=["facets"], name="channel_live_facets"
            ),
        ),
        migrations.AddIndex(
            model_name="channel",
            index=models.Index(
                models.OrderBy(models.F("last_live_at"), descending=True),
                models.F("id"),
                condition=models.Q(("is_live", False), ("last_live_at__isnull", False)),
                name="channel_lately_live",
            ),
        ),
        migrations.AddIndex(
            model_name="follow",
            index=models.Index(
                models.F("user"), models.OrderBy(models.F("created_at"), descending=True), name="follow_latest"
            ),
        ),
        migrations.AddField(
            model_name="categoryalias",
            name="category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="aliases", to="streaming.category"
            ),
        ),
        migrations.AddField(
            model_name="channelneighbour",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="neighbours", to="streaming.channel"
            ),
        ),
        migrations.AddField(
            model_name="channelneighbour",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="streaming.channel"
            ),
        ),
        migrations.AddField(
            model_name="notinterested",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="streaming.channel"
            ),
        ),
        migrations.AddField(
            model_name="notinterested",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="category",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="streaming.category"
            ),
        ),
        migrations.AddField(
            model_name="searchentry",
            name="channel",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="streaming.channel"
            ),
        ),
        migrations.AddIndex(
            model_name="channelneighbour",
            index=models.Index(
                models.F("channel"), models.OrderBy(models.F("score"), descending=True), name="neighbour_best"
            ),
        ),
        migrations.AddConstraint(
            model_name="channelneighbour",
            constraint=models.UniqueConstraint(fields=("channel", "other"), name="neighbour_once"),
        ),
        migrations.AddConstraint(
            model_name="notinterested",
            constraint=models.UniqueConstraint(fields=("user", "channel"), name="not_interested_once"),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                models.F("kind"),
                models.OrderBy(models.F("rank"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="entry_best",
            ),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                models.F("kind"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="entry_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                models.F("category"),
                models.F("kind"),
                models.OrderBy(models.F("rank"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("category__isnull", False)),
                name="entry_in_category",
            ),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                fields=["kind", "key"], name="entry_prefix", opclasses=["varchar_ops", "text_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["vector"], name="entry_words"),
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("kind__in", ["channel", "category"])),
                fields=["key"],
                name="entry_similar",
                opclasses=["gin_trgm_ops"],
            ),
        ),
        migrations.AddConstraint(
            model_name="searchentry",
            constraint=models.UniqueConstraint(fields=("kind", "ref"), name="one_entry_of_each"),
        ),
        migrations.RunSQL(FACETS, migrations.RunSQL.noop),
    ]
