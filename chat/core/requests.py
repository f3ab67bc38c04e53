"""Everything a client may send, parsed strictly: unknown types, wrong types and deep nesting are refused."""

import json
import re
from dataclasses import dataclass
from typing import Any

from chat.core.text import storable
from chat.errors import MalformedRequestError
from chat.limits import API_TOKEN_MAX_CHARACTERS, FRAME_MAX_BYTES, JSON_MAX_DEPTH, NONCE_MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class Say:
    """Say `text` in the room. The same nonce twice is the same message. `plain`: it is never a command.

    `reply_to` is the id of the message it answers. `announcement` is the colour of one; no client can send it, the
    command does.
    """

    text: str
    nonce: str | None
    plain: bool = False
    reply_to: str | None = None
    announcement: str = ""


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Speak as the owner of this API token from now on."""

    token: str

    def __repr__(self) -> str:
        return "Authenticate(token=…)"  # a token must not reach a log through a trace


Request = Say | Authenticate
MESSAGE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def parse_request(frame: str | None) -> Request:
    """The request in one text frame (None: the frame was binary)."""
    if frame is None:
        raise MalformedRequestError("Send text frames with JSON.")
    body = _object(frame, "Send a JSON object with a type.")
    match body.get("type"):
        case "say":
            return Say(text=_text(body, "text", FRAME_MAX_BYTES), nonce=_nonce(body), reply_to=_reply_to(body))
        case "auth":
            return Authenticate(token=storable(_text(body, "token", API_TOKEN_MAX_CHARACTERS)))
    raise MalformedRequestError("Unknown type. Known are: say, auth.")


def parse_say(body: bytes) -> Say:
    """What is said in the body of a POST."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise MalformedRequestError("Send UTF-8.") from None
    fields = _object(text, "Send a JSON object with a text.")
    return Say(text=_text(fields, "text", FRAME_MAX_BYTES), nonce=_nonce(fields), reply_to=_reply_to(fields))


def _object(frame: str, wanted: str) -> dict[str, Any]:
    if len(frame) > FRAME_MAX_BYTES:
        raise MalformedRequestError(f"A frame may have at most {FRAME_MAX_BYTES} bytes.")
    if _depth(frame) > JSON_MAX_DEPTH:
        raise MalformedRequestError("That JSON is nested too deeply.")
    try:
        body = json.loads(frame)
    except ValueError:
        raise MalformedRequestError("That is not JSON.") from None
    if not isinstance(body, dict):
        raise MalformedRequestError(wanted)
    return body


def nonce_of(frame: str | None) -> str | None:
    """The nonce of a frame that could not be parsed as a request, so that its refusal can still name it."""
    try:
        body = json.loads(frame or "") if _depth(frame or "") <= JSON_MAX_DEPTH else None
        return _nonce(body) if isinstance(body, dict) else None
    except (ValueError, MalformedRequestError):
        return None


def _text(body: dict[str, Any], name: str, maximum: int) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise MalformedRequestError(f"{name} must be text.")
    if len(value) > maximum:
        raise MalformedRequestError(f"{name} may have at most {maximum} characters.")
    return value


def _reply_to(body: dict[str, Any]) -> str | None:
    answered = body.get("reply_to")
    if answered is None:
        return None
    if not isinstance(answered, str) or not MESSAGE_ID.fullmatch(answered):
        raise MalformedRequestError("reply_to must be the id of a message.")
    return answered


def _nonce(body: dict[str, Any]) -> str | None:
    nonce = body.get("nonce")
    if nonce is None:
        return None
    if not isinstance(nonce, str) or not nonce.isascii() or not nonce.isprintable() or not nonce:
        raise MalformedRequestError("nonce must be printable ASCII text.")
    if len(nonce) > NONCE_MAX_CHARACTERS:
        raise MalformedRequestError(f"nonce may have at most {NONCE_MAX_CHARACTERS} characters.")
    return nonce


def _depth(frame: str) -> int:
    """How deeply `frame` nests arrays and objects; brackets inside strings do not count."""
    if frame.count("{") + frame.count("[") <= JSON_MAX_DEPTH:
        return 1
    deepest = depth = 0
    in_string = escaped = False
    for character in frame:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest
