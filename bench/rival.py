"""The rival: nginx-rtmp's own HLS with two-second fragments, watched with hls.js as it comes."""

import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

NGINX_RTMP_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
HLS_JS = Path(__file__).parents[1] / "node_modules" / "hls.js" / "dist" / "hls.min.js"
START_SECONDS = 10
STREAM = "rival"

NGINX_CONF = """
{user}
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
load_module {module};
events {{ worker_connections 256; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{rtmp_port};
    application live {{ live on; hls on; hls_path {root}/www/hls; hls_fragment 2s; hls_playlist_length 20s; }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  types {{ text/html html; text/javascript js; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  server {{
    listen 127.0.0.1:{port};
    root {root}/www;
    location /hls/ {{ add_header Cache-Control no-cache; }}
  }}
}}
"""

PAGE = """<!doctype html><title>Rival</title><video id="player-video" muted autoplay width="640"></video>
<script src="/hls.js"></script><script>
const hls = new Hls();
hls.loadSource("/hls/rival.m3u8");
hls.attachMedia(document.getElementById("player-video"));
</script>
"""


class Rival:
    """nginx with nginx-rtmp in a directory of its own; use as a context manager."""

    def __init__(self, *, port: int, rtmp_port: int) -> None:
        self.port, self.rtmp_port = port, rtmp_port
        self.page = f"http://127.0.0.1:{port}/index.html"
        self._directory = tempfile.TemporaryDirectory(prefix="millrace-rival-")
        self.www = Path(self._directory.name) / "www"
        self._nginx: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        root = Path(self._directory.name)
        (root / "www" / "hls").mkdir(parents=True)
        (root / "www" / "index.html").write_text(PAGE)
        (root / "www" / "hls.js").write_bytes(HLS_JS.read_bytes())
        config = root / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(
            NGINX_CONF.format(user=user, root=root, module=NGINX_RTMP_MODULE, port=self.port, rtmp_port=self.rtmp_port)
        )
        self._nginx = subprocess.Popen(["nginx", "-p", str(root), "-c", str(config), "-e", str(root / "error.log")])
        self._wait_for(self.page)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._nginx
        self._nginx.terminate()
        self._nginx.wait(timeout=10)
        self._directory.cleanup()

    @staticmethod
    def _wait_for(url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(url, timeout=1).close()  # noqa: S310  our own address
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
