"""What a poll may be, and why a vote does not count."""

from chat.core.rules import Refusal, Rule, refuse_banned
from chat.core.text import clean_text, count_graphemes
from chat.errors import BadPollError
from chat.limits import (
    POLL_CHOICE_MAX,
    POLL_CHOICES_MAX,
    POLL_MAX_SECONDS,
    POLL_MIN_SECONDS,
    POLL_QUESTION_MAX,
)

# What vote.lua answers when a vote does not count.
REFUSALS = {
    "over": Refusal(Rule.POLL, "That poll is over."),
    "banned": refuse_banned(),
    "choice": Refusal(Rule.POLL, "There is no such choice in this poll."),
    "twice": Refusal(Rule.VOTED, "You have voted already."),
}


def check_poll(question: str, choices: list[str], seconds: int) -> tuple[str, list[str]]:
    """The question and choices as they will be shown. Raises BadPollError."""
    question, choices = clean_text(question), [clean_text(choice) for choice in choices]
    if not 1 <= count_graphemes(question) <= POLL_QUESTION_MAX:
        raise BadPollError(f"A poll asks something in at most {POLL_QUESTION_MAX} characters.")
    if not 2 <= len(choices) <= POLL_CHOICES_MAX or len({choice.casefold() for choice in choices}) < len(choices):
        raise BadPollError(f"A poll has 2 to {POLL_CHOICES_MAX} different choices.")
    if not all(1 <= count_graphemes(choice) <= POLL_CHOICE_MAX for choice in choices):
        raise BadPollError(f"A choice has 1 to {POLL_CHOICE_MAX} characters.")
    if not POLL_MIN_SECONDS <= seconds <= POLL_MAX_SECONDS:
        raise BadPollError(f"A poll runs for {POLL_MIN_SECONDS} seconds to {POLL_MAX_SECONDS // 60} minutes.")
    return question, choices


def refuse_vote(outcome: str) -> Refusal | None:
    """What to tell him of whom vote.lua says `outcome`; None when his vote counts."""
    return REFUSALS.get(outcome)
