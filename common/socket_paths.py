"""Unix socket paths are limited to 107 bytes; a data directory may lie deeper than that."""

import hashlib
import os
from pathlib import Path

LONGEST_SOCKET_PATH = 100
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


def socket_directory(directory: Path) -> Path:
    """`directory`, or when its sockets' paths would be too long, the short link that stack/services.py makes to it."""
    if len(os.fsencode(directory)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return short_links() / digest


def short_links() -> Path:
    """This user's directory of links; who else could write there could pose as our database."""
    return Path(f"/tmp/millrace-{os.getuid()}")  # noqa: S108  made 0700 and checked to be ours by make_short_link


def make_short_link(directory: Path) -> None:
    """Make the link that `socket_directory` names, where one is needed."""
    link = socket_directory(directory)
    if link == directory:
        return
    home = short_links()
    home.mkdir(mode=0o700, exist_ok=True)
    status = home.lstat()
    if home.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{home} is not a private directory of this user; remove it and start again.")
    draft = home / f"{link.name}.{os.getpid()}"
    draft.symlink_to(directory)
    draft.replace(link)
