"""Who connects: session cookies and tokens to people as their rooms see them, many at once in a handful of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from accounts.services import find_tokens
from accounts.sessions import users_of_sessions
from chat.core.rules import Refusal, Rule, Speaker, refuse_banned, refuse_rate, refuse_warned
from chat.membership import speakers_in_rooms
from chat.models import Ban


@dataclass(frozen=True, slots=True)
class Credential:
    """What someone shows: a session's key or an API token."""

    session_key: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return "Credential(…)"  # must not reach a log through a trace


@dataclass(frozen=True, slots=True)
class Introduction:
    """Someone shows this at the door of this room."""

    credential: Credential
    room_id: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who that is there: as the rules see him, why he may not speak at present, and what his token lets him do."""

    speaker: Speaker
    standing: Refusal | None
    may_write: bool
    may_moderate: bool


def identify(introductions: Sequence[Introduction]) -> dict[Introduction, Identity]:
    """Everyone whose credential is good."""
    credentials = {introduction.credential for introduction in introductions}
    owners = _owners(credentials)
    people = {
        (introduction.room_id, owners[introduction.credential][0])
        for introduction in introductions
        if introduction.credential in owners
    }
    speakers = speakers_in_rooms(people)
    standings = _standings(speakers)
    identities = {}
    for introduction in introductions:
        user, *rights = owners.get(introduction.credential, (None, False, False))
        place = (introduction.room_id, user.pk if user else 0)
        if place in speakers:
            identities[introduction] = Identity(speakers[place], standings.get(place), *rights)
    return identities


def _owners(credentials: set[Credential]) -> dict[Credential, tuple[User, bool, bool]]:
    """Whose they are, and whether they may write and moderate."""
    sessions = users_of_sessions({one.session_key for one in credentials if one.session_key})
    tokens = find_tokens({one.token for one in credentials if one.token})
    owners = {}
    for one in credentials:
        if one.token in tokens:
            token = tokens[one.token]
            if token.may_chat:
                owners[one] = token.user, token.may_write, token.may_moderate
        elif one.session_key in sessions:
            owners[one] = sessions[one.session_key], True, True
    return owners


def _standings(places: dict[tuple[int, int], Speaker]) -> dict[tuple[int, int], Refusal]:
    """Why those who may not speak there may not."""
    bans = Ban.objects.in_force().filter(
        room_id__in={room_id for room_id, _ in places}, user_id__in={user_id for _, user_id in places}
    )
    return {place: _standing(ban) for ban in bans if (place := (ban.room_id, ban.user_id)) in places}


def _standing(ban: Ban) -> Refusal:
    if ban.warning:
        return refuse_warned(ban.reason)
    if ban.until is None:
        return refuse_banned()
    return refuse_rate(Rule.TIMEOUT, (ban.until - timezone.now()).total_seconds())
