"""Everything that tells people something, and everything they do with what they were told."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.notifications import events, mails, push
from accounts.notifications.kinds import Kind, Way, can_be_turned_off, is_wanted_by_default, who
from accounts.notifications.limits import DETAIL_MAX, NAMES_KEPT, ONCE_KEY_MAX, PATH_MAX, TEXT_MAX
from accounts.notifications.models import Happening, Notification, NotificationPreference
from common.errors import InvalidInput

logger = logging.getLogger(__name__)

# One statement for a whole batch, whoever is in it: people who said nothing have no row in the preferences.
_TELL_IN_APP = """
    INSERT INTO accounts_notification (user_id, happening_id)
    SELECT u.id, %(happening)s FROM accounts_user u
    LEFT JOIN accounts_notificationpreference p ON p.user_id = u.id AND p.kind = %(kind)s AND p.way = %(way)s
    WHERE u.id = ANY(%(users)s) AND u.is_active AND COALESCE(p.wanted, %(default)s)
    ON CONFLICT (user_id, happening_id) DO NOTHING
    RETURNING user_id
"""


def notify_user(
    *, user_id: int, kind: Kind, text: str, path: str, detail: str = "", once_key: str = ""
) -> Happening | None:
    """Tell one person something, in every way they want to hear of this kind; pages and push follow the commit.

    `text` is a sentence without markup, `path` the page of this site that it leads to, `detail` a second line.
    With a `once_key` (such as `recording:17`) it is told once, however often this is called: None then.
    """
    with transaction.atomic():
        happening = create_happening(kind=kind, text=text, path=path, detail=detail, once_key=once_key)
        if happening is not None:
            tell_users(happening=happening, user_ids=[user_id])
    return happening


def notify_of_person(*, user_id: int, kind: Kind, name: str, did: str, path: str, collapse_key: str) -> Happening:
    """The same for what somebody did, such as `Bob` `followed you`.

    While it is unread, the next one with this `collapse_key` takes its place and counts it: “Bob and 12 others …”.
    """
    with transaction.atomic():
        _wait_for_turn(collapse_key, user_id)
        unread = Notification.objects.of(user_id).unread().filter(happening__collapse_key=collapse_key).first()
        before = unread.happening if unread else None
        if before is not None and name in before.names:
            return before
        names = [name, *(before.names if before else [])][:NAMES_KEPT]
        count = (before.count if before else 0) + 1
        if before is not None:
            before.delete()
        happening = Happening.objects.create(
            kind=kind,
            text=f"{who(names, count)} {did}"[:TEXT_MAX],
            path=path[:PATH_MAX],
            collapse_key=collapse_key[:ONCE_KEY_MAX],
            names=names,
            count=count,
        )
        tell_users(happening=happening, user_ids=[user_id])
    return happening


def create_happening(*, kind: Kind, text: str, path: str, detail: str = "", once_key: str = "") -> Happening | None:
    """Write down what happened, before anybody is told. None when it has been, under this key."""
    if not path.startswith("/") or path.startswith("//") or len(path) > PATH_MAX:
        raise ValueError(f"Not a path of this site: {path!r}")
    try:
        with transaction.atomic():
            return Happening.objects.create(
                kind=kind,
                text=text[:TEXT_MAX],
                detail=detail[:DETAIL_MAX],
                path=path,
                once_key=once_key or None,
            )
    except IntegrityError:
        return None


def tell_users(*, happening: Happening, user_ids: Sequence[int]) -> int:
    """Tell a batch of people (at most TELL_BATCH) of it, and say how many have it in their list now and had not before.

    Safe to repeat: nobody has it twice. Open pages are told after the commit.
    """
    with transaction.atomic():
        told = _tell_in_app(happening, user_ids)
        mails.gather(happening=happening, user_ids=user_ids)
        transaction.on_commit(lambda: _spread(happening, user_ids, told))
    return len(told)


def mark_read(*, user_id: int, happening_id: int) -> bool:
    """The person has seen this one. False when it was read before, or was never theirs."""
    unread = Notification.objects.unread().filter(user_id=user_id, happening_id=happening_id)
    changed = unread.update(read_at=timezone.now())
    if changed:
        _tell_other_pages(user_id)
    return bool(changed)


def mark_all_read(*, user_id: int) -> datetime | None:
    """The person has seen them all. The moment, by which `undo_read` finds them again; None when there were none."""
    now = timezone.now()
    if not Notification.objects.unread().filter(user_id=user_id).update(read_at=now):
        return None
    _tell_other_pages(user_id)
    return now


def undo_read(*, user_id: int, read_at: datetime) -> int:
    """What was marked at that moment is unread again; says how many."""
    changed = Notification.objects.filter(user_id=user_id, read_at=read_at).update(read_at=None)
    if changed:
        _tell_other_pages(user_id)
    return changed


def set_preference(*, user_id: int, kind: Kind, way: Way, wanted: bool) -> None:
    """What this person wants to hear, and how. What everyone gets is not written down. Raises InvalidInput."""
    if not wanted and not can_be_turned_off(kind, way):
        raise InvalidInput("This cannot be turned off: it is about the safety of your account.", code="always_on")
    own = NotificationPreference.objects.filter(user_id=user_id, kind=kind, way=way)
    if wanted == is_wanted_by_default(kind, way):
        own.delete()
    else:
        NotificationPreference.objects.update_or_create(
            user_id=user_id, kind=kind, way=way, defaults={"wanted": wanted}
        )


def preferences_of(user_id: int) -> dict[tuple[Kind, Way], bool]:
    """What holds for this person, for every kind and way, in one query."""
    said = {(one.kind, one.way): one.wanted for one in NotificationPreference.objects.filter(user_id=user_id)}
    return {
        (kind, way): said.get((kind.value, way.value), is_wanted_by_default(kind, way)) for kind in Kind for way in Way
    }


def _tell_in_app(happening: Happening, user_ids: Sequence[int]) -> list[int]:
    kind = Kind(happening.kind)
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL_IN_APP,
            {
                "happening": happening.pk,
                "kind": kind,
                "way": Way.IN_APP,
                "default": is_wanted_by_default(kind, Way.IN_APP),
                "users": list(user_ids),
            },
        )
        return [row[0] for row in cursor.fetchall()]


def _spread(happening: Happening, user_ids: Sequence[int], told: Sequence[int]) -> None:
    """To open pages, and to browsers that may be elsewhere."""
    events.publish_happening(happening=happening, user_ids=told)
    try:
        push.queue_pushes(happening=happening, user_ids=user_ids)
    except (OperationalError, OSError) as error:  # no queue: what is in the list stays told
        logger.warning("Pushes not queued: %s", type(error).__name__)


def _wait_for_turn(collapse_key: str, user_id: int) -> None:
    """Two at once: one after the other, until the end of the transaction, or each would replace the same one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [collapse_key, user_id])


def _tell_other_pages(user_id: int) -> None:
    unread = Notification.objects.unread().filter(user_id=user_id).count_up_to()
    transaction.on_commit(lambda: events.publish_unread(user_id=user_id, unread=unread))
