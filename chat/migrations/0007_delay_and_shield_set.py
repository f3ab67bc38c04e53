"""Moderators read earlier than viewers; shield mode turns on what was saved for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_held_messages")]

    operations = [
        migrations.AddField(
            model_name="roommodes", name="delay_seconds", field=models.PositiveSmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="roommodes", name="shield_set", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.AddField(
            model_name="roommodes", name="before_shield", field=models.JSONField(blank=True, default=dict)
        ),
    ]
