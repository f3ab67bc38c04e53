"""What there is to tell, and the ways to tell it, as one table (pure)."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How somebody hears of something."""

    IN_APP = "in_app"  # the bell and the page behind it
    PUSH = "push"  # the browser's or the phone's own notifications
    MAIL = "mail"


class Kind(StrEnum):
    """What it is about."""

    LIVE = "live"
    RAID = "raid"
    FOLLOWER = "follower"
    CLIP = "clip"
    RECORDING = "recording"
    REPORT = "report"
    SECURITY = "security"


class Urgency(StrEnum):
    """RFC 8030, section 5.3: whether a phone that saves its battery is woken for it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True)
class KindRule:
    """How one kind is told. A way in `always` cannot be turned off."""

    label: str
    explanation: str
    icon: str
    defaults: frozenset[Way]
    always: frozenset[Way] = frozenset()
    urgency: Urgency = Urgency.NORMAL
    push_seconds: int = 24 * 3600  # how long a push service keeps it for a phone that is off


_SOON_STALE_SECONDS = 2 * 3600  # "is live" is no news the next morning

RULES: dict[Kind, KindRule] = {
    Kind.LIVE: KindRule(
        label="A channel you follow goes live",
        explanation="The bell beside the follow button turns single channels off.",
        icon="broadcast",
        defaults=frozenset({Way.IN_APP, Way.PUSH}),
        urgency=Urgency.HIGH,
        push_seconds=_SOON_STALE_SECONDS,
    ),
    Kind.RAID: KindRule(
        label="Your channel is raided",
        explanation="Another channel sends you its viewers.",
        icon="people",
        defaults=frozenset({Way.IN_APP, Way.PUSH}),
        urgency=Urgency.HIGH,
        push_seconds=_SOON_STALE_SECONDS,
    ),
    Kind.FOLLOWER: KindRule(
        label="Someone follows you",
        explanation="Many at once are told as one.",
        icon="heart",
        defaults=frozenset({Way.IN_APP}),
        urgency=Urgency.LOW,
    ),
    Kind.CLIP: KindRule(
        label="Someone clips your channel",
        explanation="Many at once are told as one.",
        icon="clip",
        defaults=frozenset({Way.IN_APP}),
        urgency=Urgency.LOW,
    ),
    Kind.RECORDING: KindRule(
        label="A recording is ready",
        explanation="One of yours, or an old one that you asked for.",
        icon="video",
        defaults=frozenset({Way.IN_APP, Way.PUSH}),
    ),
    Kind.REPORT: KindRule(
        label="The staff decides on a report of yours",
        explanation="Whether something was done about what you reported.",
        icon="flag",
        defaults=frozenset({Way.IN_APP}),
    ),
    Kind.SECURITY: KindRule(
        label="Security of your account",
        explanation="New sign-ins, changes of password and of two-step sign-in.",
        icon="shield",
        defaults=frozenset(Way),
        always=frozenset({Way.IN_APP, Way.MAIL}),
        urgency=Urgency.HIGH,
    ),
}


def is_wanted_by_default(kind: Kind, way: Way) -> bool:
    """What holds for whoever never said anything."""
    return way in RULES[kind].defaults


def can_be_turned_off(kind: Kind, way: Way) -> bool:
    """False for what somebody must hear in any case: that their account may be in other hands."""
    return way not in RULES[kind].always


def who(names: list[str], count: int) -> str:
    """The newest first: `Bob`, `Bob and Charlie`, `Bob and 12 others`."""
    if count <= 1 or not names:
        return names[0] if names else "Someone"
    if count == 2 and len(names) > 1:
        return f"{names[0]} and {names[1]}"
    others = count - 1
    return f"{names[0]} and {others} {'other' if others == 1 else 'others'}"
