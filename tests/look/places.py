"""Every page in every state: who looks at it, and what they do there first. A new page has its line here.

`{names}` in paths come from the cast. `tests/pages/test_every_page_is_looked_at.py` compares this with the routes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

WAIT_MS = 10_000
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    """One picture in each size and theme."""

    name: str
    route: str  # the name of the route in the URLconf; of none: ""
    path: str
    who: str = ""  # a login of the cast; nobody signed in: ""
    act: Act | None = None
    needs_media: bool = False  # a picture that moves, or a recording: only where a real stack runs
    status: int = 200
    wide_only: bool = False
    framed: bool = False  # made for other people's pages: no header, no landmarks of ours


def click(selector: str) -> Act:
    return lambda page: page.locator(selector).first.click(timeout=WAIT_MS)


def key(name: str) -> Act:
    return lambda page: page.locator("body").press(name)


def submit(form: str, **values: str) -> Act:
    """Fill and send a form, to see its errors."""

    def act(page: Page) -> None:
        for field, value in values.items():
            page.locator(f"{form} [name={field}]").fill(value)
        page.locator(f"{form} button:not([type=button])").first.click()
        page.wait_for_load_state()

    return act


def in_order(*acts: Act) -> Act:
    def act(page: Page) -> None:
        for one in acts:
            one(page)

    return act


def chat_is_up(page: Page) -> None:
    page.locator("[data-chat] [data-loading]").wait_for(state="detached", timeout=WAIT_MS)


def play(page: Page) -> None:
    """Wait for the picture."""
    expect(page.locator("#player")).to_have_attribute("data-screen", "none", timeout=WAIT_MS)


def player_menu(page: Page) -> None:
    chat_is_up(page)
    page.locator("#player").hover()
    page.locator("#player [data-settings]").click()
    page.locator("#player-settings").wait_for()


def user_card(page: Page) -> None:
    chat_is_up(page)
    page.locator("[data-log] .chat__name").first.click()
    page.locator("[data-card]").wait_for()


def suggestions(page: Page) -> None:
    page.locator("[data-search-input]").press_sequentially("al")
    page.locator("[data-search-panel]").wait_for()


def as_nobody(page: Page) -> None:
    """Without what an earlier visit left half done."""
    page.context.clear_cookies()
    page.reload()


def bell(page: Page) -> None:
    page.locator("[data-bell] summary").click()
    page.locator("[data-bell-list] li, [data-bell-note]:text-matches('^Nothing')").first.wait_for(timeout=WAIT_MS)


LOGIN, SIGNUP = "form[action*=login]", "form[action*=signup]"
FRIDAS_PASSWORD = "water under the wheel"  # and she is asked for a code after it
FRIDAS_LOGIN = submit(LOGIN, login="frida", password=FRIDAS_PASSWORD)
UNSUBSCRIBE = "/notifications/unsubscribe/{unsubscribe}"
REPORT_WORDLESS = in_order(click("main [value=other]"), submit("main form"))
SCHEDULE_TAKEN = submit("form[action='/dashboard/schedule/']", title="Something else", start="19:30")

PLACES: tuple[Place, ...] = (
    # The front and the frame around every page
    Place("front", "front", "/"),
    Place("front-signed-in", "front", "/", "charlie"),
    Place("front-menu", "front", "/", "dora", click("[data-menu] summary")),
    Place("about", "about", "/about"),
    Place("terms", "terms", "/terms"),
    Place("rules", "rules", "/rules", "charlie"),
    Place("privacy", "privacy", "/privacy"),
    Place("offline", "offline", "/offline"),
    Place("style", "style_page", "/style", "dora"),
    # Finding something
    Place("browse", "browse", "/browse", "charlie"),
    Place("browse-nothing", "browse", "/browse?q=zzzz"),
    Place("category", "category", "/browse/art", "charlie"),
    Place("browse-live", "browse_live", "/browse/live", "charlie"),
    Place("browse-live-nothing", "browse_live", "/browse/live?language=fi"),
    Place("browse-tag", "browse_tag", "/browse/tags/watercolour"),
    Place("search", "search", "/search?q={login}", "charlie"),
    Place("search-nothing", "search", "/search?q=zzzz"),
    Place("search-empty", "search", "/search"),
    Place("search-suggestions", "front", "/", "charlie", suggestions),
    Place("following", "following", "/following", "charlie"),
    Place("following-empty", "following", "/following", "erin"),
    # A channel
    Place("channel-about", "channel_about", "/{login}/about", "charlie"),
    Place("channel-schedule", "channel_schedule", "/{login}/schedule", "charlie"),
    Place("channel-schedule-empty", "channel_schedule", "/{empty}/schedule", "charlie"),
    Place("channel-schedule-own-empty", "channel_schedule", "/{empty}/schedule", "erin"),
    Place("channel-videos", "channel_videos", "/{login}/videos", "charlie"),
    Place("channel-videos-empty", "channel_videos", "/{empty}/videos"),
    Place("channel-clips", "channel_clips", "/{login}/clips", "charlie"),
    Place("channel-clips-empty", "channel_clips", "/{empty}/clips"),
    Place("watch", "watch", "/{login}", "", chat_is_up),
    Place("watch-playing", "watch", "/{login}", "charlie", in_order(chat_is_up, play), needs_media=True),
    Place("watch-as-moderator", "watch", "/{login}", "bob", chat_is_up),
    Place("watch-own", "watch", "/{login}", "alice", chat_is_up),
    Place("watch-offline", "watch", "/{offline}", "charlie", chat_is_up),
    Place("watch-offline-own-and-empty", "watch", "/{empty}", "erin", chat_is_up),
    Place("watch-longest-name", "watch", "/{longest}", "charlie", chat_is_up),
    Place("watch-theatre", "watch", "/{login}", "charlie", in_order(chat_is_up, key("t")), wide_only=True),
    Place("watch-shortcuts", "watch", "/{login}", "charlie", in_order(chat_is_up, key("?"))),
    Place("watch-statistics", "watch", "/{login}", "charlie", in_order(play, key("s")), needs_media=True),
    Place("watch-quality-menu", "watch", "/{login}", "charlie", in_order(play, player_menu), needs_media=True),
    Place("watch-share", "watch", "/{login}", "charlie", in_order(chat_is_up, click("[data-dialog^=share]"))),
    Place("chat-emotes", "watch", "/{login}", "charlie", in_order(chat_is_up, click("[data-emotes-open]"))),
    Place("chat-people", "watch", "/{login}", "charlie", in_order(chat_is_up, click("[data-people-open]"))),
    Place("chat-user-card", "watch", "/{login}", "bob", user_card),
    # Recordings and clips
    Place("video", "video", "/videos/{video}", needs_media=True),
    Place("video-own", "video", "/videos/{video}", "alice", needs_media=True),
    Place("clip", "clip", "/clips/{clip}", needs_media=True),
    Place("clip-own", "clip", "/clips/{clip}", "charlie", needs_media=True),
    Place("clip-new", "clip_new", "/clips/new?channel={login}", "charlie"),
    Place("clip-new-refused", "clip_new", "/clips/new?video={video}", "charlie", submit("main form", begin="soon")),
    Place("clip-delete", "clip_delete", "/clips/{clip}/delete", "charlie"),
    Place("embed-channel", "embed_channel", "/embed/{login}", framed=True),
    Place("embed-channel-offline", "embed_channel", "/embed/{offline}", framed=True),
    Place("embed-video", "embed_video", "/embed/videos/{video}", needs_media=True, framed=True),
    Place("embed-clip", "clip_embed", "/clips/{clip}/embed", needs_media=True, framed=True),
    Place("embed-nothing", "embed_channel", "/embed/nobody_here", status=404, framed=True),
    # Reports
    Place("report", "report", "/report/channel/{login}", "charlie"),
    Place("report-again", "report", "/report/video/{reported}", "charlie"),
    Place("report-refused", "report", "/report/clip/{clip}", "erin", REPORT_WORDLESS),
    Place("report-own", "report", "/report/user/charlie", "charlie"),
    Place("report-sent", "report_sent", "/report/video/{reported}/sent", "charlie"),
    Place("report-handled", "report_sent", "/report/channel/{channel}/sent", "charlie"),
    # The dashboard
    Place("dashboard", "dashboard", "/dashboard/", "alice"),
    Place("dashboard-new", "dashboard", "/dashboard/", "erin"),
    Place("dashboard-end", "dashboard_end", "/dashboard/end", "alice"),
    Place("dashboard-end-dialog", "dashboard", "/dashboard/", "alice", click("[data-dialog=end-dialog]")),
    Place("audience", "dashboard_audience", "/dashboard/audience/", "alice"),
    Place("audience-new", "dashboard_audience", "/dashboard/audience/", "erin"),
    Place("schedule", "dashboard_schedule", "/dashboard/schedule/", "alice"),
    Place("schedule-refused", "dashboard_schedule", "/dashboard/schedule/", "alice", SCHEDULE_TAKEN),
    Place("schedule-empty", "dashboard_schedule", "/dashboard/schedule/", "charlie"),
    Place("schedule-new", "dashboard_schedule", "/dashboard/schedule/", "erin"),
    Place("schedule-entry", "schedule_entry", "/dashboard/schedule/{planned}/", "alice"),
    Place("setup", "dashboard_setup", "/dashboard/setup/", "alice"),
    Place("setup-new", "dashboard_setup", "/dashboard/setup/", "erin"),
    Place("dashboard-videos", "dashboard_videos", "/dashboard/videos/", "alice"),
    Place("dashboard-videos-empty", "dashboard_videos", "/dashboard/videos/", "erin"),
    Place("dashboard-upload", "dashboard_upload", "/dashboard/videos/upload", "alice"),
    Place("video-edit", "video_edit", "/dashboard/videos/{video}/", "alice", needs_media=True),
    Place("video-delete", "video_delete", "/dashboard/videos/{video}/delete", "alice"),
    Place("video-download", "video_download", "/videos/{video}/download", "alice", needs_media=True),
    Place("dashboard-clips", "dashboard_clips", "/dashboard/clips/", "alice"),
    Place("dashboard-clips-empty", "dashboard_clips", "/dashboard/clips/", "erin"),
    Place("emotes", "dashboard_emotes", "/dashboard/emotes/", "alice"),
    Place("emotes-empty", "dashboard_emotes", "/dashboard/emotes/", "erin"),
    Place("moderation", "moderation", "/dashboard/moderation/{login}/", "bob"),
    Place("moderation-own", "own_moderation", "/dashboard/moderation/", "alice"),
    Place("moderation-log", "moderation_log", "/dashboard/moderation/{login}/log", "bob"),
    Place("moderation-bans", "moderation_bans", "/dashboard/moderation/{login}/bans", "bob"),
    Place("moderation-acts", "moderation_acts", "/dashboard/moderation/{login}/acts", "bob"),
    # Accounts
    Place("login", "account_login", "/accounts/login/"),
    Place("login-refused", "account_login", "/accounts/login/", "", submit(LOGIN, login="alice", password="wrong one")),
    Place("signup", "account_signup", "/accounts/signup/"),
    Place(
        "signup-refused",
        "account_signup",
        "/accounts/signup/",
        "",
        submit(SIGNUP, username="alice", email="a@b.c", password1="12345678"),
    ),
    Place("logout", "account_logout", "/accounts/logout/", "charlie"),
    Place("password-reset", "account_reset_password", "/accounts/password/reset/"),
    Place("password-reset-sent", "account_reset_password_done", "/accounts/password/reset/done/"),
    Place("password-reset-key", "account_reset_password_from_key", "/accounts/password/reset/key/1-set-password/"),
    Place("password-reset-done", "account_reset_password_from_key_done", "/accounts/password/reset/key/done/"),
    Place("password-change", "account_change_password", "/accounts/password/change/", "charlie"),
    Place("password-set", "account_set_password", "/accounts/password/set/", "erin"),
    Place("email", "account_email", "/accounts/email/", "charlie"),
    Place("email-sent", "account_email_verification_sent", "/accounts/confirm-email/"),
    Place("email-confirm-bad", "account_confirm_email", "/accounts/confirm-email/no-such-key/"),
    Place("inactive", "account_inactive", "/accounts/inactive/"),
    Place("account-profile", "account_profile", "/accounts/profile/", "alice"),
    Place("account-rename", "account_rename", "/accounts/profile/login", "erin"),
    Place("account-security", "account_security", "/accounts/security/", "alice"),
    Place("account-security-two-steps", "account_security", "/accounts/security/", "frida"),
    Place("account-privacy", "account_privacy", "/accounts/privacy/", "alice"),
    Place("account-delete", "account_delete", "/accounts/privacy/delete", "charlie"),
    Place("invitation-bad", "account_invitation", "/accounts/invitation/no-such-code"),
    Place("notifications", "notifications", "/notifications", "charlie"),
    Place("notifications-empty", "notifications", "/notifications", "erin"),
    Place("notifications-end", "notifications", "/notifications?before=1", "charlie"),
    Place("notifications-bell", "front", "/", "charlie", bell),
    Place("notifications-bell-empty", "front", "/", "erin", bell),
    Place("notification-settings", "notification_preferences", "/accounts/notifications/", "charlie"),
    Place("unsubscribe", "notification_unsubscribe", UNSUBSCRIBE),
    Place("unsubscribe-done", "notification_unsubscribe", UNSUBSCRIBE, act=submit("main form")),
    Place("is-it-you", "account_reauthenticate", "/accounts/reauthenticate/", "frida"),
    Place("one-more-step", "mfa_authenticate", "/accounts/login/", act=in_order(as_nobody, FRIDAS_LOGIN)),
    Place("is-it-you-code", "mfa_reauthenticate", "/accounts/2fa/reauthenticate/", "frida"),
    Place("is-it-you-passkey", "mfa_reauthenticate_webauthn", "/accounts/2fa/webauthn/reauthenticate/", "frida"),
    Place("passkey-rename", "mfa_edit_webauthn", "/accounts/2fa/webauthn/keys/{passkey}/edit/", "frida"),
    Place("passkey-remove", "mfa_remove_webauthn", "/accounts/2fa/webauthn/keys/{passkey}/remove/", "frida"),
    Place("two-steps", "mfa_index", "/accounts/2fa/", "frida"),
    Place("two-steps-app", "mfa_activate_totp", "/accounts/2fa/totp/activate/", "alice"),
    Place("two-steps-app-off", "mfa_deactivate_totp", "/accounts/2fa/totp/deactivate/", "frida"),
    Place("two-steps-keys", "mfa_list_webauthn", "/accounts/2fa/webauthn/", "frida"),
    Place("two-steps-key-new", "mfa_add_webauthn", "/accounts/2fa/webauthn/add/", "alice"),
    Place("two-steps-codes", "mfa_view_recovery_codes", "/accounts/2fa/recovery-codes/", "frida"),
    Place("two-steps-codes-new", "mfa_generate_recovery_codes", "/accounts/2fa/recovery-codes/generate/", "frida"),
    Place("tokens", "account_tokens", "/accounts/tokens/", "alice"),
    Place("tokens-empty", "account_tokens", "/accounts/tokens/", "erin"),
    # What goes wrong
    Place("not-found", "", "/videos/none", "charlie", status=404),
    Place("forbidden", "moderation", "/dashboard/moderation/{login}/", "charlie", status=403),
    Place("error-400", "", "/look/400"),
    Place("error-403", "", "/look/403"),
    Place("error-403-form", "", "/look/403_csrf"),
    Place("error-500", "", "/look/500"),
    Place("error-503", "", "/look/503"),
)

_ACT, _FILE = "an act: it answers with another page", "a file, not a page"
NOT_LOOKED_AT: dict[str, str] = {
    **dict.fromkeys(
        [
            "account_avatar", "account_export", "account_session_end", "account_sessions_end", "account_token_revoke",
            "dashboard_badge", "dashboard_badge_remove", "dashboard_emote_prefix", "dashboard_emote_remove",
            "dashboard_emote_restore", "dashboard_marker", "dashboard_raid", "dashboard_raid_cancel",
            "dashboard_raid_now", "moderation_decide", "moderation_remove", "moderation_unban",
            "dashboard_schedule_zone", "schedule_entry_remove", "schedule_entry_skip",
            "video_highlight", "video_prepare", "video_restore", "video_visibility", "videos_change",
            "watch_follow", "watch_recommend",
        ],
        _ACT,
    ),
    **dict.fromkeys(
        [
            "account_export_file", "avatar", "mfa_download_recovery_codes",
            "brand_css", "brand_icon", "brand_logo", "channel_playlist", "chat_picture", "clip_file", "clip_poster",
            "favicon", "manifest", "oembed", "robots", "sitemap_index", "sitemap_section", "twitch_picture",
            "video_chapters", "video_playlist", "video_thumbnails", "videos_atom", "videos_rss", "channel_calendar",
        ],
        _FILE,
    ),
    "account_confirm_login_code": "signing in by code is switched off",
    "notification": "sends on to what it tells of",
    "notification_browser": _ACT,
    "notifications_read": _ACT,
    "service_worker": _FILE,
    "video_poster": _FILE,
    "account": "sends on to the profile",
    "usersessions_list": "sends on to the page of security",
    "mfa_login_webauthn": "what the browser's key is asked, in JSON",
    "(?P<login>[A-Za-z0-9_]{3,25})/$": "sends on to the channel",
}  # fmt: skip
