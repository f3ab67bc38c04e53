"""Renders the two nginx configurations from docker/nginx/ and names their processes."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from django.conf import settings

from stack.errors import StackError
from stack.services import unprivileged

TEMPLATES = Path(settings.BASE_DIR) / "docker" / "nginx"
WORKER_USER = "www-data"  # Debian's and Ubuntu's user for web servers
# Debian and Ubuntu load dynamic modules from here; the second is where nginx.org's packages look.
MODULE_DIRECTORIES = [Path("/usr/lib/nginx/modules"), Path("/usr/share/nginx/modules"), Path("/etc/nginx/modules")]
PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")  # nginx's own variables are lower case


def render(template: str, values: dict[str, str]) -> str:
    """Fill every ${NAME}; an unknown one is an error, not an empty text."""
    return PLACEHOLDER.sub(lambda match: values[match[1]], template)


def ingest_values() -> dict[str, str]:
    """What docker/nginx/ingest.conf asks for."""
    return {
        "USER_LINE": _user_line(unprivileged(WORKER_USER)),
        "RTMP_MODULE_LINE": _rtmp_module_line(),
        "RTMP_PORT": str(settings.RTMP_PORT),
        "HOOKS": f"http://127.0.0.1:{settings.SITE_PORT}/internal/ingest",
        "HOOK_SECRET": settings.INGEST_HOOK_SECRET,
        "CONTROL_SOCKET": str(settings.INGEST_CONTROL_SOCKET),
    }


def edge_values(trusted_proxies: list[str]) -> dict[str, str]:
    """What docker/nginx/edge.conf asks for."""
    real_ip = [f"set_real_ip_from {address};" for address in trusted_proxies]
    return {
        "USER_LINE": _user_line(edge_user()),
        "MIME_TYPES": "/etc/nginx/mime.types",
        "LISTEN_LINES": f"listen {settings.PORT};" + (f" listen [::]:{settings.PORT};" if _has_ipv6() else ""),
        "SITE_PORT": str(settings.SITE_PORT),
        "CHAT_PORT": str(settings.CHAT_PORT),
        "ORIGIN_PORT": str(settings.ORIGIN_PORT),
        "STATIC_ROOT": str(settings.STATIC_ROOT),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "LIVE_EDGE_DIR": str(settings.LIVE_EDGE_DIR),
        "PAGES_DIR": str(TEMPLATES / "pages"),
        # Behind a TLS balancer this hop is plain HTTP, but what the visitor sees is not.
        "FORWARDED_PROTO": "https" if settings.SECURE else "$scheme",
        "REAL_IP_LINES": " ".join([*real_ip, "real_ip_header X-Forwarded-For;"]) if real_ip else "",
    }


def write_config(name: str, values: dict[str, str]) -> Path:
    """Write DATA/<name>/nginx.conf, readable by its owner only, and return its directory."""
    prefix = Path(settings.DATA_DIR) / name
    (prefix / "temp").mkdir(parents=True, exist_ok=True)
    prefix.chmod(0o700 if name == "ingest" else 0o711)
    config = prefix / "nginx.conf"
    config.unlink(missing_ok=True)
    text = render((TEMPLATES / f"{name}.conf").read_text(), values)
    with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return prefix


def child_options(name: str, prefix: Path) -> list[str]:
    """What stack/child.py clears away when the last nginx here was killed."""
    sockets = ["--unlink", str(settings.INGEST_CONTROL_SOCKET)] if name == "ingest" else []
    return ["--pid-file", str(prefix / "nginx.pid"), *sockets]


def check(name: str, prefix: Path) -> None:
    """`nginx -t`, so that a mistake is one sentence here and not a restart loop later."""
    command = [_nginx_binary(), "-p", str(prefix), "-c", "nginx.conf", "-t"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reasons = [line for line in done.stderr.splitlines() if "[emerg]" in line] or ["no reason given"]
        raise StackError(f"nginx refuses the {name} configuration: {reasons[0]}")


def edge_user() -> str | None:
    """Who the edge's workers run as when root starts the stack: nobody special, if that user can reach the files.

    A clone under /root is out of reach for everyone else; then they stay root, which is for trying out only.
    """
    user = unprivileged(WORKER_USER)
    if user is None:
        return None
    reach = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "test", "-x"]
    reachable = all(
        subprocess.run([*reach, str(path)], capture_output=True, check=False).returncode == 0
        for path in (settings.DATA_DIR, TEMPLATES)
    )
    return user if reachable else "root"


def _nginx_binary() -> str:
    binary = shutil.which("nginx")
    if binary is None:
        raise StackError("nginx is not installed: `make run` installs it, or install the package nginx.")
    return binary


def _rtmp_module_line() -> str:
    for directory in MODULE_DIRECTORIES:
        module = directory / "ngx_rtmp_module.so"
        if module.exists():
            return f'load_module "{module}";'
    raise StackError("nginx's RTMP module is not installed: install the package libnginx-mod-rtmp.")


def _user_line(user: str | None) -> str:
    if user == "root":
        return "user root root;"
    return f"user {user};" if user else ""


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
