"""The log keeps what a reply answers, so that a replay can show it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0008_partitioned_log")]

    operations = [
        migrations.AddField("chatmessage", "reply", models.JSONField(blank=True, null=True)),
    ]
