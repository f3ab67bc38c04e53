"""The admin behind the site's own door: the same sign-in, with its limits and its second step."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.second_step import lacks_second_step

ASKED_FOR = "Staff need two-step sign-in for the admin. Set up an app or a passkey first."


class StaffSite(AdminSite):
    """Django's own login page would ask for a password only, as often as one likes."""

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not lacks_second_step(request)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        if super().has_permission(request):
            messages.warning(request, ASKED_FOR)
            return redirect("mfa_index")
        if request.user.is_authenticated:
            return redirect("/")  # signed in, but no staff
        return redirect_to_login(request.GET.get("next") or request.get_full_path())
