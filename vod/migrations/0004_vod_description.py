from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0003_vod_purged_at")]

    operations = [
        migrations.AddField(
            model_name="vod",
            name="description",
            field=models.TextField(blank=True, max_length=5000),
        ),
    ]
