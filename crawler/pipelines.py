"""The pipeline: writes what the spider read, and asks for more.

It is plain `def`, and nothing in it awaits: synchronous pipelines never interleave, one await lets twelve in.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, cast

from crawler import dedupe
from crawler.errors import CorpusError
from crawler.job import job_of
from crawler.limits import TRIES_PER_LEAD
from crawler.middlewares.hosts import HostsMiddleware, wait_until
from crawler.model import Ending, Visit
from crawler.path import Fetched, append_all, is_enough
from crawler.sources import polling
from crawler.spiders.items import Polled, Visited

if TYPE_CHECKING:
    from datetime import datetime

    from scrapy.crawler import Crawler

    from crawler.job import Job
    from crawler.path import Prepared
    from crawler.spiders.follow import FollowSpider

OUTAGES = 3
"""Runs in a row that could not reach the one host they asked, before it is its own fault and backs off."""

BUSY = timedelta(minutes=15)
"""How long a host that said 429 or 503 without a Retry-After is left alone."""

ROBOTS_WAIT, ROBOTS_WAIT_MOST = timedelta(minutes=15), timedelta(days=1)
"""How long a lead waits whose host's robots.txt could not be had: a quarter of the time it is known, between these."""

ROBOTS_PATIENCE = timedelta(days=30)
"""How long that is no fault of the lead's; afterwards it is given up like one that gives no page. RFC 9309, 2.3.1.4,
names 30 days as what an unreachable robots.txt may be taken for after."""

LONGEST_WAIT = timedelta(seconds=1)
"""How long a page waits for others, when the next one comes. A run that is killed fetches again what waited."""

_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

log = logging.getLogger("houxu")


class CorpusPipeline:
    """Appends polls and visits to the corpus, each in one transaction.

    While no host has answered, failures are held back: if none ever does, and some were the network's, it was our own,
    and the run writes nothing.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._held: list[Polled | Visited] = []
        self._pages: list[Fetched] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    @property
    def _spider(self) -> FollowSpider:
        return cast("FollowSpider", self.crawler.spider)

    @property
    def _job(self) -> Job:
        return job_of(self.crawler)

    @property
    def _hosts(self) -> HostsMiddleware:
        return cast("HostsMiddleware", self.crawler.get_downloader_middleware(HostsMiddleware))

    def process_item(self, item: Any) -> Any:
        """Write an item and send the host's next request.

        A corpus that cannot be written ends the crawl: Scrapy alone would log it and exit 0.
        """
        job = self._job
        try:
            if job.only_asked is not None:
                job.only_asked(item)
            elif item.failure is not None and not self._hosts.answered:
                self._held.append(item)
            else:
                self._flush()
                self._write(item)
        except CorpusError as error:
            job.error = error
            job.stop()
        except Exception as error:
            log.exception("%s: could not be written", item.host)
            if isinstance(item, Polled):
                job.faults[item.poll.source_id] = f"{type(error).__name__}: {error}"
        job.request.progress(1)
        self._ask_more(item)
        return item

    def _ask_more(self, item: Polled | Visited) -> None:
        """Send the host's next request; after a poll, ask every idle host: its leads may lie anywhere."""
        frontier = self._spider.frontier
        tasks = [*frontier.next_of(item.host), *(frontier.tasks() if isinstance(item, Polled) else ())]
        for request in self._spider.requests(iter(tasks)):
            if isinstance(request, Visited):  # nothing to send: the lead ends here
                self.process_item(request)
            else:
                self.crawler.engine.crawl(request)

    def close_spider(self) -> None:
        """Write what was held back, or say that nobody answered."""
        job = self._job
        lost = {item.host for item in self._held if item.failure is not None and item.failure.network}
        if self._hosts.answered or not lost:
            try:
                self._flush()
                self._write_pages()
            except CorpusError as error:
                job.error = job.error or error
        elif len(lost) == 1 and job.corpus.runs_without_network() >= OUTAGES:
            self._flush()  # this long and nobody else was asked: the fault is theirs
        else:
            job.unreachable = lost

    def _flush(self) -> None:
        held, self._held = self._held, []
        for item in held:
            self._write(item)

    def _write(self, item: Polled | Visited) -> None:
        if item.failure is not None and item.failure.stopped:
            return
        if isinstance(item, Visited) and item.prepared is not None:
            self._add_page(item, item.prepared)
            return
        self._write_pages()  # first: what is written now may say more of their leads
        if isinstance(item, Polled):
            self._write_poll(item)
        elif item.visit is not None:
            self._end_without_page(item, item.visit)

    def _add_page(self, item: Visited, prepared: Prepared) -> None:
        """Add a page to those that are written together."""
        self._pages.append(Fetched(prepared=prepared, lead_id=item.lead_id, status=item.status, ms=item.ms))
        pages = [each.prepared.page for each in self._pages]
        waited = pages[-1].fetched_at - pages[0].fetched_at
        if is_enough(pages) or waited >= LONGEST_WAIT:
            self._write_pages()

    def _write_pages(self) -> None:
        pages, self._pages = self._pages, []
        if not pages:
            return
        try:
            append_all(self._job.corpus, self._job.topic, pages, self._job.run_id)
        except CorpusError:
            raise
        except Exception:  # and what is written after them must not be lost with them: their leads stay open
            log.exception("of %d pages from %s on, one could not be written", len(pages), pages[0].prepared.page.url)

    def _write_poll(self, item: Polled) -> None:
        """Validators, body hash, next check and every lead: one transaction, which is what makes kill -9 harmless."""
        job, poll, now = self._job, item.poll, item.poll.at
        corpus = job.corpus
        with corpus.transaction():
            if item.failure is not None and item.failure.until is not None:  # the host waits: not the source's fault
                corpus.postpone(item.state.source.id, item.failure.until)
                return
            new = [
                lead
                for lead in map(item.with_outlet, poll.leads)
                if corpus.add_lead(job.run_id, poll.source_id, dedupe.canonical_url(lead.url), lead, now)
            ]
            arrivals = sorted(min(lead.published_at or now, now) for lead in new)
            outcome = polling.after(item.state, poll, arrivals, now, job.next_check)
            corpus.write_poll(job.run_id, poll, outcome.state, len(new), outcome.fault)
            corpus.count(job.run_id, sources=1, leads=len(new))
            if outcome.host_retry_at is not None:
                host = item.answered or item.host
                corpus.hold_host(host, outcome.host_retry_at)
                self._hosts.hold(host, outcome.host_retry_at)
        if outcome.fault is not None:
            job.faults[poll.source_id] = outcome.fault

    def _end_without_page(self, item: Visited, visit: Visit) -> None:
        job, now = self._job, self._job.clock()
        if item.failure is not None and item.failure.until is not None:  # nothing was sent: no visit, no try
            with job.corpus.transaction():
                job.corpus.postpone_lead(item.lead_id, item.failure.until)
            return
        with job.corpus.transaction():
            retry_at = self._hold(item, visit, now)
            tries = job.corpus.tries(item.lead_id) + 1
            if visit.ending is Ending.DEFERRED and retry_at is None and tries >= TRIES_PER_LEAD:
                reason = f"given up: no page in {tries} visits, the last time {visit.reason}"
                visit = Visit(url=visit.url, ending=Ending.UNREADABLE, reason=reason)
            job.corpus.add_visit(job.run_id, item.lead_id, visit, now, status=item.status, ms=item.ms)
            job.corpus.end_lead(item.lead_id, visit, now, retry_at=retry_at)
            job.corpus.count(job.run_id, visits=1)

    def _hold(self, item: Visited, visit: Visit, now: datetime) -> datetime | None:
        """Return when a lead may be tried again that its host put off; that is no try of the lead's own."""
        if visit.ending is not Ending.DEFERRED:
            return None
        if item.status in _BUSY or item.signals.retry_after:
            retry_at = wait_until(now, item.signals.retry_after, BUSY)
            host = item.answered or item.host
            self._job.corpus.hold_host(host, retry_at)
            self._hosts.hold(host, retry_at)
            return retry_at
        known = now - self._job.corpus.found_at(item.lead_id)
        if item.failure is None or not item.failure.robots or known > ROBOTS_PATIENCE:
            return None
        return now + min(max(known / 4, ROBOTS_WAIT), ROBOTS_WAIT_MOST)
