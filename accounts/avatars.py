"""Pictures people have beside their names: checked, made anew in two sizes, named after what is in them."""

from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from accounts.limits import AVATAR_BYTES, AVATAR_SIDE_MAX, AVATAR_SIDE_MIN, AVATAR_SIDES
from accounts.models import User
from accounts.signals import avatar_changed
from common.errors import TooMany
from common.pictures import PictureLimits, check_picture, decode_filled_square, encode_still
from common.rate_limit import RateLimit

LIMITS = PictureLimits(
    bytes=AVATAR_BYTES,
    side_min=AVATAR_SIDE_MIN,
    side_max=AVATAR_SIDE_MAX,
    pixels=AVATAR_SIDE_MAX * AVATAR_SIDE_MAX,
)
UPLOADS = RateLimit("avatar", limit=20, seconds=3600)


def avatar_path(name: str, side: int) -> str:
    """Where one size is, in storage and in addresses. `side` is one of AVATAR_SIDES, in pixels."""
    return f"avatars/{name}/{side}.webp"


def avatar_url(user: User, side: int = max(AVATAR_SIDES)) -> str:
    """The picture's address on this site; nothing for who has none."""
    return f"/{avatar_path(user.avatar, side)}" if user.avatar else ""


def set_avatar(*, user: User, data: bytes) -> None:
    """Take a file from its owner. Raises InvalidInput, saying what to change, and TooMany."""
    if not UPLOADS.allows(str(user.pk)):
        raise TooMany("You uploaded many pictures in the last hour. Wait a while, then try again.")
    frame = decode_filled_square(data, check_picture(data, LIMITS), max(AVATAR_SIDES))
    files = {side: encode_still(frame, side, "WEBP") for side in AVATAR_SIDES}
    # With the owner's id, so that taking one's picture away takes nobody else's.
    name = sha256(b"%d:" % user.pk + files[max(AVATAR_SIDES)]).hexdigest()[:24]
    for side, content in files.items():
        default_storage.save(avatar_path(name, side), ContentFile(content))
    _replace(user, name)


def remove_avatar(*, user: User) -> None:
    """Back to the letter."""
    _replace(user, "")


def read_avatar(name: str, side: int) -> bytes | None:
    """One file; None where there is none."""
    try:
        with default_storage.open(avatar_path(name, side)) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def _replace(user: User, name: str) -> None:
    former = user.avatar
    User.objects.filter(pk=user.pk).update(avatar=name)
    user.avatar = name
    transaction.on_commit(lambda: _forget(user.pk, former if former != name else ""))


def _forget(user_id: int, former: str) -> None:
    if former:
        for side in AVATAR_SIDES:
            default_storage.delete(avatar_path(former, side))
    avatar_changed.send(sender=User, user_id=user_id)
