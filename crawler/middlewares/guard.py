"""The address guard: a download handler that looks at the address it is really connected to, before a byte is sent.

A check of the name or of a look-up has a gap: DNS may answer otherwise when the connection is made (rebinding got past
such a check). Here nothing lies between check and use, on every hop: link, redirect, robots.txt, sitemap. Under
`AsyncCrawlerRunner` Scrapy never installs `TWISTED_DNS_RESOLVER`, so a resolver guard would not even run.

The same connections count what comes before a body, which DOWNLOAD_MAXSIZE does not.

It uses private names of Scrapy 2.19, which is why that minor is pinned; tests fetch a private address through it.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError, IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

from crawler.limits import HEADER_BYTES

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

LOOK_UP_SECONDS = 5

_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that was ever given out for public use (IANA): private, local and multicast addresses lie outside."""

_EXAMPLES = IPv6Network("3fff::/20")
"""For documentation (RFC 9637); Python 3.11 does not know it."""

_NOBODYS = (IPv4Network("192.88.99.0/24"), IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
"""Relays of 6to4, withdrawn by RFC 7526; protocol assignments (RFC 6890), of which Python 3.11 takes most for public;
and the address under which a cloud's machines reach its wire server: whoever answers there is no one's publisher."""

_CARRIERS = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/96"), IPv6Network("::/96"))
"""Networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052, RFC 8215), IPv4-compatible (RFC 4291)."""


class AddressRefused(IgnoreRequest):
    """Our guard refused to talk to `address`. An IgnoreRequest: quiet in the log, never retried."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address} is not a public address; --allow-host opens single hosts")


class HeadersTooLong(IgnoreRequest):
    """An answer's headers exceed `HEADER_BYTES`."""

    def __init__(self) -> None:
        super().__init__(f"the headers of the answer have more than {HEADER_BYTES} bytes")


def is_public(address: str) -> bool:
    """Say whether an IP address (no name) is one of the public internet, in every spelling sockets report.

    IPv4 inside IPv6 (mapped, compatible, 6to4, Teredo, NAT64) is judged by the IPv4 address.
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and any(ip in network for network in _CARRIERS):
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is None:
            return ip in _UNICAST and ip.is_global and ip not in _EXAMPLES
        ip = inner
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOBODYS)


def literal(host: str) -> str | None:
    """Return the address that a host is, None for a name: dotted, decimal, hex, octal, short, IPv6, in brackets."""
    host = host.strip("[]").rstrip(".")
    with suppress(ValueError):
        ip_address(host.partition("%")[0])
        return host
    with suppress(OSError, ValueError, UnicodeError):
        return socket.inet_ntoa(socket.inet_aton(host))  # reads whatever the C library's resolver does
    return None


class _BoundedParser(_LenientHTTPClientParser):
    """Counts the lines before a body, those of interim answers (100 Continue, without end) included."""

    header_bytes = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 Twisted's name
        self.header_bytes += len(line)
        if self.header_bytes > HEADER_BYTES:
            raise HeadersTooLong
        super().lineReceived(line)


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Any:
        answer = super().request(request)
        self._parser.__class__ = _BoundedParser  # as Scrapy puts its own parser in: there is no other way
        return answer


class _OpenFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: ARG002, N802 Twisted's signature and name
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call] # Twisted has no types


class _GuardedFactory(_OpenFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 Twisted's name
        if not is_public(addr.host):
            raise AddressRefused(addr.host)
        return super().buildProtocol(addr)


class GuardHandler(HTTP11DownloadHandler):
    """Downloads http and https from public addresses, and from the hosts a person allowed.

    Allowed hosts have a connection pool of their own, so that a kept-alive connection to one is never lent to another
    name that resolves to the same address.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _GuardedFactory  # noqa: SLF001 a name that pins Scrapy's minor
        self._open = HTTP11DownloadHandler(crawler)
        self._open._pool._factory = _OpenFactory  # noqa: SLF001 likewise
        self._allowed = {host.lower() for host in crawler.settings.getlist("HOUXU_ALLOW_HOSTS")}
        self._connect_to: dict[str, str] = crawler.settings.getdict("HOUXU_CONNECT_TO")

    async def download_request(self, request: Request) -> Response:
        """Fetch `request`.

        Raises:
            AddressRefused: it leads to an address that is not public.
            HeadersTooLong: the answer never came to its body.
        """
        try:
            return await self._download(request)
        except DownloadFailedError as error:
            for reason in getattr(error.__cause__, "reasons", ()):
                if isinstance(reason.value, HeadersTooLong):
                    raise reason.value from error
            raise

    async def _download(self, request: Request) -> Response:
        host = (urlparse_cached(request).hostname or "").lower()
        if target := self._target(host):
            parts = urlsplit(request.url)
            there = request.replace(url=urlunsplit(parts._replace(scheme="http", netloc=target)))
            there.headers["Host"] = parts.netloc
            return (await self._open.download_request(there)).replace(url=request.url)
        if host in self._allowed:
            return await self._open.download_request(request)
        address = literal(host)
        if address is not None and not is_public(address):
            raise AddressRefused(address)  # nobody is even knocked at
        try:
            return await super().download_request(request)
        except (DownloadConnectionRefusedError, DownloadTimeoutError) as error:
            for address in await _addresses(host):
                if not is_public(address):  # a closed port inside is no fault that a later visit may find mended
                    raise AddressRefused(address) from error
            raise

    def _target(self, host: str) -> str | None:
        """Return where HOUXU_CONNECT_TO sends `host`; a whole name goes before a pattern."""
        if host in self._connect_to:
            return self._connect_to[host]
        return next((to for pattern, to in self._connect_to.items() if fnmatchcase(host, pattern)), None)

    async def close(self) -> None:
        """Close both pools."""
        await super().close()
        await self._open.close()


async def _addresses(host: str) -> list[str]:
    """Return what a name resolves to; nothing where that takes too long."""
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError is an OSError
        return []
    return [str(address[0]) for *_rest, address in found]
