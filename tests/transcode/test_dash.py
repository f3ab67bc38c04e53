"""DASH manifests: whole texts, and rules over what they list."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

import pytest

from transcode import dash
from transcode.dash import Presentation
from transcode.hls import names
from transcode.hls.multivariant import Rendition
from transcode.hls.window import WindowSegment

ANCHOR = 1_795_159_790.0  # 2026-11-20T07:29:50Z
SOURCE = Rendition("source", "avc1.64001f", 3_000_000, 2_500_000, 1280, 720, 29.97)
SOUND = Rendition("audio", "mp4a.40.2", 160_000, 128_000, channels=2)
MPD = "{urn:mpeg:dash:schema:mpd:2011}"


def track(numbers: range, *, epoch: int = 1, starts: float = 10.0, gaps: Sequence[int] = ()) -> list[WindowSegment]:
    return [
        WindowSegment(
            msn, epoch, ANCHOR + starts + 2 * at, 2.0, 900, gap=msn in gaps, discontinuity=at == 0 and msn > 0
        )
        for at, msn in enumerate(numbers)
    ]


def presentation(**tracks: list[WindowSegment]) -> Presentation:
    return Presentation([SOURCE, SOUND], tracks, ANCHOR, 2)


def listed(text: str) -> dict[str, list[tuple[str, float, float]]]:
    """Per representation: every segment's address, and from when to when it is presented."""
    root = ET.fromstring(text)  # noqa: S314  our own text
    found: dict[str, list[tuple[str, float, float]]] = {}
    for period in root.iter(f"{MPD}Period"):
        begins = float(period.attrib["start"][2:-1])
        for representation in period.iter(f"{MPD}Representation"):
            template = representation.find(f"{MPD}SegmentTemplate")
            assert template is not None
            scale, number = int(template.attrib["timescale"]), int(template.attrib["startNumber"])
            offset = int(template.attrib["presentationTimeOffset"])
            for entry in template.iter(f"{MPD}S"):
                for repeat in range(int(entry.get("r", "0")) + 1):
                    length = int(entry.attrib["d"]) / scale
                    at = begins + (int(entry.attrib["t"]) - offset) / scale + repeat * length
                    address = template.attrib["media"].replace("$Number$", str(number))
                    found.setdefault(representation.attrib["id"], []).append((address, at, at + length))
                    number += 1
    return found


def holes(times: Sequence[tuple[str, float, float]]) -> list[str]:
    return [then[0] for now, then in zip(times, times[1:], strict=False) if abs(then[1] - now[2]) > 1e-4]


def test_running_broadcast_as_a_manifest() -> None:
    text = dash.render_live(
        presentation(source=track(range(40, 60), starts=90.0), audio=track(range(40, 60), starts=89.99)),
        {"1": ANCHOR + 10},
    )

    assert text == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic"'
        ' minBufferTime="PT2.000000S" maxSegmentDuration="PT2.500000S"'
        ' availabilityStartTime="2026-11-20T07:29:50.000Z" publishTime="2026-11-20T07:32:00.000Z"'
        ' timeShiftBufferDepth="PT40.010000S" suggestedPresentationDelay="PT6.000000S"'
        ' minimumUpdatePeriod="PT2.000000S">'
        '<Period id="1" start="PT10.000000S">'
        '<AdaptationSet id="1" contentType="video" mimeType="video/mp4" lang="und" segmentAlignment="true"'
        ' startWithSAP="1">'
        '<Representation id="source" codecs="avc1.64001f" bandwidth="3000000" width="1280" height="720"'
        ' frameRate="30000/1001">'
        '<SegmentTemplate timescale="90000" presentationTimeOffset="900000" initialization="source/1.init.mp4"'
        ' media="source/1-$Number$.m4s" startNumber="40">'
        '<SegmentTimeline><S t="8100000" d="180000" r="19" /></SegmentTimeline></SegmentTemplate>'
        "</Representation></AdaptationSet>"
        '<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="und" segmentAlignment="true"'
        ' startWithSAP="1">'
        '<Representation id="audio" codecs="mp4a.40.2" bandwidth="160000">'
        '<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2" />'
        '<SegmentTemplate timescale="90000" presentationTimeOffset="900000" initialization="audio/1.init.mp4"'
        ' media="audio/1-$Number$.m4s" startNumber="40">'
        '<SegmentTimeline><S t="8099100" d="180000" r="19" /></SegmentTimeline></SegmentTemplate>'
        "</Representation></AdaptationSet></Period>"
        '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="manifest.mpd" />'
        "</MPD>\n"
    )


def test_each_run_is_a_period_that_keeps_its_start_while_the_window_slides() -> None:
    tracks = {"source": [*track(range(40, 50), starts=90.0), *track(range(50, 60), epoch=2, starts=130.0)]}
    later = {"source": [*track(range(55, 60), epoch=2, starts=140.0)]}
    starts = {"1": ANCHOR + 10, "2": ANCHOR + 130}
    periods = [
        [(period.attrib["id"], period.attrib["start"]) for period in ET.fromstring(text).iter(f"{MPD}Period")]  # noqa: S314
        for text in (dash.render_live(presentation(**shown), starts) for shown in (tracks, later))
    ]

    assert periods == [[("1", "PT10.000000S"), ("2", "PT130.000000S")], [("2", "PT130.000000S")]]
    assert listed(dash.render_live(presentation(**later), starts))["source"][0] == ("source/2-55.m4s", 140.0, 142.0)


def test_rendition_is_listed_from_its_last_gap_on_and_not_while_it_pauses() -> None:
    source = track(range(20))
    returned = listed(dash.render_live(presentation(source=source, audio=track(range(20), gaps=[3, 9])), {}))
    pausing = listed(dash.render_live(presentation(source=source, audio=track(range(20), gaps=[18, 19])), {}))
    behind = listed(dash.render_live(presentation(source=source, audio=track(range(19))), {}))

    assert [name for name, _, _ in returned["audio"]] == [f"audio/1-{msn}.m4s" for msn in range(10, 20)]
    assert returned["audio"][0][1] == returned["source"][10][1]
    assert list(pausing) == ["source"]
    assert len(behind["audio"]) == 19


def test_absence_of_the_encoder_is_no_pause() -> None:
    """Gaps that every rendition has at the end of a run."""
    gone = track(range(20), gaps=[17, 18, 19])
    assert {len(times) for times in listed(dash.render_live(presentation(source=gone, audio=gone), {})).values()} == {
        17
    }


def test_ended_broadcast_is_not_asked_for_again() -> None:
    root = ET.fromstring(dash.render_live(presentation(source=track(range(20))), {}, ended=True))  # noqa: S314

    assert "minimumUpdatePeriod" not in root.attrib
    assert root.attrib["mediaPresentationDuration"] == "PT50.000000S"


@pytest.mark.parametrize("gaps", [[], [4], [0], [7, 8]])
def test_recording_has_everything_and_no_time_between(gaps: list[int]) -> None:
    tracks: Mapping[str, list[WindowSegment]] = {
        "source": [*track(range(10)), *track(range(10, 20), epoch=2, starts=95.0, gaps=[12])],
        "audio": [*track(range(10), gaps=gaps), *track(range(10, 20), epoch=2, starts=95.0, gaps=[12])],
    }
    show = Presentation([SOURCE, SOUND], tracks, ANCHOR, 2, prefix="../")
    found = listed(dash.render_recording(show))

    assert holes(found["source"]) == []
    assert found["source"][0][1] == 0.0
    for name, segments in tracks.items():
        made = [f"../{name}/{names.segment_name(s.epoch, s.msn)}" for s in segments if not s.gap]
        assert [address for address, _, _ in found[name]] == made


def test_times_of_sound_add_up_though_they_are_no_whole_ticks() -> None:
    """44.1 kHz at 90,000 ticks: and a date that is a few milliseconds off, as in the index of a recording."""
    seconds = 87 * 1024 / 44_100
    segments = [
        WindowSegment(msn, 1, ANCHOR + 10 + msn * seconds + (0.008 if msn % 2 else 0), seconds, 900)
        for msn in range(500)
    ]
    times = listed(dash.render_recording(Presentation([SOUND], {"audio": segments}, ANCHOR, 2)))["audio"]

    assert holes(times) == []
    assert times[-1][2] == pytest.approx(500 * seconds, abs=1e-4)


def test_holes_are_seen() -> None:
    """Negative control of the rule above."""
    assert holes([("a", 0.0, 2.0), ("b", 2.1, 4.1)]) == ["b"]


@pytest.mark.parametrize(
    ("rate", "text"),
    [(30.0, "30"), (29.97, "30000/1001"), (59.94, "60000/1001"), (23.976, "24000/1001"), (12.5, "25/2")],
)
def test_frame_rates_are_fractions(rate: float, text: str) -> None:
    shown = Presentation([Rendition("source", "avc1", 1, 1, 2, 2, rate)], {"source": track(range(1))}, ANCHOR, 2)
    assert f'frameRate="{text}"' in dash.render_recording(shown)
