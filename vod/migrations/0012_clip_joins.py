# Where clips leave out an absence of the encoder's, so that the chat beside them is in step.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0011_upload")]

    operations = [
        migrations.AddField(
            model_name="clip",
            name="joins",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
