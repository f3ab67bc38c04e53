"""What can be reported of channels: one with what is on air, and the person behind it."""

from django.urls import reverse
from django.utils.formats import date_format

from accounts.avatars import avatar_url
from accounts.models import User
from accounts.reports import Fact, Subject, report_kind
from streaming.lookup import get_channel


@report_kind("channel", label="this channel")
def find_channel(name: str, viewer: User) -> Subject:
    """With the broadcast that is open now, by the id that its recording has, too."""
    channel = get_channel(name)
    broadcast = channel.broadcasts.open().first()
    on_air = f"{broadcast.public_id} since {date_format(broadcast.created_at, 'j F Y, H:i')} UTC" if broadcast else ""
    return Subject(
        key=str(channel.pk),
        title=f"The channel of {channel.owner}",
        facts=(
            Fact("Login", channel.owner.login),
            Fact("Title", channel.title),
            Fact("Category", channel.category.name if channel.category else ""),
            Fact("Tags", ", ".join(channel.tags)),
            Fact("About", channel.about),
            Fact("Broadcast", on_air),
            Fact("Its title", broadcast.title if broadcast else ""),
        ),
        owner=channel.owner,
        path=channel.get_absolute_url(),
        staff_path=reverse("admin:streaming_channel_change", args=[channel.pk]),
    )


@report_kind("user", label="this person")
def find_person(name: str, viewer: User) -> Subject:
    channel = get_channel(name)  # everybody has one
    person = channel.owner
    return Subject(
        key=str(person.pk),
        title=str(person),
        facts=(
            Fact("Login", person.login),
            Fact("Shown as", str(person)),
            Fact("Here since", date_format(person.created_at, "j F Y")),
            Fact("Picture", avatar_url(person)),
        ),
        owner=person,
        path=channel.get_absolute_url(),
        staff_path=reverse("admin:accounts_user_change", args=[person.pk]),
    )
