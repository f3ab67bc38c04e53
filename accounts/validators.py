"""What a login may look like."""

import re

from django.core.exceptions import ValidationError

from accounts.lookalikes import skeleton

LOGIN_PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_]{2,24}")
# First path segments the site uses itself (or may): a channel page lives at /<login>.
_RESERVED = """
    about account accounts admin api auth avatars bits brand browse clip clips dashboard embed emotes emoticons
    follow following healthz helix help home icons internal jobs left live login logout media millrace mock
    moderator notifications null oauth2 oembed offline overlay password pictures previews privacy report reports root
    rules search security settings signup staff static store streams style subscriptions support system terms undefined
    users videos vod vods watch www
"""
RESERVED_LOGINS = frozenset(_RESERVED.split())
_RESERVED_SKELETONS = frozenset(skeleton(word) for word in RESERVED_LOGINS)
# Parts of a name between underscores by which someone would speak for the site: admin_alice, millrace_support.
_SPEAKING_FOR_THE_SITE = frozenset(
    skeleton(word) for word in ("admin", "administrator", "millrace", "moderator", "staff", "system")
)


def validate_login(login: str) -> None:
    """3 to 25 letters, digits and underscores, no underscore first, and no word the site needs, nor one like it."""
    if not LOGIN_PATTERN.fullmatch(login):
        raise ValidationError(
            "Use 3 to 25 letters (a-z), digits or underscores, starting with a letter or digit.", code="login_form"
        )
    official = any(skeleton(part) in _SPEAKING_FOR_THE_SITE for part in login.split("_"))
    if official or skeleton(login) in _RESERVED_SKELETONS:
        raise ValidationError("This name is reserved. Choose another one.", code="login_reserved")


login_validators = [validate_login]
