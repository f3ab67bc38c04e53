import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vod", "0007_vod_for_subscribers")]

    operations = [
        migrations.AddField(
            model_name="vod",
            name="kind",
            field=models.CharField(
                choices=[("broadcast", "Broadcast"), ("highlight", "Highlight")], default="broadcast", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="vod",
            name="cut_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="highlights",
                to="vod.vod",
            ),
        ),
        migrations.AddField(model_name="vod", name="cut_begin", field=models.FloatField(default=0)),
        migrations.AddField(model_name="vod", name="cut_end", field=models.FloatField(default=0)),
    ]
