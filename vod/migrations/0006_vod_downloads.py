from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0005_vod_chapters")]

    operations = [
        migrations.AddField(
            model_name="vod",
            name="downloads_allowed",
            field=models.BooleanField(default=False, help_text="For viewers; the owner always may."),
        ),
        migrations.AddField(
            model_name="vod",
            name="download_asked_at",
            field=models.DateTimeField(blank=True, help_text="The file lies there for a day after.", null=True),
        ),
    ]
