"""Tokens may be for chat alone, and may end by themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField("apitoken", "scopes", models.CharField(blank=True, max_length=200)),
        migrations.AddField("apitoken", "expires_at", models.DateTimeField(blank=True, null=True)),
    ]
