from django.db import migrations, models

SUSPENDED_BEFORE = """
UPDATE accounts_user SET suspended_at = now() WHERE NOT is_active AND leaving_at IS NULL AND left_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_reports_are_told")]

    operations = [
        migrations.AddField("user", "suspended_at", models.DateTimeField(blank=True, null=True)),
        migrations.RunSQL(SUSPENDED_BEFORE, migrations.RunSQL.noop),
    ]
