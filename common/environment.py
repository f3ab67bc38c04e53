"""Reads settings from the environment, typed, and is loud about nonsense."""

import ipaddress
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")


def env_text(name: str, default: str) -> str:
    """The variable's text, or `default` when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_int(name: str, default: int, *, minimum: int = 0, maximum: int = 2**31) -> int:
    """A whole number between `minimum` and `maximum`; anything else stops the start."""
    text = env_text(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number.") from None
    if not minimum <= value <= maximum:
        raise ImproperlyConfigured(f"{name}={value} must be between {minimum} and {maximum}.")
    return value


def env_float(name: str, default: float, *, minimum: float, maximum: float) -> float:
    """A number between `minimum` and `maximum`; anything else stops the start."""
    text = env_text(name, str(default))
    try:
        value = float(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={text!r} is not a number.") from None
    if not minimum <= value <= maximum:
        raise ImproperlyConfigured(f"{name}={value} must be between {minimum} and {maximum}.")
    return value


def env_flag(name: str, *, default: bool) -> bool:
    """`1/true/yes/on` or `0/false/no/off`."""
    text = env_text(name, "1" if default else "0").lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={text!r} must be 1 or 0.")


def env_choice(name: str, default: str, *, choices: Sequence[str]) -> str:
    """One of `choices`; anything else stops the start."""
    text = env_text(name, default)
    if text not in choices:
        raise ImproperlyConfigured(f"{name}={text!r} must be one of: {', '.join(choices)}.")
    return text


def env_parsed(name: str, default: str, parse: Callable[[str], T], *, nonsense: type[Exception]) -> T:
    """A text in a form of its own. What `parse` refuses by raising `nonsense`, in one sentence, stops the start."""
    try:
        return parse(env_text(name, default))
    except nonsense as refusal:
        raise ImproperlyConfigured(f"{name}: {refusal}") from None


def env_url(name: str, default: str, *, schemes: Sequence[str]) -> str:
    """An address that begins with one of `schemes`, or nothing; anything else stops the start."""
    text = env_text(name, default)
    if text and text.partition("://")[0] not in schemes:
        raise ImproperlyConfigured(f"{name}={text!r} must begin with {' or '.join(f'{one}://' for one in schemes)}.")
    return text


def env_list(name: str, default: Sequence[str]) -> list[str]:
    """Comma-separated values without blanks."""
    text = env_text(name, ",".join(default))
    return [part.strip() for part in text.split(",") if part.strip()]


def env_networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Comma-separated networks such as 192.168.1.0/24; anything else stops the start."""
    try:
        return [ipaddress.ip_network(part) for part in env_list(name, [])]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from None


def env_path(name: str, default: Path) -> Path:
    """An absolute path."""
    return Path(env_text(name, str(default))).expanduser().resolve()
