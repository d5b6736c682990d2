"""Manners towards a host: one request at a time, 2 s apart, over redirects, robots.txt, runs and processes.

Scrapy's slots pace one crawl only, let 16 requests through at a delay of 0, and leave a redirect in the first host's
slot. This middleware stands next to the wire, so that whatever Scrapy sends, it passes here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import DownloadTimeoutError

from crawler.job import job_of
from crawler.limits import CRAWL_DELAY_SECONDS
from crawler.middlewares.refusals import CrawlStops, HostWaits
from crawler.middlewares.request_meta import PAGE
from crawler.model import instant, stamp
from crawler.sources.http_signals import http_signals
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.job import Job

LEAST_DELAY = 2.0
"""Seconds between two requests to a host that nobody allowed by name, whatever DOWNLOAD_DELAY says."""

JITTER = 0.5
"""Our own share of randomness, only ever upwards."""


PATIENCE = 2
"""Answers in a row that did not come in time, after which a host is left alone: each held its leads up for the whole
deadline, and the crawl with them."""

SILENT = timedelta(minutes=15)
"""How long a host is left alone that did not answer in time."""

PEACE, SILENCE = "asked for peace", "does not answer in time: left alone"
"""Why a host waits."""

LEFT_TO_POLLS = 10
"""A visit leaves this part of its host's requests of a day to polls: leads may come from anybody's feed."""

_NOT_NOW = frozenset({403, 408, 413, 425, 429})
"""Answers below 500 whose Retry-After is heeded."""


class HostsMiddleware:
    """Holds back a request until its host may be asked.

    Attributes:
        answered: hosts that gave any HTTP answer in this crawl; while it is empty, the fault may be our network.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.answered: set[str] = set()
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._lifted = self._delay == 0
        self._allowed = {host.lower() for host in crawler.settings.getlist("HOUXU_ALLOW_HOSTS")}
        self._connect_to = crawler.settings.getdict("HOUXU_CONNECT_TO")
        self._locks: dict[str, asyncio.Lock] = {}
        self._free_at: dict[str, float] = {}
        self._crawl_delay: dict[str, float] = {}
        self._waits: dict[str, tuple[datetime, str]] = {}
        self._today: dict[str, tuple[str, int]] = {}
        self._silent: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        middleware = cls(crawler)
        crawler.signals.connect(middleware.recall, signals.spider_opened)
        return middleware

    @property
    def _job(self) -> Job:
        return job_of(self.crawler)

    def recall(self) -> None:
        """Take up what earlier runs left in `hosts`."""
        now = self._job.clock()
        for host, row in self._job.corpus.hosts().items():
            if row["retry_at"]:
                self.hold(host, instant(row["retry_at"]))
            if row["crawl_delay"]:
                self._crawl_delay[host] = row["crawl_delay"]
            if row["last_request_at"]:
                # the stamp was cut to a whole second: the request may have started up to one later
                since = (now - instant(row["last_request_at"])).total_seconds() - 1
                self._free_at[host] = time.monotonic() + self._gap(host) - max(since, 0.0)
            if row["today"]:
                self._today[host] = (row["today"], row["requests_today"])

    def hold(self, host: str, until: datetime, why: str = PEACE) -> None:
        """Send `host` nothing before `until`, in this crawl; the corpus keeps it for the next."""
        self._waits[host] = max((until, why), self._waits.get(host, (until, why)))

    def slow_down(self, host: str, seconds: float) -> None:
        """Keep at least `seconds` between two requests to `host`."""
        self._crawl_delay[host] = min(seconds, CRAWL_DELAY_SECONDS)

    async def process_request(self, request: Request) -> None:
        """Wait for the host's turn, and take it.

        Raises:
            HostWaits: the host asked for peace, does not answer, or had all it gets on one day.
            CrawlStops: the crawl ended meanwhile.
        """
        host = netloc_of(request.url)
        if self._job.ended:
            raise CrawlStops
        # what is over within the pause between two requests puts nothing off: it is looked at again after it
        self._check_peace(host, self._job.clock() + timedelta(seconds=LEAST_DELAY))
        if self._is_lifted(host):
            return
        lock = self._locks.setdefault(host, asyncio.Lock())
        await lock.acquire()
        request.meta["host_lock"] = lock
        wait = self._wait(host)
        while wait > 0 and not self._job.ended:
            await asyncio.sleep(min(wait, 0.5))  # in slices, so that a stop need not wait
            wait = self._wait(host)
        if self._job.ended:
            raise CrawlStops
        now = self._job.clock()
        self._check_peace(host, now)
        self._check_budget(host, now, visit=bool(request.meta.get(PAGE)))
        self._free_at[host] = time.monotonic() + self._gap(host)
        self._today[host] = (stamp(now)[:10], self._job.corpus.note_request(host, now))

    def process_response(self, request: Request, response: Response) -> Response:
        """Free the host, and note that it answered, and what peace it asks for: to a page, a file, a redirect alike."""
        self._free(request)
        host = netloc_of(request.url)
        self.answered.add(host)
        self._silent.pop(host, None)
        if response.status in _NOT_NOW or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            now = self._job.clock()
            said = (response.headers.get("Retry-After") or b"").decode("latin-1")
            asked = http_signals({"retry-after": said}, now).retry_after
            if asked:
                self._leave_alone(host, wait_until(now, asked, asked), PEACE)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Free the host, and leave it alone when it keeps us waiting."""
        self._free(request)
        if isinstance(exception, DownloadTimeoutError):
            host = netloc_of(request.url)
            self._silent[host] += 1
            if self._silent[host] >= PATIENCE:
                self._leave_alone(host, self._job.clock() + SILENT, SILENCE)

    def _leave_alone(self, host: str, until: datetime, why: str) -> None:
        """Send `host` nothing before `until`, in this crawl and the next ones."""
        self.hold(host, until, why)
        if self.answered:  # else it may be our own network: nothing of that is written
            with self._job.corpus.transaction():
                self._job.corpus.hold_host(host, until)

    def _wait(self, host: str) -> float:
        return self._free_at.get(host, 0.0) - time.monotonic()

    def _check_peace(self, host: str, now: datetime) -> None:
        until, why = self._waits.get(host, (now, PEACE))
        if until > now:
            raise HostWaits(host, until, why)

    def _check_budget(self, host: str, now: datetime, *, visit: bool) -> None:
        """Let no host have more requests on one day (UTC) than its budget, robots.txt and redirects included."""
        today, spent = self._today.get(host, ("", 0))
        budget = self._job.topic.host_requests_per_day
        if visit:
            budget -= budget // LEFT_TO_POLLS
        if today == stamp(now)[:10] and spent >= budget:
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            raise HostWaits(host, midnight, f"had its {budget} requests of the day: left alone")

    def _gap(self, host: str) -> float:
        gap = max(LEAST_DELAY, self._delay, self._crawl_delay.get(host, 0.0))
        return gap * (1 + random.uniform(0, JITTER))  # noqa: S311 manners, not secrets

    def _is_lifted(self, host: str) -> bool:
        name = urlsplit(f"//{host}").hostname or ""
        return self._lifted and (name in self._allowed or bool(self._connect_to))

    @staticmethod
    def _free(request: Request) -> None:
        lock: asyncio.Lock | None = request.meta.pop("host_lock", None)
        if lock is not None:
            lock.release()


def wait_until(now: datetime, gap: timedelta | None, default: timedelta) -> datetime:
    """Return the end of a host's peace: what Retry-After asked, capped at a day, or `default`."""
    return now + min(gap or default, timedelta(days=1))
