"""Playback tokens: every other text than the one we signed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcode.playback_tokens import MAX_TOKEN_LENGTH, OPENED_BY, Scope, is_valid, read, sign

KEY = b"k" * 32
STREAM = "0123456789abcdef01234567"
EXPIRES = 1_795_159_800
TOKEN = sign(key=KEY, stream_id=STREAM, expires_at=EXPIRES)


def valid(token: str, *, stream_id: str = STREAM, now: float = EXPIRES - 60, key: bytes = KEY) -> bool:
    return is_valid(key=key, token=token, stream_id=stream_id, now=now)


def test_token_is_valid_until_it_expires() -> None:
    assert valid(TOKEN)
    assert valid(TOKEN, now=EXPIRES)
    assert not valid(TOKEN, now=EXPIRES + 0.001)


def test_token_fits_one_path_segment() -> None:
    assert len(TOKEN) <= MAX_TOKEN_LENGTH
    assert set(TOKEN) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.")


def test_every_flipped_bit_is_refused() -> None:
    raw = TOKEN.encode()
    for position in range(len(raw)):
        for bit in range(8):
            spoiled = bytearray(raw)
            spoiled[position] ^= 1 << bit
            assert not valid(spoiled.decode("latin-1"))


def test_token_of_another_broadcast_or_key_is_refused() -> None:
    assert not valid(TOKEN, stream_id="f" * 24)
    assert not valid(TOKEN, key=b"K" * 32)
    assert not valid(TOKEN, stream_id=f"{STREAM}/{EXPIRES}")


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda expiry, mac: f"0{expiry}.{mac}", id="leading zero"),
        pytest.param(lambda expiry, mac: f"0x{expiry}.{mac}", id="prefix"),
        pytest.param(lambda expiry, mac: f"{expiry.upper()}.{mac}", id="upper case"),
        pytest.param(lambda expiry, mac: f"+{expiry}.{mac}", id="sign"),
        pytest.param(lambda expiry, mac: f" {expiry}.{mac}", id="space"),
        pytest.param(lambda expiry, mac: f"{expiry[0]}_{expiry[1:]}.{mac}", id="underscore"),
        pytest.param(lambda expiry, mac: f"{expiry}.{mac}=", id="padding"),
        pytest.param(lambda expiry, mac: f"{expiry}.{mac}\n", id="line end"),
        pytest.param(lambda expiry, mac: f"{expiry}.{mac}.", id="more"),
        pytest.param(lambda expiry, mac: f"{expiry}.", id="no signature"),
        pytest.param(lambda expiry, mac: f".{mac}", id="no expiry"),
        pytest.param(lambda expiry, mac: mac, id="no dot"),
        pytest.param(lambda expiry, mac: "", id="empty"),
        pytest.param(lambda expiry, mac: "１" + expiry[1:] + "." + mac, id="full-width digit"),
        pytest.param(lambda expiry, mac: expiry + ".é" + mac, id="unicode signature"),
        pytest.param(lambda expiry, mac: f"{'f' * 5000}.{mac}", id="endless"),
        pytest.param(lambda expiry, mac: f"-{expiry}.{mac}", id="negative"),
    ],
)
def test_other_spellings_are_refused(spell: "object") -> None:
    scope, generation, expiry, mac = TOKEN.split(".")
    assert callable(spell)

    assert valid(f"{scope}.{generation}.{expiry}.{mac}")
    assert not valid(f"{scope}.{generation}.{spell(expiry, mac)}")


def test_longer_life_cannot_be_written_in() -> None:
    scope, generation, _, mac = TOKEN.split(".")

    assert not valid(f"{scope}.{generation}.{EXPIRES + 1:x}.{mac}")


def test_a_later_generation_cannot_be_written_in() -> None:
    scope, _, expiry, mac = TOKEN.split(".")
    for generation in ("1", "00", "", "-1", "18ab", "0x0", "0.0"):
        assert not valid(f"{scope}.{generation}.{expiry}.{mac}")
    later = sign(key=KEY, stream_id=STREAM, expires_at=EXPIRES, generation=1_795_159_800_123)
    permission = read(key=KEY, token=later, stream_id=STREAM)
    assert permission is not None
    assert permission.generation == 1_795_159_800_123
    assert len(later) <= MAX_TOKEN_LENGTH


def test_another_scope_cannot_be_written_in() -> None:
    for scope in ("r", "d", "", "L", "lr", "x"):
        for kind in OPENED_BY:
            token = scope + TOKEN[1:]
            assert not is_valid(key=KEY, token=token, stream_id=STREAM, now=EXPIRES - 60, kind=kind)


@pytest.mark.parametrize("scope", Scope)
def test_a_token_opens_the_kinds_of_its_scope_only(scope: Scope) -> None:
    token = sign(key=KEY, stream_id=STREAM, expires_at=EXPIRES, scope=scope)
    opened = {kind for kind in OPENED_BY if is_valid(key=KEY, token=token, stream_id=STREAM, now=EXPIRES, kind=kind)}
    assert (
        opened
        == {
            Scope.LIVE: {"live", "shared"},
            Scope.RECORDING: {"recording", "shared"},
            Scope.DOWNLOAD: {"download"},
        }[scope]
    )
    assert not is_valid(key=KEY, token=token, stream_id=STREAM, now=EXPIRES, kind="everything")


@given(st.text(max_size=100), st.text(max_size=30))
def test_any_text_is_refused_without_an_error(token: str, stream_id: str) -> None:
    assert not valid(token, stream_id=stream_id)
