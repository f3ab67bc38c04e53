"""§2.4 of the checklist: pictures and sound inside the segments (RFC 8216bis §B.1, Apple's authoring rules 1 and 2)."""

from collections.abc import Iterator
from itertools import pairwise

from tests.conformance.capture import Capture
from tests.conformance.codecs import IDR, unit_types
from tests.conformance.media import Piece, decode_sound, decode_video, pieces, spread, stretches
from tests.conformance.rule import Finding, rule
from tests.conformance.snapshots import live_paths, media_paths

DECODED_ALONE = 4  # segments of each playlist that FFmpeg decodes by themselves
KEY_INTERVAL_SECONDS = 2.0  # AS1.13
MAX_FRAME_RATE = 60.5  # AS1.14, and a rounding
FRAMES_FOR_A_RATE = 10
HE_AAC, HE_AAC_RATE = (5, 29), 64_000
OUT_OF_BAND = ("avc1", "hvc1", "mp4a")


def video_pieces(capture: Capture) -> list[Piece]:
    return [piece for piece in pieces(capture) if piece.is_video]


@rule("A-063", "M", "A segment begins with an IDR picture that is marked as one.", "AS7.4")
def segments_begin_with_an_idr(capture: Capture) -> Iterator[Finding]:
    for piece in video_pieces(capture):
        samples, avc = piece.media.samples, piece.track.avc
        if not samples or avc is None:
            continue
        if IDR not in unit_types(samples[0].data, avc.length_size):
            yield Finding(piece.path, f"first sample: NAL units {unit_types(samples[0].data, avc.length_size)}")
        if not samples[0].is_sync:
            yield Finding(piece.path, "its first sample is marked as dependent")


@rule("A-064", "M", "Each segment has an independent picture.", "R§B.1")
def segments_have_an_independent_frame(capture: Capture) -> Iterator[Finding]:
    for piece in pieces(capture):
        if piece.media.samples and not any(sample.is_sync for sample in piece.media.samples):
            yield Finding(piece.path, "no independent frame")


@rule("A-064S", "S", "Key frames come every two seconds.", "AS1.13")
def key_frames_are_frequent(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        for stretch in stretches(capture, path):
            if not stretch[0].is_video:
                continue
            scale = stretch[0].track.timescale
            keys = [sample.dts for piece in stretch for sample in piece.media.samples if sample.is_sync]
            longest = max((other - one for one, other in pairwise(keys)), default=0) / scale
            if longest > KEY_INTERVAL_SECONDS + float(stretch[0].frame_seconds):
                yield Finding(path, f"{longest:.3f} s between key frames")


@rule("A-066", "O", "Each segment decodes alone, into as many frames as it has samples (4 of a playlist tried).", "R§3")
def segments_decode_alone(capture: Capture) -> Iterator[Finding]:
    for path in live_paths(capture):
        for piece in spread([piece for stretch in stretches(capture, path) for piece in stretch], DECODED_ALONE):
            media = piece.init_body + piece.body
            if not piece.is_video:
                complaint, frames = decode_sound(media), len(piece.media.samples)
            else:
                decoded = decode_video(media)
                complaint, frames = decoded.complaint, len(decoded.numbers)
            if complaint or frames != len(piece.media.samples):
                yield Finding(piece.path, complaint or f"{len(piece.media.samples)} samples, {frames} frames")


@rule("A-067", "S", "Parameter sets are in the initialization section.", "AS1.10")
def parameter_sets_are_out_of_band(capture: Capture) -> Iterator[Finding]:
    for entry, path in {(piece.track.entry, piece.playlist_path) for piece in pieces(capture)}:
        if entry not in OUT_OF_BAND:
            yield Finding(path, f"sample entry {entry}")


@rule("A-068", "M", "A segment has one sound at most, and stereo AAC is offered.", "AS2.17, 2.3")
def sound_is_aac(capture: Capture) -> Iterator[Finding]:
    sounds = []
    for piece in pieces(capture):
        found = [track for track in piece.init.tracks.values() if track.kind == "soun"]
        sounds += found
        if len(found) > 1:
            yield Finding(piece.path, f"{len(found)} sounds")
    promised = capture.expected.has_sound and capture.expected.stereo
    if promised and not any(track.sound and track.entry == "mp4a" and track.sound.channels == 2 for track in sounds):
        yield Finding("all renditions", "no stereo AAC")


@rule("A-068S", "S", "HE-AAC is used up to 64 kbit/s only.", "AS2.4")
def he_aac_is_for_low_rates(capture: Capture) -> Iterator[Finding]:
    for path in media_paths(capture):
        found = [piece for stretch in stretches(capture, path) for piece in stretch]
        if not found or not found[0].track.sound or found[0].track.sound.object_type not in HE_AAC:
            continue
        rate = 8 * sum(len(piece.body) for piece in found) / float(sum(piece.seconds for piece in found))
        if rate > HE_AAC_RATE:
            yield Finding(path, f"HE-AAC at {rate:.0f} bit/s")


@rule("A-069", "M", "Pictures are progressive, at most 60 a second.", "AS1.19, 1.14")
def pictures_are_progressive(capture: Capture) -> Iterator[Finding]:
    for piece in video_pieces(capture):
        if piece.track.avc and not piece.track.avc.progressive:
            yield Finding(piece.path, "interlaced")
        rate = len(piece.media.samples) / float(piece.seconds) if piece.seconds else 0.0
        if rate > MAX_FRAME_RATE and len(piece.media.samples) >= FRAMES_FOR_A_RATE:
            yield Finding(piece.path, f"{rate:.2f} frames a second")


@rule("A-069S", "S", "Renditions share colours and shape, and their pixels are square.", "AS1.21, 1.33, 1.11")
def pictures_are_alike(capture: Capture) -> Iterator[Finding]:
    inits = {piece.init_body: piece for piece in video_pieces(capture) if piece.track.avc}
    colours = {piece.track.avc.colours for piece in inits.values() if piece.track.avc}
    shapes = {}
    for piece in inits.values():
        avc = piece.track.avc
        if avc is None:
            continue
        shapes[piece.playlist_path, piece.segment.discontinuity_sequence] = avc.width / avc.height
        if avc.pixel_shape[0] != avc.pixel_shape[1]:
            yield Finding(piece.playlist_path, f"pixels of {avc.pixel_shape}")
    if len(colours) > 1:
        yield Finding("all renditions", f"colours {sorted(colours)}")
    for sequence in {key[1] for key in shapes}:
        found = [shape for key, shape in shapes.items() if key[1] == sequence]
        if max(found) / min(found) > 1.02:  # the smaller side is rounded to even pixels
            yield Finding("all renditions", f"aspect ratios {sorted(round(shape, 3) for shape in found)}")
