"""Where a channel's viewers go from here: on a raid, or to the channel that it hosts while it is offline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from streaming.models import AudienceSettings, Channel, Raid
from streaming.raids.rules import page_spread_seconds, spread_seconds


@dataclass(frozen=True)
class RaidView:
    """A running raid as the pages of its source show it."""

    id: int
    state: str
    target_id: int
    login: str
    display_name: str
    ends_at: datetime
    viewers: int
    url: str

    def as_event(self, now: datetime) -> dict[str, Any]:
        """`seconds_left` spares a page whose clock is wrong; it goes at a moment within `spread_seconds`."""
        return {
            "id": self.id,
            "state": self.state,
            "target_id": self.target_id,
            "login": self.login,
            "display_name": self.display_name,
            "seconds_left": max(0, round((self.ends_at - now).total_seconds())),
            "spread_seconds": spread_seconds(self.viewers),
            "page_spread_seconds": page_spread_seconds(self.viewers),
            "url": self.url,
        }


@dataclass(frozen=True)
class HostedView:
    """The channel that an offline one shows."""

    login: str
    display_name: str
    title: str
    url: str

    def as_event(self) -> dict[str, Any]:
        return {"login": self.login, "display_name": self.display_name, "title": self.title, "url": self.url}


def running_raid(*, channel: Channel) -> RaidView | None:
    """The raid that sends this channel's viewers away, while it counts down or they are on their way."""
    raid = Raid.objects.running().select_related("target__owner").filter(source=channel).first()
    if raid is None:
        return None
    owner = raid.target.owner
    url = f"{raid.target.get_absolute_url()}?raid={raid.pk}"
    return RaidView(raid.pk, raid.state, raid.target_id, owner.login, str(owner), raid.ends_at, raid.viewers, url)


def hosted_channel(*, channel: Channel) -> HostedView | None:
    """What an offline channel shows; None as soon as that is not live, or does not want it, whatever was chosen."""
    if getattr(channel, "hosting_id", channel) is None:  # `get_channel` has just looked
        return None
    chosen = AudienceSettings.objects.filter(channel=channel).hosting_live().first()
    if chosen is None or chosen.hosting is None:
        return None
    hosted = chosen.hosting
    return HostedView(hosted.owner.login, str(hosted.owner), hosted.title, hosted.get_absolute_url())
