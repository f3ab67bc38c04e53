"""Forms of the way in, and of one's own account."""

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.urls import reverse

from accounts.avatars import set_avatar
from accounts.models import ApiToken, DataExport, User
from accounts.notifications.kinds import Kind, Way
from accounts.notifications.models import Notification
from accounts.notifications.services import mark_all_read, preferences_of
from tests.common import sample_pictures
from tests.conftest import PASSWORD
from tests.look.places import FRIDAS_PASSWORD
from tests.pages.plain.browser import Page, PlainBrowser
from tests.pages.plain.cases import Case, Fill, Stage, give_password, user

OTHER = "another horse with a battery"
TWICE = {"password1": OTHER, "password2": OTHER}
WEAK = {"password1": "12345678", "password2": "12345678"}


def erin_is_away(stage: Stage) -> None:
    give_password("erin")(stage)
    stage.browser.client.logout()


def link_to_reset(stage: Stage) -> None:
    """The one that would have come by mail."""
    erin_is_away(stage)
    erin = user("erin")
    address = [user_pk_to_url_str(erin), default_token_generator.make_token(erin)]
    stage.kept["link"] = reverse("account_reset_password_from_key", args=address)


def address_that_waits(stage: Stage) -> None:
    charlie = user("charlie")
    EmailAddress.objects.create(user=charlie, email="charlie@example.org", verified=True, primary=True)
    stage.kept["new"] = EmailAddress.objects.create(user=charlie, email="new@example.org", verified=False)
    stage.kept["key"] = EmailConfirmationHMAC(stage.kept["new"]).key


def another_session(stage: Stage) -> None:
    """Charlie on another machine."""
    give_password("charlie")(stage)
    elsewhere = stage.kept["elsewhere"] = PlainBrowser()
    page = elsewhere.open("/accounts/login/")
    elsewhere.send(page, "POST account_login", {"login": "charlie", "password": PASSWORD})


def only_this_session(stage: Stage) -> bool:
    return "Sign up" in stage.kept["elsewhere"].open("/about").text


def frida_gave_her_password(stage: Stage) -> None:
    page = stage.browser.open("/accounts/login/")
    stage.browser.send(page, "POST account_login", {"login": "frida", "password": FRIDAS_PASSWORD})


def fridas_code(page: Page) -> Fill:
    """One of those that are written down."""
    code = Authenticator.objects.get(user=user("frida"), type="recovery_codes").wrap().get_unused_codes()[0]
    return {"code": code}


def code_of_the_app(page: Page) -> Fill:
    """What an app shows that was told the secret of the page."""
    secret = next(one.get("value") for one in page.root.all("input") if one.get("id") == "secret")
    counter = next(iter(yield_hotp_counters_from_time()))
    return {"code": format_hotp_value(hotp_value(secret, counter))}


def has(login: str, kind: str) -> bool:
    return bool(Authenticator.objects.filter(user=user(login), type=kind).exists())


def unread(stage: Stage) -> int:
    return Notification.objects.filter(user=user("charlie"), read_at=None).count()


ACCOUNTS: tuple[Case, ...] = (
    Case(
        "POST account_login", "/accounts/login/", fill={"login": "erin", "password": PASSWORD},
        first=erin_is_away, says="Sign out",
        wrong={"password": "wrong one"}, why="not correct", unkept=("password",),
    ),
    Case(
        "POST account_signup", "/accounts/signup/",
        fill={"username": "Zoe", "email": "zoe@example.org", "password1": PASSWORD},
        so=lambda _: User.objects.filter(login="zoe", display_name="Zoe").exists(),
        wrong={"username": "alice"}, at="username", why="taken", unkept=("password1",),
    ),
    Case("POST account_logout", "/about", "charlie", button="Sign out", says="Sign in"),
    Case("POST account_logout", "/accounts/logout/", "charlie", says="Sign in"),
    Case("POST account_logout", "/accounts/2fa/authenticate/", first=frida_gave_her_password, button="Cancel",
         says="New here?"),
    Case(
        "POST account_reset_password", "/accounts/password/reset/", fill={"email": "erin@example.org"},
        says="Look into your mailbox", wrong={"email": "erin@nowhere"}, at="email", why="valid email",
    ),
    Case(
        "POST account_reset_password_from_key", "{link}", fill=TWICE, first=link_to_reset,
        says="Password changed", so=lambda _: user("erin").check_password(OTHER),
        wrong=WEAK, at="password1", why="too common", unkept=("password1", "password2"),
    ),
    Case(
        "POST account_change_password", "/accounts/password/change/", "erin", fill={"oldpassword": PASSWORD, **TWICE},
        first=give_password("erin"), so=lambda _: user("erin").check_password(OTHER), says="Password",
        wrong={"oldpassword": "wrong one"}, at="oldpassword", why="current password",
        unkept=("oldpassword", "password1", "password2"),
    ),
    Case(
        "POST account_set_password", "/accounts/password/set/", "erin", fill=TWICE,
        so=lambda _: user("erin").check_password(OTHER), says="Password",
        wrong=WEAK, at="password1", why="too common", unkept=("password1", "password2"),
    ),
    Case(
        "POST account_email", "/accounts/email/", "charlie", fill={"email": "new@example.org"},
        button="Set address", says="waits to be confirmed",
        wrong={"email": "new@nowhere"}, at="email", why="valid email",
    ),
    Case("POST account_email", "/accounts/email/", "charlie", first=address_that_waits,
         button="Send the link again", says="waits to be confirmed"),
    Case("POST account_email", "/accounts/email/", "charlie", first=address_that_waits, button="Do not change it",
         so=lambda _: not EmailAddress.objects.filter(email="new@example.org").exists(), says="E-mail address"),
    Case("POST account_confirm_email", "/accounts/confirm-email/{key}/", "charlie", first=address_that_waits,
         so=lambda _: EmailAddress.objects.get(email="new@example.org").verified),
    Case(
        "POST account_reauthenticate", "/accounts/reauthenticate/?next=/accounts/tokens/", "erin",
        fill={"password": PASSWORD}, first=give_password("erin"), says="Make a token",
        wrong={"password": "wrong one"}, at="password", why="password", unkept=("password",),
    ),
    Case(
        "POST account_profile", "/accounts/profile/", "charlie", fill={"display_name": "ChArLiE"}, says="Saved.",
        so=lambda _: user("charlie").display_name == "ChArLiE",
        wrong={"display_name": "somebody"}, at="display_name", why="capitals",
    ),
    Case(
        "POST account_avatar", "/accounts/profile/", "charlie", fill={"picture": sample_pictures.still()},
        says="Your picture is changed.", so=lambda _: user("charlie").avatar,
        wrong={"picture": b"no picture"}, at="picture", why="no picture", unkept=("picture",),
    ),
    Case("POST account_avatar", "/accounts/profile/", "charlie", button="Remove mine",
         first=lambda _: set_avatar(user=user("charlie"), data=sample_pictures.still()),
         says="Your picture is removed.", so=lambda _: not user("charlie").avatar),
    Case(
        "POST account_rename", "/accounts/profile/login", "erin", fill={"login": "erin_too"},
        says="You are erin_too now", so=lambda _: user("erin_too"),
        wrong={"login": "alice"}, at="login", why="taken",
    ),
    Case("POST account_session_end", "/accounts/security/", "charlie", first=another_session, says="Ended.",
         so=only_this_session),
    Case("POST account_sessions_end", "/accounts/security/", "charlie", first=another_session,
         says="Your other sessions have ended.", so=only_this_session),
    Case("POST account_export", "/accounts/privacy/", "charlie", says="Your file is being made",
         so=lambda _: DataExport.objects.filter(user=user("charlie")).exists()),
    Case(
        "POST account_delete", "/accounts/privacy/delete", "charlie", fill={"login": "charlie"},
        says="Your account is going", so=lambda _: user("charlie").leaving_at,
        wrong={"login": "charlotte"}, at="login", why="Type charlie",
    ),
    Case(
        "POST account_tokens", "/accounts/tokens/", "erin", fill={"name": "A bot", "may": "chosen", "scopes": ["read"]},
        says="Your new token", so=lambda _: ApiToken.objects.filter(user=user("erin"), name="A bot").exists(),
        wrong={"scopes": []}, at="scopes", why="Tick at least one",
    ),
    Case("POST account_token_revoke", "/accounts/tokens/", "alice", button="Revoke “A bot that greets”",
         says="Revoked.", so=lambda _: ApiToken.objects.get(name="A bot that greets").revoked_at),
    Case(
        "POST mfa_activate_totp", "/accounts/2fa/totp/activate/", "alice", fill=code_of_the_app,
        so=lambda _: has("alice", "totp"), wrong={"code": "000000"}, at="code", why="ncorrect", unkept=("code",),
    ),
    Case("POST mfa_deactivate_totp", "/accounts/2fa/totp/deactivate/", "frida", button="Remove",
         so=lambda _: not has("frida", "totp"), says="Security"),
    Case(
        "POST mfa_authenticate", "/accounts/2fa/authenticate/", fill=fridas_code, first=frida_gave_her_password,
        says="Sign out", wrong={"code": "000000"}, at="code", why="ncorrect", unkept=("code",),
    ),
    Case(
        "POST mfa_reauthenticate", "/accounts/2fa/reauthenticate/?next=/accounts/tokens/", "frida", fill=fridas_code,
        says="Make a token", wrong={"code": "000000"}, at="code", why="ncorrect", unkept=("code",),
    ),
    Case("POST mfa_generate_recovery_codes", "/accounts/2fa/recovery-codes/generate/", "frida",
         says="Save these codes now"),
    Case("POST mfa_edit_webauthn", "/accounts/2fa/webauthn/keys/{passkey}/edit/", "frida", fill={"name": "Yubi"},
         so=lambda _: Authenticator.objects.get(type="webauthn").wrap().name == "Yubi", says="Yubi"),
    Case("POST mfa_remove_webauthn", "/accounts/2fa/webauthn/keys/{passkey}/remove/", "frida", button="Remove",
         so=lambda _: not has("frida", "webauthn"), says="Passkeys"),
    Case("POST notifications_read", "/notifications", "charlie", button="Mark all read", says="Undo",
         so=lambda stage: unread(stage) == 0),
    Case("POST notifications_read", "{address}", "charlie", button="Undo", says="Mark all read", so=unread,
         first=lambda stage: stage.kept.update(
             address=f"/notifications?undo={mark_all_read(user_id=user('charlie').pk):%Y-%m-%dT%H:%M:%S.%fZ}")),
    Case("POST notification_preferences", "/accounts/notifications/", "charlie", fill={"wanted": ["live:push"]},
         says="Saved.", so=lambda _: _wishes() == (False, True)),
    Case("POST notification_browser", "/accounts/notifications/", "charlie", button="Remove Firefox on Android",
         says="gets no more notifications", so=lambda _: not user("charlie").push_subscriptions.exists()),
    Case("POST notification_unsubscribe", "/notifications/unsubscribe/{unsubscribe}", says="No more e-mails"),
)  # fmt: skip


def _wishes() -> tuple[bool, bool]:
    """Whether Charlie hears of broadcasts on the site, and by push."""
    wishes = preferences_of(user("charlie").pk)
    return wishes[Kind.LIVE, Way.IN_APP], wishes[Kind.LIVE, Way.PUSH]
