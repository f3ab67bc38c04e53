"""Finds channels and broadcasts by the names that stand in addresses. Fetching is the permission check."""

import re

from accounts.models import User
from common.errors import Gone, NotAllowed, NotThere
from streaming.broadcast_states import BroadcastState
from streaming.models import Broadcast, Channel
from streaming.playback import Playback, live_playback, recording_playback

_PUBLIC_ID = re.compile(r"[0-9a-f]{24}")


def get_channel(login: str) -> Channel:
    """A channel anyone may see. A suspended owner's is not there."""
    channel = Channel.objects.for_pages().filter(owner__login=login.lower(), owner__is_active=True).first()
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
    broadcast = Broadcast.objects.select_related("channel__owner").filter(public_id=public_id).first()
    if broadcast is None:
        raise NotThere("There is no such broadcast.")
    if broadcast.channel.owner_id != user.pk:
        raise NotAllowed("This is not your broadcast.")
    return broadcast


def get_stream(name: str) -> tuple[Channel, Broadcast | None]:
    """A channel and the broadcast meant: by id exactly that one, by login the running or else the last one."""
    if _PUBLIC_ID.fullmatch(name):
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
