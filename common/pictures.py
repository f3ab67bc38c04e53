"""Takes pictures from strangers: refused before anything is decoded, made anew in the sizes that pages need.

Nothing of the file itself is kept but what it looks like: no metadata, no second file hidden behind the picture.
"""

import struct
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from common.errors import InvalidInput
from common.picture_headers import FRAME_MS, BadPictureError, PictureFacts, read_facts

MEGAPIXEL = 1_000_000
SHORTEST_FRAME_MS = 20  # browsers slow down what is faster
WEBP_QUALITY, JPEG_QUALITY = 90, 85
# Nothing here gets so far; for a decoder that finds more in a file than its header says.
Image.MAX_IMAGE_PIXELS = 16 * MEGAPIXEL
warnings.simplefilter("error", Image.DecompressionBombWarning)
# What Pillow raises for damaged files, depending on where it notices.
DECODING_FAILED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    TypeError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is taken. `side_min` and `side_max` in pixels, `pixels` of all frames together."""

    bytes: int
    side_min: int
    side_max: int
    pixels: int
    frames: int = 1
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and for how long it is shown."""

    image: Image.Image
    duration_ms: int = FRAME_MS


def check_picture(data: bytes, limits: PictureLimits) -> PictureFacts:
    """What the file holds, by its own words. Raises InvalidInput, saying what to change."""
    if len(data) > limits.bytes:
        raise InvalidInput(f"The file is too large. Use at most {limits.bytes // 1000} kB.", code="too_large")
    try:
        facts = read_facts(data)
    except BadPictureError as error:
        raise InvalidInput(f"{error} Use a PNG, GIF, WebP or JPEG picture.", code="bad_picture") from None
    if min(facts.width, facts.height) < limits.side_min:
        raise InvalidInput(f"The picture is too small. Each side needs {limits.side_min} pixels.", code="too_small")
    if max(facts.width, facts.height) > limits.side_max:
        text = f"The picture is {facts.width}×{facts.height} pixels. Make it at most {limits.side_max} on each side."
        raise InvalidInput(text, code="too_many_pixels")
    _check_animation(facts, limits)
    return facts


def _check_animation(facts: PictureFacts, limits: PictureLimits) -> None:
    if facts.frames > limits.frames:
        least = "It cannot move: use a still picture." if limits.frames == 1 else f"Use at most {limits.frames}."
        raise InvalidInput(f"The picture has {facts.frames} frames. {least}", code="too_many_frames")
    if facts.frames > 1 and facts.duration_ms > limits.duration_ms:
        text = f"The animation is too long. Make it at most {limits.duration_ms // 1000} seconds."
        raise InvalidInput(text, code="too_long")
    if facts.pixels > limits.pixels:
        text = f"The picture is too large for {facts.frames} frames. Make it smaller, or use fewer."
        raise InvalidInput(text, code="too_many_pixels")


def decode_squares(data: bytes, facts: PictureFacts, side: int, *, fill: bool = False) -> list[Frame]:
    """Every frame in the middle of a square with this side, as far as `facts` (of check_picture) go.

    `fill`: what sticks out of the square is cut off; else the rest of the square is empty.
    """
    frames: list[Frame] = []
    try:
        with Image.open(BytesIO(data), formats=[facts.kind]) as image:
            if image.size != (facts.width, facts.height):
                raise InvalidInput("The file contradicts itself. Save it again.", code="bad_picture")
            for number in range(facts.frames):
                image.seek(number)
                duration = int(image.info.get("duration") or FRAME_MS)
                frames.append(
                    Frame(_filled(image, side) if fill else _square(image, side), max(duration, SHORTEST_FRAME_MS))
                )
    except DECODING_FAILED:
        text = "The file is damaged. Save it again as a PNG, GIF, WebP or JPEG picture."
        raise InvalidInput(text, code="bad_picture") from None
    return frames


def decode_filled_square(data: bytes, facts: PictureFacts, side: int) -> Frame:
    """The first frame, its middle filling a square with this side."""
    return decode_squares(data, facts, side, fill=True)[0]


def encode_wide(data: bytes, facts: PictureFacts, width: int) -> bytes:
    """The first frame as a JPEG of 16:9 and this width: its middle, as large as fits around it."""
    file = BytesIO()
    _filling(data, facts, (width, width * 9 // 16)).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def encode_cover(data: bytes, facts: PictureFacts, size: tuple[int, int]) -> bytes:
    """The same as a WEBP file of any size."""
    return _save(_filling(data, facts, size), "WEBP")


def _filling(data: bytes, facts: PictureFacts, size: tuple[int, int]) -> Image.Image:
    """The first frame filling this size; what sticks out is cut off."""
    try:
        with Image.open(BytesIO(data), formats=[facts.kind]) as image:
            if image.size != (facts.width, facts.height):
                raise InvalidInput("The file contradicts itself. Save it again.", code="bad_picture")
            return ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), size, Image.Resampling.LANCZOS)
    except DECODING_FAILED:
        text = "The file is damaged. Save it again as a PNG, GIF, WebP or JPEG picture."
        raise InvalidInput(text, code="bad_picture") from None


def encode_still(frame: Frame, side: int, kind: str) -> bytes:
    """One frame as a PNG or WEBP file."""
    return _save(_scaled(frame.image, side), kind)


def encode_moving(frames: list[Frame], side: int, kind: str) -> bytes:
    """All frames as a GIF or WEBP file that plays for ever."""
    first, *rest = [_scaled(frame.image, side) for frame in frames]
    durations = [frame.duration_ms for frame in frames]
    more = {"disposal": 2} if kind == "GIF" else {}
    return _save(first, kind, save_all=True, append_images=rest, duration=durations, loop=0, **more)


def _square(image: Image.Image, side: int) -> Image.Image:
    """A new picture with nothing but the pixels; turned as the camera said."""
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    fitted = ImageOps.contain(upright, (side, side), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (side, side))
    square.paste(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2))
    return square


def _filled(image: Image.Image, side: int) -> Image.Image:
    """The same, as large as fits around the square."""
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    square = Image.new("RGBA", (side, side))
    square.paste(ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS))
    return square


def _scaled(image: Image.Image, side: int) -> Image.Image:
    return image if image.width == side else image.resize((side, side), Image.Resampling.LANCZOS)


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    quality = {"quality": WEBP_QUALITY, "method": 4} if kind == "WEBP" else {"optimize": True}
    image.save(file, kind, **quality, **options)
    return file.getvalue()
