"""The bytes of a push: against the RFC's own example, and against a receiver that is not our library."""

import time

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.notifications import web_push
from tests.accounts.notifications.push_service import open_message, raw_of, verified_claims

SERVICE = "https://push.example"
# RFC 8291, appendix A: what it must come to, and the keys of the one who reads it.
RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RFC_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(raw_of(text)), ec.SECP256R1())


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_our_receiver_reads_the_example_of_the_rfc() -> None:
    assert open_message(raw_of(RFC_BODY), key=private(RFC_KEY), secret=raw_of(RFC_AUTH)) == RFC_TEXT


def test_only_the_browser_it_was_closed_for_opens_it() -> None:
    browser, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    secret = b"s" * 16
    body = web_push.encrypt(b"hello", web_push.Receiver(f"{SERVICE}/1", point(browser), secret))
    assert open_message(body, key=browser, secret=secret) == b"hello"
    with pytest.raises(InvalidTag):
        open_message(body, key=other, secret=secret)
    with pytest.raises(InvalidTag):
        open_message(body, key=browser, secret=b"x" * 16)
    with pytest.raises(InvalidTag):
        open_message(body[:-1] + bytes([body[-1] ^ 1]), key=browser, secret=secret)


def test_two_messages_never_look_the_same() -> None:
    receiver = web_push.Receiver(f"{SERVICE}/1", point(ec.generate_private_key(ec.SECP256R1())), b"s" * 16)
    assert web_push.encrypt(b"hello", receiver) != web_push.encrypt(b"hello", receiver)


def test_largest_payload_fits_into_one_message() -> None:
    receiver = web_push.Receiver(f"{SERVICE}/1", point(ec.generate_private_key(ec.SECP256R1())), b"s" * 16)
    assert len(web_push.encrypt(b"x" * web_push.PAYLOAD_MAX_BYTES, receiver)) == 4096
    with pytest.raises(ValueError, match="too much"):
        web_push.payload_of({"text": "x" * web_push.PAYLOAD_MAX_BYTES})


def headers(now: float, contact: str = "mailto:admin@example.org") -> dict[str, str]:
    signer = web_push.Signer(web_push.signing_key("", b"seed"), contact)
    message = web_push.Message(b"", 60, "high", web_push.topic_of("live:/alice"))
    return signer.headers(message, f"{SERVICE}/push/1?x=y", now)


def test_signature_is_for_one_service_and_for_half_a_day() -> None:
    now = time.time()
    claims = verified_claims(headers(now)["Authorization"], SERVICE, now)
    assert claims["k"] == web_push.public_key_text(web_push.signing_key("", b"seed"))
    assert now + web_push.SIGNATURE_SECONDS / 2 <= claims["exp"] <= now + web_push.SIGNATURE_SECONDS


@pytest.mark.parametrize("later", [0, 3 * 3600, 5.99 * 3600, 6 * 3600])
def test_signature_is_good_whenever_it_is_used(later: float) -> None:
    now = (time.time() // web_push.SIGNATURE_KEPT_SECONDS) * web_push.SIGNATURE_KEPT_SECONDS + later
    verified_claims(headers(now)["Authorization"], SERVICE, now)


def test_receiver_refuses_what_is_not_right() -> None:
    now = time.time()
    header = headers(now)["Authorization"]
    with pytest.raises(ValueError, match="another service"):
        verified_claims(header, "https://other.example", now)
    with pytest.raises(ValueError, match="over"):
        verified_claims(header, SERVICE, now + 86_400)
    token, _, key = header.partition(",")
    signed, _, signature = token.rpartition(".")
    twisted = f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]},{key}"
    with pytest.raises(ValueError, match="signature"):
        verified_claims(twisted, SERVICE, now)
    foreign = f"{token},k={web_push.public_key_text(web_push.signing_key('', b'other'))}"
    with pytest.raises(ValueError, match="signature"):
        verified_claims(foreign, SERVICE, now)


def test_key_of_the_installation_stays_the_same() -> None:
    keys = {web_push.public_key_text(web_push.signing_key("", seed)) for seed in (b"one", b"one", b"two")}
    assert len(keys) == 2


def test_key_of_a_web_push_tool_is_taken() -> None:
    assert point(web_push.signing_key(RFC_KEY, b"seed")) == point(private(RFC_KEY))


@pytest.mark.parametrize("text", ["short", "ä" * 43, "A" * 44, "=" * 43])
def test_other_keys_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        web_push.signing_key(text, b"seed")


def test_point_off_the_curve_is_refused() -> None:
    good = web_push.to_base64url(point(ec.generate_private_key(ec.SECP256R1())))
    web_push.check_keys(good, RFC_AUTH)
    for p256dh, auth in [
        (web_push.to_base64url(b"\x04" + b"\x01" * 64), RFC_AUTH),
        (good, "AAAA"),
        ("", ""),
        ("ä", "ä"),
    ]:
        with pytest.raises(ValueError, match=r".+"):
            web_push.check_keys(p256dh, auth)


def test_topic_has_the_form_of_the_rfc() -> None:
    assert len(web_push.topic_of("live:/alice")) == 32
    assert web_push.topic_of("live:/alice") != web_push.topic_of("live:/bob")
