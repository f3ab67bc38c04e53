"""What an offline channel shows: the next live channel of its list, chosen by a tick.

A hosted channel is on air itself and a host is not, so nobody hosts a host and there is no loop.
"""

import random
from typing import Any

from django.db import transaction

from accounts.models import User
from common.errors import InvalidInput, NotAllowed, NotThere
from streaming.audience_models import HostOrder
from streaming.events import publish_state
from streaming.limits import HOST_ENTRIES_MAX, HOSTS_CHOSEN_AT_ONCE, RAID_ACCOUNT_DAYS_MAX, RAID_FOLLOWERS_MAX
from streaming.lookup import get_channel
from streaming.models import AudienceSettings, Channel, HostEntry
from streaming.raids.rules import RaidsFrom

CHANGEABLE = {"raids_from", "raid_min_account_days", "raid_min_followers", "may_be_hosted", "host_order"}


def audience_settings(*, channel: Channel) -> AudienceSettings:
    """What the channel has set, or the defaults."""
    return AudienceSettings.objects.filter(channel=channel).first() or AudienceSettings(channel=channel)


def hosted_logins(*, channel: Channel) -> list[str]:
    """The list of channels it hosts, in its order."""
    return list(HostEntry.objects.filter(channel=channel).values_list("hosted__owner__login", flat=True))


def update_audience(*, channel: Channel, actor: User, hosts: list[str] | None = None, **changes: Any) -> None:
    """Change whose raids are taken and who may host; `hosts` replaces the list of channels to show when offline."""
    if channel.owner_id != actor.pk:
        raise NotAllowed("Only the broadcaster decides where the viewers go.")
    _check_changes(changes)
    hosted = None if hosts is None else [_host(channel, login) for login in _check_hosts(hosts)]
    with transaction.atomic():
        AudienceSettings.objects.update_or_create(channel=channel, defaults=changes)
        if hosted is not None:
            HostEntry.objects.filter(channel=channel).delete()
            HostEntry.objects.bulk_create(
                HostEntry(channel=channel, hosted=one, position=position) for position, one in enumerate(hosted)
            )
        AudienceSettings.objects.filter(channel=channel).update(hosting=None)  # the tick chooses anew
        publish_state(channel_id=channel.pk)


def choose_hosts() -> None:
    """One tick: who hosts nobody that can be shown gets the next one, and who is on air hosts nobody."""
    for chosen in AudienceSettings.objects.hosting_in_vain()[:HOSTS_CHOSEN_AT_ONCE]:
        _host_now(chosen, None)
    for chosen in AudienceSettings.objects.could_host()[:HOSTS_CHOSEN_AT_ONCE]:
        entries = HostEntry.objects.filter(channel_id=chosen.channel_id).showable()
        possible = list(entries.values_list("hosted_id", flat=True))
        if possible:
            _host_now(chosen, random.choice(possible) if chosen.host_order == HostOrder.RANDOM else possible[0])  # noqa: S311


def _host_now(chosen: AudienceSettings, hosted_id: int | None) -> None:
    with transaction.atomic():
        as_it_was = AudienceSettings.objects.filter(pk=chosen.pk, hosting_id=chosen.hosting_id)
        if as_it_was.update(hosting_id=hosted_id):  # 0 rows: another worker was first
            publish_state(channel_id=chosen.channel_id)


def _check_hosts(hosts: list[str]) -> list[str]:
    logins = list(dict.fromkeys(login.strip().removeprefix("@").lower() for login in hosts if login.strip()))
    if len(logins) > HOST_ENTRIES_MAX:
        raise InvalidInput(f"Name at most {HOST_ENTRIES_MAX} channels to host.")
    return logins


def _host(channel: Channel, login: str) -> Channel:
    try:
        hosted = get_channel(login)
    except NotThere:
        raise InvalidInput(f"There is no channel called {login[:25]}.", code="no_such_user") from None
    if hosted.pk == channel.pk:
        raise InvalidInput("You cannot host yourself.", code="self")
    if not audience_settings(channel=hosted).may_be_hosted:
        raise InvalidInput(f"{hosted.owner} does not want to be hosted.", code="not_hosted")
    return hosted


def _check_changes(changes: dict[str, Any]) -> None:
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise InvalidInput(f"Not a setting: {', '.join(sorted(unknown))}.")
    if "raids_from" in changes and changes["raids_from"] not in list(RaidsFrom):
        raise InvalidInput("Raids are taken from everyone, friends or nobody.")
    if "host_order" in changes and changes["host_order"] not in HostOrder.values:
        raise InvalidInput("Hosts are shown in the order listed, or at random.")
    for name, most in (("raid_min_account_days", RAID_ACCOUNT_DAYS_MAX), ("raid_min_followers", RAID_FOLLOWERS_MAX)):
        if not isinstance(changes.get(name, 0), int) or not 0 <= changes.get(name, 0) <= most:
            raise InvalidInput(f"Give a number from 0 to {most}.")
    if not isinstance(changes.get("may_be_hosted", True), bool):
        raise InvalidInput("Others may host the channel, or may not.")
