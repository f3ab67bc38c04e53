"""Reads the log: moderators look for what was said, and a recording shows what was said at its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from chat.limits import SEARCH_REACH
from chat.models import ChatMessage, ChatMessageQuerySet
from common.errors import NotThere
from streaming.models import Broadcast, Channel


@dataclass(frozen=True, slots=True)
class Found:
    """A page of messages, the latest first; `before` is where the next one begins, None at the end of the log."""

    messages: Sequence[ChatMessage]
    before: int | None


def search_messages(
    *,
    room: Channel,
    text: str = "",
    login: str = "",
    before: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    count: int,
) -> Found:
    """What was said in the room, removed messages too: with this text in it, by this person, before this place,
    from `since` on and before `until`.

    One question looks at SEARCH_REACH messages and no more, so its cost is known whatever is looked for; a page may be
    short or empty and still have a next one.
    """
    rows = _within(ChatMessage.objects.filter(room=room), since, until)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    reach = rows.order_by("-seq").values_list("seq", flat=True)[SEARCH_REACH - 1 : SEARCH_REACH].first()
    if reach is not None:
        rows = rows.filter(seq__gte=reach)
    if text:
        rows = rows.filter(text__icontains=text)
    if login:
        rows = rows.filter(login=login.lower())
    messages = list(rows.order_by("-seq")[: count + 1])
    if len(messages) > count:
        return Found(messages[:count], messages[count - 1].seq)
    return Found(messages, reach)


def _within(rows: ChatMessageQuerySet, since: datetime | None, until: datetime | None) -> ChatMessageQuerySet:
    """By places, not by times: places are what a question walks along."""
    first = rows.place_at(since) if since is not None else None
    end = rows.place_at(until) if until is not None else None
    if since is not None:
        rows = rows.filter(seq__gte=first) if first is not None else rows.none()
    return rows.filter(seq__lt=end) if end is not None else rows


@dataclass(frozen=True, slots=True)
class Replayed:
    """A page of messages with their seconds since the broadcast's start; `after` is the next one's, None at the end."""

    messages: Sequence[tuple[float, ChatMessage]]
    after: int | None


def replay_messages(*, broadcast: Broadcast, seconds: float, after: int | None = None, count: int) -> Replayed:
    """What was said during the broadcast from `seconds` after its start on, without what was removed.

    `after`: the place of the last message of the page before, which is passed over with all before it.
    """
    if broadcast.started_at is None:
        raise NotThere("This broadcast was never on air.")
    start, end = broadcast.started_at, broadcast.ended_at or timezone.now()
    rows = _said_between(broadcast, start + timedelta(seconds=seconds), end)
    if after is not None:
        last = ChatMessage.objects.filter(room_id=broadcast.channel_id, seq=after).first()
        if last is not None:
            rows = rows.filter(Q(sent_at__gt=last.sent_at) | Q(sent_at=last.sent_at, seq__gt=after))
    messages = list(rows.order_by("sent_at", "seq")[: count + 1])
    _empty_quotes(messages)
    page = [((message.sent_at - start).total_seconds(), message) for message in messages[:count]]
    return Replayed(page, messages[count - 1].seq if len(messages) > count else None)


def _empty_quotes(messages: Sequence[ChatMessage]) -> None:
    """As on the page: a quote of what was removed has no text. What is not in the log any more is not quoted either."""
    quotes = [message.reply for message in messages if message.reply]
    there = {
        str(pk)
        for pk in ChatMessage.objects.filter(pk__in={quote["id"] for quote in quotes}, removed_at=None).values_list(
            "pk", flat=True
        )
    }
    for quote in quotes:
        if quote["id"] not in there:
            quote["text"] = ""


def _said_between(broadcast: Broadcast, start: datetime, end: datetime) -> ChatMessageQuerySet:
    return ChatMessage.objects.filter(
        room_id=broadcast.channel_id, sent_at__gte=start, sent_at__lt=end, removed_at=None
    )
