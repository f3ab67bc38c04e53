"""What a server offers over TLS (AS12) and whether its media comes over HTTP/2 (R§B.1)."""

import asyncio
import socket
import ssl
import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1

from tests.conformance.capture import Capture, Exchange

VERSIONS = {"TLSv1.3": 1.3, "TLSv1.2": 1.2, "TLSv1.1": 1.1, "TLSv1": 1.0}
CONNECT_SECONDS = 5
# Python's own client never offers less than TLS 1.2 with sound ciphers, so that is allowed here on purpose.
ANY_CIPHER = "ALL:@SECLEVEL=0"


@dataclass(frozen=True)
class TlsFront:
    """Where TLS is offered, and whose certificates to trust."""

    host: str
    port: int
    ca_file: Path


async def ask_over_tls(front: TlsFront, prefix: str, paths: list[str], capture: Capture) -> None:
    """A-151 for each path, and the facts of A-157."""
    for path in paths:
        capture.exchanges.append(await asyncio.to_thread(_over_http_2, front, prefix, path))
    capture.facts |= await asyncio.to_thread(_facts, front)


def _over_http_2(front: TlsFront, prefix: str, path: str) -> Exchange:
    """curl, since it speaks HTTP/2 wherever it is installed; the address goes in by stdin, for its token."""
    url = f"https://{front.host}:{front.port}{prefix}/{path}"
    command = ["curl", "--silent", "--http2", "--cacert", str(front.ca_file), "--max-time", "20", "--config", "-"]
    command += ["--dump-header", "-"]
    asked_at = time.monotonic()
    done = subprocess.run(command, input=f'url = "{url}"\n'.encode(), capture_output=True, check=False)
    now = time.monotonic()
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    words = status_line.split(" ")
    return Exchange(
        path=path,
        query="",
        purpose="A-151",
        asked_at=asked_at,
        first_byte_at=now,
        done_at=now,
        wall=time.time(),
        status=int(words[1]) if len(words) > 1 else 0,
        headers={name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)},
        body=body,
        wire_size=len(body),
        http_version=words[0],
    )


def _facts(front: TlsFront) -> dict[str, float]:
    context = ssl.create_default_context(cafile=front.ca_file)
    with _connected(front, context) as connection:
        version, cipher = connection.version() or "", connection.cipher() or ("", "", 0)
        certificate = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
    key = certificate.public_key()
    is_ec = isinstance(key, ec.EllipticCurvePublicKey)
    return {
        "tls_version": VERSIONS.get(version, 0.0),
        "tls_old_accepted": float(_accepts_old(front)),
        "tls_forward_secret": float(version == "TLSv1.3" or cipher[0].startswith(("ECDHE", "DHE"))),
        "tls_key_bits": float(key.key_size if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else 0),
        "tls_key_is_ec": float(is_ec),
        "tls_sha1": float(isinstance(certificate.signature_hash_algorithm, SHA1)),
    }


def _connected(front: TlsFront, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((front.host, front.port), timeout=CONNECT_SECONDS)
    return context.wrap_socket(plain, server_hostname=front.host)


def _accepts_old(front: TlsFront) -> bool:
    """Whether a client that knows nothing newer than TLS 1.1 gets in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ANY_CIPHER)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of course they are
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    try:
        _connected(front, context).close()
    except (ssl.SSLError, ConnectionError):
        return False
    return True
