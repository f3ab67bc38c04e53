"""Reads bit fields and Exp-Golomb codes from codec headers."""

from transcode.errors import BitstreamError

ByteLike = bytes | bytearray | memoryview

_MAX_LEADING_ZEROS = 32  # H.264 9.1: ue(v) reaches 2**32 - 2


class BitReader:
    """A cursor over bits, most significant first. Reading past the end raises BitstreamError."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self.bits_left = len(data) * 8

    def unsigned(self, width: int) -> int:
        """u(n): the next `width` bits."""
        if width > self.bits_left:
            raise BitstreamError("A codec header ends too early.")
        self.bits_left -= width
        return self._bits >> self.bits_left & ((1 << width) - 1)

    def flag(self) -> bool:
        """u(1)."""
        return self.unsigned(1) == 1

    def golomb(self) -> int:
        """ue(v), H.264 9.1."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _MAX_LEADING_ZEROS:
                raise BitstreamError("An Exp-Golomb code is too long.")
        return (1 << zeros) - 1 + self.unsigned(zeros)

    def signed_golomb(self) -> int:
        """se(v), H.264 9.1.1."""
        code = self.golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)
