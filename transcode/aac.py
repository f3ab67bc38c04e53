"""What the packager must know of AAC: the AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1)."""

from dataclasses import dataclass

from transcode.bits import BitReader, ByteLike
from transcode.errors import BitstreamError

MAX_CONFIG_BYTES = 1024  # real ones have 2 to 7

_SBR, _PS = 5, 29
_CORE_OBJECT_TYPES = frozenset((1, 2, 3, 4))  # AAC Main, LC, SSR, LTP: the ones with a plain GASpecificConfig
_EXPLICIT_FREQUENCY = 15
_SBR_SYNC, _PS_SYNC = 0x2B7, 0x548  # 1.6.5: backward compatible signalling behind the core's configuration
_FREQUENCIES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}  # table 1.19, channelConfiguration


@dataclass(frozen=True, slots=True)
class AacConfig:
    """A decoder configuration.

    `sample_rate` (Hz) and `samples_per_frame` are the core's: with HE-AAC too a packet lasts
    samples_per_frame / sample_rate seconds. `channels` is what the listener gets. `codec_string` names SBR (.5) and PS
    (.29) when they are signalled.
    """

    codec_string: str
    sample_rate: int
    channels: int
    samples_per_frame: int
    asc: bytes


def parse_audio_specific_config(asc: ByteLike) -> AacConfig:
    """Read an AudioSpecificConfig. Raises BitstreamError when malformed or not an AAC whose packets we can time."""
    record = bytes(asc)
    if len(record) > MAX_CONFIG_BYTES:
        raise BitstreamError("The AAC configuration is too long.")
    reader = BitReader(record)
    object_type = _object_type(reader)
    sample_rate = _frequency(reader)
    channel_configuration = reader.unsigned(4)
    signalled = core = object_type
    if object_type in (_SBR, _PS):  # explicit hierarchical signalling: the core's type follows
        _frequency(reader)  # of the extension
        core = _object_type(reader)
    if core not in _CORE_OBJECT_TYPES:
        raise BitstreamError(f"AAC object type {core} is not supported.")
    if channel_configuration not in _CHANNELS:
        raise BitstreamError(f"AAC channel configuration {channel_configuration} is not supported.")
    samples_per_frame = 960 if reader.flag() else 1024  # frameLengthFlag, GASpecificConfig 4.4.1
    if reader.flag():  # dependsOnCoreCoder
        reader.unsigned(14)
    reader.flag()  # extensionFlag: no fields follow for these object types
    if signalled == core:
        signalled = _backward_compatible_type(reader, core)
    channels = _CHANNELS[channel_configuration]
    return AacConfig(
        codec_string=f"mp4a.40.{signalled}",
        sample_rate=sample_rate,
        channels=2 if signalled == _PS and channels == 1 else channels,
        samples_per_frame=samples_per_frame,
        asc=record,
    )


def _object_type(reader: BitReader) -> int:
    value = reader.unsigned(5)
    return 32 + reader.unsigned(6) if value == 31 else value


def _frequency(reader: BitReader) -> int:
    index = reader.unsigned(4)
    if index == _EXPLICIT_FREQUENCY:
        frequency = reader.unsigned(24)
    else:
        frequency = _FREQUENCIES[index] if index < len(_FREQUENCIES) else 0
    if not _FREQUENCIES[-1] <= frequency <= _FREQUENCIES[0]:
        raise BitstreamError("The AAC configuration has an impossible sample rate.")
    return frequency


def _backward_compatible_type(reader: BitReader, core: int) -> int:
    """SBR or PS when a sync extension behind the core's configuration announces them, else `core`."""
    if reader.bits_left < 16 or reader.unsigned(11) != _SBR_SYNC or _object_type(reader) != _SBR or not reader.flag():
        return core
    _frequency(reader)
    if reader.bits_left >= 12 and reader.unsigned(11) == _PS_SYNC and reader.flag():
        return _PS
    return _SBR
