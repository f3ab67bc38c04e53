"""Who moderates a channel: chat keeps the list and stands above, so it hands the question's answer down."""

from collections.abc import Callable

from accounts.models import User
from streaming.models import Channel

Answer = Callable[[User, Channel], bool]
_answers: list[Answer] = []


def answer_with(answer: Answer) -> Answer:
    """Register who knows it; a decorator."""
    _answers.append(answer)
    return answer


def moderates(user: User, channel: Channel) -> bool:
    """Whether this person looks after the channel: its broadcaster, one of his moderators, or staff."""
    if user.is_staff or channel.owner_id == user.pk:
        return True
    return any(answer(user, channel) for answer in _answers)
