"""`manage.py seed`: a made-up site of any size, to measure and to try things out on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from common.errors import DomainError
from vod.seeding.plan import SCALE_MAX, SCALE_MIN, Plan
from vod.seeding.services import seed_database


class Command(BaseCommand):
    help = (
        "Fill the database with a made-up site: 100,000 live channels, a million users, ten million follows, or a part "
        "of that. Use it on a database of its own, without workers: they would end broadcasts that no encoder sends."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scale", type=float, default=1.0, help="times the full size; 0.01: a hundredth")
        parser.add_argument("--seed", type=int, default=1, help="another number makes another site of the same size")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be made")
        parser.add_argument(
            "--among-real-users", action="store_true", help="also where users are: nothing takes the made-up ones out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not SCALE_MIN <= options["scale"] <= SCALE_MAX:
            raise CommandError(f"--scale must be from {SCALE_MIN} to {SCALE_MAX:g}.")
        if not 0 <= options["seed"] < 1 << 28:
            raise CommandError("--seed must be from 0 to 268435455.")
        plan = Plan.at(options["scale"], seed=options["seed"], now=timezone.now())
        self.stdout.write(f"Makes {plan.described()}.")
        if options["dry_run"]:
            return
        users = User.objects.count()
        if users and not options["among_real_users"]:
            raise CommandError(
                f"This database has {users:,} users, and made-up ones cannot be taken out again. Name another database "
                "(MILLRACE_DB_NAME, MILLRACE_DATA), or say --among-real-users."
            )
        try:
            seed_database(plan=plan, say=self._say)
        except DomainError as error:
            raise CommandError(error.text) from None
        self.stdout.write(self.style.SUCCESS("Done."))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
