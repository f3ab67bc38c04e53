"""Forms of the staff: Django's admin with our services behind it. What of it scripts enliven works without."""

from accounts.models import Invitation
from chat.models import Emote
from streaming.models import Category
from tests.common import sample_pictures
from tests.pages.plain.browser import Page
from tests.pages.plain.cases import Case, Fill, user


def charlie_is_suspended(page: Page) -> Fill:
    return {"action": "suspend", "_selected_action": [str(user("charlie").pk)]}


STAFF: tuple[Case, ...] = (
    Case("GET admin:accounts_user_changelist", "/admin/accounts/user/?is_staff__exact=0", "dora",
         fill={"q": "charlie"}, button="Search", says="charlie@example.org"),
    Case("POST admin:accounts_user_changelist", "/admin/accounts/user/?q=charlie", "dora", fill=charlie_is_suspended,
         button="Go", so=lambda _: not user("charlie").is_active, says="charlie@example.org"),
    Case(
        "POST admin:streaming_category_add", "/admin/streaming/category/add/", "dora",
        fill={"name": "Gardening", "slug": "gardening"}, button="Save", says="was added successfully",
        so=lambda _: Category.objects.filter(slug="gardening").exists(),
        wrong={"slug": "live"}, at="slug", why="A page of the site has this address",
    ),
    Case("POST admin:accounts_invitation_add", "/admin/accounts/invitation/add/", "dora",
         fill={"note": "For Zoe", "days": "3"}, button="Save", says="Invitation, shown this once",
         so=lambda _: Invitation.objects.filter(note="For Zoe").exists()),
    Case("POST admin:chat_emote_add", "/admin/chat/emote/add/", "dora", button="Save", says="was added successfully",
         fill={"code": "MillWheel", "upload": sample_pictures.still()},
         so=lambda _: Emote.objects.filter(code="MillWheel", room=None).exists()),
)  # fmt: skip
