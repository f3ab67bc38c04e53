"""What is known about one: to be taken away, and to be deleted."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import exports, leaving
from accounts.forms import LeaveForm
from accounts.limits import EXPORT_KEPT_DAYS, LEAVE_AFTER_DAYS, LEFT_LOGIN_DAYS
from accounts.models import User
from accounts.tasks import write_export
from common.errors import DomainError
from common.posting import posted_from
from common.refusals import as_page_errors


@never_cache
@login_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    export = cast(User, request.user).data_exports.order_by("-created_at").first()
    return render(request, "accounts/privacy.html", {"export": export, "kept_days": EXPORT_KEPT_DAYS})


@posted_from("account_privacy")
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth is untyped
def ask_for_export(request: HttpRequest) -> HttpResponse:
    """Have one's data made into a file."""
    try:
        export = exports.ask_for_export(user=cast(User, request.user))
        write_export.delay(export.pk)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "Your file is being made. It is here in a few minutes: load this page again then.")
    return redirect("account_privacy")


@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
@require_safe
@as_page_errors()
def download_export(request: HttpRequest, export_id: int) -> FileResponse:
    user = cast(User, request.user)
    export = exports.export_for_owner(export_id=export_id, user=user)
    file = default_storage.open(export.name)
    return FileResponse(file, as_attachment=True, filename=f"{user.login}-{export.created_at:%Y-%m-%d}.zip")


@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Ask for one's account to be deleted, by typing its name."""
    user = cast(User, request.user)
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            leaving.ask_to_leave(user=user, typed_login=form.cleaned_data["login"])
        except DomainError as error:
            form.add_error("login", error.text)
        else:
            logout(request)
            return render(request, "accounts/deleted.html", {"until": user.leaving_at})
    context = {"form": form, "days": LEAVE_AFTER_DAYS, "kept_days": LEFT_LOGIN_DAYS}
    return render(request, "accounts/delete.html", context)
