import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("vod", "0008_vod_highlights"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchPosition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seconds", models.PositiveIntegerField()),
                ("updated_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watch_positions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "vod",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="watch_positions", to="vod.vod"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index("user", F("updated_at").desc(), name="watch_position_latest")],
                "constraints": [models.UniqueConstraint(fields=("user", "vod"), name="one_position_per_recording")],
            },
        ),
    ]
