"""A person's own data as one file: a table each, as JSON, in a ZIP archive."""

import json
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any

from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.avatars import read_avatar
from accounts.limits import AVATAR_SIDES, EXPORT_EVERY_HOURS, EXPORT_ROWS_AT_ONCE, EXPORT_ROWS_MAX
from accounts.models import DataExport, User
from accounts.own_data import OwnRows, tables
from common.addresses import absolute
from common.errors import Conflict, NotThere, TooMany

README = """Your data on {site}, of {when} UTC.

Each file holds the rows of one table that are about you, as JSON. account.json is your account itself.
Videos are not in here: download them under Videos in your dashboard.
"""


def ask_for_export(*, user: User) -> DataExport:
    """Note that it is to be made; the caller sends a worker. Raises Conflict while one is, TooMany soon after it."""
    since = timezone.now() - timedelta(hours=EXPORT_EVERY_HOURS)
    if user.data_exports.filter(state=DataExport.READY, created_at__gt=since).exists():
        raise TooMany("You have a file from today already. Download that one, or come back tomorrow.")
    try:
        with transaction.atomic():
            export = DataExport.objects.create(user=user)
    except IntegrityError:
        raise Conflict("Your file is being made already.") from None
    return export


def write_export(*, export_id: int) -> bool:
    """Make the file. False when it was made already, or its owner has left. Safe to repeat."""
    export = DataExport.objects.waiting().select_related("user").filter(pk=export_id).first()
    if export is None:
        return False
    name = f"exports/{secrets.token_hex(16)}.zip"  # no address leads there; the page gives it out
    with tempfile.TemporaryFile() as file:
        _write_archive(file, export.user)
        size = file.tell()
        file.seek(0)
        default_storage.save(name, File(file))
    done = DataExport.objects.waiting().filter(pk=export_id)
    if not done.update(state=DataExport.READY, name=name, size=size):
        default_storage.delete(name)  # another worker was first
        return False
    return True


def export_for_owner(*, export_id: int, user: User) -> DataExport:
    """A file that is there. Raises NotThere for anyone else's."""
    export = user.data_exports.filter(pk=export_id, state=DataExport.READY).first()
    if export is None:
        raise NotThere("There is no such file, or no longer.")
    return export


def give_up_export(*, export_id: int) -> None:
    """It could not be made; its owner may ask again."""
    DataExport.objects.waiting().filter(pk=export_id).update(state=DataExport.FAILED)


def remove_old_exports() -> int:
    """Delete files that are older than EXPORT_KEPT_DAYS; returns how many."""
    return remove_exports(list(DataExport.objects.outdated()[:EXPORT_ROWS_AT_ONCE]))


def remove_exports(exports: list[DataExport]) -> int:
    for export in exports:
        if export.name:
            default_storage.delete(export.name)
        export.delete()
    return len(exports)


def _write_archive(file: IO[bytes], user: User) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        when = f"{timezone.now():%Y-%m-%d %H:%M}"
        archive.writestr("README.txt", README.format(site=absolute("/"), when=when))
        archive.writestr("account.json", _json(_account(user)))
        picture = read_avatar(user.avatar, max(AVATAR_SIDES)) if user.avatar else None
        if picture:
            archive.writestr("picture.webp", picture)
        for table in tables():
            if table.fields:
                with archive.open(f"{table.model}.{table.path.replace('__', '.')}.json", "w") as entry:
                    _write_rows(entry, table, user)
    file.seek(0, 2)


def _write_rows(entry: IO[bytes], table: OwnRows, user: User) -> None:
    """A list, one row after the other: however many there are, few are in memory."""
    mark = b"["
    for row in _rows(table, user):
        entry.write(mark + b"\n" + _json(row).encode())
        mark = b","
    entry.write((b"" if mark == b"," else b"[") + b"\n]\n")


def _rows(table: OwnRows, user: User) -> Iterator[dict[str, Any]]:
    rows = apps.get_model(table.model)._default_manager.filter(**{table.path: user}).order_by("pk")
    yield from rows.values(*table.fields)[:EXPORT_ROWS_MAX].iterator(chunk_size=EXPORT_ROWS_AT_ONCE)


def _account(user: User) -> dict[str, Any]:
    fields = ("id", "login", "display_name", "email", "created_at", "last_login", "is_staff", "is_active")
    return {name: getattr(user, name) for name in fields}


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
