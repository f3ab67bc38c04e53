from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0002_vod_deleted_at")]

    operations = [
        migrations.AddField(
            "vod", "purged_at", models.DateTimeField(blank=True, help_text="Its files are gone.", null=True)
        ),
        migrations.AddIndex(
            "vod",
            models.Index(
                condition=models.Q(("deleted_at__isnull", False), ("purged_at", None)),
                fields=["deleted_at"],
                name="vod_to_purge",
            ),
        ),
    ]
