"""How one is seen: picture, name, login."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import avatars, names
from accounts.forms import AvatarForm, DisplayNameForm, RenameForm
from accounts.limits import AVATAR_SIDES, FORMER_LOGIN_DAYS, RENAME_EVERY_DAYS
from accounts.models import User
from common.errors import DomainError
from common.posting import posted_from

YEAR_SECONDS = 31_536_000


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The profile; a POST changes the capitals of the name."""
    user = cast(User, request.user)
    form = _name_form(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            names.change_display_name(user=user, display_name=form.cleaned_data["display_name"])
        except DomainError as error:
            form.add_error("display_name", error.text)
        else:
            messages.success(request, "Saved.")
            return redirect("account_profile")
    return _profile_page(request, form, AvatarForm())


@posted_from("account_profile")
@login_required
def change_avatar(request: HttpRequest) -> HttpResponse:
    """Take another picture, or none."""
    user = cast(User, request.user)
    if "remove" in request.POST:
        avatars.remove_avatar(user=user)
        messages.success(request, "Your picture is removed.")
        return redirect("account_profile")
    form = AvatarForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            avatars.set_avatar(user=user, data=form.cleaned_data["picture"].read())
        except DomainError as error:
            form.add_error("picture", error.text)
        else:
            messages.success(request, "Your picture is changed.")
            return redirect("account_profile")
    return _profile_page(request, _name_form(user), form)


@require_safe
def avatar(request: HttpRequest, name: str, side: str) -> HttpResponse:
    """One picture. What has this name never changes."""
    content = avatars.read_avatar(name, int(side)) if int(side) in AVATAR_SIDES else None
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="image/webp")
    response["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth is untyped
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest) -> HttpResponse:
    """Another login, after saying what that means."""
    user = cast(User, request.user)
    form = RenameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            names.rename_user(user=user, login=form.cleaned_data["login"])
        except DomainError as error:
            form.add_error("login", error.text)
        else:
            messages.success(request, f"You are {user} now. Links to your old name lead here.")
            return redirect("account_profile")
    context = {
        "form": form,
        "rename_at": names.rename_allowed_at(user=user),
        "every_days": RENAME_EVERY_DAYS,
        "kept_days": FORMER_LOGIN_DAYS,
    }
    return render(request, "accounts/rename.html", context)


def _name_form(user: User, sent: QueryDict | None = None) -> DisplayNameForm:
    return DisplayNameForm(sent, initial={"display_name": str(user)})


def _profile_page(request: HttpRequest, form: DisplayNameForm, avatar_form: AvatarForm) -> HttpResponse:
    rename_at = names.rename_allowed_at(user=cast(User, request.user))
    context = {"form": form, "avatar_form": avatar_form, "rename_at": rename_at}
    return render(request, "accounts/profile.html", context)
