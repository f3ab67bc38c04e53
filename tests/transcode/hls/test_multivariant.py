"""The multivariant playlist and every file name."""

from transcode.hls import names
from transcode.hls.multivariant import Rendition, render_multivariant

SOURCE = Rendition("source", "avc1.64001f", 3_900_000, 3_000_000, 1280, 720, 29.97)
SMALL = Rendition("360p", "avc1.4d401e", 1_000_000, 800_000, 640, 360, 29.97)
SOUND = Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2)


def test_variants_best_first_with_the_sound_in_a_group() -> None:
    """A-130, A-131, A-137, A-138: bit rates of a variant include the sound it plays with."""
    assert (
        render_multivariant([SMALL, SOUND, SOURCE])
        == """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=4060000,AVERAGE-BANDWIDTH=3128000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,\
FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
source/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1160000,AVERAGE-BANDWIDTH=928000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p/index.m3u8
"""
    )


def test_silent_broadcast_has_no_sound_group() -> None:
    assert (
        render_multivariant([SOURCE])
        == """\
#EXTM3U
#EXT-X-VERSION:6
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
    assert names.live_url("t", "ab") == "/media/t/ab/index.m3u8"
    assert names.recording_url("t", "ab") == "/media/t/ab/vod/index.m3u8"
