"""The multivariant playlist and every file name."""

from dataclasses import replace

from transcode.hls import names
from transcode.hls.multivariant import Rendition, render_multivariant

SOURCE = Rendition("source", "avc1.64001f", 3_900_000, 3_000_000, 1280, 720, 29.97)
SMALL = Rendition("360p", "avc1.4d401e", 1_000_000, 800_000, 640, 360, 29.97)
SOUND = Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2)


def lines_about(text: str, tag: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(tag)]


def addresses(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_variants_with_the_sound_in_a_group_and_the_sound_alone_last() -> None:
    """A-130, A-131, A-137, A-138, A-140: bit rates of a variant include the sound it plays with."""
    assert (
        render_multivariant([SMALL, SOUND, SOURCE])
        == """\
#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=4060000,AVERAGE-BANDWIDTH=3128000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,\
FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
source/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1160000,AVERAGE-BANDWIDTH=928000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=160000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="audio",CLOSED-CAPTIONS=NONE
audio/index.m3u8
"""
    )


def test_first_variant_is_the_one_nearest_two_megabits() -> None:
    """A-140 (Apple's rule 1.32); the others follow best first."""
    medium = Rendition("480p", "avc1.42c01f", 1_600_000, 1_500_000, 854, 480, 29.97)
    large = Rendition("1080p", "avc1.640028", 6_500_000, 6_000_000, 1920, 1080, 29.97)

    listed = addresses(render_multivariant([large, SOURCE, medium, SMALL, SOUND]))
    assert [address.split("/")[0] for address in listed] == ["480p", "1080p", "source", "360p", "audio"]


def test_key_frame_playlists_are_announced_where_there_are_any() -> None:
    """A-139: no sound in them, and none of a rendition that has none."""
    text = render_multivariant([SMALL, SOUND, replace(SOURCE, iframe_bandwidth=700_000)])

    assert lines_about(text, "#EXT-X-I-FRAME-STREAM-INF") == [
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=700000,CODECS="avc1.64001f",RESOLUTION=1280x720,URI="source/iframes.m3u8"'
    ]


def test_silent_broadcast_has_no_sound_group() -> None:
    assert (
        render_multivariant([SOURCE])
        == """\
#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=3900000,AVERAGE-BANDWIDTH=3000000,CODECS="avc1.64001f",RESOLUTION=1280x720,\
FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE
source/index.m3u8
"""
    )


def test_rendition_survives_being_stored() -> None:
    assert [Rendition.from_json(entry.to_json()) for entry in (SOURCE, SOUND)] == [SOURCE, SOUND]


def test_names_carry_the_run_so_that_none_is_used_twice() -> None:
    assert names.init_name(3) == "3.init.mp4"
    assert names.segment_name(3, 41) == "3-41.m4s"
    assert names.part_name(3, 41, 0) == "3-41.0.m4s"
    assert names.object_key("ab", "source/3-41.m4s") == "broadcasts/ab/source/3-41.m4s"
    assert names.segment_template(3).replace("$Number$", "41") == names.segment_name(3, 41)
    assert names.url("t", "ab", names.DVR_MULTIVARIANT) == "/media/t/ab/dvr/index.m3u8"
