"""Keeps a capture in a directory, so that one that failed can be looked at and judged again: `--replay DIR`.

`capture.json` says what was expected and done; `exchanges.jsonl.gz` has a line for each exchange, in order;
`objects/` holds every body once, named by its SHA-256.
"""

import dataclasses
import gzip
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.conformance.capture import Capture, Exchange, Expected, Happening

BODIES_IN_MEMORY = 256


class Objects:
    """Bodies by their hash, each held once: small ones in memory, large ones in files when there is a folder."""

    IN_MEMORY_BYTES = 64 * 1024

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._held: dict[str, bytes] = {}
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def take(self, exchange: Exchange) -> Exchange:
        """The same exchange, its body shared with those that got the same bytes."""
        if self.folder and len(exchange.body) > self.IN_MEMORY_BYTES:
            return _stored(_without_body(exchange), write_object(self.folder, exchange.body))
        shared = self._held.setdefault(digest(exchange.body), exchange.body)
        return exchange if shared is exchange.body else dataclasses.replace(exchange, body=shared)


class _StoredExchange(Exchange):
    """An exchange whose body lies in a file; `body` is no attribute of the object, so it is looked for here."""

    file: Path

    def __getattr__(self, name: str) -> Any:
        if name == "body":
            return _read_object(self.file)
        raise AttributeError(name)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def write_object(folder: Path, body: bytes) -> Path:
    path = folder / digest(body)
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.write_bytes(body)
        draft.replace(path)
    return path


def save(capture: Capture, folder: Path) -> None:
    """Everything, so that `load` gives an equal capture."""
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "exchanges.jsonl.gz", "wt", compresslevel=3) as lines:
        for one in capture.exchanges:
            fields = _without_body(one) | {"body": write_object(objects, one.body).name}
            fields |= {"headers": dict(one.headers), "asked_headers": dict(one.asked_headers)}
            lines.write(json.dumps(fields) + "\n")
    about = {
        "expected": dataclasses.asdict(capture.expected),
        "happenings": [dataclasses.asdict(one) for one in capture.happenings],
        "sent": list(capture.sent.items()),
        "stalls": capture.stalls,
        "facts": capture.facts,
    }
    (folder / "capture.json").write_text(json.dumps(about))


def load(folder: Path) -> Capture:
    """A capture as `save` wrote it; large bodies stay in their files until a rule reads them."""
    about = json.loads((folder / "capture.json").read_text())
    capture = Capture(
        Expected(**about["expected"]),
        happenings=[Happening(**one) for one in about["happenings"]],
        sent={int(number): at for number, at in about["sent"]},
        stalls=[(at, length) for at, length in about["stalls"]],
        facts=about["facts"],
    )
    with gzip.open(folder / "exchanges.jsonl.gz", "rt") as lines:
        for line in lines:
            fields = json.loads(line)
            path = folder / "objects" / fields.pop("body")
            large = path.stat().st_size > Objects.IN_MEMORY_BYTES
            capture.exchanges.append(_stored(fields, path) if large else Exchange(**fields, body=_read_object(path)))
    return capture


def _without_body(exchange: Exchange) -> dict[str, Any]:
    names = [one.name for one in dataclasses.fields(Exchange) if one.name != "body"]
    return {name: getattr(exchange, name) for name in names}


def _stored(fields: dict[str, Any], file: Path) -> Exchange:
    made = object.__new__(_StoredExchange)
    made.__dict__.update(fields, file=file)
    return made


@lru_cache(maxsize=BODIES_IN_MEMORY)
def _read_object(file: Path) -> bytes:
    return file.read_bytes()
