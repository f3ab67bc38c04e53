"""Silent AAC where a source has no sound, so that the sound's rendition never has a hole (pure).

Players stall at the end of the shorter of picture and sound; a hole in one of them stops both. Every broadcast
therefore has a sound rendition from its first segment to its last, and sound may come, stop and come back.
"""

from collections.abc import Iterator

from transcode.aac import AacConfig, parse_audio_specific_config
from transcode.hls.cutter import Frame
from transcode.limits import SOUND_PATIENCE_MS

# What is packaged for a source without sound: AAC-LC, 48 kHz, stereo (ISO/IEC 14496-3 1.6.2.1).
STEREO = parse_audio_specific_config(bytes.fromhex("1190"))

# An AAC-LC raw_data_block (14496-3 4.4.2.1) without any spectral coefficient, by number of channels.
_SILENT_BLOCKS = {
    1: bytes.fromhex("00c800802380"),
    2: bytes.fromhex("210049900219002380"),
    3: bytes.fromhex("00c8008020840126400864008e"),
    4: bytes.fromhex("00c800802084012640086400802c80080238"),
    5: bytes.fromhex("00c800802084012640086400823004990021900238"),
    6: bytes.fromhex("00c800802084012640086400823004990021900200b2002008e0"),
}


class SoundFiller:
    """Passes a run's sound on and fills what is missing up to the picture. Ticks are samples of `config`."""

    def __init__(self, config: AacConfig, *, expected: bool) -> None:
        """`expected`: the source announced sound, so a picture that is a little ahead of it means nothing."""
        self._config, self._block = config, _SILENT_BLOCKS.get(config.channels)
        self._waits = expected
        self._next: int | None = None  # the tick that follows the last packet

    def take_sound(self, frame: Frame) -> Iterator[Frame]:
        """A packet of the source, with silence before it where some are missing; late ones are dropped."""
        if self._next is not None and frame.dts < self._next - self._config.samples_per_frame // 2:
            return  # silence stands there already
        yield from self._silence(frame.dts - self._config.samples_per_frame // 2)
        self._waits = True
        frame = self._on_grid(frame)
        self._next = frame.dts + self._config.samples_per_frame
        yield frame

    def finish(self, time_ms: float) -> Iterator[Frame]:
        """The source is gone and its picture ends here: so does the sound, to half a packet."""
        until = round(time_ms * self._config.sample_rate / 1000) - self._config.samples_per_frame // 2
        yield from self._silence(until)

    def _on_grid(self, frame: Frame) -> Frame:
        """The packet where the one before it ends, less than half a packet from where it belongs: decode times have no
        hole (ISO 14496-12 8.8.12)."""
        if self._next is None or abs(frame.dts - self._next) > self._config.samples_per_frame // 2:
            return frame
        return frame._replace(dts=self._next)

    def take_picture(self, time_ms: float) -> Iterator[Frame]:
        """The picture has come this far: silence up to here when no sound comes."""
        tick = round(time_ms * self._config.sample_rate / 1000)
        if self._next is None:
            self._next = tick
        patience = SOUND_PATIENCE_MS * self._config.sample_rate // 1000 if self._waits else 0
        if tick - self._next > patience:
            self._waits = False
            yield from self._silence(tick)

    def _silence(self, until: int) -> Iterator[Frame]:
        while self._block is not None and self._next is not None and self._next < until:
            yield Frame(self._next, self._block)
            self._next += self._config.samples_per_frame
