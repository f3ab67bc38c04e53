"""One person's part in one room, or nobody's: the same whatever protocol he speaks."""

from contextlib import suppress
from dataclasses import replace

from redis.exceptions import RedisError

from chat.carrying_out import carry_out
from chat.core.commands import Announce, SetColor, UsageError, Vote, is_command, parse_command
from chat.core.events import Ack, Done, Person, Quote, Refused
from chat.core.replies import quote
from chat.core.requests import Say
from chat.core.roles import Role
from chat.core.rules import (
    RETRY_SECONDS,
    Refusal,
    Rule,
    Speaker,
    refuse_gone,
    refuse_rate,
    refuse_stranger,
    refuse_unavailable,
)
from chat.directory import RoomFacts
from chat.errors import BadTokenError, DirectoryUnavailableError, RoomNotFoundError, StalePolicyError
from chat.gateway import Gateway
from chat.held import hold_message
from chat.identities import Credential, Identity
from chat.polls import vote_async
from chat.room_hub import Moment
from chat.services import Suspect, person, refused, say
from common.errors import DomainError, NotAllowed

POLICY_TRIES = 3
SPEAKER_SECONDS = 5.0  # between two looks at what the rules ask about someone
# Refusals that what he did since may have lifted.
PERSONAL = frozenset({Rule.FOLLOWERS_ONLY, Rule.SHIELD, Rule.VERIFIED_EMAIL, Rule.SUBSCRIBERS_ONLY})
# What the room's modes and terms refuse before the publish script is asked.
OF_POLICY = PERSONAL | {Rule.ACCOUNT_AGE, Rule.LINKS, Rule.EMOTE_ONLY, Rule.BLOCKED_TERM}
UNKNOWN = Refusal(Rule.UNAVAILABLE, "Chat cannot find out who you are right now. Try again in a moment.", RETRY_SECONDS)
READS_ONLY = Refusal(Rule.PERMISSION, "This API token lacks the scope chat:edit: it cannot write in the chat.")


class Participant:
    """`speaker` is None while he is not signed in, `standing` says why he may not write at present."""

    def __init__(self, gateway: Gateway, facts: RoomFacts) -> None:
        self.facts = facts
        self.speaker: Speaker | None = None
        self.standing: Refusal | None = None
        self.known_since = gateway.hub.moment()  # orders to sign him out count from here
        self._may_write = False
        self._may_moderate = False  # a token may be able to do less than its owner
        self._credential: Credential | None = None
        self._gateway = gateway
        self._known_at = 0.0
        self._changes = 0  # of people's looks that were known when he was looked up

    @property
    def person(self) -> Person | None:
        """As the others see him."""
        return person(self.speaker) if self.speaker else None

    async def sign_in(self, credential: Credential) -> None:
        """From now on he speaks as whose credential this is; nothing changes where it is nobody's.

        Raises BadTokenError for a bad token, and DirectoryUnavailableError.
        """
        moment, changes = self._gateway.hub.moment(), self._gateway.directory.changes
        identity = await self._gateway.directory.identify(credential, self.facts.room_id)
        if identity is not None:
            self._credential = credential
            self._become(identity, moment, changes)

    async def say(self, request: Say) -> Ack | Done | Refused:
        """Say it in the room, or carry out the command that it is."""
        wait = self._gateway.rate.take(self._gateway.hub.now())
        if wait:
            return refused(refuse_rate(Rule.RATE_GATEWAY, wait), request.nonce)
        if self._is_outdated() and not await self._prove():
            return refused(UNKNOWN, request.nonce)
        if self.speaker is not None and not self._may_write:
            return refused(READS_ONLY, request.nonce)
        if self.speaker is not None and not request.plain and is_command(request.text):
            return await self._command(self.speaker, request)
        return await self._say(request)

    async def _say(self, request: Say) -> Ack | Refused:
        quoted = await self._quote(request.reply_to) if request.reply_to else None
        if isinstance(quoted, Refusal):
            return refused(quoted, request.nonce)
        outcome = await self._publish(request, quoted)
        if isinstance(outcome, Refusal) and outcome.rule in PERSONAL and await self._ask_again():
            outcome = await self._publish(request, quoted)
        if isinstance(outcome, Suspect):
            outcome = await self._hold(outcome)
        return refused(outcome, request.nonce) if isinstance(outcome, Refusal) else outcome

    async def _quote(self, message_id: str) -> Quote | Refusal:
        """What is answered. Only for somebody: it may cost a look at Redis."""
        if self.speaker is None:
            return refuse_stranger()
        try:
            parent = await self._gateway.hub.find_message(self.facts.room_id, message_id)
        except (RedisError, OSError):
            return refuse_unavailable()
        return quote(parent) if parent else refuse_gone()

    async def _hold(self, suspect: Suspect) -> Refusal:
        room_id = self.facts.room_id
        try:
            return await self._gateway.directory.run(
                lambda: hold_message(room_id=room_id, message=suspect.message, score=suspect.score)
            )
        except (DirectoryUnavailableError, RedisError, OSError):
            return refuse_unavailable()

    async def _publish(self, request: Say, quoted: Quote | None) -> Ack | Suspect | Refusal:
        for _ in range(POLICY_TRIES):
            with suppress(DirectoryUnavailableError, RoomNotFoundError):
                self.facts = await self._gateway.directory.find_room(self.facts.room_id)
            facts, publisher = self.facts, self._gateway.publisher
            with suppress(StalePolicyError):
                outcome = await say(
                    room=facts, speaker=self.speaker, request=request, publisher=publisher, quote=quoted
                )
                if not isinstance(outcome, Refusal) or outcome.rule not in OF_POLICY:
                    return outcome
                if not await publisher.has_newer_policy(facts.room_id, facts.policy.version):
                    return outcome
            self._gateway.directory.forget_room(facts.room_id)
        return Refusal(Rule.UNAVAILABLE, "The chat's modes are being changed. Try again in a moment.", RETRY_SECONDS)

    async def _ask_again(self) -> bool:
        """Look up anew what the rules ask about him: he may have followed since. Not for every refusal."""
        now = self._gateway.hub.now()
        if self.speaker is None or now - self._known_at < SPEAKER_SECONDS:
            return False
        self._known_at = now
        return await self._prove()

    def _is_outdated(self) -> bool:
        """Whether he may have been signed out unheard, or has changed how he is seen."""
        if self.speaker is None:
            return False
        missed = self._gateway.hub.missed_orders_since(self.known_since)
        return missed or self._gateway.directory.has_changed_since(self.speaker.user_id, self._changes)

    async def _prove(self) -> bool:
        """Ask anew who he is; False while that cannot be found out."""
        if self._credential is None:
            return True
        moment, changes = self._gateway.hub.moment(), self._gateway.directory.changes
        try:
            identity = await self._gateway.directory.identify(self._credential, self.facts.room_id)
        except BadTokenError:
            identity = None
        except DirectoryUnavailableError:
            return False
        self._become(identity, moment, changes)
        return True

    def _become(self, identity: Identity | None, known_since: Moment, changes: int) -> None:
        self.known_since, self._changes = known_since, changes
        self.speaker = identity.speaker if identity else None
        self.standing = identity.standing if identity else None
        self._may_write = identity is not None and identity.may_write
        self._may_moderate = identity is not None and identity.may_moderate

    async def _command(self, speaker: Speaker, request: Say) -> Ack | Done | Refused:
        room_id = self.facts.room_id
        try:
            command = parse_command(request.text, speaker.role if self._may_moderate else Role.VIEWER)
            if isinstance(command, Announce):
                return await self._say(replace(request, text=command.text, plain=True, announcement=command.color))
            if isinstance(command, Vote):
                return await self._vote(speaker, command.choice, request.nonce)
            text = await self._gateway.directory.run(
                lambda: carry_out(room_id=room_id, user_id=speaker.user_id, command=command)
            )
        except UsageError as error:
            return Refused(request.nonce, Rule.COMMAND, str(error), code=error.code)
        except DomainError as error:
            rule = Rule.PERMISSION if isinstance(error, NotAllowed) else Rule.COMMAND
            return Refused(request.nonce, rule, error.text, code=error.code)
        except (DirectoryUnavailableError, RedisError, OSError):
            text = "That does not work right now. Try again in a moment."
            return Refused(request.nonce, Rule.UNAVAILABLE, text, RETRY_SECONDS)
        if isinstance(command, SetColor):
            await self._prove()
        return Done(request.nonce, text)

    async def _vote(self, speaker: Speaker, choice: int, nonce: str | None) -> Done | Refused:
        """Without a look at the database: everyone votes at once. Raises RedisError."""
        room_id = self.facts.room_id
        poll = (await self._gateway.hub.open_room(room_id)).board.poll()
        if poll is None:
            return Refused(nonce, Rule.POLL, "No poll is running.")
        refusal = await vote_async(
            self._gateway.redis, room_id=room_id, user_id=speaker.user_id, poll_id=poll["id"], choice=choice
        )
        return refused(refusal, nonce) if refusal else Done(nonce, f"You voted for “{poll['choices'][choice - 1]}”.")
