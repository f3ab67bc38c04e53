# Names of batches of views that are in the counts.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vod", "0013_waiter"),
    ]

    operations = [
        migrations.CreateModel(
            name="ViewBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=24, unique=True)),
                ("written_at", models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
        ),
    ]
