"""What accounts, and the libraries it uses, know about a person."""

from accounts.own_data import Leaving, own_rows

own_rows("account.EmailAddress", "user", Leaving.DELETE, "email verified primary")
own_rows("mfa.Authenticator", "user", Leaving.DELETE, "type created_at last_used_at")
own_rows("usersessions.UserSession", "user", Leaving.DELETE, "ip user_agent created_at last_seen_at")
own_rows("admin.LogEntry", "user", Leaving.DELETE, "action_time object_repr action_flag")
own_rows("accounts.User_groups", "user", Leaving.DELETE, "group__name")
own_rows("accounts.User_user_permissions", "user", Leaving.DELETE, "permission__codename")
own_rows(
    "accounts.ApiToken", "user", Leaving.DELETE, "name prefix scopes created_at last_used_at expires_at revoked_at"
)
own_rows("accounts.DataExport", "user", Leaving.DELETE, "state size created_at")
own_rows("accounts.FormerLogin", "user", Leaving.UNLINK, "login given_up_at reserved_until")
own_rows("accounts.Invitation", "by", Leaving.UNLINK, "note created_at expires_at used_at")
own_rows("accounts.Invitation", "used_by", Leaving.UNLINK, reason="Who invited is known to staff alone.")
own_rows("accounts.Notification", "user", Leaving.DELETE, "happening__text happening__created_at read_at")
own_rows("accounts.NotificationPreference", "user", Leaving.DELETE, "kind way wanted")
own_rows("accounts.PushSubscription", "user", Leaving.DELETE, "label created_at last_sent_at")
own_rows("accounts.MailItem", "user", Leaving.DELETE, "happening__text created_at")
own_rows("accounts.Report", "reporter", Leaving.UNLINK, "kind title path reason text state created_at handled_at")
own_rows("accounts.Report", "reported", Leaving.DELETE, reason="Who reported, and what of, is known to staff alone.")
own_rows("accounts.Report", "handled_by", Leaving.UNLINK, reason="It is about other people.")
