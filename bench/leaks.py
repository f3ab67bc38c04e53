"""Looks for a word everywhere a stack could have left it: files, database, Redis, command lines."""

import mmap
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis

from bench.processes import all_processes
from bench.stack import Stack


def find_word(stack: Stack, word: str) -> list[str]:
    """Places where `word` is."""
    return [
        *files_with(word, stack.root),
        *files_with(word, stack.live_edge),
        *database_lines_with(word, stack),
        *redis_keys_with(word, stack),
        *commands_with(word),
    ]


def files_with(word: str, root: Path) -> list[str]:
    """Logs, recordings, the raw files of PostgreSQL and Redis, whatever there is."""
    return [f"file {path}" for path in root.rglob("*") if path.is_file() and _holds(path, word.encode())]


def _holds(path: Path, word: bytes) -> bool:
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return content.find(word) >= 0
    except OSError:  # gone since it was listed
        return False


def database_lines_with(word: str, stack: Stack) -> list[str]:
    """A dump shows what PostgreSQL's own files may hide by compression."""
    socket_directory = stack.postgres_directory()
    command = ["pg_dump", "-h", socket_directory, "-U", "millrace", "--data-only", "millrace"]
    dump = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return [f"database row: {line[:80]}" for line in dump.splitlines() if word in line]


def redis_keys_with(word: str, stack: Stack) -> list[str]:
    found = []
    for path in stack.redis_sockets():
        with redis.Redis(unix_socket_path=path) as client:
            names = client.scan_iter(count=1000)
            found += [f"Redis {name!r}" for name in names if word.encode() in name + _value(client, name)]
    return found


def _value(client: Any, name: bytes) -> bytes:
    readers: dict[bytes, Callable[[], object]] = {
        b"string": lambda: client.get(name),
        b"hash": lambda: client.hgetall(name),
        b"list": lambda: client.lrange(name, 0, -1),
        b"set": lambda: client.smembers(name),
        b"zset": lambda: client.zrange(name, 0, -1),
        b"stream": lambda: client.xrange(name),
        b"none": lambda: b"",  # expired since it was listed
    }
    return repr(readers[client.type(name)]()).encode()


def commands_with(word: str) -> list[str]:
    """What every user of the machine can read with `ps`."""
    return [f"command line {process}" for process in all_processes() if word in process.command]


PLANTED_KEY = "planted"


def set_in_redis(stack: Stack, word: str) -> None:
    """For the control that the search works."""
    with redis.Redis(unix_socket_path=stack.redis_sockets()[0]) as client:
        client.rpush(PLANTED_KEY, word)


def remove_from_redis(stack: Stack) -> None:
    with redis.Redis(unix_socket_path=stack.redis_sockets()[0]) as client:
        client.delete(PLANTED_KEY)
