"""Room for the names of all scopes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_names_and_invitations")]

    operations = [
        migrations.AlterField("apitoken", "scopes", models.CharField(blank=True, max_length=600)),
    ]
