"""What is noted of a broadcast while it runs, for the chapters of its recording."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.errors import Conflict, InvalidInput, TooMany
from common.lines import check_line
from streaming.limits import MARKER_MAX, NOTES_MAX
from streaming.models import Broadcast, BroadcastNote, NoteKind


def add_marker(*, broadcast: Broadcast, text: str) -> BroadcastNote:
    """Mark this moment of a running broadcast."""
    label = check_line(text, most=MARKER_MAX, name="marker")
    if not label:
        raise InvalidInput("Say in a few words what happens here.")
    with transaction.atomic():
        on_air = Broadcast.objects.on_air().select_for_update().filter(pk=broadcast.pk)
        if not on_air.exists():
            raise Conflict("Only a broadcast that is on air can be marked.", code="not_on_air")
        if broadcast.notes.count() >= NOTES_MAX:
            raise TooMany(f"A broadcast has at most {NOTES_MAX} markers and changes of title or category.")
        return BroadcastNote.objects.create(broadcast=broadcast, at=timezone.now(), kind=NoteKind.MARKER, text=label)


def note_changes(*, broadcast: Broadcast, changes: Mapping[str, Any]) -> None:
    """Note a new title or category; called before the broadcast has it, inside the transaction that changes it."""
    now = timezone.now()
    noted = list(broadcast.notes.values_list("kind", flat=True)[:NOTES_MAX])
    notes = []
    for kind in (NoteKind.TITLE, NoteKind.CATEGORY):
        before, after = getattr(broadcast, kind), changes.get(kind, getattr(broadcast, kind))
        if before == after:
            continue
        if kind not in noted:
            notes.append(BroadcastNote(at=broadcast.created_at, kind=kind, text=str(before or "")))
        notes.append(BroadcastNote(at=now, kind=kind, text=str(after or "")))
    for note in notes:
        note.broadcast = broadcast
    if len(noted) < NOTES_MAX:
        BroadcastNote.objects.bulk_create(notes)
