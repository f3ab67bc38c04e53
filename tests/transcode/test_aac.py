"""The AudioSpecificConfig."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.aac import parse_audio_specific_config
from transcode.errors import BitstreamError


@pytest.mark.parametrize(
    ("asc", "codec", "rate", "channels", "samples"),
    [
        ("1190", "mp4a.40.2", 48000, 2, 1024),
        ("1210", "mp4a.40.2", 44100, 2, 1024),
        ("118856e500", "mp4a.40.2", 48000, 1, 1024),  # FFmpeg's own encoder: it says that there is no SBR
        ("1194", "mp4a.40.2", 48000, 2, 960),
        ("11b0", "mp4a.40.2", 48000, 6, 1024),
        ("1780 5dc0 10", "mp4a.40.2", 48000, 2, 1024),  # explicit frequency
        ("2b11 8800", "mp4a.40.5", 24000, 2, 1024),  # hierarchical SBR
        ("eb09 8800", "mp4a.40.29", 24000, 2, 1024),  # hierarchical PS: one coded channel, two heard
        ("1310 56e598", "mp4a.40.5", 24000, 2, 1024),  # backward compatible SBR
        ("1308 56e59d4880", "mp4a.40.29", 24000, 2, 1024),  # backward compatible PS
    ],
)
def test_configuration_is_read(asc: str, codec: str, rate: int, channels: int, samples: int) -> None:
    config = parse_audio_specific_config(bytes.fromhex(asc))

    assert (config.codec_string, config.sample_rate) == (codec, rate)
    assert (config.channels, config.samples_per_frame) == (channels, samples)
    assert config.asc == bytes.fromhex(asc)


@pytest.mark.parametrize(
    "asc",
    ["", "11", "1180", "1690", "1780 0001 10", "f948 4000", "11" + "00" * 2000],
    ids=["empty", "cut", "no channels", "reserved frequency", "1 Hz", "xHE-AAC", "too long"],
)
def test_configuration_we_cannot_package_is_refused(asc: str) -> None:
    with pytest.raises(BitstreamError):
        parse_audio_specific_config(bytes.fromhex(asc))


@given(st.binary(max_size=12))
def test_garbage_raises_only_bitstream_error(garbage: bytes) -> None:
    try:
        config = parse_audio_specific_config(garbage)
    except BitstreamError:
        return
    assert config.sample_rate >= 7350
    assert config.samples_per_frame in (960, 1024)
