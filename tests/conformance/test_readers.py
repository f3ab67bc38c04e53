"""The strict playlist reader beside a lenient one of other hands, and the box and codec readers beside FFmpeg's."""

import json
import subprocess
from decimal import Decimal

import m3u8
import pytest

from tests.conformance.boxes import BadBoxes, read_init, read_media, walk
from tests.conformance.good_capture import good_capture
from tests.conformance.playlist_reader import Playlist, read
from tests.conformance.snapshots import bodies, latest, media_paths, paths


def texts() -> list[str]:
    """The last text of each playlist of the good capture."""
    return [latest(good_capture(), path).playlist.text for path in paths(good_capture())]


def facts(text: str) -> dict[str, object]:
    """What m3u8 reads."""
    lenient = m3u8.loads(text)
    complete = [segment for segment in lenient.segments if segment.uri]
    return {
        "segments": [(one.uri, Decimal(str(one.duration)).normalize(), bool(one.gap_tag)) for one in complete],
        "parts": [part.uri for one in lenient.segments for part in one.parts],
        "discontinuities": [bool(one.discontinuity) for one in complete],
        "variants": [one.uri for one in lenient.playlists],
        "iframe variants": [one.uri for one in lenient.iframe_playlists],
        "ended": bool(lenient.is_endlist),
    }


def our_facts(playlist: Playlist) -> dict[str, object]:
    return {
        "segments": [(one.uri, one.duration.normalize(), one.gap) for one in playlist.segments],
        "parts": [part.uri for one in [*playlist.segments, playlist.open] for part in one.parts],
        "discontinuities": [one.discontinuity for one in playlist.segments],
        "variants": [one.uri for one in playlist.variants],
        "iframe variants": [one.uri for one in playlist.iframe_variants],
        "ended": playlist.ended,
    }


def test_strict_reader_reads_what_a_lenient_one_reads() -> None:
    assert len(texts()) > 10
    for text in texts():
        assert our_facts(read(text)) == facts(text)


def test_reader_takes_any_text() -> None:
    for text in (
        "",
        "\x00",
        "#EXTM3U\n#EXTINF:\n\n#EXT-X-MAP\n#EXT-X-KEY:,,\n,=\n",
        "\ufeff#EXT-X-PART:URI\n#EXTINF:1e9",
    ):
        assert read(text).breaches


@pytest.mark.parametrize("rendition", ["source", "144p", "audio"])
def test_boxes_and_codecs_are_read_as_ffprobe_reads_them(rendition: str) -> None:
    held = bodies(good_capture())
    init, body = held[f"{rendition}/1.init.mp4"], held[f"{rendition}/1-2.m4s"]
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_packets", "-of", "json", "-"]
    told = json.loads(subprocess.run(command, input=init + body, capture_output=True, check=True).stdout)
    [stream], track = told["streams"], read_init(init).first

    samples = read_media(body, init).samples

    assert stream["time_base"] == f"1/{track.timescale}"
    if track.avc:
        avc = track.avc
        assert (stream["width"], stream["height"], stream["level"]) == (avc.width, avc.height, avc.level)
        assert avc.progressive
    if track.sound:
        assert (stream["channels"], stream["sample_rate"]) == (track.sound.channels, str(track.sound.rate))
    packets = [(one["dts"], int(one["size"]), "K" in one["flags"]) for one in told["packets"]]
    assert [(sample.dts, len(sample.data), sample.is_sync) for sample in samples] == packets


def test_boxes_that_do_not_fit_are_refused() -> None:
    init = bodies(good_capture())["source/1.init.mp4"]

    for spoiled in (init[:-1], init[:6], b"\0\0\0\4free" + init):
        with pytest.raises(BadBoxes):
            walk(spoiled)


def test_good_capture_holds_all_kinds_of_media_playlists() -> None:
    found = set(media_paths(good_capture()))

    assert {"source/index.m3u8", "audio/index.m3u8", "dvr/source/index.m3u8", "vod/144p/index.m3u8"} <= found
