"""Everything that tells people something, and everything they do with what they were told."""

import logging
from collections.abc import Sequence

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.notifications import events, push
from accounts.notifications.kinds import Kind, Way, is_wanted_by_default, who
from accounts.notifications.limits import DETAIL_MAX, NAMES_KEPT, ONCE_KEY_MAX, PATH_MAX, TEXT_MAX
from accounts.notifications.models import Happening, Notification

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
        transaction.on_commit(lambda: _spread(happening, user_ids, told))
    return len(told)


def mark_read(*, user_id: int, happening_id: int) -> bool:
    """The person has seen this one. False when it was read before, or was never theirs."""
    unread = Notification.objects.unread().filter(user_id=user_id, happening_id=happening_id)
    changed = unread.update(read_at=timezone.now())
    if changed:
        _tell_other_pages(user_id)
    return bool(changed)


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
