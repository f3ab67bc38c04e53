# What a channel's videos take, and of that the clips.

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("streaming", "0006_raids_and_hosting"),
        ("vod", "0014_viewbatch"),
    ]

    operations = [
        migrations.AddField(
            model_name="clip",
            name="size",
            field=models.BigIntegerField(default=0, help_text="Bytes of its file."),
        ),
        migrations.CreateModel(
            name="ChannelUsage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("bytes", models.BigIntegerField(default=0)),
                ("counted_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "channel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="usage", to="streaming.channel"
                    ),
                ),
            ],
        ),
    ]
