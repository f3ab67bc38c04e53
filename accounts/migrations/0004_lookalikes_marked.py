"""Names that look alike already may stay; of each such group, the oldest is the one others look like."""

from django.db import migrations, models

# One statement and one pass over the table, however many people there are: no row comes to Python.
MARK = """
    UPDATE accounts_user SET may_look_alike = true
    FROM (
        SELECT id, row_number() OVER (
            PARTITION BY replace(replace(replace(replace(replace(replace(
                login, '_', ''), 'rn', 'm'), 'vv', 'w'), '0', 'o'), '1', 'l'), 'i', 'l')
            ORDER BY id
        ) AS place FROM accounts_user
    ) AS places
    WHERE places.id = accounts_user.id AND places.place > 1
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_notifications")]

    operations = [
        migrations.AddField("user", "may_look_alike", models.BooleanField(default=False, db_default=False)),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
