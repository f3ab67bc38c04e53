"""A new installation has something to choose from; the staff edits the list in the admin."""

from django.db import migrations
from django.utils.text import slugify

NAMES = [
    "Art", "Chess", "Coding", "Cooking", "Fitness", "Games", "Just talking", "Music", "News & politics",
    "Outdoors", "Retro games", "Science & technology", "Speedruns", "Sports", "Talk shows & podcasts", "Travel",
]  # fmt: skip


def add_categories(apps, schema_editor):
    Category = apps.get_model("streaming", "Category")
    Category.objects.bulk_create([Category(name=name, slug=slugify(name)) for name in NAMES], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("streaming", "0001_initial")]
    operations = [migrations.RunPython(add_categories, migrations.RunPython.noop)]
