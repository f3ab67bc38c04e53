"""A channel's schedule: the page viewers see, and the streamer's own, which works without JavaScript."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from common.addresses import absolute
from common.errors import DomainError, NotThere
from common.posting import posted_from
from streaming.limits import SCHEDULE_FILE_SECONDS
from streaming.models import Channel, Schedule, ScheduleEntry
from streaming.schedule import services
from streaming.schedule.calendar_file import calendar_file
from streaming.schedule.forms import EntryForm, TimeZoneForm
from streaming.views.dashboard import own_channel
from streaming.views.shared import channel_or_404, relation_to, viewer_of

FIELD_OF_ERROR = {"overlap": "start", "date": "on"}  # where what the services refuse was typed


@require_safe
@cache_control(private=True, max_age=0)
def channel_schedule(request: HttpRequest, login: str) -> HttpResponse:
    """What a channel plans for the next days."""
    if login != login.lower():
        return redirect("channel_schedule", login.lower(), permanent=True)
    channel = channel_or_404(login, viewer_of(request))
    context = {"channel": channel, "plan": services.read_plan(channel=channel), **relation_to(request.user, channel)}
    return render(request, "streaming/channel_schedule.html", context)


@require_safe
@cache_control(public=True, max_age=SCHEDULE_FILE_SECONDS)
@conditional_page
def channel_calendar(request: HttpRequest, login: str) -> HttpResponse:
    """The same for calendars."""
    channel = channel_or_404(login)
    file = calendar_file(
        channel=channel,
        entries=services.read_entries(channel_id=channel.pk),
        page=absolute(channel.get_absolute_url()),
        now=timezone.now(),
    )
    named = {"Content-Disposition": f'inline; filename="{channel.owner.login}.ics"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=named)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dashboard_schedule(request: HttpRequest) -> HttpResponse:
    """All entries, and a form for one more."""
    channel, form = own_channel(request), EntryForm(request.POST or None)
    if request.method == "POST" and _done(form, lambda wanted: services.add_entry(channel=channel, **wanted)):
        messages.success(request, f"“{form.cleaned_data['title']}” is in your schedule.")
        return redirect("dashboard_schedule")
    return _own_schedule(request, channel, form=form)


@posted_from("dashboard_schedule")
@login_required
def dashboard_schedule_zone(request: HttpRequest) -> HttpResponse:
    """Choose the clock that all entries go by."""
    channel = own_channel(request)
    form = TimeZoneForm(request.POST, schedule=None)
    if _done(form, lambda wanted: services.set_time_zone(channel=channel, name=wanted["time_zone"])):
        messages.success(request, f"Your schedule is in the time zone {form.cleaned_data['time_zone']}.")
        return redirect("dashboard_schedule")
    return _own_schedule(request, channel, zone_form=form)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def schedule_entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Change an entry, or remove it."""
    channel = own_channel(request)
    entry = _own_entry(channel, entry_id)
    form = EntryForm(request.POST or None, entry=entry)
    if request.method == "POST" and _done(form, lambda wanted: services.change_entry(entry=entry, **wanted)):
        messages.success(request, "Saved.")
        return redirect("dashboard_schedule")
    return render(request, "streaming/schedule_entry.html", {"channel": channel, "entry": entry, "form": form})


@posted_from("schedule_entry", "entry_id")
@login_required
def schedule_entry_remove(request: HttpRequest, entry_id: int) -> HttpResponse:
    entry = _own_entry(own_channel(request), entry_id)
    services.remove_entry(entry=entry)
    messages.success(request, f"“{entry.title}” is no longer in your schedule.")
    return redirect("dashboard_schedule")


@posted_from("dashboard_schedule")
@login_required
def schedule_entry_skip(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Cancel the next occurrence of a weekly one, on the `day` that the page showed; or `undo` it."""
    entry = _own_entry(own_channel(request), entry_id)
    try:
        if request.POST.get("undo"):
            services.unskip_entry(entry=entry)
            messages.success(request, f"“{entry.title}” takes place after all.")
        else:
            services.skip_entry(entry=entry, day=_day(request.POST.get("day", "")))
            messages.success(request, f"“{entry.title}” is cancelled this time. You can undo that.")
    except DomainError as error:
        messages.error(request, error.text)
    return redirect("dashboard_schedule")


def _own_schedule(request: HttpRequest, channel: Channel, **forms: Form) -> HttpResponse:
    """The page, with forms of it that were refused, so that nothing typed is lost."""
    schedule = Schedule.objects.filter(channel=channel).first()
    context = {
        "channel": channel,
        "schedule": schedule,
        "entries": services.read_own_entries(schedule=schedule) if schedule else [],
        "form": EntryForm(),
        "zone_form": TimeZoneForm(schedule=schedule),
        **forms,
    }
    return render(request, "streaming/schedule.html", context)


def _own_entry(channel: Channel, entry_id: int) -> ScheduleEntry:
    try:
        return services.get_entry(channel=channel, entry_id=entry_id)
    except NotThere as error:
        raise Http404(error.text) from None


def _done(form: Form, act: Callable[[dict[str, Any]], Any]) -> bool:
    """Whether it is; else the page opens where something is wrong: on phones the form is far below."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except DomainError as error:
            form.add_error(FIELD_OF_ERROR.get(error.code), error.text)
        else:
            return True
    for field in [form[name] for name in form.fields if name in form.errors][:1]:
        field.field.widget.attrs["autofocus"] = True
    return False


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:  # well written, but no date
        return None
