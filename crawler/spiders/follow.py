"""The one spider: polls sources of every kind and visits their leads, so that one downloader paces each host.

It decides nothing about the corpus: it turns answers into items, and the pipeline writes them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider, signals

from crawler.corpus.leads import lead_to_visit
from crawler.errors import SourceError, Unreadable
from crawler.extract import next_page, rights
from crawler.intake import Intake
from crawler.isolation.worker_process import Busy, WorkerProcess, is_large
from crawler.job import job_from_settings
from crawler.limits import (
    FURTHER_PAGES_PER_ARTICLE,
    LARGE_ANSWER_BYTES,
    PAGE_BYTES,
    SITEMAP_FILES_PER_INDEX,
    WORKER_QUEUE_BYTES,
)
from crawler.middlewares.request_meta import PAGE, TDMREP
from crawler.model import KINDS, Ending, Kind, Page, Poll, SourceState, Visit
from crawler.sources import feed, listing, search_adapters, sitemap
from crawler.sources.http_signals import http_signals
from crawler.sources.polling import wants_full
from crawler.sources.revisits import conditional
from crawler.spiders.failures import explain
from crawler.spiders.frontier import Frontier, Task
from crawler.spiders.http_endings import ending_of, is_binary
from crawler.spiders.items import Polled, Visited, header_map, latency, poll_of, validators, with_file
from crawler.text.authority import own_lead
from crawler.text.web_addresses import is_web_url, netloc_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.job import Job

PARSERS = {"feed": feed.parse, "sitemap": sitemap.parse, "listing": listing.parse, "search": search_adapters.parse}
"""One parser per kind: (body, url, headers, source, now) -> Answer."""


class FollowSpider(Spider):
    """Polls the sources of a job that are due, then visits the leads."""

    name = "follow"
    kinds: ClassVar[tuple[Kind, ...]] = KINDS

    def __init__(self, job: Job, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.worker = WorkerProcess()
        self.intake = Intake(job.topic, self.worker)
        self._waiting = 0
        self.frontier = Frontier(
            job.corpus,
            [state for state in job.batch if state.source.kind in self.kinds],
            clock=job.clock,
            ended=lambda: job.ended,
            every_lead=job.request.everything,
            revisits=job.corpus.revisits_left(job.topic.requests_per_day, job.clock()),
            shard=job.topic.shard,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, job: Job | None = None, **kwargs: Any) -> Self:
        """Scrapy's constructor; without a job (plain `scrapy crawl`) one is made from the settings."""
        if job is None:
            job = job_from_settings(crawler, cls.kinds)
        spider = super().from_crawler(crawler, *args, job=job, **kwargs)
        crawler.signals.connect(spider.worker.close, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Request | Visited]:
        """Ask one thing of every host; the pipeline asks for more as answers are written."""
        for request in self.requests(self.frontier.tasks()):
            yield request

    def requests(self, tasks: Iterator[Task]) -> Iterator[Request | Visited]:
        """Turn tasks into requests; a lead of which none can be made is an item at once."""
        for task in tasks:
            if task.source is not None:
                yield self._poll(task.host, task.source)
            elif task.lead is not None:
                yield self._visit(task.host, task.lead)

    def _poll(self, host: str, state: SourceState) -> Request:
        now = self.job.clock()
        full = wants_full(state, now)
        return Request(
            search_adapters.asked(state.url, state.source, now),
            callback=self.polled,
            errback=self.poll_failed,
            headers={} if full else validators(state.etag, state.last_modified),
            dont_filter=True,
            cb_kwargs={"host": host, "state": state},
        )

    def _visit(self, host: str, row: dict[str, Any]) -> Request | Visited:
        if not is_web_url(row["fetch_url"]):  # one that an earlier houxu took in
            visit = Visit(url=row["fetch_url"], ending=Ending.BLOCKED, reason="no address of the web")
            return Visited(host, row["id"], visit=visit)
        return Request(
            row["fetch_url"],
            callback=self.visited,
            errback=self.visit_failed,
            headers=validators(row["etag"], row["last_modified"]) if conditional(row["rung"]) else {},
            dont_filter=True,
            meta={PAGE: True},
            cb_kwargs={"host": host, "row": row},
        )

    async def polled(
        self, response: Response, host: str, state: SourceState, item: Polled | None = None, more: tuple[str, ...] = ()
    ) -> AsyncIterator[Polled | Request]:
        """Read a source's answer; an index's files are read before its poll is one."""
        if item is None:
            poll = poll_of(response, state, self.job.clock())
            item = Polled(host, state, poll, answered=netloc_of(response.url))
            if response.status == HTTPStatus.OK and item.poll.body_sha256 != state.body_sha256:
                more = tuple(filter(is_web_url, await self._read(response, item)))[:SITEMAP_FILES_PER_INDEX]
        elif response.status == HTTPStatus.OK:
            await self._read(response, item)
            item.poll = with_file(item.poll, response.body)
        if more and item.poll.error is None:
            yield Request(
                more[0],
                callback=self.polled,
                errback=self.poll_failed,
                dont_filter=True,
                cb_kwargs={"host": host, "state": state, "item": item, "more": more[1:]},
            )
            return
        yield item

    async def _read(self, response: Response, item: Polled) -> tuple[str, ...]:
        """Add a file's leads to the poll; return the further files it names."""
        source, body = replace(item.state.source, url=item.state.url), response.body
        headers = header_map(response)
        read = partial(PARSERS[source.kind], body, url=response.url, headers=headers, source=source, now=item.poll.at)
        try:
            answer = await self.worker.run(len(body), read) if is_large(body, LARGE_ANSWER_BYTES) else read()
        except (SourceError, Unreadable) as error:
            item.poll = replace(item.poll, error=error.reason)
            return ()
        except Busy as error:
            item.poll = replace(item.poll, error=str(error))
            return ()
        except Exception as error:  # noqa: BLE001 a hostile answer is its source's fault, and must not cost its host
            item.poll = replace(item.poll, error=f"its reader failed: {type(error).__name__}: {error}"[:300])
            return ()
        said = (replace(lead, speaker=response.url, pairings=source.pairings) for lead in answer.leads)
        item.poll = replace(item.poll, leads=(*item.poll.leads, *said), signals=answer.signals)
        item.charset = answer.charset
        item.notes += answer.notes
        if answer.dropped:
            item.notes += (f"{answer.dropped} entries gave no lead",)
        return answer.more

    def poll_failed(self, failure: Any) -> Iterator[Polled]:
        """A poll without an answer; of an index, what was read before counts."""
        host, state, item = (failure.request.cb_kwargs.get(name) for name in ("host", "state", "item"))
        failed = explain(failure.value)
        if item is None:
            poll = Poll(
                source_id=state.source.id,
                at=self.job.clock(),
                status=None,
                error=failed.reason,
                network=failed.network,
            )
            item = Polled(host, state, poll, failed)
        yield item

    async def visited(
        self, response: Response, host: str, row: dict[str, Any], item: Visited | None = None
    ) -> AsyncIterator[Visited | Request]:
        """Read a lead's page; where its article goes on, the next page too."""
        page = self._page(response, row)
        ending = ending_of(response.status, page.headers.get("content-type", ""))
        if ending is None and is_binary(response.body):
            ending = Ending.UNREADABLE, "no text, whatever its content type says"
        if item is None:
            item = self._first_page(response, host, row, page, ending)
            if ending is None:
                item.passed = self.intake.gate(page)
        large = item.passed is not False and is_large(page.body)
        if item.page is not None and item.page is not page and ending is None and not large:
            item.page = replace(item.page, rest=(*item.page.rest, page))
        further = self._further(item.page, page) if ending is None and item.passed and not large else None
        self._waiting -= item.waiting
        item.waiting = 0
        if further is None:
            await self._prepare(item)
            self.frontier.note(host, page=item.prepared is None or item.prepared.error is None)
            yield item
            return
        item.waiting = item.page.size if item.page else 0
        self._waiting += item.waiting
        kwargs = {"host": host, "row": row, "item": item}
        yield Request(
            further,
            callback=self.visited,
            errback=self.visit_failed,
            dont_filter=True,
            meta={PAGE: True},
            cb_kwargs=kwargs,
        )

    async def _prepare(self, item: Visited) -> None:
        """Take the page of a visit through the pure stages; where too many wait, the visit is put off."""
        if item.page is None:
            return
        try:
            item.prepared = await self.intake.prepare(item.page, item.passed)
        except Busy as why:
            item.visit = Visit(url=item.page.url, ending=Ending.DEFERRED, reason=str(why))

    def _page(self, response: Response, row: dict[str, Any]) -> Page:
        return Page(
            url=response.url,
            body=response.body,
            fetched_at=self.job.clock(),
            headers=header_map(response),
            lead=lead_to_visit(row),
            lang=row["lang"],
            timezone=row["timezone"],
            reserved=rights.mining_reserved(response.meta.get(TDMREP, ""), response.url),
        )

    def _first_page(
        self, response: Response, host: str, row: dict[str, Any], page: Page, ending: tuple[Ending, str] | None
    ) -> Visited:
        signals = http_signals(page.headers, page.fetched_at)
        item = Visited(host, row["id"], status=response.status, ms=latency(response), signals=signals)
        item.answered = netloc_of(response.url)
        if ending is None:
            item.page = page
        elif ending[0] is Ending.BLOCKED and (lead := own_lead(page.lead, page.url)) and lead.body:
            item.page = replace(page, body=b"")  # what the source carried is all there is
        else:
            item.visit = Visit(url=response.url, ending=ending[0], reason=ending[1], article_id=row["article_id"])
        return item

    def _further(self, first: Page | None, page: Page) -> str | None:
        """Return where an article on topic goes on, unless that was read or it has too many pages."""
        if first is None or len(first.rest) >= FURTHER_PAGES_PER_ARTICLE:
            return None
        if first.size > PAGE_BYTES or self._waiting > WORKER_QUEUE_BYTES:
            return None
        try:
            further = next_page(page)
        except Exception:  # noqa: BLE001 a hostile page has no next one
            return None
        if further is None or further in {first.url, *(each.url for each in first.rest)} or not is_web_url(further):
            return None
        return further

    async def visit_failed(self, failure: Any) -> AsyncIterator[Visited]:
        """A visit without an answer."""
        host, row, item = (failure.request.cb_kwargs.get(name) for name in ("host", "row", "item"))
        if item is not None:  # of an article over several pages, what was read before counts
            self._waiting -= item.waiting
            await self._prepare(item)
            yield item
            return
        failed = explain(failure.value)
        self.frontier.note(host, page=failed.robots or failed.stopped)  # what a rule forbids is no fault
        ending = Ending.BLOCKED if failed.blocked else Ending.DEFERRED
        visit = Visit(url=failure.request.url, ending=ending, reason=failed.reason)
        yield Visited(host, row["id"], visit=visit, failure=failed)


class FeedSpider(FollowSpider):
    """Only feeds, and the leads that wait."""

    name = "feed"
    kinds = ("feed",)


class SitemapSpider(FollowSpider):
    """Only sitemaps, and the leads that wait."""

    name = "sitemap"
    kinds = ("sitemap",)


class ListingSpider(FollowSpider):
    """Only list pages, and the leads that wait."""

    name = "listing"
    kinds = ("listing",)


class SearchSpider(FollowSpider):
    """Only searches, and the leads that wait."""

    name = "search"
    kinds = ("search",)
