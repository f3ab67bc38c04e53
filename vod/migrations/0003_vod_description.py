from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0002_vod_deleted_at")]

    operations = [
        migrations.AddField(
            model_name="vod",
            name="description",
            field=models.TextField(blank=True, max_length=5000),
        ),
    ]
