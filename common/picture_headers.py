"""What a picture file says of itself: kind, size, frames and length, read from its bytes without decoding any of it.

A few hundred bytes can promise a picture of gigabytes, and opening them is enough to make some decoders ask for the
memory. So whoever takes pictures from strangers looks here first. Every reader goes through the file once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

FRAME_MS = 100  # what browsers make of a frame without a length


class BadPictureError(ValueError):
    """Not a picture that could be shown; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """`kind` is Pillow's name of the format; `pixels` counts those of all frames."""

    kind: str
    width: int
    height: int
    frames: int = 1
    duration_ms: int = 0

    @property
    def pixels(self) -> int:
        return self.width * self.height * self.frames


def read_facts(data: bytes) -> PictureFacts:
    """The facts of a PNG, GIF, WebP or JPEG file. Raises BadPictureError."""
    try:
        facts = _read(data)
    except IndexError:
        raise BadPictureError("The file ends too early.") from None
    if facts.width < 1 or facts.height < 1:
        raise BadPictureError("The picture has no size.")
    return facts


def _read(data: bytes) -> PictureFacts:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _read_png(_Bytes(data, 8))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _read_gif(_Bytes(data, 6))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(_Bytes(data, 2))
    raise BadPictureError("That is no picture.")


class _Bytes:
    """A place in a file, which moves on with what is read. Raises IndexError beyond the end."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise IndexError
        self.at += count
        return piece

    def big(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def little(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise IndexError


def _check_inside(left: int, top: int, width: int, height: int, canvas: tuple[int, int]) -> None:
    """Decoders make room for a frame that is larger than the picture said to be."""
    if left + width > canvas[0] or top + height > canvas[1]:
        raise BadPictureError("A frame is larger than the picture.")


# --- PNG (W3C, third edition: §5 chunks, §11.3.7 animation)


def _read_png(file: _Bytes) -> PictureFacts:
    if file.take(8) != b"\0\0\0\rIHDR":
        raise BadPictureError("The PNG file does not begin as one.")
    width, height = file.big(4), file.big(4)
    file.skip(5 + 4)
    frames = duration = shown = 0
    kind = b""
    while kind != b"IEND":
        length, kind = file.big(4), file.take(4)
        end = file.at + length
        if kind == b"acTL":
            frames = file.big(4)
        elif kind == b"fcTL":
            shown += 1
            duration += _png_frame(file, (width, height))
        file.at = end
        file.skip(4)
    if not frames:  # without acTL the other chunks of animation mean nothing
        return PictureFacts("PNG", width, height)
    return PictureFacts("PNG", width, height, max(frames, shown), duration)


def _png_frame(file: _Bytes, canvas: tuple[int, int]) -> int:
    """Its length in ms."""
    file.skip(4)
    width, height, left, top = (file.big(4) for _ in range(4))
    _check_inside(left, top, width, height, canvas)
    delay, per_second = file.big(2), file.big(2) or 100
    return round(delay * 1000 / per_second) or FRAME_MS


# --- GIF (89a, §18 to §25)


def _read_gif(file: _Bytes) -> PictureFacts:
    width, height = file.little(2), file.little(2)
    flags = file.big(1)
    file.skip(2)
    _skip_colours(file, flags)
    frames = duration = 0
    delay = FRAME_MS
    while (block := file.big(1)) != 0x3B:
        if block == 0x21:
            delay = _gif_extension(file) or delay
        elif block == 0x2C:
            left, top, frame_width, frame_height = (file.little(2) for _ in range(4))
            _check_inside(left, top, frame_width, frame_height, (width, height))
            _skip_colours(file, file.big(1))
            file.skip(1)  # the smallest code's length
            _skip_blocks(file)
            frames, duration, delay = frames + 1, duration + delay, FRAME_MS
        else:
            raise BadPictureError("The GIF file is damaged.")
    if not frames:
        raise BadPictureError("There is no picture in the GIF file.")
    return PictureFacts("GIF", width, height, frames, duration if frames > 1 else 0)


def _gif_extension(file: _Bytes) -> int:
    """The length in ms that it gives the next frame; 0 where it says nothing of it."""
    delay = 0
    if file.big(1) == 0xF9 and file.data[file.at] >= 4:
        delay = 10 * int.from_bytes(file.data[file.at + 2 : file.at + 4], "little")
    _skip_blocks(file)
    return delay


def _skip_colours(file: _Bytes, flags: int) -> None:
    if flags & 0x80:
        file.skip(3 << ((flags & 7) + 1))


def _skip_blocks(file: _Bytes) -> None:
    while length := file.big(1):
        file.skip(length)


# --- WebP (RFC 9649, §2)


def _read_webp(data: bytes) -> PictureFacts:
    whole = int.from_bytes(data[4:8], "little") + 8
    if whole > len(data):
        raise IndexError
    width = height = frames = duration = 0
    canvas: tuple[int, int] | None = None
    for kind, chunk in _webp_chunks(data[:whole]):
        if kind == b"ANMF":
            frames, duration = frames + 1, duration + _webp_frame(chunk, canvas or (0, 0))
            continue
        size = _webp_size(kind, chunk)
        if size is None:
            continue
        if canvas is not None:
            _check_inside(0, 0, *size, canvas)
        width, height = max(width, size[0]), max(height, size[1])
        canvas = size if kind == b"VP8X" else canvas
    return PictureFacts("WEBP", width, height, frames or 1, duration)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, _Bytes]]:
    file = _Bytes(data, 12)
    while file.at < len(data):
        kind, length = file.take(4), file.little(4)
        start = file.at
        file.skip(length)
        yield kind, _Bytes(data, start)
        file.at += length & 1


def _webp_size(kind: bytes, chunk: _Bytes) -> tuple[int, int] | None:
    match kind:
        case b"VP8X":
            chunk.skip(4)
            return chunk.little(3) + 1, chunk.little(3) + 1
        case b"VP8L":
            chunk.skip(1)
            packed = chunk.little(4)
            return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            chunk.skip(6)
            return chunk.little(2) & 0x3FFF, chunk.little(2) & 0x3FFF
    return None


def _webp_frame(chunk: _Bytes, canvas: tuple[int, int]) -> int:
    """Its length in ms."""
    left, top = 2 * chunk.little(3), 2 * chunk.little(3)
    width, height = chunk.little(3) + 1, chunk.little(3) + 1
    _check_inside(left, top, width, height, canvas)
    return chunk.little(3) or FRAME_MS


# --- JPEG (ITU-T T.81, annex B)


def _read_jpeg(file: _Bytes) -> PictureFacts:
    while True:
        if file.big(1) != 0xFF:
            raise BadPictureError("The JPEG file is damaged.")
        while (marker := file.big(1)) == 0xFF:
            pass
        if marker in {0xD9, 0xDA}:
            raise BadPictureError("The JPEG file says nothing of its size.")
        length = file.big(2)
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            file.skip(1)
            height, width = file.big(2), file.big(2)
            return PictureFacts("JPEG", width, height)
        file.skip(max(length, 2) - 2)
