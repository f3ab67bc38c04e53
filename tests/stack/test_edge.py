"""The edge nginx: what it serves itself, whom it asks, and what it never lets through."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from stack import nginx
from tests.stack.answering import Answer, Asked, answering
from tests.stack.nginx_process import move_settings, running_nginx
from transcode.playback_tokens import media_kind

GOOD, EXPIRED = "6553f100.goodsignature", "6553f100.expiredsignature"
STREAM = "0123456789abcdef01234567"
OTHER_STREAM = "fedcba987654321001234567"


@dataclass
class Edge:
    """A running edge and what its upstreams were asked."""

    client: httpx.Client
    port: int
    directory: Path
    log: Path
    site: list[Asked] = field(default_factory=list)
    chat: list[Asked] = field(default_factory=list)
    origin: list[Asked] = field(default_factory=list)

    def put(self, place: str, text: str) -> None:
        path = self.directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def raw(self, request: bytes) -> bytes:
        """The answer to exactly these bytes: HTTP clients tidy paths up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def authorisations(self) -> list[Asked]:
        return [asked for asked in self.origin if asked.path.startswith("/authorise")]


def site(asked: Asked) -> Answer:
    return Answer(body=f"site {asked.path}".encode(), headers={"Content-Type": "text/html"})


def chat(asked: Asked) -> Answer:
    return Answer(body=b"chat")


def origin(asked: Asked) -> Answer:
    if asked.path.startswith("/authorise"):
        return Answer(200 if asked.path.startswith(f"/authorise?token={GOOD}&stream_id={STREAM}&kind=") else 403)
    if asked.path.endswith("9-9.0.m4s"):  # a part that was waited for
        inside = asked.path.split("/", 3)[3].replace("9-9.0", "1-7.2")
        prefix = asked.headers.get("x-sendfile-prefix", "")
        redirect = {"X-Accel-Redirect": f"{prefix}/{inside}", "Content-Type": "video/mp4"}
        return Answer(
            headers={
                **redirect,
                "Cache-Control": "public, max-age=31536000, immutable",
                "Access-Control-Allow-Origin": "*",
            }
        )
    headers = {"Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "no-cache"}
    return Answer(body=b"origin " * 200, headers=headers)


@contextmanager
def running_edge(
    settings: Any, directory: Path, *, upstreams: bool = True, origin_answer: Callable[[Asked], Answer] = origin
) -> Iterator[Edge]:
    directory.chmod(0o755)
    move_settings(settings, directory)
    with ExitStack() as stack:
        log = stack.enter_context(running_nginx("edge", nginx.edge_values([]), settings.PORT))
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{settings.PORT}", timeout=5))
        edge = Edge(client, settings.PORT, directory, log)
        if upstreams:
            edge.site = stack.enter_context(answering(settings.SITE_PORT, site))
            edge.chat = stack.enter_context(answering(settings.CHAT_PORT, chat))
            edge.origin = stack.enter_context(answering(settings.ORIGIN_PORT, origin_answer))
        yield edge


@pytest.fixture
def edge(settings: Any, tmp_path: Path) -> Iterator[Edge]:
    with running_edge(settings, tmp_path) as running:
        yield running


# --- What must stay inside


@pytest.mark.parametrize(
    "path",
    [
        "/internal/ingest/publish/secret/",
        "/internal",
        "/metrics",
        "//metrics",
        "/x/../metrics?a=b",
        "//internal/ingest/publish/secret/",
        "/%69nternal/ingest/publish/secret/",
        "/./internal/ingest/publish/secret/",
        "/x/../internal/ingest/publish/secret/",
        "/x/%2e%2e/internal/ingest/publish/secret/",
        "/x/..%2finternal%2fingest/publish/secret/",
        "/static/../internal/ingest/publish/secret/",
        "/api/../internal/ingest/publish/secret/",
        "/api/v1/chat/../../../internal/ingest/publish/secret/",
    ],
)
def test_internal_addresses_are_not_found_in_any_spelling(edge: Edge, path: str) -> None:
    answer = edge.raw(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert edge.site == edge.chat == edge.origin == []


def test_other_addresses_reach_the_site(edge: Edge) -> None:
    """The control for the test above: the same requests outside /internal/ arrive, with the path that was compared."""
    edge.raw(b"POST /x/..%2finternals/%69n HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert [asked.path for asked in edge.site] == ["/internals/in"]


def test_an_emote_is_asked_for_once_and_kept_as_the_site_says(settings: Any, tmp_path: Path) -> None:
    path = f"/pictures/{STREAM}/2x.webp"
    immutable = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "image/webp"}
    with running_edge(settings, tmp_path, upstreams=False) as edge, ExitStack() as stack:
        asked = stack.enter_context(
            answering(
                settings.SITE_PORT,
                lambda one: Answer(body=b"x", headers=immutable) if "2x" in one.path else Answer(404),
            )
        )
        answers = [edge.client.get(path, headers={"Cookie": "sessionid=1"}) for _ in range(3)]
        missing = [edge.client.get(f"/emoticons/v2/{STREAM}/default/dark/1.0") for _ in range(2)]
    assert [answer.headers["X-Cache-Status"] for answer in answers] == ["MISS", "HIT", "HIT"]
    assert {answer.headers["Cache-Control"] for answer in answers} == {immutable["Cache-Control"]}
    assert [answer.status_code for answer in missing] == [404, 404]
    assert [one.path for one in asked] == [path, *2 * [f"/emoticons/v2/{STREAM}/default/dark/1.0"]]


def test_query_and_encoded_names_reach_the_site_unharmed(edge: Edge) -> None:
    edge.client.get("/search/caf%C3%A9%20a%3Fb?q=a%20b&next=%2Fx")
    assert [asked.path for asked in edge.site] == ["/search/caf%C3%A9%20a%3Fb?q=a%20b&next=%2Fx"]


def test_forwarding_headers_of_a_client_are_overwritten(edge: Edge) -> None:
    spoofed = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "X_Forwarded_For": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    edge.client.get("/", headers=spoofed)
    seen = edge.site[0].headers
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert "6.6.6.6" not in " ".join(seen.values())
    assert "evil.example" not in " ".join(seen.values())


# --- Media


def media(token: str, path: str, stream_id: str = STREAM) -> str:
    return f"/media/{token}/{stream_id}/{path}"


def test_part_comes_from_the_live_edge_with_a_valid_token(edge: Edge) -> None:
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    answer = edge.client.get(media(GOOD, "source/1-7.2.m4s"))
    assert (answer.status_code, answer.text) == (200, "part")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(edge.origin) == 1


def test_segment_that_left_the_live_edge_comes_from_storage(edge: Edge) -> None:
    edge.put(f"media/broadcasts/{STREAM}/source/1-1.m4s", "stored")
    answer = edge.client.get(media(GOOD, "source/1-1.m4s"), headers={"Range": "bytes=0-2"})
    assert (answer.status_code, answer.text) == (206, "sto")


def test_part_that_is_in_neither_place_is_asked_from_the_origin(edge: Edge) -> None:
    answer = edge.client.get(media(GOOD, "source/1-9.0.m4s"))
    assert answer.status_code == 200
    assert answer.headers.get_list("cache-control") == ["no-cache"]  # what the origin says
    assert edge.origin[-1].path == media(GOOD, "source/1-9.0.m4s")


def test_preflight_of_another_pages_player_is_answered_by_the_origin(edge: Edge) -> None:
    """A-156"""
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    edge.client.options(media(GOOD, "source/1-7.2.m4s"), headers={"Access-Control-Request-Headers": "range"})
    assert (edge.origin[-1].method, edge.origin[-1].path) == ("OPTIONS", media(GOOD, "source/1-7.2.m4s"))


def test_part_that_was_waited_for_is_sent_from_the_live_edge(edge: Edge) -> None:
    """The origin only names it, however many wait."""
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    answer = edge.client.get(media(GOOD, "source/9-9.0.m4s"))
    assert (answer.status_code, answer.text) == (200, "part")
    assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
    assert answer.headers.get_list("content-type") == ["video/mp4"]
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


def test_live_edge_cannot_be_asked_without_a_token(edge: Edge) -> None:
    edge.put(f"live/{STREAM}/source/1-7.2.m4s", "part")
    assert edge.client.get(f"/live-edge/{STREAM}/source/1-7.2.m4s").status_code == 404
    spoofed = {"X-Sendfile-Prefix": "/internal"}
    assert edge.client.get(media(GOOD, "source/9-9.0.m4s"), headers=spoofed).text == "part"


def test_authorisation_is_asked_once_and_remembered(edge: Edge) -> None:
    for part in range(5):
        edge.put(f"live/{STREAM}/source/1-7.{part}.m4s", "part")
        assert edge.client.get(media(GOOD, f"source/1-7.{part}.m4s")).status_code == 200
    assert len(edge.authorisations()) == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("source/1-7.2.m4s", "live"),
        ("storyboard.json", "live"),
        ("source/1-7.m4s", "shared"),
        ("source/1.init.mp4", "shared"),
        ("storyboard/0-25.jpg", "shared"),
        ("vod/index.m3u8", "recording"),
        ("vod/source/index.m3u8", "recording"),
        ("vod/storyboard.json", "recording"),
        ("source/archive.mp4", "recording"),
        ("download/source.mp4", "download"),
    ],
)
def test_origin_is_asked_for_each_kind_of_media_by_itself(edge: Edge, path: str, kind: str) -> None:
    """What a token was found good for is remembered for that kind alone."""
    assert media_kind(path) == kind
    edge.put(f"live/{STREAM}/source/1-1.m4s", "another")
    edge.put(f"live/{STREAM}/source/1-1.0.m4s", "another")
    edge.put(f"media/broadcasts/{STREAM}/vod/another/index.m3u8", "another")
    for other in ("source/1-1.m4s", "source/1-1.0.m4s", "vod/another/index.m3u8"):
        assert edge.client.get(media(GOOD, other)).text == "another"
    edge.put(f"media/broadcasts/{STREAM}/{path}", "x")
    answer = edge.client.get(media(GOOD, path))
    assert answer.status_code == 200
    asked = [one.path.rpartition("=")[2] for one in edge.authorisations()]
    assert (set(asked), len(asked)) == ({"shared", "live", "recording", kind}, len(set(asked)))
    assert answer.headers.get("content-disposition") == ("attachment" if kind == "download" else None)


@pytest.mark.parametrize("place", ["live", "media/broadcasts"])
def test_file_is_refused_without_a_valid_token_also_after_someone_got_it(edge: Edge, place: str) -> None:
    edge.put(f"{place}/{STREAM}/source/1-7.m4s", "segment")
    assert edge.client.get(media(GOOD, "source/1-7.m4s")).status_code == 200
    for token in (EXPIRED, GOOD[:-1], GOOD.upper(), "x", "-"):
        answer = edge.client.get(media(token, "source/1-7.m4s"))
        assert (answer.status_code, "segment" in answer.text) == (403, False)
        assert "cache-control" not in answer.headers


def test_token_of_one_broadcast_opens_no_other(edge: Edge) -> None:
    edge.put(f"live/{OTHER_STREAM}/source/1-7.m4s", "segment")
    edge.put(f"live/{STREAM}/source/1-7.m4s", "segment")
    assert edge.client.get(media(GOOD, "source/1-7.m4s")).status_code == 200
    assert edge.client.get(media(GOOD, "source/1-7.m4s", OTHER_STREAM)).status_code == 403
    for trick in (f"{STREAM}/../{OTHER_STREAM}", f"{STREAM}/..%2f{OTHER_STREAM}", f"{STREAM}/%2e%2e/{OTHER_STREAM}"):
        answer = edge.raw(
            f"GET /media/{GOOD}/{trick}/source/1-7.m4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 404 "))


@pytest.mark.parametrize("path", ["source/../../../secret_key", "source/%2e%2e/%2e%2e/secret_key", "secret_key", ""])
def test_nothing_but_media_files_is_served(edge: Edge, path: str) -> None:
    edge.put("secret_key", "secret")
    edge.put(f"live/{STREAM}/secret_key", "secret")
    answer = edge.raw(f"GET {media(GOOD, path)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))


def test_a_clips_files_need_a_token_of_their_own_and_come_in_ranges(edge: Edge) -> None:
    for stream_id in (STREAM, OTHER_STREAM):
        edge.put(f"media/clips/{stream_id}/clip.mp4", "a whole clip")
        edge.put(f"media/clips/{stream_id}/poster.jpg", "picture")
    answer = edge.client.get(media(GOOD, "clip.mp4"), headers={"Range": "bytes=2-6"})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (206, "whole", "video/mp4")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert edge.client.get(media(GOOD, "poster.jpg")).headers["content-type"] == "image/jpeg"
    for token, stream_id in ((EXPIRED, STREAM), (GOOD, OTHER_STREAM)):
        assert edge.client.get(media(token, "clip.mp4", stream_id)).status_code == 403
    edge.put(f"media/broadcasts/{STREAM}/source/clip.mp4", "no clip")
    assert edge.client.get(media(GOOD, "../clips/clip.mp4")).status_code == 404


def test_authorisation_cannot_be_asked_from_outside(edge: Edge) -> None:
    assert edge.client.get("/authorise").status_code == 404


def test_playlist_is_proxied_every_time_and_compressed(edge: Edge) -> None:
    for _ in range(2):
        answer = edge.client.get(media(GOOD, "source/index.m3u8?_HLS_msn=7&_HLS_part=2"))
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-cache"
    wanted = media(GOOD, "source/index.m3u8?_HLS_msn=7&_HLS_part=2")
    assert [asked.path for asked in edge.origin] == [wanted, wanted]


# --- Logs and headers


def test_log_holds_neither_tokens_nor_queries_nor_reset_keys(edge: Edge) -> None:
    edge.client.get(media(GOOD, "source/other?_HLS_msn=7"))
    edge.client.get(media(GOOD, "source/index.m3u8?_HLS_msn=7"))
    edge.client.get(media(EXPIRED, "source/1-7.m4s"))
    edge.client.get("/page?secret=query")
    edge.client.get("/accounts/password/reset/key/1-resetkey/")
    edge.client.get("/accounts/confirm-email/confirmkey/")
    log = edge.log.read_text()
    assert f'"/media/-/{STREAM}/source/other" 404' in log
    assert '"/page" 200' in log
    for secret in ("signature", "query", "_HLS_msn", "resetkey", "confirmkey"):
        assert secret not in log


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/streams", "/static/a.css", "/static/none.css", "/internal/", media("x", "a.mp4")]
)
def test_every_answer_has_the_security_headers_once(edge: Edge, path: str) -> None:
    edge.put("static/a.css", "a{}")
    headers = edge.client.get(path).headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("referrer-policy") == ["same-origin"]
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert "camera=()" in headers["permissions-policy"]
    assert headers["server"] == "nginx"


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        ("default-src 'self'; frame-ancestors *; form-action 'self'", []),
        ("frame-ancestors *", []),
        ("default-src 'self'; frame-ancestors 'none'", ["DENY"]),
        ("default-src 'self'; frame-ancestors *.evil.example", ["DENY"]),
        ("default-src *; x-frame-ancestors *", ["DENY"]),
    ],
)
def test_only_what_the_sites_policy_lets_everyone_frame_is_not_denied(
    settings: Any, tmp_path: Path, policy: str, sent: list[str]
) -> None:
    """C-075"""
    with running_edge(settings, tmp_path, upstreams=False) as edge, ExitStack() as stack:
        page = Answer(body=b"x", headers={"Content-Security-Policy": policy, "Content-Type": "text/html"})
        stack.enter_context(answering(settings.SITE_PORT, lambda _: page))
        headers = edge.client.get("/embed/alice").headers
    assert headers.get_list("x-frame-options") == sent
    assert headers.get_list("content-security-policy") == [policy]


def test_static_file_with_a_hash_in_its_name_is_kept_for_ever(edge: Edge) -> None:
    edge.put("static/css/base.0123456789ab.css", "a{}")
    edge.put("static/css/base.css", "a{}")
    hashed, plain = edge.client.get("/static/css/base.0123456789ab.css"), edge.client.get("/static/css/base.css")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["cache-control"] == "no-cache"
    assert edge.client.get("/static/css/none.0123456789ab.css").headers.get("cache-control") is None


# --- Sockets and limits

UPGRADE = "GET {} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize("path", ["/api/v1/chat/1", "/api/v1/channels/alice/events"])
def test_websocket_upgrade_is_passed_on(edge: Edge, path: str) -> None:
    with socket.create_connection(("127.0.0.1", edge.port), timeout=5) as connection:
        connection.sendall(UPGRADE.format(path).encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    asked = (edge.chat + edge.site)[0]
    assert (asked.path, asked.headers["upgrade"], asked.headers["connection"]) == (path, "websocket", "upgrade")


def test_body_over_the_limit_is_refused(edge: Edge) -> None:
    assert edge.client.post("/api/v1/x", content=b"x" * 1_100_000).status_code == 413
    assert edge.client.post("/api/v1/x", content=b"x" * 900_000).status_code == 200


def test_one_address_cannot_flood_the_page_that_makes_clips(edge: Edge) -> None:
    statuses = [edge.client.post("/clips/new", data={}).status_code for _ in range(60)]
    assert 20 <= statuses.count(200) < 60
    assert set(statuses) == {200, 429}
    assert edge.client.get("/clips/new").status_code == 200


def test_one_address_cannot_flood_the_site_with_clips(edge: Edge) -> None:
    """Those that list them, or ask for anything else, are answered meanwhile."""
    answers = [edge.client.post("/api/v1/clips", json={}) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 20 <= len(answers) - len(refused) < 60
    assert refused[-1].json()["code"] == "too_many"
    assert int(refused[-1].headers["Retry-After"]) > 0
    assert edge.client.get("/api/v1/clips").status_code == 200
    assert edge.client.post("/api/v1/raids", json={}).status_code == 200


# --- When something is down


def test_page_explains_that_the_site_is_down(settings: Any, tmp_path: Path) -> None:
    with running_edge(settings, tmp_path, upstreams=False) as edge:
        answer = edge.client.get("/alice")
        assert answer.status_code == 503
        assert "starting or restarting" in answer.text
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_api_says_as_json_that_it_is_down(settings: Any, tmp_path: Path) -> None:
    with running_edge(settings, tmp_path, upstreams=False) as edge:
        for path in ("/api/v1/streams", "/api/v1/chat/1", "/api/v1/channels/alice/events"):
            answer = edge.client.get(path)
            assert answer.status_code == 503
            assert "detail" in answer.json()


def test_media_is_not_served_while_nobody_can_say_who_may(settings: Any, tmp_path: Path) -> None:
    with running_edge(settings, tmp_path, upstreams=False) as edge:
        edge.put(f"live/{STREAM}/source/1-7.m4s", "segment")
        assert edge.client.get(media(GOOD, "source/1-7.m4s")).status_code == 503
