"""A certificate authority for a day, and a server certificate signed by it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1")


@dataclass(frozen=True)
class Certificates:
    """Files: whom to trust, and what a server shows."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(directory: Path, *, names: str = "IP:127.0.0.1,DNS:localhost") -> Certificates:
    """With openssl; elliptic keys, as that is quick."""
    made = Certificates(directory / "authority.pem", directory / "server.pem", directory / "server.key")
    authority_key = directory / "authority.key"
    _new_certificate("/CN=Millrace test authority", authority_key, made.authority)
    signed = ("-CA", str(made.authority), "-CAkey", str(authority_key), "-addext", f"subjectAltName={names}")
    _new_certificate("/CN=Millrace test", made.key, made.certificate, *signed)
    return made


def _new_certificate(subject: str, key: Path, certificate: Path, *options: str) -> None:
    command = ["openssl", "req", "-x509", *NEW_KEY, "-subj", subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *options], check=True, capture_output=True)
