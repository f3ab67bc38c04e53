"""Everything that changes a channel: its key, its words, its followers."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from common.errors import Conflict, InvalidInput
from common.lines import check_line
from streaming.broadcast_notes import note_changes
from streaming.discovery.search_index import index_channels
from streaming.discovery.tags import check_tags, facets_of
from streaming.events import publish_state
from streaming.limits import ABOUT_MAX, TITLE_MAX
from streaming.models import Category, Channel, Follow, StreamKey
from streaming.signals import channel_created, channel_followed
from streaming.stream_keys import key_digest, new_stream_key, shown_part

_LANGUAGE: str = Channel._meta.get_field("language").get_default()


def create_channel(*, owner: User) -> Channel:
    """Give a user a channel. Safe to repeat."""
    with transaction.atomic():
        channel, created = Channel.objects.get_or_create(
            owner=owner, defaults={"facets": facets_of(tags=[], language=_LANGUAGE)}
        )
        if created:
            index_channels(channel_ids=[channel.pk])
            channel_created.send(sender=Channel, channel_id=channel.pk)
    return channel


def create_channel_of_user(*, user_id: int) -> None:
    """The same by id, for the receiver of `user_created`."""
    create_channel(owner=User.objects.get(pk=user_id))


def rotate_stream_key(*, channel: Channel) -> str:
    """Replace the channel's key and return the new one: the only time it is seen. The old one stops working."""
    key = new_stream_key()
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=channel.pk)  # two rotations at once: one after the other
        channel.stream_keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        StreamKey.objects.create(
            channel=channel, digest=key_digest(settings.STREAM_KEY_PEPPER, key), prefix=shown_part(key)
        )
    return key


def update_channel(*, channel: Channel, **changes: Any) -> Channel:
    """Change title, category, tags, language or about; a running broadcast takes over title and category."""
    fields = _check_changes(changes)
    if not fields:
        return channel
    if "tags" in fields or "language" in fields:
        tags, language = fields.get("tags", channel.tags), fields.get("language", channel.language)
        fields["facets"] = facets_of(tags=tags, language=language)
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(**fields)
        index_channels(channel_ids=[channel.pk])
        on_broadcast = {name: value for name, value in fields.items() if name in {"title", "category"}}
        if on_broadcast:
            for broadcast in channel.broadcasts.open().select_for_update():
                note_changes(broadcast=broadcast, changes=on_broadcast)
            channel.broadcasts.open().update(**on_broadcast)
        publish_state(channel_id=channel.pk)
    channel.refresh_from_db()
    return channel


def follow_channel(*, user: User, channel: Channel) -> bool:
    """Follow; False when the user already did."""
    if channel.owner_id == user.pk:
        raise InvalidInput("You cannot follow your own channel.", code="own_channel")
    with transaction.atomic():
        _, created = Follow.objects.get_or_create(user=user, channel=channel)
        if created:
            Channel.objects.filter(pk=channel.pk).update(follower_count=F("follower_count") + 1)
            transaction.on_commit(lambda: _send_followed(channel.pk, user.pk))
    return created


def set_follow_notify(*, user: User, channel: Channel, notify: bool) -> None:
    """Whether a follower is told that the channel goes live. Raises Conflict for who does not follow."""
    if not Follow.objects.filter(user=user, channel=channel).update(notify=notify):
        raise Conflict("You do not follow this channel.", code="not_following")


def unfollow_channel(*, user: User, channel: Channel) -> bool:
    """Stop following; False when the user did not follow."""
    with transaction.atomic():
        deleted, _ = Follow.objects.filter(user=user, channel=channel).delete()
        if deleted:
            Channel.objects.filter(pk=channel.pk, follower_count__gt=0).update(follower_count=F("follower_count") - 1)
    return bool(deleted)


def _send_followed(channel_id: int, user_id: int) -> None:
    channel_followed.send_robust(sender=Channel, channel_id=channel_id, user_id=user_id)


def _check_changes(changes: dict[str, Any]) -> dict[str, Any]:
    unknown = changes.keys() - _CHECKS.keys()
    if unknown:
        raise InvalidInput(f"Not a field of a channel: {', '.join(sorted(unknown))}.")
    return {name: _CHECKS[name](value) for name, value in changes.items()}


def _check_title(value: Any) -> str:
    return check_line(value, most=TITLE_MAX, name="title")


def _check_about(value: Any) -> str:
    if not isinstance(value, str) or len(value) > ABOUT_MAX:
        raise InvalidInput(f"The text about the channel has more than {ABOUT_MAX} characters.")
    return value.replace("\x00", "").strip()


def _check_language(value: Any) -> str:
    language = check_line(value, most=8, name="language")
    if not language.replace("-", "").isalnum() or not language.isascii():
        raise InvalidInput("Give the language as a code such as en or pt-BR.")
    return language


def _check_category(value: Any) -> Category | None:
    if value is None or isinstance(value, Category):
        return value
    category = Category.objects.filter(slug=value).first() if isinstance(value, str) else None
    if category is None:
        raise InvalidInput("There is no such category.")
    return category


_CHECKS = {
    "title": _check_title,
    "about": _check_about,
    "tags": check_tags,
    "language": _check_language,
    "category": _check_category,
}
