"""The one way out: requests to addresses that users gave us, which may point at anything.

A name is resolved here, every address it has is judged, and the connection goes to the address that was judged: a name
that answers differently the second time (DNS rebinding) gains nothing. No redirects, no proxies, bounded time and size.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

import httpcore
from django.conf import settings

ANSWER_SECONDS = 5.0  # the whole request, from the name to the last byte
ANSWER_BYTES = 65_536  # no more of an answer is read
URL_MAX = 2_000  # characters
PORTS = (443, 8443)
CONNECTIONS = 10  # at once, of one client: httpcore looks at all of them for each request
KEEP_ALIVE_SECONDS = 30.0
ADDRESSES_TRIED = 3  # of one name: IPv6 may lead nowhere

_CARRY_IPV4 = tuple(
    # IPv6 addresses that lead to an IPv4 one: mapped, compatible, NAT64 (two), 6to4, Teredo.
    ipaddress.IPv6Network(text)
    for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class OutboundRefused(Exception):
    """We do not go there."""


class OutboundFailed(Exception):
    """No answer in time, or none that could be read."""


@dataclass(frozen=True)
class Answer:
    """What came back; `body` is cut at ANSWER_BYTES."""

    status: int
    headers: dict[str, str]
    body: bytes


def is_public(text: str) -> bool:
    """Whether this address is one of the internet's, for single machines, and no way round to another one."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and any(address in network for network in _CARRY_IPV4):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_allowed(text: str) -> bool:
    """Whether the operator named its network (`MILLRACE_OUTBOUND_NETWORKS`)."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return any(address in network for network in settings.OUTBOUND_NETWORKS)


def check_url(url: str) -> SplitResult:
    """What can be said of an address without asking the network; raises OutboundRefused with a sentence."""
    if len(url) > URL_MAX or not url.isascii() or any(letter <= " " or letter == "\\" for letter in url):
        raise OutboundRefused("This is no address.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutboundRefused("This is no address.") from None
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.password is not None:
        raise OutboundRefused("Give an address of a host, without a user in it.")
    own = bool(settings.OUTBOUND_NETWORKS)  # judged again, with the address, when we connect
    if parts.scheme != "https" and not (own and parts.scheme == "http"):
        raise OutboundRefused("Only https:// addresses are asked.")
    if port is not None and port not in PORTS and not own:
        raise OutboundRefused("Only the ports 443 and 8443 are asked.")
    if _is_address(host) and not is_public(host) and not is_allowed(host):
        raise OutboundRefused("This address is not on the internet.")
    return parts


class OutboundClient:
    """Keeps connections to the hosts it asks; one for each event loop."""

    def __init__(self) -> None:
        self._pools = {
            "https": _pool(_Door(plain=False)),
            "http": _pool(_Door(plain=True)),
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def request(self, method: str, url: str, *, headers: dict[str, str], content: bytes = b"") -> Answer:
        """Ask once. Raises OutboundRefused or OutboundFailed; any status is an answer, a redirect too."""
        pool = self._pools[check_url(url).scheme]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                async with pool.stream(method, url, headers=list(headers.items()), content=content) as response:
                    body = await _up_to(ANSWER_BYTES, response)
        except (TimeoutError, httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise OutboundFailed(type(error).__name__) from None
        named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Answer(response.status, named, body)


class _Door(httpcore.AsyncNetworkBackend):
    """Opens connections to addresses that were judged. TLS still checks the certificate against the name."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._judged_addresses(host, port)
        for address in addresses[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._network.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise OutboundRefused("No sockets of this machine.")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _judged_addresses(self, host: str, port: int) -> list[str]:
        addresses = await resolve(host, port)
        ours = all(is_allowed(address) for address in addresses)
        # One bad address among good ones is a trap, not a choice.
        if not ours and (self._plain or port not in PORTS or not all(is_public(address) for address in addresses)):
            raise OutboundRefused("This address is not on the internet.")
        return addresses[:ADDRESSES_TRIED]


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as the system resolves it. Raises OutboundFailed where there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailed("The name has no address.") from None
    if not found:
        raise OutboundFailed("The name has no address.")
    return [str(entry[4][0]) for entry in found]


def _pool(door: _Door) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        max_connections=CONNECTIONS, keepalive_expiry=KEEP_ALIVE_SECONDS, network_backend=door
    )


async def _up_to(most: int, response: httpcore.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_stream():
        body += piece
        if len(body) >= most:
            break
    return bytes(body[:most])


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
