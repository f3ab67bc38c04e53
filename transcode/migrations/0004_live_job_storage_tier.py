from django.db import migrations, models

TIERS = [("hot", "Hot"), ("warm", "Warm"), ("cold", "Cold")]


class Migration(migrations.Migration):
    dependencies = [("transcode", "0003_live_job_archive")]

    operations = [
        migrations.AddField(
            "livejob", "stored_bytes", models.BigIntegerField(default=0, help_text="All archives together.")
        ),
        migrations.AddField("livejob", "storage_tier", models.CharField(choices=TIERS, default="hot", max_length=4)),
        migrations.AddField(
            "livejob",
            "leaving_tier",
            models.CharField(blank=True, choices=TIERS, help_text="Whose copies are to be deleted.", max_length=4),
        ),
        migrations.AddField(
            "livejob",
            "restore_asked_at",
            models.DateTimeField(blank=True, help_text="Somebody waits for it to come back.", null=True),
        ),
        migrations.AddField("livejob", "restored_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "livejob",
            "thinned_at",
            models.DateTimeField(blank=True, help_text="Qualities were dropped since it is old.", null=True),
        ),
    ]
