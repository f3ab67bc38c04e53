"""Routes of accounts: sign-up, sign-in, password, e-mail. allauth brings them; the templates are ours."""

from django.urls import include, path

urlpatterns = [
    # /accounts/…
    path("", include("allauth.urls")),
]
