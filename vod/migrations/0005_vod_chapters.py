from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0004_vod_description")]

    operations = [
        migrations.AddField(
            model_name="vod",
            name="chapters",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
