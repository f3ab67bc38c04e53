"""Finds channels and broadcasts by the names that stand in addresses. Fetching is the permission check."""

import re

from django.db.models import F, OuterRef, Subquery

from accounts.models import User
from common.errors import Gone, NotAllowed, NotThere
from streaming.broadcast_states import BroadcastState
from streaming.discovery.search import suggest
from streaming.discovery.search_words import read_words
from streaming.discovery_models import CategoryAlias, EntryKind, SearchEntry
from streaming.models import Broadcast, Category, Channel
from streaming.playback import Playback, live_playback, recording_playback

_PUBLIC_ID = re.compile(r"[0-9a-f]{24}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,80}")


def is_public_id(text: str) -> bool:
    """Whether `text` could be the id of a broadcast or a recording."""
    return _PUBLIC_ID.fullmatch(text) is not None


def get_category(slug: str) -> Category:
    """A category by the name in its addresses."""
    category = Category.objects.filter(slug=slug).first() if _WORD.fullmatch(slug) else None
    if category is None:
        raise NotThere("There is no such category.")
    return category


def category_called(name: str) -> Category:
    """A category by its name as people type it: case and accents do not matter. Raises NotThere with what is alike."""
    words = read_words(name)
    same = Category.objects.filter(name__iexact=words.text).first()  # a new one is not in the search yet
    if same is not None:
        return same
    named = SearchEntry.objects.filter(kind=EntryKind.CATEGORY, key=words.key).select_related("category").first()
    if named is not None and named.category is not None:
        return named.category
    alike = [entry.title for entry in suggest(words).categories]
    hint = f"Did you mean {' or '.join(alike)}?" if alike else "Choose one from the list."
    raise NotThere(f"There is no category “{words.text}”. {hint}")


def category_of_old_name(slug: str) -> Category | None:
    """The category that was once called so, or that the one called so is part of now."""
    alias = (
        CategoryAlias.objects.select_related("category").filter(slug=slug).first() if _WORD.fullmatch(slug) else None
    )
    return alias.category if alias else None


def get_channel(login: str, viewer: User | None = None) -> Channel:
    """A channel anyone may see; with `followed`: whether this viewer, who follows
    it, is told when it is live; None for who does not. A suspended owner's is not there."""
    if not _WORD.fullmatch(login):  # PostgreSQL cannot even be asked for every text: NUL is no character there
        raise NotThere("There is no such channel.")
    channels = Channel.objects.for_pages().annotate(hosting_id=F("audience_settings__hosting"))
    channels = channels.filter(owner__login=login.lower(), owner__is_active=True)
    if viewer is not None:
        channels = channels.annotate(
            followed=Subquery(viewer.follows.filter(channel=OuterRef("pk")).values("notify")[:1])
        )
    channel = channels.first()
    if channel is None:
        raise NotThere("There is no such channel.")
    return channel


def get_channel_for_owner(login: str, user: User) -> Channel:
    """A channel that this user owns."""
    channel = get_channel(login)
    if channel.owner_id != user.pk:
        raise NotAllowed("This is not your channel.")
    return channel


def get_broadcast_for_owner(public_id: str, user: User) -> Broadcast:
    """A broadcast on a channel that this user owns."""
    found = Broadcast.objects.select_related("channel__owner").filter(public_id=public_id)
    broadcast = found.first() if is_public_id(public_id) else None
    if broadcast is None:
        raise NotThere("There is no such broadcast.")
    if broadcast.channel.owner_id != user.pk:
        raise NotAllowed("This is not your broadcast.")
    return broadcast


def get_stream(name: str) -> tuple[Channel, Broadcast | None]:
    """A channel and the broadcast meant: by id exactly that one, by login the running or else the last one."""
    if is_public_id(name):
        broadcast = Broadcast.objects.for_pages().filter(public_id=name, channel__owner__is_active=True).first()
        if broadcast is not None:
            return broadcast.channel, broadcast
    channel = get_channel(name)
    broadcasts = channel.broadcasts.for_pages()
    on_air_once = broadcasts.filter(started_at__isnull=False).order_by("-created_at")
    return channel, broadcasts.open().first() or on_air_once.first()


def playback_of(broadcast: Broadcast | None) -> Playback:
    """Where to play it: live, or its recording. Raises NotThere before it is on air, Gone after."""
    if broadcast is None:
        raise NotThere("This channel is offline.", code="offline")
    if broadcast.state == BroadcastState.ENDED:
        if not broadcast.recording_path:
            raise Gone("This broadcast has ended.", code="ended")
        return recording_playback(broadcast.public_id)
    if broadcast.started_at is None:
        raise NotThere("This broadcast is about to start.", code="starting")
    return live_playback(broadcast.public_id)
