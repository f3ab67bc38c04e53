"""The page on which something is reported, and the one that says what becomes of it."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.reports import services
from accounts.reports.forms import ReportForm
from accounts.reports.kinds import Subject, SubjectKind, kind_named
from accounts.reports.models import Report
from common.errors import DomainError
from common.refusals import as_page_errors

FIELD_OF_ERROR = {"no_such_reason": "reason", "no_text": "text", "invalid": "text"}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@as_page_errors()
def report(request: HttpRequest, kind: str, name: str) -> HttpResponse:
    """Report one subject, or change what one said of it while nobody has decided."""
    user, subject_kind = cast(User, request.user), kind_named(kind)
    subject = subject_kind.find(name, user)
    earlier = Report.objects.open().of_subject(kind, subject.key).filter(reporter=user).first()
    form = ReportForm(request.POST or None, earlier=earlier)
    if request.method == "POST" and (sent := _sent(form, user, subject_kind, subject)):
        return redirect(sent)
    context = {
        "kind": subject_kind,
        "subject": subject,
        "own": subject.owner is not None and subject.owner.pk == user.pk,
        "earlier": earlier,
        "form": form,
    }
    return render(request, "accounts/report.html", context)


@never_cache
@login_required
@require_safe
def report_sent(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """The newest one's own report of this subject: that it has come, and what was decided."""
    own = Report.objects.of_subject(kind, key).filter(reporter=cast(User, request.user))
    found = own.order_by("-created_at", "-pk").first()
    if found is None:
        raise Http404("You have reported no such thing, or long ago.")
    return render(request, "accounts/report_sent.html", {"report": found})


def _sent(form: ReportForm, user: User, kind: SubjectKind, subject: Subject) -> Report | None:
    """The report; nothing where something is wrong, which is in the form then."""
    if not form.is_valid():
        return None
    try:
        return services.report_subject(reporter=user, kind=kind.name, subject=subject, **form.cleaned_data)[0]
    except DomainError as error:
        form.add_error(FIELD_OF_ERROR.get(error.code), error.text)
        return None
