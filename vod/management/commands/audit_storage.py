"""`manage.py audit_storage`: what is missing from storage, and what lies there for nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from transcode.storage_audit import audit_storage, delete_orphans

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Compare what storage has of finished broadcasts with what the database says. Exits with 1 when something is "
        "missing or damaged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="remove the files that nothing names")

    def handle(self, *args: Any, **options: Any) -> None:
        found = audit_storage()
        self.stdout.write(f"{found.broadcasts} broadcasts, {found.files} files, {filesizeformat(found.size)}")
        for title, paths in (("missing", found.missing), ("damaged", found.damaged), ("orphans", found.orphans)):
            self.stdout.write(f"{title}: {len(paths)}")
            for path in paths[:SHOWN]:
                self.stdout.write(f"  {path}")
            if len(paths) > SHOWN:
                self.stdout.write(f"  … and {len(paths) - SHOWN} more")
        if options["delete"]:
            delete_orphans(found)
            self.stdout.write(f"{len(found.orphans)} orphans deleted")
        if found.missing or found.damaged:
            raise CommandError("Storage lacks media that recordings name.")
