"""The address guard: a download handler that looks at the address it is really connected to, before a byte is sent.

A check of the name or of a look-up has a gap: DNS may answer otherwise when the connection is made (rebinding got past
such a check). Here nothing lies between check and use, on every hop: link, redirect, robots.txt, sitemap. Under
`AsyncCrawlerRunner` Scrapy never installs `TWISTED_DNS_RESOLVER`, so a resolver guard would not even run.

It uses two private names of Scrapy 2.19, which is why that minor is pinned; tests fetch a private address through it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientFactory
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(IgnoreRequest):
    """Our guard refused to talk to `address`. An IgnoreRequest: quiet in the log, never retried."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address} is not a public address; --allow-host opens single hosts")


def is_public(address: str) -> bool:
    """Say whether an IP address (no name) is one of the public internet, in every spelling sockets report.

    IPv4 mapped into IPv6, 6to4 and Teredo are judged by the IPv4 address inside.
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


class _GuardedFactory(_LenientHTTP11ClientFactory):
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
        self._pool._factory = _GuardedFactory  # noqa: SLF001 the name that pins Scrapy's minor
        self._open = HTTP11DownloadHandler(crawler)
        self._allowed = {host.lower() for host in crawler.settings.getlist("HOUXU_ALLOW_HOSTS")}
        self._connect_to: dict[str, str] = crawler.settings.getdict("HOUXU_CONNECT_TO")

    async def download_request(self, request: Request) -> Response:
        """Fetch `request`, or raise AddressRefused once connected to an address that is not public."""
        host = (urlparse_cached(request).hostname or "").lower()
        if target := self._target(host):
            parts = urlsplit(request.url)
            there = request.replace(url=urlunsplit(parts._replace(scheme="http", netloc=target)))
            there.headers["Host"] = parts.netloc
            return (await self._open.download_request(there)).replace(url=request.url)
        if host in self._allowed:
            return await self._open.download_request(request)
        return await super().download_request(request)

    def _target(self, host: str) -> str | None:
        """Return where HOUXU_CONNECT_TO sends `host`; a whole name goes before a pattern."""
        if host in self._connect_to:
            return self._connect_to[host]
        return next((to for pattern, to in self._connect_to.items() if fnmatchcase(host, pattern)), None)

    async def close(self) -> None:
        """Close both pools."""
        await super().close()
        await self._open.close()
