"""Pictures from strangers: what is taken, what is refused before it is decoded, what comes out."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from common.errors import InvalidInput
from common.picture_headers import BadPictureError, PictureFacts, read_facts
from common.pictures import PictureLimits, check_picture, decode_squares, encode_moving, encode_still
from tests.common import sample_pictures as sample

LIMITS = PictureLimits(bytes=1_000_000, side_min=28, side_max=2_048, pixels=16_000_000, frames=60, duration_ms=10_000)
GOOD = [
    (sample.still("PNG"), PictureFacts("PNG", 64, 64)),
    (sample.still("GIF"), PictureFacts("GIF", 64, 64)),
    (sample.still("WEBP"), PictureFacts("WEBP", 64, 64)),
    (sample.still("JPEG"), PictureFacts("JPEG", 64, 64)),
    (sample.still("PNG", (300, 28)), PictureFacts("PNG", 300, 28)),
    (sample.moving("GIF"), PictureFacts("GIF", 64, 64, 3, 150)),
    (sample.moving("PNG"), PictureFacts("PNG", 64, 64, 3, 150)),
    (sample.moving("WEBP"), PictureFacts("WEBP", 64, 64, 3, 150)),
    (sample.moving("WEBP", 60, duration=160), PictureFacts("WEBP", 64, 64, 60, 9_600)),
]
# What is sent and the code of the refusal. None of these is decoded.
REFUSED = {
    "a giant PNG in a small file": (sample.png_bomb(20_480), "too_many_pixels"),
    "a giant WebP in forty bytes": (sample.webp_of(16_383), "too_many_pixels"),
    "a giant GIF": (sample.gif_of(1, (65_535, 65_535)), "too_many_pixels"),
    "a frame larger than the GIF": (sample.gif_of(1, (65_535, 65_535), canvas=(64, 64)), "bad_picture"),
    "many frames": (sample.gif_of(20_000, (64, 64)), "too_many_frames"),
    "many frames, by their word": (sample.apng_claiming(2**31), "too_many_frames"),
    "a WebP of many frames": (sample.webp_of(64, 5_000), "too_many_frames"),
    "large frames": (sample.gif_of(60, (2_000, 2_000)), "too_many_pixels"),
    "a long animation": (sample.gif_of(2, (64, 64), delay=60_000), "too_long"),
    "a large file": (sample.still() + bytes(1_000_000), "too_large"),
    "a small picture": (sample.still(size=(27, 64)), "too_small"),
    "a truncated PNG": (sample.still()[:-20], "bad_picture"),
    "a truncated GIF": (sample.moving()[:-40], "bad_picture"),
    "a truncated WebP": (sample.moving("WEBP")[:-40], "bad_picture"),
    "a truncated JPEG": (sample.still("JPEG")[:30], "bad_picture"),
    "an SVG": (sample.SVG, "bad_picture"),
    "a page": (b"<html><img src=x onerror=alert(1)>", "bad_picture"),
    "a TIFF": (b"II*\0" + bytes(64), "bad_picture"),
    "a playlist": (b"#EXTM3U\n", "bad_picture"),
    "no size": (sample.gif_of(1, (0, 0)), "bad_picture"),
    "nothing": (b"", "bad_picture"),
}


@pytest.mark.parametrize(("data", "facts"), GOOD)
def test_the_facts_are_read_from_the_header(data: bytes, facts: PictureFacts) -> None:
    assert check_picture(data, LIMITS) == facts


@pytest.mark.parametrize("name", REFUSED)
def test_a_bomb_is_refused_before_anything_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", None)
    data, code = REFUSED[name]
    with pytest.raises(InvalidInput) as refusal:
        check_picture(data, LIMITS)
    assert refusal.value.code == code
    assert refusal.value.text.endswith(".")


def test_the_bombs_are_what_they_say() -> None:
    """Negative control: the files are well-formed, so only the limits keep them out."""
    wide = PictureLimits(10**7, 1, 10**6, 10**12, 10**6, 10**9)
    assert check_picture(sample.png_bomb(20_480), wide).pixels == 20_480**2
    assert len(sample.png_bomb(20_480)) < 100_000
    with Image.open(BytesIO(sample.gif_of(20_000, (64, 64)))) as many:
        assert many.n_frames == 20_000  # type: ignore[attr-defined]
    assert len(sample.webp_of(16_383)) < 50
    small = sample.png_bomb(1_024)
    assert len(decode_squares(small, check_picture(small, LIMITS), 112)) == 1


@given(st.binary(max_size=200), st.sampled_from([data for data, _ in GOOD[:8]]), st.integers(0, 60))
def test_no_file_breaks_the_reader(noise: bytes, good: bytes, at: int) -> None:
    """Damaged anywhere it is either refused or read; nothing else happens."""
    for data in (noise, good[:at] + noise + good[at + len(noise) :], good[:at]):
        try:
            facts = read_facts(data)
        except BadPictureError:
            continue
        assert facts.width > 0


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "JPEG"])
def test_damage_behind_a_good_header_is_refused(kind: str) -> None:
    good = bytearray(sample.still(kind, (256, 256)))
    middle = len(good) // 2
    good[middle : middle + 40] = bytes(40)
    try:
        frames = decode_squares(bytes(good), check_picture(bytes(good), LIMITS), 112)
    except InvalidInput as refusal:
        assert refusal.code == "bad_picture"
    else:
        assert len(frames) == 1  # some decoders show what is left


def test_a_file_that_promises_more_frames_than_it_has_is_refused() -> None:
    data = sample.apng_claiming(5)
    with pytest.raises(InvalidInput) as refusal:
        decode_squares(data, check_picture(data, LIMITS), 112)
    assert refusal.value.code == "bad_picture"


@pytest.mark.parametrize("data", [sample.polyglot_gif(), sample.polyglot_png()])
def test_nothing_but_the_picture_is_kept(data: bytes) -> None:
    assert b"<script>" in data
    frames = decode_squares(data, check_picture(data, LIMITS), 112)
    made = [encode_still(frames[0], 56, kind) for kind in ("PNG", "WEBP")]
    made += [encode_moving(frames, 56, kind) for kind in ("GIF", "WEBP")] if len(frames) > 1 else []
    assert not any(b"script" in file for file in made)
    assert [read_facts(file).width for file in made] == [56] * len(made)


def test_a_wide_picture_stands_in_the_middle_of_its_square() -> None:
    frame = decode_squares(sample.still(size=(128, 32)), PictureFacts("PNG", 128, 32), 112)[0]
    with Image.open(BytesIO(encode_still(frame, 112, "PNG"))) as made:
        assert made.size == (112, 112)
        assert made.getpixel((56, 2)) == (0, 0, 0, 0)
        assert made.getpixel((56, 56))[1] > 150  # type: ignore[index]


def test_an_animation_keeps_its_frames_and_their_lengths() -> None:
    data = sample.moving("GIF", 12, duration=80)
    frames = decode_squares(data, check_picture(data, LIMITS), 112)
    for kind in ("GIF", "WEBP"):
        assert read_facts(encode_moving(frames, 28, kind)) == PictureFacts(kind, 28, 28, 12, 960)


def test_a_photograph_is_turned_and_forgets_where_it_was_taken() -> None:
    image = Image.new("RGB", (64, 32), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "my kitchen"
    file = BytesIO()
    image.save(file, "JPEG", exif=exif)
    frame = decode_squares(file.getvalue(), check_picture(file.getvalue(), LIMITS), 112)[0]
    made = encode_still(frame, 112, "PNG")
    assert b"kitchen" in file.getvalue() and b"kitchen" not in made
    with Image.open(BytesIO(made)) as upright:
        assert upright.getchannel("A").getbbox() == (28, 0, 84, 112)
