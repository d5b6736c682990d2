"""The one spider: polls sources of every kind and visits their leads, so that one downloader paces each host.

It decides nothing about the corpus: it turns answers into items, and the pipeline writes them.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider

from crawler.corpus.leads import lead_of
from crawler.corpus.sources import netloc_of
from crawler.errors import SourceError
from crawler.extract import next_page
from crawler.model import KINDS, Ending, Kind, Lead, Page, Poll, Signals, SourceState, Visit
from crawler.polling import wants_full
from crawler.relevance import gate
from crawler.revisits import conditional
from crawler.spiders import feed, listing, search, sitemap
from crawler.spiders.endings import ending_of
from crawler.spiders.failures import Failed, explain
from crawler.spiders.frontier import Frontier, Task
from crawler.spiders.signals import http_signals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.crawl import Job

PARSERS = {"feed": feed.parse, "sitemap": sitemap.parse, "listing": listing.parse, "search": search.parse}
"""One parser per kind: (body, url, headers, source, now) -> Answer."""

VALIDATORS = frozenset({b"if-none-match", b"if-modified-since"})
LASTING = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})

MORE_PAGES = 9
"""Further pages of one article, at most: news that runs over more is a gallery."""

MORE_FILES = 10
"""Sitemaps read below one index, newest first: 111 requests is what an endless index cost under a depth limit of 3."""


@dataclass(slots=True)
class Polled:
    """An item: one poll, to be written. `answered` is who did, after redirects; `failure`: nobody did."""

    host: str
    state: SourceState
    poll: Poll
    failure: Failed | None = None
    answered: str | None = None
    charset: str | None = None
    notes: tuple[str, ...] = ()

    def with_outlet(self, lead: Lead) -> Lead:
        """Return a lead with its source's outlet where it names none; what a search shows is somebody else's."""
        if lead.outlet or self.state.source.kind == "search":
            return lead
        return replace(lead, outlet=self.state.source.outlet)


@dataclass(slots=True)
class Visited:
    """An item: one visit, to be written. Either a `page` to take along the path, or a `visit` that ended without."""

    host: str
    lead_id: int
    page: Page | None = None
    visit: Visit | None = None
    status: int | None = None
    ms: int = 0
    signals: Signals = field(default_factory=Signals)
    answered: str | None = None
    failure: Failed | None = None


class FollowSpider(Spider):
    """Polls the sources of a job that are due, then visits the leads."""

    name = "follow"
    kinds: ClassVar[tuple[Kind, ...]] = KINDS

    def __init__(self, job: Job, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.frontier = Frontier(
            job.corpus,
            [state for state in job.batch if state.source.kind in self.kinds],
            clock=job.clock,
            over=lambda: job.deadline is not None and time.monotonic() >= job.deadline,
            every_lead=job.every_lead,
            revisits=job.corpus.revisits_left(job.topic.requests_per_day, job.clock()),
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, job: Job | None = None, **kwargs: Any) -> Self:
        """Scrapy's constructor; without a job (plain `scrapy crawl`) one is made from the settings."""
        if job is None:
            from crawler.crawl import job_from_settings

            job = job_from_settings(crawler, cls.kinds)
        return super().from_crawler(crawler, *args, job=job, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        """Ask one thing of every host; the pipeline asks for more as answers are written."""
        for request in self.requests(self.frontier.tasks()):
            yield request

    def requests(self, tasks: Iterator[Task]) -> Iterator[Request]:
        """Turn tasks into requests."""
        for task in tasks:
            if task.source is not None:
                yield self._poll(task.host, task.source)
            elif task.lead is not None:
                yield self._visit(task.host, task.lead)

    def _poll(self, host: str, state: SourceState) -> Request:
        now = self.job.clock()
        full = wants_full(state, now)
        return Request(
            search.asked(state.url, state.source, now),
            callback=self.polled,
            errback=self.poll_failed,
            headers={} if full else validators(state.etag, state.last_modified),
            dont_filter=True,
            cb_kwargs={"host": host, "state": state},
        )

    def _visit(self, host: str, row: dict[str, Any]) -> Request:
        return Request(
            row["fetch_url"],
            callback=self.visited,
            errback=self.visit_failed,
            headers=validators(row["etag"], row["last_modified"]) if conditional(row["rung"]) else {},
            dont_filter=True,
            cb_kwargs={"host": host, "row": row},
        )

    def polled(
        self, response: Response, host: str, state: SourceState, item: Polled | None = None, more: tuple[str, ...] = ()
    ) -> Iterator[Polled | Request]:
        """Read a source's answer; an index's files are read before its poll is one."""
        if item is None:
            poll = poll_of(response, state, self.job.clock())
            item = Polled(host, state, poll, answered=netloc_of(response.url))
            if response.status == HTTPStatus.OK and item.poll.body_sha256 != state.body_sha256:
                more = self._read(response, item)[:MORE_FILES]
        elif response.status == HTTPStatus.OK:
            self._read(response, item)
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

    def _read(self, response: Response, item: Polled) -> tuple[str, ...]:
        """Add a file's leads to the poll; return the further files it names."""
        source = replace(item.state.source, url=item.state.url)
        try:
            answer = PARSERS[source.kind](
                response.body, url=response.url, headers=header_map(response), source=source, now=item.poll.at
            )
        except SourceError as error:
            item.poll = replace(item.poll, error=error.reason)
            return ()
        except Exception as error:  # noqa: BLE001 a hostile answer is its source's fault, and must not cost its host
            item.poll = replace(item.poll, error=f"its reader failed: {type(error).__name__}: {error}"[:300])
            return ()
        item.poll = replace(item.poll, leads=(*item.poll.leads, *answer.leads), signals=answer.signals)
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

    def visited(
        self, response: Response, host: str, row: dict[str, Any], item: Visited | None = None
    ) -> Iterator[Visited | Request]:
        """Read a lead's page; where its article goes on, the next page too."""
        ending = ending_of(response.status, header_map(response).get("content-type", ""))
        page = self._page(response, row)
        if item is None:
            item = self._first_page(response, host, row, page, ending)
        elif item.page is not None and ending is None:
            item.page = replace(item.page, rest=(*item.page.rest, page))
        further = self._further(item.page, page) if ending is None else None
        if further is None:
            yield item
            return
        kwargs = {"host": host, "row": row, "item": item}
        yield Request(further, callback=self.visited, errback=self.visit_failed, dont_filter=True, cb_kwargs=kwargs)

    def _page(self, response: Response, row: dict[str, Any]) -> Page:
        return Page(
            url=response.url,
            body=response.body,
            fetched_at=self.job.clock(),
            headers=header_map(response),
            lead=lead_of(row),
            lang=row["lang"],
            timezone=row["timezone"],
        )

    def _first_page(
        self, response: Response, host: str, row: dict[str, Any], page: Page, ending: tuple[Ending, str] | None
    ) -> Visited:
        signals = http_signals(page.headers, page.fetched_at)
        item = Visited(host, row["id"], status=response.status, ms=latency(response), signals=signals)
        item.answered = netloc_of(response.url)
        if ending is None:
            item.page = page
        elif ending[0] is Ending.BLOCKED and page.lead and page.lead.body:
            item.page = replace(page, body=b"")  # what the source carried is all there is
        else:
            item.visit = Visit(url=response.url, ending=ending[0], reason=ending[1], article_id=row["article_id"])
        return item

    def _further(self, first: Page | None, page: Page) -> str | None:
        """Return where an article on topic goes on, unless that was read or it has too many pages."""
        if first is None or len(first.rest) >= MORE_PAGES or not gate(self.job.topic, first.body):
            return None
        try:
            further = next_page(page)
        except Exception:  # noqa: BLE001 a hostile page has no next one
            return None
        return None if further in {first.url, *(each.url for each in first.rest)} else further

    def visit_failed(self, failure: Any) -> Iterator[Visited]:
        """A visit without an answer."""
        host, row, item = (failure.request.cb_kwargs.get(name) for name in ("host", "row", "item"))
        if item is not None:  # of an article over several pages, what was read before counts
            yield item
            return
        failed = explain(failure.value)
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


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers of a conditional request."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in headers.items() if value}


def header_map(response: Response) -> dict[str, str]:
    """Return a response's headers, names in lower case, the first value of each."""
    return {
        name.decode("latin-1").lower(): values[0].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }


def latency(response: Response) -> int:
    """Return how long the answer took, in milliseconds."""
    return round(1000 * float(response.meta.get("download_latency", 0.0)))


def poll_of(response: Response, state: SourceState, now: datetime) -> Poll:
    """Return what a response says before its body is read."""
    headers = header_map(response)
    lasting = all(reason in LASTING for reason in response.meta.get("redirect_reasons", ["none"]))
    return Poll(
        source_id=state.source.id,
        at=now,
        status=response.status,
        signals=http_signals(headers, now),
        size=len(response.body),
        ms=latency(response),
        moved_to=response.url if lasting else None,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        body_sha256=hashlib.sha256(response.body).hexdigest(),
        conditional=bool(response.request and VALIDATORS & {name.lower() for name in response.request.headers}),
    )


def with_file(poll: Poll, body: bytes) -> Poll:
    """Return a poll of an index with one more of its files.

    The index's own validators are dropped and its hash becomes one of all files: an index stays the same while its
    files grow, so a 304 for it would say nothing.
    """
    both = hashlib.sha256((poll.body_sha256 or "").encode() + body).hexdigest()
    return replace(poll, size=poll.size + len(body), body_sha256=both, etag=None, last_modified=None)
