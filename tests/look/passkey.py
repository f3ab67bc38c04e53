"""A passkey as a browser would have made it: it can be listed, renamed and asked for, and no hand has it."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

_ID, _ANY_DEVICE = b"a key of the cast", bytes(16)


def sample_passkey() -> dict[str, Any]:
    """What `navigator.credentials.create` answers (RegistrationResponseJSON), without attestation."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = ES256.from_cryptography_key(public)  # type: ignore[no-untyped-call]
    held = AttestedCredentialData.create(_ANY_DEVICE, _ID, key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    device = AuthenticatorData.create(bytes(32), flags, 0, held)
    client = CollectedClientData.create(CollectedClientData.TYPE.CREATE, b"asked", "http://localhost")
    return {
        "id": websafe_encode(_ID),
        "rawId": websafe_encode(_ID),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", device, {})),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
