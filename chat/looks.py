"""How someone wants to be seen."""

from collections.abc import Collection

from django.db import transaction

from accounts.models import User
from chat.core.colors import COLOR_HELP, parse_color
from chat.models import ChatLook
from chat.orders import forget_user
from common.errors import InvalidInput


@transaction.atomic
def set_color(*, user: User, color: str) -> str:
    """The colour of his name from his next message on, in every chat; as it is kept."""
    parsed = parse_color(color)
    if parsed is None:
        raise InvalidInput(COLOR_HELP)
    ChatLook.objects.update_or_create(user=user, defaults={"color": parsed})
    transaction.on_commit(lambda: forget_user(user_id=user.pk))
    return parsed


def color_of(*, user: User) -> str:
    """What he chose, or nothing."""
    return colors_of(user_ids={user.pk}).get(user.pk, "")


def colors_of(*, user_ids: Collection[int]) -> dict[int, str]:
    """What those of them who chose one chose."""
    return dict(ChatLook.objects.filter(user_id__in=user_ids).values_list("user_id", "color"))
