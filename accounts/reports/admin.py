"""The staff's queue of reports. What was reported stays as it is; what is decided goes through the services."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr, truncatechars
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import Report, User
from accounts.reports import services
from accounts.reports.kinds import kind_names
from accounts.reports.limits import SAME_SHOWN
from accounts.reports.models import STATE_CHOICES, ReportQuerySet
from accounts.reports.rules import Snapshot, State

EXCERPT = 60  # characters of what the reporter wrote, in the list


class StateFilter(admin.SimpleListFilter):
    """What is to be decided, unless something else is asked for."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        decided = [(value, label) for value, label in STATE_CHOICES if value != State.OPEN]
        return [*decided, ("all", "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Report]") -> "QuerySet[Report]":
        asked = self.value()
        return queryset if asked == "all" else queryset.filter(state=asked if asked in set(State) else State.OPEN)


class KindFilter(admin.SimpleListFilter):
    title, parameter_name = "kind", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name.capitalize()) for name in kind_names()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Report]") -> "QuerySet[Report]":
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Report)
class ReportAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What most people report stands first; deciding on one report decides on all of the same subject."""

    list_display = ("title", "kind", "reason", "count", "about", "by", "created_at", "said", "state", "handled_by")
    list_filter = (StateFilter, "reason", KindFilter, "created_at")
    list_select_related = ("reporter", "reported", "handled_by")
    list_per_page = 50
    search_fields = ("title", "text", "=reporter__login", "=reported__login", "=key")
    search_help_text = "Title, what the reporter wrote, or a login."
    show_full_result_count = False
    fields = (
        ("kind", "reason", "state"),
        ("subject", "in_the_admin"),
        ("about", "by"),
        "text",
        "snapshots_shown",
        "same_shown",
        ("created_at", "changed_at"),
        ("handled_by", "handled_at"),
    )
    actions = ("resolve", "dismiss", "suspend")

    def view_on_site(self, report: Report) -> str:
        """What is reported; the report's own page is its reporter's."""
        return report.path

    def get_queryset(self, request: HttpRequest) -> ReportQuerySet:
        return Report.objects.queue()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people make them

    def has_change_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        return False  # time does

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_report")

    def has_suspend_permission(self, request: HttpRequest) -> bool:
        return self.has_handle_permission(request) and request.user.has_perm("accounts.change_user")

    @admin.action(description="Resolve: something was done", permissions=["handle"])
    def resolve(self, request: HttpRequest, queryset: ReportQuerySet) -> None:
        count = services.resolve_reports(reports=queryset, by=cast(User, request.user))
        self.message_user(request, f"{count} resolved, with those of the same.", messages.SUCCESS)

    @admin.action(description="Dismiss: nothing is against the rules", permissions=["handle"])
    def dismiss(self, request: HttpRequest, queryset: ReportQuerySet) -> None:
        count = services.dismiss_reports(reports=queryset, by=cast(User, request.user))
        self.message_user(request, f"{count} dismissed, with those of the same.", messages.SUCCESS)

    @admin.action(description="Suspend who is reported: sign out, end the broadcast", permissions=["suspend"])
    def suspend(self, request: HttpRequest, queryset: ReportQuerySet) -> None:
        suspended = services.suspend_reported(reports=queryset, by=cast(User, request.user))
        names = ", ".join(str(user) for user in suspended)
        if suspended:
            self.message_user(request, f"Suspended, and resolved what was open: {names}.", messages.SUCCESS)
        else:
            self.message_user(request, "Nobody to suspend: they have left, or it is you.", messages.WARNING)

    @admin.display(description="reports", ordering="same")
    def count(self, report: Any) -> int:
        """Open ones of the same subject."""
        return int(report.same)

    @admin.display(description="said")
    def said(self, report: Report) -> str:
        return truncatechars(report.text, EXCERPT)

    @admin.display(description="reported", ordering="reported__login")
    def about(self, report: Report) -> str:
        return _person(report.reported)

    @admin.display(description="reporter", ordering="reporter__login")
    def by(self, report: Report) -> str:
        return _person(report.reporter)

    @admin.display(description="what")
    def subject(self, report: Report) -> SafeString:
        return format_html('<a href="{}">{}</a>', report.path, report.title)

    @admin.display(description="for the staff")
    def in_the_admin(self, report: Report) -> SafeString:
        return format_html('<a href="{}">{}</a>', report.staff_path, report.staff_path.partition("?")[0])

    @admin.display(description="as it was")
    def snapshots_shown(self, report: Report) -> SafeString:
        """How it was when it was reported, whatever it is now."""
        return format_html_join("", "<p><b>{}</b></p><dl>{}</dl>", map(_seen, report.snapshots))

    @admin.display(description="others of the same")
    def same_shown(self, report: Report) -> SafeString | str:
        others = Report.objects.of_subject(report.kind, report.key).exclude(pk=report.pk).select_related("reporter")
        rows = [
            (reverse("admin:accounts_report_change", args=[one.pk]), one.get_reason_display(), one.state, one.text)
            for one in others.order_by("-created_at")[:SAME_SHOWN]
        ]
        listed = format_html_join("", '<li><a href="{}">{}</a> ({}): {}</li>', rows)
        return format_html("<ul>{}</ul>", listed) if rows else "None."


def _person(user: User | None) -> str:
    if user is None:
        return "–"
    name = f"{user}" if user.is_active else f"{user} (suspended)"
    return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[user.pk]), name)


def _seen(kept: Snapshot) -> tuple[str, SafeString]:
    facts = [(label, linebreaksbr(text)) for label, text in kept["facts"]]
    return _moment(kept["at"]), format_html_join("", "<dt>{}</dt><dd>{}</dd>", facts)


def _moment(text: str) -> str:
    moment = parse_datetime(text)
    return date_format(moment, "j F Y, H:i:s") + " UTC" if moment else text
