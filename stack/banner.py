"""What someone needs to know once the stack runs."""

from collections.abc import Mapping
from typing import Any

from stack.terminal import paint, say

# Whoever set these for the stack must set them for manage.py too.
SHARED_VARIABLES = ("MILLRACE_DATA", "MILLRACE_PORT", "MILLRACE_RTMP_PORT", "MILLRACE_DB_HOST", "MILLRACE_REDIS_URL")


def show_banner(settings: Any, given: Mapping[str, str], seconds: float) -> None:
    """The site's address, how to make the first streamer, and the settings of OBS."""
    prefix = "".join(f"{name}={given[name]} " for name in SHARED_VARIABLES if given.get(name))
    server = settings.PUBLIC_RTMP_URL or f"rtmp://127.0.0.1:{settings.RTMP_PORT}/live"
    create = f"{prefix}./manage.py create_user yourname --streamer"
    for line in (
        "",
        f"  {paint('green', '●')} {paint('bold', 'Millrace is running')}, ready after {seconds:.1f} s",
        "",
        f"    Site            {paint('bold', settings.SITE_URL)}",
        f"    First streamer  {paint('bold', create)}",
        "                    in another terminal; it prints the password and the stream key",
        "    OBS             Settings → Stream → Service: Custom",
        f"                      Server      {paint('bold', server)}",
        "                      Stream key  the one printed above",
        "                    Settings → Output → Keyframe interval: 2 s",
        f"    Logs            {settings.DATA_DIR / 'logs'}",
        "    Stop            Ctrl-C",
        "",
    ):
        say(line)
