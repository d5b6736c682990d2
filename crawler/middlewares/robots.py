"""robots.txt by RFC 9309, asked under a lock per scheme and host, and remembered for a day.

Scrapy 2.19 lets concurrent requests past it (6 of 8 under `Disallow: /`) and takes an answer of 500 for leave to
crawl. Here 4xx allows, and 5xx, a timeout or an oversized file forbids for a while, over runs: the lead is deferred,
not ended. A 3xx that leads nowhere forbids for a while too: the RFC is silent on it, and it is no leave.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.corpus.schedule import PLAIN, origin_of
from crawler.job import job_of
from crawler.limits import CRAWL_DELAY_SECONDS, ROBOTS_BYTES, ROBOTS_CACHE_CHARACTERS, ROBOTS_SECONDS
from crawler.middlewares.groups import groups_for
from crawler.middlewares.guard import AddressRefused
from crawler.middlewares.hosts import HostsMiddleware
from crawler.middlewares.network import in_words, is_network
from crawler.middlewares.refusals import CrawlStops, HostWaits, RobotsDenied, RobotsUnavailable
from crawler.model import instant
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.job import Job

AGENT = "houxu"
"""The product token that robots.txt groups are matched with."""

FRESH = timedelta(hours=24)
"""RFC 9309: not longer."""

STALE_AFTER_FAILURE = timedelta(minutes=10)
"""How long an answer that could not be had forbids before we ask again."""

_ENTRY = 500
"""What a file without rules counts for."""


_ANSWERS = frozenset({2, 4})
"""First digits of the statuses that say something: rules, or that there are none."""

_DOT = re.compile("%2e", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")


@dataclass(frozen=True, slots=True)
class Robots:
    """What robots.txt said, and since when.

    Attributes:
        at: when it was asked.
        status: HTTP's; None where no answer came, or none that can be kept to.
        rules: of the groups that are ours, parsed; None: everything is allowed.
        text: those groups.
        reason: why it could not be had.
        network: no connection came about.
    """

    at: datetime
    status: int | None
    rules: Protego | None
    text: str = ""
    reason: str = ""
    network: bool = False

    @property
    def unavailable(self) -> bool:
        """Whether it could not be had: no answer, one of 5xx or 429, or one of 3xx that was not followed."""
        if self.status is None or self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        return self.status // 100 not in _ANSWERS

    def fresh(self, now: datetime) -> bool:
        """Say whether it still holds; a clock set back makes it no younger."""
        return abs(now - self.at) < (STALE_AFTER_FAILURE if self.unavailable else FRESH)


class RobotsMiddleware:
    """Asks robots.txt before anything else of a host."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._held: dict[str, Robots] = {}  # those used last stand last
        self._size = 0
        self._unnoted: dict[str, Robots] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._obey = crawler.settings.getbool("ROBOTSTXT_OBEY")
        self._seconds = min(ROBOTS_SECONDS, crawler.settings.getfloat("DOWNLOAD_TIMEOUT"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or not.

        Raises:
            RobotsDenied: it is forbidden.
            RobotsUnavailable: robots.txt could not be had.
        """
        if request.meta.get("dont_obey_robotstxt") or not self._obey:
            return
        origin = origin_of(request.url)
        async with self._locks.setdefault(origin, asyncio.Lock()):  # the first asks, the others wait for its answer
            robots = self._held.get(origin) or self._unnoted.get(origin) or self._recall(origin)
            if robots is None or not robots.fresh(self._job.clock()):
                robots = await self._ask(request.url, origin)
            self._hold(origin, robots)
        if robots.unavailable:
            raise RobotsUnavailable(netloc_of(request.url), robots.reason, network=robots.network)
        if robots.rules is not None:
            for url in {request.url, _as_servers_read_it(request.url)}:
                if not robots.rules.can_fetch(url, AGENT):
                    raise RobotsDenied(request.url)

    def process_response(self, request: Request, response: Response) -> Response:  # noqa: ARG002 Scrapy's signature
        """Let the answer pass; now that somebody answered, who did not is noted."""
        while self._unnoted:
            self._note(*self._unnoted.popitem())
        return response

    def _hold(self, origin: str, robots: Robots) -> None:
        """Hold it parsed, and let go of those used longest ago."""
        self._let_go(origin)
        self._held[origin] = robots
        self._size += _ENTRY + len(robots.text)
        while self._size > ROBOTS_CACHE_CHARACTERS:
            self._let_go(next(iter(self._held)))

    def _let_go(self, origin: str) -> None:
        robots = self._held.pop(origin, None)
        if robots is not None:
            self._size -= _ENTRY + len(robots.text)

    def _recall(self, origin: str) -> Robots | None:
        row = self._job.corpus.host(origin)
        if row is None or row["robots_at"] is None:
            return None
        return _robots(instant(row["robots_at"]), row["robots_status"], row["robots"] or "")

    async def _ask(self, url: str, origin: str) -> Robots:
        parts = urlsplit(url)
        request = Request(
            f"{parts.scheme}://{parts.netloc}/robots.txt",
            meta={"dont_obey_robotstxt": True, "download_maxsize": ROBOTS_BYTES, "download_timeout": self._seconds},
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        now = self._job.clock()
        try:
            response = await self.crawler.engine.download_async(request)
        except (HostWaits, AddressRefused, CrawlStops):
            raise  # says more than robots.txt: the same will be said of the page itself
        except Exception as error:  # noqa: BLE001 whatever went wrong, it could not be had
            robots = Robots(at=now, status=None, rules=None, reason=in_words(error), network=is_network(error))
            self._note(origin, robots)
            return robots
        # a byte order mark would cost the first rule
        robots = _robots(now, response.status, response.body.decode("utf-8-sig", "replace"))
        heard = {origin}
        there = urlsplit(response.url)
        if netloc_of(response.url) == netloc_of(url) and (there.path, there.query) == ("/robots.txt", ""):
            heard.add(origin_of(response.url))  # where http leads to https, that one need not be asked again
        for each in heard:
            self._note(each, robots)
        return robots

    def _note(self, origin: str, robots: Robots) -> None:
        """Keep in the corpus what was said, or that nothing was, so that the next run need not ask.

        While nobody has answered, the fault may be our own network: the next run shall ask again.
        """
        if robots.network and not self._hosts.answered:
            self._unnoted[origin] = robots
            return
        corpus = self._job.corpus
        delay = robots.rules.crawl_delay(AGENT) if robots.rules is not None else None
        corpus.note_robots(
            origin,
            robots.at,
            robots.status,
            robots.text,
            min(float(delay), CRAWL_DELAY_SECONDS) if delay else None,
            failed=robots.unavailable,
        )
        host = origin.removeprefix(PLAIN)
        if delay := corpus.crawl_delay(host):
            self._hosts.slow_down(host, delay)

    @property
    def _job(self) -> Job:
        return job_of(self.crawler)

    @property
    def _hosts(self) -> HostsMiddleware:
        return cast("HostsMiddleware", self.crawler.get_downloader_middleware(HostsMiddleware))


def _as_servers_read_it(url: str) -> str:
    """Return a URL whose path is that of the file behind it: `/x/%2e%2e//private` is /private to most servers.

    Rules are matched with the path as it is sent (RFC 9309, 2.2.2), which a link chooses.
    """
    parts = urlsplit(url)
    path = _SLASHES.sub("/", _DOT.sub(".", parts.path))
    return urljoin(url, f"{path or '/'}{'?' if parts.query else ''}{parts.query}")


def _robots(at: datetime, status: int | None, text: str) -> Robots:
    if status is None or status >= 300:  # noqa: PLR2004 HTTP's own
        return Robots(at=at, status=status, rules=None, reason=f"HTTP {status}" if status else f"tried {at:%H:%M} UTC")
    ours = groups_for(AGENT, text)
    if ours is None:
        return Robots(at=at, status=None, rules=None, reason="too many rules")
    return Robots(at=at, status=status, rules=Protego.parse(ours) if ours else None, text=ours)
