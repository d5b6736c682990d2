"""A host's `/.well-known/tdmrep.json`, asked before the first of its pages and remembered for a day.

Text and data mining may be reserved there (TDMRep) for pages that do not say so themselves; extract/rights.py reads
it. A file that cannot be had reserves nothing, as the protocol has it.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.job import job_of
from crawler.limits import ROBOTS_SECONDS, TDMREP_BYTES
from crawler.middlewares.refusals import CrawlStops, HostWaits
from crawler.middlewares.request_meta import PAGE, TDMREP
from crawler.middlewares.robots import FRESH
from crawler.model import instant
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.job import Job


class ReservationsMiddleware:
    """Gives every visit the tdmrep.json of its host."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._held: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._seconds = min(ROBOTS_SECONDS, crawler.settings.getfloat("DOWNLOAD_TIMEOUT"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Add to a visit what its host reserves.

        Raises:
            HostWaits: the host may not be asked now, for its pages neither.
            CrawlStops: the crawl ended meanwhile.
        """
        if not request.meta.get(PAGE):
            return
        host = netloc_of(request.url)
        async with self._locks.setdefault(host, asyncio.Lock()):  # the first asks, the others wait for its answer
            if host not in self._held:
                remembered = self._recall(host)
                self._held[host] = await self._ask(request.url, host) if remembered is None else remembered
        request.meta[TDMREP] = self._held[host]

    def _recall(self, host: str) -> str | None:
        row = self._job.corpus.host(host)
        if row is None or row["tdmrep_at"] is None:
            return None
        return str(row["tdmrep"]) if self._job.clock() - instant(row["tdmrep_at"]) < FRESH else None

    async def _ask(self, url: str, host: str) -> str:
        parts = urlsplit(url)
        request = Request(
            f"{parts.scheme}://{parts.netloc}/.well-known/tdmrep.json",
            meta={"download_maxsize": TDMREP_BYTES, "download_timeout": self._seconds},
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        try:
            response = await self.crawler.engine.download_async(request)
        except (HostWaits, CrawlStops):
            raise
        except Exception:  # noqa: BLE001 whatever went wrong, nothing is reserved by a file that is not there
            return ""
        text = response.body.decode("utf-8-sig", "replace") if response.status == HTTPStatus.OK else ""
        if not text.lstrip(" \t\r\n").startswith("["):
            text = ""  # a page for people, which many sites answer to anything
        self._job.corpus.note_tdmrep(host, self._job.clock(), text)
        return text

    @property
    def _job(self) -> Job:
        return job_of(self.crawler)
