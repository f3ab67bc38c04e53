"""MPEG-DASH manifests over the segments HLS lists (ISO/IEC 23009-1:2022, live profile; § numbers are its sections).

Media times continue over the runs of a broadcast, so a media time is a presentation time: seconds since the timeline's
anchor. Each run is a Period, since it has initialization sections of its own and perhaps other codecs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree as ET

from transcode.hls import names
from transcode.hls.archive import Archive, ByteRange
from transcode.hls.multivariant import Rendition
from transcode.hls.window import WindowSegment
from transcode.limits import VIDEO_TIMESCALE

NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"  # §8.4
ARCHIVE_PROFILE = "urn:mpeg:dash:profile:isoff-main:2011"  # §8.5: lists of byte ranges
AUDIO_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
HTTP_HEAD_TIME = "urn:mpeg:dash:utc:http-head:2014"  # §5.8.4.11
DELAY_TARGET_DURATIONS = 3  # like HOLD-BACK
# A recording knows one date for all renditions of a segment; theirs differ by up to a frame of sound.
DATE_SECONDS = 0.03
Tracks = Mapping[str, Sequence[WindowSegment]]


@dataclass(frozen=True)
class Presentation:
    """What a manifest is about. `anchor`: Unix time of media time 0."""

    renditions: Sequence[Rendition]
    tracks: Tracks
    anchor: float
    target_duration: int
    prefix: str = ""  # leads from the manifest to the renditions' folders
    archives: Mapping[str, Archive] = field(default_factory=dict)  # by rendition, once its segments lie in one file


@dataclass(frozen=True)
class Period:
    """One run, or a piece of it: `presented` seconds on the presentation's timeline, `media` on that of the files."""

    id: str
    presented: float
    media: float
    tracks: Tracks


def render_live(show: Presentation, run_starts: Mapping[str, float], *, ended: bool = False) -> str:
    """The manifest of a running broadcast. `run_starts`: Unix time at which each epoch began."""
    periods = []
    for epoch, listed in _by_epoch(show.tracks).items():
        tracks = _without_holes(listed)
        if not tracks:
            continue
        first = run_starts.get(str(epoch), min(track[0].starts_at for track in tracks.values()))
        periods.append(Period(str(epoch), first - show.anchor, first - show.anchor, tracks))
    segments = [segment for period in periods for track in period.tracks.values() for segment in track]
    end = max((s.starts_at + s.duration for s in segments), default=show.anchor)
    begin = min((s.starts_at for s in segments), default=show.anchor)
    # §5.3.1.2: without minimumUpdatePeriod nothing will be added any more.
    running = {"minimumUpdatePeriod": _seconds(show.target_duration)}
    done = {"mediaPresentationDuration": _seconds(end - show.anchor)}
    root = _mpd(
        show,
        "dynamic",
        availabilityStartTime=_date_time(show.anchor),
        publishTime=_date_time(end),
        timeShiftBufferDepth=_seconds(end - begin),
        suggestedPresentationDelay=_seconds(DELAY_TARGET_DURATIONS * show.target_duration),
        **(done if ended else running),
    )
    _add_periods(root, show, periods)
    ET.SubElement(root, "UTCTiming", schemeIdUri=HTTP_HEAD_TIME, value=names.DASH_MANIFEST)
    return _text(root)


def render_recording(show: Presentation) -> str:
    """The manifest of a finished broadcast: what was on air, without the time in between."""
    periods: list[Period] = []
    presented = 0.0
    for epoch, listed in _by_epoch(show.tracks).items():
        for tracks in _pieces(listed):
            first, last = _bounds(tracks)
            periods.append(Period(f"{epoch}-{first.msn}", presented, first.starts_at - show.anchor, tracks))
            presented += last.starts_at + last.duration - first.starts_at
    root = _mpd(show, "static", mediaPresentationDuration=_seconds(presented))
    _add_periods(root, show, periods)
    return _text(root)


# --- What is listed


def _by_epoch(tracks: Tracks) -> dict[int, dict[str, list[WindowSegment]]]:
    found: dict[int, dict[str, list[WindowSegment]]] = {}
    for epoch in sorted({segment.epoch for track in tracks.values() for segment in track}):
        found[epoch] = {name: [s for s in track if s.epoch == epoch] for name, track in tracks.items()}
    return found


def _without_holes(listed: Tracks) -> dict[str, list[WindowSegment]]:
    """Of each rendition what follows its last gap: numbers must go up by one. One that pauses now is left out."""
    made = {name: [s for s in track if not s.gap] for name, track in listed.items()}
    newest = max((track[-1].msn for track in made.values() if track), default=-1)
    kept = {}
    for name, track in listed.items():
        gaps = [s.msn for s in track if s.gap and s.msn <= newest]
        after = [s for s in made[name] if s.msn > max(gaps, default=-1)]
        if after:
            kept[name] = after
    return kept


def _pieces(listed: Tracks) -> Iterable[dict[str, list[WindowSegment]]]:
    """Runs of Media Sequence Numbers for which the same renditions have media."""
    by_name = {name: {s.msn: s for s in track if not s.gap} for name, track in listed.items()}
    numbers = sorted({msn for track in by_name.values() for msn in track})
    at = {msn: index for index, msn in enumerate(numbers)}

    def kind(msn: int) -> tuple[int, tuple[str, ...]]:
        return msn - at[msn], tuple(name for name, track in by_name.items() if msn in track)

    for (_, present), group in groupby(numbers, kind):
        piece = list(group)
        yield {name: [by_name[name][msn] for msn in piece] for name in present}


def _bounds(tracks: Tracks) -> tuple[WindowSegment, WindowSegment]:
    track = next(iter(tracks.values()))
    return track[0], track[-1]


# --- Elements


def _mpd(show: Presentation, kind: str, **attributes: str) -> ET.Element:
    common = {
        "xmlns": NAMESPACE,
        "profiles": ARCHIVE_PROFILE if show.archives else PROFILE,
        "type": kind,
        "minBufferTime": _seconds(show.target_duration),
        "maxSegmentDuration": _seconds(show.target_duration + 0.5),
    }
    return ET.Element("MPD", {**common, **attributes})


def _add_periods(root: ET.Element, show: Presentation, periods: Iterable[Period]) -> None:
    for period in periods:
        element = ET.SubElement(root, "Period", id=period.id, start=_seconds(period.presented))
        for content_type, is_audio in (("video", False), ("audio", True)):
            listed = [r for r in show.renditions if r.is_audio == is_audio and r.name in period.tracks]
            if listed:
                group = ET.SubElement(
                    element,
                    "AdaptationSet",
                    id="2" if is_audio else "1",
                    contentType=content_type,
                    mimeType=f"{content_type}/mp4",
                    lang="und",
                    segmentAlignment="true",
                    startWithSAP="1",  # §5.3.7: each segment begins with a key frame
                )
                for rendition in listed:
                    _add_representation(group, show, period, rendition)


def _add_representation(group: ET.Element, show: Presentation, period: Period, rendition: Rendition) -> None:
    element = ET.SubElement(
        group, "Representation", id=rendition.name, codecs=rendition.codecs, bandwidth=str(rendition.bandwidth)
    )
    if rendition.is_audio:
        ET.SubElement(
            element, "AudioChannelConfiguration", schemeIdUri=AUDIO_CHANNELS, value=str(rendition.channels or 2)
        )
    else:
        element.set("width", str(rendition.width))
        element.set("height", str(rendition.height))
        element.set("frameRate", _frame_rate(rendition.frame_rate))
    if rendition.name in show.archives:
        _add_pieces(element, show, period, rendition)
    else:
        _add_template(element, show, period, rendition)


def _add_template(element: ET.Element, show: Presentation, period: Period, rendition: Rendition) -> None:
    """§5.3.9.4: addresses are made from numbers."""
    segments = period.tracks[rendition.name]
    folder = f"{show.prefix}{rendition.name}/"
    template = ET.SubElement(
        element,
        "SegmentTemplate",
        timescale=str(VIDEO_TIMESCALE),
        presentationTimeOffset=str(round(period.media * VIDEO_TIMESCALE)),
        initialization=folder + names.init_name(segments[0].epoch),
        media=folder + names.segment_template(segments[0].epoch),
        startNumber=str(segments[0].msn),
    )
    _add_timeline(template, segments, show.anchor)


def _add_pieces(element: ET.Element, show: Presentation, period: Period, rendition: Rendition) -> None:
    """§5.3.9.3: each segment is a range of one file."""
    segments, archive = period.tracks[rendition.name], show.archives[rendition.name]
    ET.SubElement(element, "BaseURL").text = f"{show.prefix}{rendition.name}/{names.ARCHIVE}"
    pieces = ET.SubElement(
        element,
        "SegmentList",
        timescale=str(VIDEO_TIMESCALE),
        presentationTimeOffset=str(round(period.media * VIDEO_TIMESCALE)),
    )
    ET.SubElement(pieces, "Initialization", range=_range(archive.init_of(segments[0].epoch)))
    _add_timeline(pieces, segments, show.anchor)
    for segment in segments:
        ET.SubElement(pieces, "SegmentURL", mediaRange=_range(archive.places[segment.msn]))


def _range(piece: ByteRange) -> str:
    """RFC 9110 §14.1.2, both ends included."""
    return f"{piece.at}-{piece.at + piece.size - 1}"


def _add_timeline(template: ET.Element, segments: Sequence[WindowSegment], anchor: float) -> None:
    """§5.3.9.6. Times are counted on from the first segment's, as the files do; dates are rounded."""
    timeline = ET.SubElement(template, "SegmentTimeline")
    at = segments[0].starts_at - anchor
    end = -1
    last: ET.Element | None = None
    for segment in segments:
        if abs(segment.starts_at - anchor - at) > DATE_SECONDS:
            at = segment.starts_at - anchor
        begin, at = round(at * VIDEO_TIMESCALE), at + segment.duration
        length = round(at * VIDEO_TIMESCALE) - begin
        if last is not None and begin == end and last.get("d") == str(length):
            last.set("r", str(int(last.get("r", "0")) + 1))
        else:
            last = ET.SubElement(timeline, "S", t=str(begin), d=str(length))
        end = begin + length


def _text(root: ET.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _frame_rate(rate: float) -> str:
    """§5.3.7.2: a whole number or a fraction, such as 30000/1001 of television."""
    if abs(rate - round(rate)) < 0.005:
        return str(round(rate))
    if abs(rate * 1.001 - round(rate * 1.001)) < 0.01:
        return f"{round(rate * 1.001) * 1000}/1001"
    return str(Fraction(rate).limit_denominator(1000))


def _seconds(seconds: float) -> str:
    return f"PT{max(seconds, 0.0):.6f}S"


def _date_time(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
