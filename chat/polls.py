"""Polls: a moderator asks, everyone signed in has one vote.

While a poll runs its votes are in Redis, counted and told by a script; how it was asked and what came out is in the
database. A Redis that forgets everything forgets the votes of the polls that are running, and nothing else.
"""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import NoScriptError

from accounts.models import User
from chat import redis_keys
from chat.acts import check_moderator, note_act, perform
from chat.core.events import PollChanged, PollState
from chat.core.polls import check_poll, refuse_vote
from chat.core.rules import Refusal
from chat.errors import BadPollError
from chat.limits import POLL_KEYS_SECONDS, POLL_TOLD_MS
from chat.models import Poll
from chat.redis_connections import redis_client
from chat.scripts import TELL_VOTES, VOTE
from common.errors import Conflict, InvalidInput, NotThere
from streaming.models import Channel


@transaction.atomic
def start_poll(*, room: Channel, actor: User, question: str, choices: list[str], seconds: int) -> Poll:
    """Ask the room something for `seconds`. One poll at a time."""
    check_moderator(room, actor)
    try:
        question, choices = check_poll(question, choices, seconds)
    except BadPollError as error:
        raise InvalidInput(str(error)) from None
    ends_at = timezone.now() + timedelta(seconds=seconds)
    try:
        with transaction.atomic():
            poll = Poll.objects.create(room=room, by=actor, question=question, choices=choices, ends_at=ends_at)
    except IntegrityError:
        raise Conflict("A poll is running already. /endpoll ends it.") from None
    note_act(room, actor, "poll", None, details={"poll": poll.pk, "question": question})
    key = redis_keys.poll_votes(room.pk, poll.pk)
    redis = redis_client()
    redis.hset(key, mapping={"ends_at": round(ends_at.timestamp() * 1000), "choices": len(choices)})
    redis.expire(key, seconds + POLL_KEYS_SECONDS)
    _tell(poll)
    return poll


@transaction.atomic
def end_poll(*, room: Channel, actor: User) -> Poll:
    """End the running poll before its time."""
    check_moderator(room, actor)
    poll = Poll.objects.running().filter(room=room).select_for_update(of=("self",)).first()
    if poll is None:
        raise NotThere("No poll is running.")
    note_act(room, actor, "endpoll", None, details={"poll": poll.pk})
    _end(poll)
    return poll


def look_after_polls() -> None:
    """End what is over, tell what was not told yet. Several workers may do so at once."""
    for poll in Poll.objects.running():
        if poll.ends_at > timezone.now():
            TELL_VOTES.run(redis_client(), _keys(poll.room_id, poll.pk), (poll.pk, POLL_TOLD_MS))
            continue
        with transaction.atomic():
            ours = Poll.objects.running().filter(pk=poll.pk).select_for_update(of=("self",), skip_locked=True).first()
            if ours is not None:  # otherwise someone was first
                _end(ours)


def vote(*, room: Channel, user: User, poll_id: int, choice: int) -> None:
    """The user's vote. Raises DomainError with the reason why it does not count."""
    arguments = (poll_id, POLL_TOLD_MS, choice, user.pk)
    refusal = refuse_vote(VOTE.run(redis_client(), _vote_keys(room.pk, poll_id), arguments))
    if refusal:
        raise Conflict(refusal.text, code=refusal.rule)


async def vote_async(redis: AsyncRedis, *, room_id: int, user_id: int, poll_id: int, choice: int) -> Refusal | None:
    """The same from a gateway; why it does not count, or None. Raises RedisError."""
    keys, arguments = _vote_keys(room_id, poll_id), (poll_id, POLL_TOLD_MS, choice, user_id)
    try:
        answer: bytes = await VOTE.run_async(redis, keys, arguments)
    except NoScriptError:
        await VOTE.send(redis, keys)
        answer = await VOTE.run_async(redis, keys, arguments)
    return refuse_vote(answer.decode())


def votes_of(poll: Poll) -> list[int]:
    """How many voted for each choice, until now or in the end."""
    if poll.ended_at:
        return list(poll.votes)
    redis: Redis = redis_client()
    names = [str(number) for number in range(1, len(poll.choices) + 1)]
    counted: Any = redis.hmget(redis_keys.poll_votes(poll.room_id, poll.pk), names)
    return [int(count or 0) for count in counted]


def _end(poll: Poll) -> None:
    """Votes stop first: what is counted after that is all there will ever be."""
    redis_client().hset(redis_keys.poll_votes(poll.room_id, poll.pk), "ends_at", 0)
    poll.votes = votes_of(poll)
    poll.ended_at = timezone.now()
    poll.save(update_fields=["votes", "ended_at"])
    _tell(poll)


def _tell(poll: Poll) -> None:
    state = PollState(
        id=poll.pk,
        question=poll.question,
        choices=tuple(poll.choices),
        votes=tuple(votes_of(poll)),
        ends_at=poll.ends_at.isoformat(timespec="milliseconds"),
        ended=poll.ended_at is not None,
    )
    running = "" if state.ended else json.dumps(asdict(state), ensure_ascii=False)
    perform(poll.room, PollChanged(state), board=("poll", running))


def _keys(room_id: int, poll_id: int) -> tuple[str, ...]:
    return (
        redis_keys.poll_votes(room_id, poll_id),
        redis_keys.poll_voters(room_id, poll_id),
        redis_keys.room_feed(room_id),
        redis_keys.room_board(room_id),
    )


def _vote_keys(room_id: int, poll_id: int) -> tuple[str, ...]:
    return (*_keys(room_id, poll_id), redis_keys.room_bans(room_id))
