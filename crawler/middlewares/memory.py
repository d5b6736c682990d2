"""A ceiling on memory: above it the crawl ends cleanly and says so, before the machine ends it.

Scrapy's own extension looks at the most memory the process ever had. A daemon that once needed much would end every
later crawl at once, for ever; this looks at what is held now.
"""

from __future__ import annotations

import asyncio
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from crawler.errors import MemoryFull
from crawler.job import job_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


LOOK_SECONDS = 2.0

_MEGABYTE = 1024 * 1024
_PAGES_HELD = Path("/proc/self/statm")


class MemoryCeiling:
    """Ends the crawl when the process holds more than HOUXU_MEMORY_MB."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._limit = crawler.settings.getint("HOUXU_MEMORY_MB")
        self._watch: asyncio.Task[None] | None = None
        if not self._limit or not _PAGES_HELD.exists():
            raise NotConfigured("no ceiling is set, or this system does not say what a process holds")
        crawler.signals.connect(self.open, signals.spider_opened)
        crawler.signals.connect(self.close, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def open(self) -> None:
        """Start looking."""
        self._watch = asyncio.get_running_loop().create_task(self._look())

    def close(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()

    async def _look(self) -> None:
        while held() <= self._limit:  # noqa: ASYNC110 nothing tells when memory grows
            await asyncio.sleep(LOOK_SECONDS)
        gc.collect()
        job = job_of(self.crawler)
        job.error = job.error or MemoryFull(held(), self._limit)
        job.stop()


def held() -> int:
    """Return the resident memory of this process, in MB."""
    return int(_PAGES_HELD.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") // _MEGABYTE
