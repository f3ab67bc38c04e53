"""Everything that changes emotes and badges. A room's gateways learn of it with the next message: the policy's version
counts up, so the publish script sends whoever decides by an older table back to read it again.
"""

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from chat.acts import note_act
from chat.core.emote_codes import (
    COMMON_HELP,
    NAME_HELP,
    PREFIX_HELP,
    is_common_code,
    is_name,
    is_prefix,
    prefix_from,
)
from chat.core.roles import Role
from chat.limits import BADGE_MONTHS, COMMON_EMOTES_MAX, EMOTE_UNDO_DAYS, UPLOADS_PER_HOUR
from chat.membership import role_in_room
from chat.models import Emote, EmotePrefix, EmoteQuerySet, SubscriberBadge
from chat.moderation import renew_policy
from chat.orders import forget_rooms
from chat.picture_store import erase_picture, store_badge_picture, store_emote_picture
from common.errors import Conflict, InvalidInput, NotAllowed, NotThere, TooMany
from common.rate_limit import RateLimit
from streaming.models import Channel

UPLOADS = RateLimit("chat-pictures", limit=UPLOADS_PER_HOUR, seconds=3600)
PREFIX_TRIES = 50


def prefix_of(*, room: Channel) -> str:
    """What the room's codes begin with; chosen now if it has none yet."""
    found = EmotePrefix.objects.filter(room=room).first()
    if found is not None:
        return found.text
    for number in range(PREFIX_TRIES):
        text = prefix_from(room.owner.login, number)
        if not EmotePrefix.objects.filter(text=text).exists():
            with suppress(IntegrityError):  # another channel took it since we looked
                prefix, _ = EmotePrefix.objects.get_or_create(room=room, defaults={"text": text})
                return prefix.text
    raise Conflict("Choose a prefix for your emotes first.")


@transaction.atomic
def change_prefix(*, room: Channel, actor: User, text: str) -> None:
    """Another beginning for the codes of a room that has no emotes yet: codes in use do not change."""
    _check_broadcaster(room, actor)
    if not is_prefix(text):
        raise InvalidInput(PREFIX_HELP)
    if text == prefix_of(room=room):
        return
    if Emote.objects.kept().filter(room=room).exists():
        raise Conflict("The prefix is part of your emotes' codes. Remove the emotes first.")
    try:
        with transaction.atomic():
            EmotePrefix.objects.filter(room=room).update(text=text)
    except IntegrityError:
        raise Conflict(f"Another channel's emotes begin with {text}. Choose a different prefix.") from None


def add_emote(*, room: Channel, actor: User, name: str, picture: bytes) -> Emote:
    """A new emote in the room; its code is the room's prefix and `name`."""
    _check_broadcaster(room, actor)
    prefix = prefix_of(room=room)
    if not is_name(name.removeprefix(prefix)):
        raise InvalidInput(NAME_HELP)
    _check_room_left(Emote.objects.filter(room=room), settings.CHAT_CHANNEL_EMOTES)
    return _add(room, actor, prefix + name.removeprefix(prefix), picture)


def add_common_emote(*, actor: User, code: str, picture: bytes) -> Emote:
    """A new emote in all rooms, by staff."""
    _check_staff(actor)
    if not is_common_code(code):
        raise InvalidInput(COMMON_HELP)
    _check_room_left(Emote.objects.common(), COMMON_EMOTES_MAX)
    return _add(None, actor, code, picture)


def remove_emote(*, room: Channel | None, actor: User, code: str) -> None:
    """It is a word again from now on; what was said with it keeps its picture. `room` None: one of all rooms."""
    _check_may_change(room, actor)
    with transaction.atomic():
        if not Emote.objects.kept().filter(room=room, code=code).update(deleted_at=timezone.now()):
            raise NotThere(f"There is no emote {code[:40]} here.")
        _tell(room, actor, "unemote", code)


def restore_emote(*, room: Channel | None, actor: User, code: str) -> Emote:
    """Take the last removal of this code back."""
    _check_may_change(room, actor)
    emote = removed_lately(room=room).filter(code=code).first()
    if emote is None:
        raise NotThere(f"{code[:40]} was not removed in the last {EMOTE_UNDO_DAYS} days.")
    most = COMMON_EMOTES_MAX if room is None else settings.CHAT_CHANNEL_EMOTES
    _check_room_left(Emote.objects.filter(room=room), most)
    try:
        with transaction.atomic():
            Emote.objects.filter(pk=emote.pk).update(deleted_at=None)
            _tell(room, actor, "emote", code)
    except IntegrityError:
        raise Conflict(f"There is another emote {code} by now.") from None
    return emote


def removed_lately(*, room: Channel | None) -> EmoteQuerySet:
    """What can be brought back, the last removed first."""
    since = timezone.now() - timedelta(days=EMOTE_UNDO_DAYS)
    return Emote.objects.filter(room=room, deleted_at__gt=since).order_by("-deleted_at")


def erase_emotes(*, emotes: EmoteQuerySet, actor: User) -> int:
    """Take emotes and their pictures out of everything that was ever said. For staff; cannot be taken back."""
    _check_staff(actor)
    erased = 0
    for emote in emotes:
        with transaction.atomic():
            _tell(emote.room, actor, "erase emote", emote.code)
            emote.delete()
        if not Emote.objects.filter(picture=emote.picture).exists():
            erase_picture(emote.picture)
        erased += 1
    return erased


def set_subscriber_badge(*, room: Channel, actor: User, months: int, picture: bytes) -> SubscriberBadge:
    """The badge of those who have subscribed for so many months, until the next one."""
    _check_broadcaster(room, actor)
    _check_months(months)
    _check_uploads(actor)
    stored = store_badge_picture(picture)
    with transaction.atomic():
        badge, _ = SubscriberBadge.objects.update_or_create(room=room, months=months, defaults={"picture": stored.name})
        _tell(room, actor, "badge", str(months))
    return badge


@transaction.atomic
def remove_subscriber_badge(*, room: Channel, actor: User, months: int) -> None:
    """They get the one before it; nothing happens where there was none."""
    _check_broadcaster(room, actor)
    if SubscriberBadge.objects.filter(room=room, months=months).delete()[0]:
        _tell(room, actor, "unbadge", str(months))


# --- steps


def _add(room: Channel | None, actor: User, code: str, picture: bytes) -> Emote:
    if Emote.objects.kept().filter(code=code).exists():
        raise Conflict(f"There is an emote {code} already. Choose another name.", code="code_taken")
    _check_uploads(actor)
    stored = store_emote_picture(picture)
    try:
        with transaction.atomic():
            emote = Emote.objects.create(room=room, code=code, picture=stored.name, animated=stored.animated, by=actor)
            _tell(room, actor, "emote", code)
    except IntegrityError:  # someone took the code since we looked
        raise Conflict(f"There is an emote {code} already. Choose another name.", code="code_taken") from None
    return emote


def _tell(room: Channel | None, actor: User, act: str, subject: str) -> None:
    """Last in its transaction: a Redis that is away takes the change back."""
    if room is None:
        transaction.on_commit(forget_rooms)
        return
    note_act(room, actor, act, None, details={"subject": subject})
    renew_policy(room=room)


def _check_room_left(emotes: EmoteQuerySet, most: int) -> None:
    if emotes.kept().count() >= most:
        raise Conflict(f"That would be more than {most} emotes. Remove one first.", code="too_many")


def _check_uploads(actor: User) -> None:
    if not UPLOADS.allows(str(actor.pk)):
        raise TooMany("You uploaded many pictures in the last hour. Wait a while, then try again.")


def _check_months(months: int) -> None:
    if months not in BADGE_MONTHS:
        raise InvalidInput(f"There are badges for {', '.join(map(str, BADGE_MONTHS))} months.")


def _check_may_change(room: Channel | None, actor: User) -> None:
    if room is None:
        _check_staff(actor)
    else:
        _check_broadcaster(room, actor)


def _check_broadcaster(room: Channel, actor: User) -> None:
    if role_in_room(room=room, user=actor) < Role.BROADCASTER:
        raise NotAllowed("Only the broadcaster may change a channel's emotes and badges.")


def _check_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotAllowed("Only staff may do that.")
