# Who waits for a recording: to come back from cold storage, or to be a file.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vod", "0012_clip_joins"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Waiter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wish", models.CharField(choices=[("watch", "Watch"), ("file", "File")], max_length=5)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "vod",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="waiters", to="vod.vod"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="waiter_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("vod", "user", "wish"), name="one_waiter_per_user_and_wish")
                ],
            },
        ),
    ]
