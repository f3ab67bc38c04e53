"""What a certificate changes for the site behind the edge."""

import os
import subprocess
import sys

import pytest

SHOW = """
import json
from config import settings as site
print(json.dumps([site.SITE_URL, site.SECURE, site.SESSION_COOKIE_SECURE, site.SECURE_PROXY_SSL_HEADER]))
"""
HEADER = '["HTTP_X_FORWARDED_PROTO", "https"]'


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, '["http://127.0.0.1:8080", false, false, null]'),
        ({"TLS_CERT": "/c.pem"}, f'["https://127.0.0.1:443", true, true, {HEADER}]'),
        # Both are served: addresses that the site makes for a page over TLS are over TLS as well.
        ({"TLS_CERT": "/c.pem", "SITE_URL": "http://a.example"}, f'["http://a.example", false, false, {HEADER}]'),
        ({"SITE_URL": "https://a.example"}, f'["https://a.example", true, true, {HEADER}]'),
    ],
    ids=["plain", "tls", "both", "behind a balancer"],
)
def test_site_knows_what_the_visitor_speaks(given: dict[str, str], expected: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILLRACE_")}
    environment |= {f"MILLRACE_{name}": value for name, value in ({"PORT": "8080"} | given).items()}
    environment["MILLRACE_SECRET_KEY"] = "of-this-test-only-" + "x" * 40
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == expected, done.stderr
