"""Renders the two nginx configurations from docker/nginx/ and names their processes."""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.module_loading import import_string

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
    rtmp = _load_module("ngx_rtmp_module.so")
    if not rtmp:
        raise StackError("nginx's RTMP module is not installed: install the package libnginx-mod-rtmp.")
    return {
        "USER_LINE": _user_line(unprivileged(WORKER_USER)),
        "RTMP_MODULE_LINE": rtmp,
        "RTMP_PORT": str(settings.RTMP_PORT),
        "HOOKS": f"http://127.0.0.1:{settings.INGEST_HOOK_PORT}/internal/ingest",
        "HOOK_PORT": str(settings.INGEST_HOOK_PORT),
        "SITE_PORT": str(settings.SITE_PORT),
        "HOOK_SECRET": settings.INGEST_HOOK_SECRET,
        "CONTROL_SOCKET": str(settings.INGEST_CONTROL_SOCKET),
    }


def edge_values(trusted_proxies: list[str]) -> dict[str, str]:
    """What docker/nginx/edge.conf asks for."""
    real_ip = [f"set_real_ip_from {address};" for address in trusted_proxies]
    brotli = _load_module("ngx_http_brotli_static_module.so")
    return {
        "USER_LINE": _user_line(edge_user()),
        "BROTLI_MODULE_LINE": brotli,
        "BROTLI_LINE": "brotli_static on;" if brotli else "",
        "MIME_TYPES": "/etc/nginx/mime.types",
        "LISTEN_LINES": _listen_lines(),
        "CACHE_MB": str(settings.MEDIA_CACHE_MB),
        **_tls_values(),
        **_upstream_values(),
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


def _listen_lines() -> str:
    hosts = ["", "[::]:"] if _has_ipv6() else [""]
    lines = [f"listen {host}{settings.PORT};" for host in hosts]
    if settings.TLS_CERT:
        # nginx before 1.25 knows HTTP/2 only as a word here, later ones still do.
        lines += [f"listen {host}{settings.TLS_PORT} ssl http2;" for host in hosts]
    return " ".join(lines)


def _tls_values() -> dict[str, str]:
    if not settings.TLS_CERT:
        return {"CERTIFICATE_LINES": "", "REDIRECT_LINES": ""}
    for path in (settings.TLS_CERT, settings.TLS_KEY):
        if not os.access(path or "/-", os.R_OK):
            raise StackError(f"{path or 'MILLRACE_TLS_KEY'} cannot be read: TLS needs a certificate and its key.")
    certificate = f'ssl_certificate "{settings.TLS_CERT}"; ssl_certificate_key "{settings.TLS_KEY}";'
    if not settings.SECURE:  # where people are told to use plain HTTP
        return {"CERTIFICATE_LINES": certificate, "REDIRECT_LINES": ""}
    # Players do not follow redirects for media (Apple's authoring rule 8.18), and health checks should not have to.
    spared = '"~^http:/(media|healthz|authorise|live-edge)(/|$)" 0;'
    return {
        "CERTIFICATE_LINES": f'{certificate} map "$scheme:$uri" $to_https {{ default 0; {spared} "~^http:" 1; }}',
        "REDIRECT_LINES": f"if ($to_https) {{ return 308 {settings.SITE_URL}$request_uri; }}",
    }


def _upstream_values() -> dict[str, str]:
    """Whom the edge asks for what is not on this machine."""
    shield = urlsplit(settings.ORIGIN_SHIELD)
    if not settings.ORIGIN_SHIELD:
        return {
            "SHIELD_LINES": "",
            "SITE_UPSTREAM": "http://site",
            "CHAT_UPSTREAM": "http://chat",
            "NOT_STORED_HERE": "@origin" if _stores_on_disk() else "@kept",
            "KEPT_UPSTREAM": "http://origin",
            "KEPT_LINES": _headers({"Host": "$http_host"}),
            "PREVIEWS_LINES": f'alias "{settings.MEDIA_ROOT}/previews/";'
            if _stores_on_disk()
            else _kept_previews("http://origin"),
        }
    if shield.scheme not in {"http", "https"} or not shield.hostname or shield.path.strip("/"):
        raise StackError("MILLRACE_ORIGIN_SHIELD must be an address like https://main.example, without a path.")
    address = f"{shield.hostname}:{shield.port or (443 if shield.scheme == 'https' else 80)}"
    lines = [f"upstream shield {{ server {address}; keepalive 64; }}"]
    if shield.scheme == "https":
        lines.append(
            f"proxy_ssl_server_name on; proxy_ssl_name {shield.hostname}; proxy_ssl_protocols TLSv1.2 TLSv1.3; "
            "proxy_ssl_verify on; proxy_ssl_verify_depth 3; "
            f'proxy_ssl_trusted_certificate "{settings.ORIGIN_SHIELD_CA}";'
        )
    upstream = f"{shield.scheme}://shield"
    here = set(settings.PROCESSES)
    return {
        "SHIELD_LINES": " ".join(lines),
        "SITE_UPSTREAM": upstream if here and "site" not in here else "http://site",
        "CHAT_UPSTREAM": upstream if here and "chat" not in here else "http://chat",
        "NOT_STORED_HERE": "@kept",
        "KEPT_UPSTREAM": upstream,
        "KEPT_LINES": _headers({"Host": shield.netloc}),
        "PREVIEWS_LINES": _kept_previews(upstream),
    }


def _kept_previews(upstream: str) -> str:
    return f"proxy_pass {upstream}; proxy_cache kept; proxy_cache_key $uri; proxy_cache_lock on;"


def _stores_on_disk() -> bool:
    """Then what is not on this disk is nowhere, or on its way there; the origin asks once for all, without a cache."""
    storage: Any = settings.STORAGES["default"]
    return issubclass(import_string(storage["BACKEND"]), FileSystemStorage)


def _headers(headers: dict[str, str]) -> str:
    """Setting one header drops the inherited ones, so those that must not be passed on are named again."""
    ours = {**headers, "Connection": '""', "X-Sendfile-Prefix": '""', "X-Forwarded-For": "$remote_addr"}
    return " ".join(f"proxy_set_header {name} {value};" for name, value in ours.items())


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


def _load_module(name: str) -> str:
    """The line that loads it, or none."""
    modules = [directory / name for directory in MODULE_DIRECTORIES if (directory / name).exists()]
    return f'load_module "{modules[0]}";' if modules else ""


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
