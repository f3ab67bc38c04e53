"""What can be reported of chats: a message, while everybody sees it."""

from django.urls import reverse

from accounts.models import User
from accounts.reports import Fact, Subject, report_kind
from chat.acts import find_message
from chat.limits import LOG_AROUND
from common.errors import InvalidInput, NotThere
from streaming.lookup import get_channel


@report_kind("message", label="this message")
def find_message_in_room(name: str, viewer: User) -> Subject:
    """`<login of the channel>:<id>`: a message that is seconds old is known to its room alone. What a moderator removed
    is not there: else its text could be read here."""
    login, _, message_id = name.partition(":")
    room = get_channel(login)
    try:
        message = find_message(room, message_id)
    except InvalidInput as error:
        raise NotThere(error.text, code=error.code) from None
    among_others = reverse("moderation_log", args=[login]) + f"?before={message.seq + LOG_AROUND}#m-{message.id}"
    return Subject(
        key=message.id,
        title=f"A message of {message.user.display_name} in the chat of {room.owner}",
        facts=(
            Fact("Text", message.text),
            Fact("Said by", message.user.login),
            Fact("In the chat of", room.owner.login),
            Fact("At", message.sent_at),
            Fact("It answers", f"{message.reply.login}: {message.reply.text}" if message.reply else ""),
        ),
        owner=User.objects.filter(pk=message.user.id, left_at=None).first(),
        path=room.get_absolute_url(),
        staff_path=among_others,
    )
