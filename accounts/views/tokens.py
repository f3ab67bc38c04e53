"""Pages of one's own account that are not allauth's: tokens for bots."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.forms import NewTokenForm
from accounts.models import ApiToken, User
from common.errors import DomainError
from common.posting import posted_from
from common.rate_limit import RateLimit

NEW_TOKENS = RateLimit("new-token", limit=10, seconds=3600)


@never_cache
@login_required
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth is untyped
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("made")
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens. A POST makes one and shows it in its answer, the only time it is seen."""
    user = cast(User, request.user)
    form = NewTokenForm(request.POST or None)
    made = _make(form, user) if request.method == "POST" else ""
    current = list(ApiToken.objects.current().filter(user=user).order_by("-created_at"))
    context = {
        "form": NewTokenForm() if made else form,
        "tokens": current,
        "made": made,
        "client_id": services.token_client_id(current[0]) if made else "",
    }
    return render(request, "accounts/tokens.html", context)


@posted_from("account_tokens")
@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of one's tokens: what uses it is signed out at once."""
    try:
        services.revoke_api_token(user=cast(User, request.user), token_id=token_id)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, "Revoked. What used it is signed out.")
    return redirect("account_tokens")


def _make(form: NewTokenForm, user: User) -> str:
    """The new token; nothing where there is an error, which is in the form then."""
    if not form.is_valid():
        return ""
    if not NEW_TOKENS.allows(str(user.pk)):
        form.add_error(None, "You made many tokens in the last hour. Wait a while, then try again.")
        return ""
    wanted = form.cleaned_data
    try:
        if wanted["may"] == "everything":
            return services.create_api_token(user=user, name=wanted["name"])
        days = wanted["days"] or None
        if wanted["may"] == "chosen":
            return services.create_limited_token(user=user, name=wanted["name"], scopes=wanted["scopes"], days=days)
        may_moderate = wanted["may"] == "moderate"
        return services.create_chat_token(user=user, name=wanted["name"], may_moderate=may_moderate, days=days)
    except DomainError as error:
        form.add_error(None, error.text)
        return ""
