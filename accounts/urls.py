"""Routes of accounts: sign-up, sign-in, password, e-mail. allauth brings those; the templates are ours."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import entrance, privacy, profile, security, tokens

urlpatterns = [
    # /accounts/…
    path("", RedirectView.as_view(pattern_name="account_profile"), name="account"),
    path("invitation/<str:code>", entrance.invitation, name="account_invitation"),
    path("profile/", profile.profile, name="account_profile"),
    path("profile/avatar", profile.change_avatar, name="account_avatar"),
    path("profile/login", profile.rename, name="account_rename"),
    path("security/", security.security, name="account_security"),
    path("sessions/", RedirectView.as_view(pattern_name="account_security"), name="usersessions_list"),
    path("sessions/<int:session_id>/end", security.end_session, name="account_session_end"),
    path("sessions/end", security.end_other_sessions, name="account_sessions_end"),
    path("privacy/", privacy.privacy, name="account_privacy"),
    path("privacy/export", privacy.ask_for_export, name="account_export"),
    path("privacy/export/<int:export_id>", privacy.download_export, name="account_export_file"),
    path("privacy/delete", privacy.delete_account, name="account_delete"),
    path("tokens/", tokens.tokens, name="account_tokens"),
    path("tokens/<int:token_id>/revoke", tokens.revoke_token, name="account_token_revoke"),
    path("2fa/", include("allauth.mfa.urls")),
    path("", include("allauth.account.urls")),
]
