"""Picture files for tests: good ones that Pillow makes, and bad ones made by hand."""

import zlib
from io import BytesIO

from PIL import Image

RED, GREEN = (220, 30, 30, 255), (30, 200, 60, 255)


def still(kind: str = "PNG", size: tuple[int, int] = (64, 64)) -> bytes:
    """A green disc of pixels on nothing."""
    image = Image.new("RGBA", size)
    image.paste(GREEN, (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
    file = BytesIO()
    (image.convert("RGB") if kind == "JPEG" else image).save(file, kind)
    return file.getvalue()


def moving(kind: str = "GIF", frames: int = 3, size: tuple[int, int] = (64, 64), duration: int = 50) -> bytes:
    """Something that blinks; no two frames are alike, or encoders would make one of them."""
    images = [Image.new("RGBA", size, (number * 3 % 256, number % 7 * 30, 90, 255)) for number in range(frames)]
    file = BytesIO()
    images[0].save(file, kind, save_all=True, append_images=images[1:], duration=duration, loop=0)
    return file.getvalue()


def png_bomb(side: int) -> bytes:
    """A PNG of `side` × `side` black pixels in a few hundred bytes for each megapixel."""
    packer = zlib.compressobj(9)
    line = bytes(1 + side // 8)
    pixels = b"".join([*(packer.compress(line * 64) for _ in range(side // 64)), packer.flush()])
    header = side.to_bytes(4, "big") * 2 + bytes((1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def gif_of(frames: int, size: tuple[int, int], *, canvas: tuple[int, int] | None = None, delay: int = 5) -> bytes:
    """A GIF whose frames promise `size` and hold next to nothing."""
    width, height = canvas or size
    head = b"GIF89a" + width.to_bytes(2, "little") + height.to_bytes(2, "little") + b"\x80\0\0" + bytes(6)
    control = b"\x21\xf9\x04\0" + delay.to_bytes(2, "little") + b"\0\0"
    place = bytes(4) + size[0].to_bytes(2, "little") + size[1].to_bytes(2, "little")
    frame = control + b"\x2c" + place + b"\0\x02\x02\x4c\x01\0"
    return head + frame * frames + b"\x3b"


def webp_of(side: int, frames: int = 0) -> bytes:
    """A WebP whose header promises `side` × `side`; a handful of bytes, for which a decoder would clear gigabytes."""
    size = (side - 1).to_bytes(3, "little")
    body = b"VP8X" + (10).to_bytes(4, "little") + b"\x02\0\0\0" + size + size
    frame = b"\0" * 6 + size + size + (50).to_bytes(3, "little") + b"\0"
    body += (b"ANMF" + len(frame).to_bytes(4, "little") + frame) * frames
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body


def apng_claiming(frames: int) -> bytes:
    """A still PNG that says it has so many frames."""
    good = still()
    count = _chunk(b"acTL", frames.to_bytes(4, "big") + bytes(4))
    return good[:33] + count + good[33:]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
SCRIPT = b"/*<html><script>alert(1)</script>*/"


def polyglot_gif() -> bytes:
    """A GIF that is also a script: its comment hides the picture, its end is code."""
    good = moving("GIF")
    comment = b"\x21\xfe" + bytes((len(SCRIPT),)) + SCRIPT + b"\0"
    return good[:-1] + comment + b"\x3b" + SCRIPT


def polyglot_png() -> bytes:
    """A PNG with a page in its text and behind its end."""
    good = still()
    return good[:33] + _chunk(b"tEXt", b"Comment\0" + SCRIPT) + good[33:] + SCRIPT


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
