"""Telling the staff of something, and deciding on it."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.notifications import Kind, create_happening, tell_users
from accounts.notifications.limits import TELL_BATCH
from accounts.reports import limits
from accounts.reports.kinds import Subject
from accounts.reports.models import Report, ReportQuerySet
from accounts.reports.rules import OUTCOMES, Reason, Snapshot, State, snapshot, with_latest
from accounts.services import suspend_user
from common.errors import InvalidInput, NotAllowed, TooMany
from common.lines import check_text
from common.rate_limit import RateLimit

REPORTS = RateLimit("reports", limit=limits.REPORTS_PER_HOUR, seconds=3600)


def report_subject(*, reporter: User, kind: str, subject: Subject, reason: str, text: str = "") -> tuple[Report, bool]:
    """Tell the staff of it. The report, and whether it is a new one: while one of the same is open, that is changed.

    Raises InvalidInput, NotAllowed (one's own), TooMany.
    """
    if reason not in set(Reason):
        raise InvalidInput("Choose one of the reasons.", code="no_such_reason")
    text = check_text(text, most=limits.TEXT_MAX, name="text")
    if reason == Reason.OTHER and not text:
        raise InvalidInput("Say in a few words what is wrong.", code="no_text")
    if subject.owner is not None and subject.owner.pk == reporter.pk:
        raise NotAllowed("This is your own: nobody reports himself.", code="own")
    if not REPORTS.allows(str(reporter.pk)):
        wait = REPORTS.wait_seconds(str(reporter.pk))
        raise TooMany("You have reported much in the last hour. Wait a while, then go on.", retry_seconds=wait)
    said = {"reason": reason, "text": text}
    seen = snapshot(subject.facts, at=timezone.now().isoformat(timespec="seconds"))
    with transaction.atomic():
        # Sent twice at once: the second changes the first.
        User.objects.select_for_update(no_key=True).get(pk=reporter.pk)
        changed = _change(reporter, kind, subject.key, seen, said)
        if changed is not None:
            return changed, False
        if Report.objects.open().filter(reporter=reporter).count() >= limits.OPEN_MAX:
            raise TooMany(f"The staff has not looked at {limits.OPEN_MAX} of your reports yet. Wait until it has.")
        return _create(reporter, kind, subject, seen, said), True


def resolve_reports(*, reports: "QuerySet[Report]", by: User) -> int:
    """Something was done: also about all other open reports of the same. Returns how many are decided by it."""
    return _decide(Report.objects.same_as(reports), State.RESOLVED, by)


def dismiss_reports(*, reports: "QuerySet[Report]", by: User) -> int:
    """Nothing has to be done, whoever else reported the same."""
    return _decide(Report.objects.same_as(reports), State.DISMISSED, by)


def suspend_reported(*, reports: "QuerySet[Report]", by: User) -> list[User]:
    """Suspend whom they are about, which resolves all that is open about them. Nobody suspends himself."""
    about = User.objects.filter(pk__in=reports.values("reported"), left_at=None).exclude(pk=by.pk)
    suspended = list(about.order_by("pk"))
    with transaction.atomic():
        for user in suspended:
            suspend_user(user=user)
        _decide(Report.objects.filter(reported__in=suspended), State.RESOLVED, by)
    return suspended


def prune_reports() -> int:
    """Remove what was decided on longer ago than the setting says; returns how many."""
    removed = 0
    for _ in range(limits.PRUNE_ROUNDS):
        batch = list(Report.objects.outdated().values_list("pk", flat=True)[: limits.PRUNE_BATCH])
        removed += Report.objects.filter(pk__in=batch).delete()[0]
        if len(batch) < limits.PRUNE_BATCH:
            break
    return removed


def _change(reporter: User, kind: str, key: str, seen: Snapshot, said: dict[str, str]) -> Report | None:
    """The reporter's open one; None where there is none."""
    open_ones = Report.objects.open().select_for_update()  # nobody decides on it meanwhile
    report = open_ones.of_subject(kind, key).filter(reporter=reporter).first()
    if report is not None:
        report.reason, report.text, report.changed_at = said["reason"], said["text"], timezone.now()
        report.snapshots = with_latest(report.snapshots, seen)
        report.save(update_fields=["reason", "text", "changed_at", "snapshots"])
    return report


def _create(reporter: User, kind: str, subject: Subject, seen: Snapshot, said: dict[str, str]) -> Report:
    return Report.objects.create(
        reporter=reporter,
        kind=kind,
        key=subject.key,
        title=subject.title[: limits.TITLE_MAX],
        path=subject.path[: limits.PATH_MAX],
        staff_path=subject.staff_path[: limits.PATH_MAX],
        snapshots=[seen],
        reported=subject.owner,
        **said,
    )


def _decide(reports: ReportQuerySet, state: State, by: User) -> int:
    """What somebody else has decided meanwhile stays as he did."""
    with transaction.atomic():
        decided = list(reports.open().select_for_update().order_by("pk"))
        if not decided:
            return 0
        rows = Report.objects.filter(pk__in=[report.pk for report in decided])
        rows.update(state=state, handled_by=by, handled_at=timezone.now())
        _tell_reporters(decided, state)
    return len(decided)


def _tell_reporters(decided: Sequence[Report], state: State) -> None:
    """One happening for each subject, however many reported it: its path leads everybody to his own report."""
    of_subject: dict[str, list[Report]] = defaultdict(list)
    for report in decided:
        of_subject[report.get_absolute_url()].append(report)
    for path, reports in of_subject.items():
        people = [report.reporter_id for report in reports if report.reporter_id is not None]
        happening = create_happening(kind=Kind.REPORT, text=OUTCOMES[state], detail=reports[0].title, path=path)
        if happening is not None:
            for begin in range(0, len(people), TELL_BATCH):
                tell_users(happening=happening, user_ids=people[begin : begin + TELL_BATCH])
