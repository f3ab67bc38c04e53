"""Pictures of emotes and badges in storage: made once, named after what is in them, never changed."""

from dataclasses import dataclass
from hashlib import sha256

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from chat.limits import (
    BADGE_SIDES,
    EMOTE_FRAMES_MAX,
    EMOTE_PIXELS_MAX,
    EMOTE_SECONDS_MAX,
    EMOTE_SIDE_MAX,
    EMOTE_SIDES,
    UPLOAD_BYTES,
)
from common.pictures import Frame, PictureLimits, check_picture, decode_squares, encode_moving, encode_still

EMOTE_LIMITS = PictureLimits(
    bytes=UPLOAD_BYTES,
    side_min=EMOTE_SIDES[0],
    side_max=EMOTE_SIDE_MAX,
    pixels=EMOTE_PIXELS_MAX,
    frames=EMOTE_FRAMES_MAX,
    duration_ms=EMOTE_SECONDS_MAX * 1000,
)
BADGE_LIMITS = PictureLimits(
    bytes=UPLOAD_BYTES, side_min=BADGE_SIDES[0], side_max=EMOTE_SIDE_MAX, pixels=EMOTE_PIXELS_MAX
)
SCALES = (1, 2, 3)
# WebP for pages; PNG for who wants nothing to move, and with GIF for Twitch's clients, some of which know no WebP.
CONTENT_TYPES = {"webp": "image/webp", "png": "image/png", "gif": "image/gif"}


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """`name` is its directory in storage."""

    name: str
    animated: bool


def picture_path(name: str, scale: int, extension: str) -> str:
    """Where one size of a picture is, in storage and in addresses."""
    return f"pictures/{name}/{scale}x.{extension}"


def picture_url(name: str, scale: int = 2, extension: str = "webp") -> str:
    return f"/{picture_path(name, scale, extension)}"


def store_emote_picture(data: bytes) -> StoredPicture:
    """Check and make all sizes of an emote. Raises InvalidInput."""
    return _store(data, EMOTE_LIMITS, EMOTE_SIDES)


def store_badge_picture(data: bytes) -> StoredPicture:
    """The same for a badge, which does not move."""
    return _store(data, BADGE_LIMITS, BADGE_SIDES)


def read_picture(name: str, scale: int, extension: str) -> bytes | None:
    """One file; None where there is none."""
    try:
        with default_storage.open(picture_path(name, scale, extension)) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def erase_picture(name: str) -> None:
    """Nobody sees it again, not even beside what was said."""
    for scale in SCALES:
        for extension in CONTENT_TYPES:
            default_storage.delete(picture_path(name, scale, extension))


def _store(data: bytes, limits: PictureLimits, sides: tuple[int, ...]) -> StoredPicture:
    frames = decode_squares(data, check_picture(data, limits), max(sides))
    files = _encode(frames, sides)
    digest = sha256(b"".join(files[key] for key in sorted(files))).hexdigest()[:24]
    for (scale, extension), content in files.items():
        path = picture_path(digest, scale, extension)
        if not default_storage.exists(path):  # storage would give a second one another name
            default_storage.save(path, ContentFile(content))
    return StoredPicture(digest, animated=len(frames) > 1)


def _encode(frames: list[Frame], sides: tuple[int, ...]) -> dict[tuple[int, str], bytes]:
    """Scale and extension to file."""
    files: dict[tuple[int, str], bytes] = {}
    for scale, side in zip(SCALES, sides, strict=True):
        files[scale, "png"] = encode_still(frames[0], side, "PNG")
        if len(frames) > 1:
            files[scale, "webp"] = encode_moving(frames, side, "WEBP")
            files[scale, "gif"] = encode_moving(frames, side, "GIF")
        else:
            files[scale, "webp"] = encode_still(frames[0], side, "WEBP")
    return files
