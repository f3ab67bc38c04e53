from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transcode", "0002_ladder_rung")]

    operations = [
        migrations.AddField("livejob", "archive", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "livejob",
            "consolidated_at",
            models.DateTimeField(
                blank=True, help_text="The playlists use the archives, and what was live is deleted.", null=True
            ),
        ),
        migrations.AddIndex(
            "livejob",
            models.Index(
                condition=models.Q(("consolidated_at", None)), fields=["finished_at"], name="live_job_scattered"
            ),
        ),
    ]
