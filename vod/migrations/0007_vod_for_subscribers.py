from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0006_vod_downloads")]

    operations = [
        migrations.AlterField(
            model_name="vod",
            name="visibility",
            field=models.CharField(
                choices=[
                    ("public", "Public"),
                    ("unlisted", "Unlisted"),
                    ("subscribers", "Subscribers"),
                    ("private", "Private"),
                ],
                default="public",
                max_length=12,
            ),
        ),
    ]
