"""§2.8 of the checklist: what a multivariant playlist promises, beside what the media is (RFC 8216bis §4.4.6)."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conformance.attributes import Attributes
from tests.conformance.boxes import TrackHead
from tests.conformance.capture import Capture
from tests.conformance.codecs import HLG, PQ, has_captions
from tests.conformance.lifting import also, breach_rule, playlist_rule
from tests.conformance.media import Piece, pieces, stretches
from tests.conformance.playlist_reader import Playlist, Variant
from tests.conformance.rates import Measured, average, peak
from tests.conformance.rule import Finding, NotApplicable, rule
from tests.conformance.snapshots import Snapshot, latest, media_paths, paths

LIVE_PEAK, LIVE_AVERAGE, RECORDED = 1.25, 1.10, 0.10  # shares of what is declared: AS1.29, AS1.28, AS1.26-27
BURSTY = 2.0  # AS1.30: peak over average
FRAME_RATE_SHARE = 0.02  # by which a measured frame rate may differ
ENOUGH_SECONDS = 10.0  # to measure an average
CELLULAR_RATE = 192_000  # AS9.21
FIRST_RATE, FIRST_FACTOR = 2_000_000, 2.0  # AS1.32
GROUPS = ("AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS")

breach_rule("A-130", "M", "Each variant has its URI and tells what a player needs to choose.", "AS9.1-2, 9.9, 9.14-15")


@dataclass(frozen=True)
class Offer:
    """A variant of a multivariant playlist: its own rendition and the sound it plays with, as playlist paths."""

    index: Snapshot
    variant: Variant
    path: str
    sounds: tuple[str, ...]

    @property
    def renditions(self) -> list[str]:
        """Its own playlist may be the sound's: then it is one rendition."""
        return list(dict.fromkeys([self.path, *self.sounds]))

    @property
    def where(self) -> str:
        return f"{self.index.path}: {self.variant.uri}"

    def number(self, name: str) -> int:
        given = self.variant.attributes.get(name, "")
        return int(given) if given.isdigit() else 0


def index_paths(capture: Capture) -> list[str]:
    found = [path for path in paths(capture) if latest(capture, path).playlist.is_multivariant]
    if not found:
        raise NotApplicable("no multivariant playlist")
    return found


def offers(index: Snapshot) -> Iterator[Offer]:
    for variant in index.playlist.variants:
        group = variant.attributes.get("AUDIO")
        uris = [media["URI"] for media in index.playlist.media if group and _is_sound(media, group)]
        yield Offer(index, variant, index.resolve(variant.uri), tuple(map(index.resolve, uris)))


def latest_offers(capture: Capture) -> list[Offer]:
    return [offer for path in index_paths(capture) for offer in offers(latest(capture, path))]


def _is_sound(media: Attributes, group: str) -> bool:
    return media.get("TYPE") == "AUDIO" and media.get("GROUP-ID") == group and "URI" in media


@also("A-130")
def variants_tell_what_they_are(capture: Capture) -> Iterator[Finding]:
    for path in index_paths(capture):
        playlist = latest(capture, path).playlist
        yield from (Finding(path, what) for variant in playlist.variants for what in _untold(variant))
        rates = {v.attributes.get("BANDWIDTH") for v in playlist.variants if "RESOLUTION" in v.attributes}
        if len(rates) < 2:
            yield Finding(path, f"{len(rates)} bit rates with a picture")


def _untold(variant: Variant) -> Iterator[str]:
    given = variant.attributes
    needed = ["BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"]
    if not re.fullmatch(r"mp4a[.0-9a-zA-Z]*", given.get("CODECS", "")):  # with a picture
        needed += ["RESOLUTION", "FRAME-RATE"]
    yield from (f"{variant.uri} has no {name}" for name in needed if name not in given)
    if "FRAME-RATE" in given and not re.fullmatch(r"\d+\.\d{3}", given["FRAME-RATE"]):
        yield f"{variant.uri} has FRAME-RATE={given['FRAME-RATE']}, not three decimals"


@rule("A-131", "M", "CODECS is exactly what the initialization sections say.", "R§6.2.4")
def codecs_are_true(capture: Capture) -> Iterator[Finding]:
    for offer in latest_offers(capture):
        tracks = [track for path in offer.renditions if (track := _newest_track(capture, path))]
        told = set(offer.variant.attributes.get("CODECS", "").lower().split(","))  # RFC 6381: hexadecimal of any case
        if len(tracks) == len(offer.renditions) and told != {track.codec for track in tracks}:
            yield Finding(offer.where, f"CODECS {sorted(told)}, media {sorted(track.codec for track in tracks)}")


def _newest(capture: Capture, path: str) -> list[Piece]:
    """The last stretch of a playlist: what its multivariant playlist speaks of by then."""
    found = stretches(capture, path) if path in media_paths(capture) else []
    return found[-1] if found else []


def _newest_track(capture: Capture, path: str) -> TrackHead | None:
    found = _newest(capture, path)
    return found[-1].track if found else None


@rule("A-132", "M", "RESOLUTION and FRAME-RATE are those of the picture.", "R§4.4.6.2")
def pictures_are_as_told(capture: Capture) -> Iterator[Finding]:
    for offer in latest_offers(capture):
        newest = _newest(capture, offer.path)
        avc = newest[-1].track.avc if newest else None
        if avc is None:
            continue
        size, rate = f"{avc.width}x{avc.height}", float(offer.variant.attributes.get("FRAME-RATE") or 0)
        if offer.variant.attributes.get("RESOLUTION") != size:
            yield Finding(offer.where, f"RESOLUTION {offer.variant.attributes.get('RESOLUTION')}, picture {size}")
        seconds = sum(piece.seconds for piece in newest)
        measured = float(sum(len(piece.media.samples) for piece in newest) / seconds) if seconds else 0.0
        if measured and abs(measured - rate) > FRAME_RATE_SHARE * measured:
            yield Finding(offer.where, f"FRAME-RATE {rate}, measured {measured:.3f}")


def _peak(capture: Capture, offer: Offer) -> float:
    return sum(peak(_sizes(capture, path), _target(capture, path)) for path in offer.renditions)


def _average(capture: Capture, offer: Offer) -> float:
    return sum(average(_sizes(capture, path)) for path in offer.renditions)


def _made(capture: Capture, path: str) -> list[list[Piece]]:
    return stretches(capture, path) if path in media_paths(capture) else []


def _sizes(capture: Capture, path: str) -> list[list[Measured]]:
    """Of what could be read."""
    return [[(len(piece.body), piece.seconds) for piece in run if piece.seconds] for run in _made(capture, path)]


def _target(capture: Capture, path: str) -> int:
    return latest(capture, path).playlist.number("TARGETDURATION") if path in media_paths(capture) else 0


def _of_kind(capture: Capture, *, recorded: bool) -> list[Offer]:
    """Offers whose media was downloaded, of recordings or of live playlists."""
    found = [
        offer
        for offer in latest_offers(capture)
        if all(_made(capture, path) for path in offer.renditions)
        and latest(capture, offer.path).playlist.is_recording == recorded
    ]
    if not found:
        raise NotApplicable("no media of " + ("a recording" if recorded else "a live variant") + " was downloaded")
    return found


@rule("A-133", "M", "A live variant's measured peak is at most 125 % of BANDWIDTH.", "R§4.1, AS1.29, 9.13")
def live_peaks_are_covered(capture: Capture) -> Iterator[Finding]:
    for offer in _of_kind(capture, recorded=False):
        measured = _peak(capture, offer)
        if measured > LIVE_PEAK * offer.number("BANDWIDTH"):
            yield Finding(offer.where, f"peak {measured:.0f}, BANDWIDTH {offer.number('BANDWIDTH')} bit/s")


@rule("A-134", "M", "A live variant's measured average is at most 110 % of AVERAGE-BANDWIDTH.", "AS1.28")
def live_averages_are_covered(capture: Capture) -> Iterator[Finding]:
    for offer in _of_kind(capture, recorded=False):
        if sum(piece.seconds for stretch in _made(capture, offer.path) for piece in stretch) < ENOUGH_SECONDS:
            continue
        measured = _average(capture, offer)
        if measured > LIVE_AVERAGE * offer.number("AVERAGE-BANDWIDTH"):
            told = offer.number("AVERAGE-BANDWIDTH")
            yield Finding(offer.where, f"average {measured:.0f}, AVERAGE-BANDWIDTH {told} bit/s")


@rule("A-135", "M", "A recording's peak and average are within 10 % of what it says.", "AS1.26-27, R§4.4.6.2")
def recorded_rates_are_true(capture: Capture) -> Iterator[Finding]:
    for offer in _of_kind(capture, recorded=True):
        for name, measured in (("BANDWIDTH", _peak(capture, offer)), ("AVERAGE-BANDWIDTH", _average(capture, offer))):
            if measured and abs(offer.number(name) - measured) > RECORDED * measured:
                yield Finding(offer.where, f"{name} {offer.number(name)}, measured {measured:.0f} bit/s")


@rule("A-135S", "S", "A recording's peak is at most twice its average.", "AS1.30")
def recordings_are_even(capture: Capture) -> Iterator[Finding]:
    for offer in _of_kind(capture, recorded=True):
        highest, usual = _peak(capture, offer), _average(capture, offer)
        if highest > BURSTY * usual:
            yield Finding(offer.where, f"peak {highest:.0f}, average {usual:.0f} bit/s")


@playlist_rule("A-137", "M", "Rendition groups are whole, without doubles, and pointed at.", "R§4.4.6")
def groups_are_whole(playlist: Playlist) -> Iterator[str]:
    groups: dict[tuple[str, str], list[Attributes]] = {}
    for media in playlist.media:
        groups.setdefault((media.get("TYPE", ""), media.get("GROUP-ID", "")), []).append(media)
    for (kind, name), members in groups.items():
        yield from (f"group {name}: {what}" for what in _wrong_group(kind, members))
    for kind in GROUPS:
        found = [members for (other, _), members in groups.items() if other == kind]
        if len({frozenset((one.get("NAME"), one.get("LANGUAGE")) for one in members) for members in found}) > 1:
            yield f"groups of type {kind} have different members"
    yield from _dangling(playlist, {*groups, ("CLOSED-CAPTIONS", "NONE")})


def _dangling(playlist: Playlist, groups: set[tuple[str, str]]) -> Iterator[str]:
    for variant in playlist.variants:
        for kind in GROUPS:
            if kind in variant.attributes and (kind, variant.attributes[kind]) not in groups:
                yield f"{variant.uri} plays with {kind} {variant.attributes[kind]}, which is nowhere"


def _wrong_group(kind: str, members: list[Attributes]) -> Iterator[str]:
    names = Counter(member.get("NAME") for member in members)
    yield from (f"{name} twice" for name, count in names.items() if count > 1)
    if sum(member.get("DEFAULT") == "YES" for member in members) > 1:
        yield "two defaults"
    for member in members:
        if member.get("DEFAULT") == "YES" and member.get("AUTOSELECT") == "NO":
            yield f"{member.get('NAME')} is the default and not selected by itself"
        if kind == "CLOSED-CAPTIONS" and "URI" in member:
            yield f"{member.get('NAME')} are captions with a URI"


@playlist_rule("A-138", "M", "All variants say that there are no captions, or declare those there are.", "AS4.4")
def captions_are_declared(playlist: Playlist) -> Iterator[str]:
    told = {variant.attributes.get("CLOSED-CAPTIONS") for variant in playlist.variants}
    if len(told) > 1:
        yield f"CLOSED-CAPTIONS {sorted(map(str, told))}"
    if told == {None}:
        yield "no variant says CLOSED-CAPTIONS"


@also("A-138")
def carried_captions_are_declared(capture: Capture) -> Iterator[Finding]:
    for offer in latest_offers(capture):
        if offer.variant.attributes.get("CLOSED-CAPTIONS") != "NONE":
            continue
        for piece in (piece for stretch in _made(capture, offer.path) for piece in stretch):
            avc = piece.track.avc
            if (
                avc
                and b"GA94" in piece.body
                and any(has_captions(s.data, avc.length_size) for s in piece.media.samples)
            ):
                yield Finding(piece.path, "carries captions that the multivariant playlist denies")
                break


@rule("A-140", "S", "The sound is there by itself, a variant is for phones, the first is near 2 Mbit/s.", "AS9.5, 1.32")
def offers_suit_everyone(capture: Capture) -> Iterator[Finding]:
    for path in index_paths(capture):
        playlist = latest(capture, path).playlist
        rates = [int(v.attributes.get("BANDWIDTH", "0")) for v in playlist.variants]
        if capture.expected.has_sound and not any(m.get("TYPE") == "AUDIO" and "URI" in m for m in playlist.media):
            yield Finding(path, "no audio rendition")
        if rates and min(rates) > CELLULAR_RATE:
            yield Finding(path, f"the smallest variant has {min(rates)} bit/s")
        if rates and _distance(rates[0]) > FIRST_FACTOR and _distance(rates[0]) > min(map(_distance, rates)):
            yield Finding(path, f"the first variant has {rates[0]} bit/s and another is nearer to 2 Mbit/s")


def _distance(rate: int) -> float:
    return max(rate / FIRST_RATE, FIRST_RATE / max(rate, 1))


@rule("A-141", "M", "VIDEO-RANGE is told unless all is SDR, SCORE by all variants or none.", "AS9.16, 9.19")
def ranges_and_scores(capture: Capture) -> Iterator[Finding]:
    transfers = {track.avc.colours[1] for piece in pieces(capture) if (track := piece.track).avc}
    for path in index_paths(capture):
        variants = latest(capture, path).playlist.variants
        scored = {"SCORE" in variant.attributes for variant in variants}
        if len(scored) > 1:
            yield Finding(path, "SCORE on some variants only")
        ranged = all("VIDEO-RANGE" in v.attributes for v in variants if "RESOLUTION" in v.attributes)
        if transfers & {HLG, PQ} and not ranged:
            yield Finding(path, "pictures that are not SDR, and no VIDEO-RANGE")
