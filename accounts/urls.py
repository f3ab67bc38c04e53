"""Routes of accounts: sign-up, sign-in, password, e-mail. allauth brings them; the templates are ours."""

from django.urls import include, path

from accounts import pages

urlpatterns = [
    # /accounts/…
    path("tokens/", pages.tokens, name="account_tokens"),
    path("tokens/<int:token_id>/revoke", pages.revoke_token, name="account_token_revoke"),
    path("", include("allauth.urls")),
]
