"""The one spider: polls sources of every kind and visits their leads, so that one downloader paces each host.

It decides nothing about the corpus: it turns answers into items, and the pipeline writes them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.corpus.leads import lead_of
from crawler.errors import SourceError
from crawler.model import KINDS, Ending, Kind, Page, Poll, Signals, SourceState, Visit
from crawler.polling import wants_full
from crawler.spiders import feed, listing, search, sitemap
from crawler.spiders.failures import Failed, explain
from crawler.spiders.frontier import Frontier, Task
from crawler.spiders.signals import http_signals

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from crawler.crawl import Job

PARSERS = {"feed": feed.parse, "sitemap": sitemap.parse, "listing": listing.parse, "search": search.parse}
"""One parser per kind: (body, url, headers, source, now) -> Answer."""

MORE_FILES = 10
"""Sitemaps read below one index, newest first: 111 requests is what an endless index cost under a depth limit of 3."""

HTML = ("text/html", "application/xhtml", "text/plain", "application/xml", "text/xml")
"""Content types that may hold an article; a missing one is taken for HTML, as browsers do."""


@dataclass(slots=True)
class Polled:
    """An item: one poll, to be written. `failure` when no usable answer came."""

    host: str
    state: SourceState
    poll: Poll
    failure: Failed | None = None


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
            until=lambda: None if job.every_lead else datetime.now(UTC),
            over=lambda: job.deadline is not None and time.monotonic() >= job.deadline,
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
        headers = {}
        if not wants_full(state, datetime.now(UTC)):
            headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
        return Request(
            state.url,
            callback=self.polled,
            errback=self.poll_failed,
            headers={name: value for name, value in headers.items() if value},
            dont_filter=True,
            cb_kwargs={"host": host, "state": state},
        )

    def _visit(self, host: str, row: dict[str, Any]) -> Request:
        return Request(
            row["fetch_url"],
            callback=self.visited,
            errback=self.visit_failed,
            dont_filter=True,
            cb_kwargs={"host": host, "row": row},
        )

    def polled(
        self, response: Response, host: str, state: SourceState, poll: Poll | None = None, more: tuple[str, ...] = ()
    ) -> Iterator[Polled | Request]:
        """Read a source's answer; an index's files are read before its poll is one."""
        now = datetime.now(UTC)
        headers = header_map(response)
        if poll is None:
            poll = poll_of(response, state, headers, now)
            if poll.status == 200 and poll.body_sha256 != state.body_sha256:
                poll, more = self._parse(response, headers, state, poll, now)
                more = more[:MORE_FILES]
        elif response.status == 200:
            part, _ = self._parse(response, headers, state, poll, now)
            poll = replace(poll, leads=(*poll.leads, *part.leads), size=poll.size + len(response.body))
        if more and poll.error is None:
            kwargs = {"host": host, "state": state, "poll": poll, "more": more[1:]}
            yield Request(
                more[0], callback=self.polled, errback=self.poll_failed, dont_filter=True, cb_kwargs=kwargs
            )
            return
        yield Polled(host, state, poll)

    def _parse(
        self, response: Response, headers: Mapping[str, str], state: SourceState, poll: Poll, now: datetime
    ) -> tuple[Poll, tuple[str, ...]]:
        source = replace(state.source, url=state.url)
        try:
            answer = PARSERS[source.kind](response.body, url=response.url, headers=headers, source=source, now=now)
        except SourceError as error:
            return replace(poll, error=error.reason), ()
        return replace(poll, leads=answer.leads, signals=answer.signals), answer.more

    def poll_failed(self, failure: Failure) -> Iterator[Polled]:
        """A poll without an answer; of an index, what was read before counts."""
        host, state, poll = (failure.request.cb_kwargs.get(name) for name in ("host", "state", "poll"))
        failed = explain(failure.value)
        if poll is None:
            poll = Poll(
                source_id=state.source.id,
                at=datetime.now(UTC),
                status=None,
                error=failed.reason,
                network=failed.network,
            )
        yield Polled(host, state, poll, failed)

    def visited(self, response: Response, host: str, row: dict[str, Any]) -> Iterator[Visited]:
        """Read a lead's page."""
        now = datetime.now(UTC)
        headers = header_map(response)
        lead = lead_of(row)
        item = Visited(host, row["id"], status=response.status, ms=latency(response), signals=http_signals(headers, now))
        page = Page(
            url=response.url,
            body=response.body,
            fetched_at=now,
            headers=headers,
            lead=lead,
            lang=row["lang"],
            timezone=row["timezone"],
        )
        ending = ending_of(response.status, headers.get("content-type", ""))
        if ending is None:
            item.page = page
        elif ending[0] is Ending.BLOCKED and lead.body:
            item.page = replace(page, body=b"")  # what the source carried is all there is
        else:
            item.visit = Visit(url=response.url, ending=ending[0], reason=ending[1])
        yield item

    def visit_failed(self, failure: Failure) -> Iterator[Visited]:
        """A visit without an answer."""
        host, row = (failure.request.cb_kwargs[name] for name in ("host", "row"))
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


def header_map(response: Response) -> dict[str, str]:
    """Return a response's headers, names in lower case, the first value of each."""
    return {
        name.decode("latin-1").lower(): values[0].decode("latin-1") for name, values in response.headers.items() if values
    }


def latency(response: Response) -> int:
    """Return how long the answer took, in milliseconds."""
    return round(1000 * float(response.meta.get("download_latency", 0.0)))


def poll_of(response: Response, state: SourceState, headers: Mapping[str, str], now: datetime) -> Poll:
    """Return what a response says before its body is read."""
    lasting = all(reason in {301, 308} for reason in response.meta.get("redirect_reasons", [0]))
    return Poll(
        source_id=state.source.id,
        at=now,
        status=response.status,
        signals=http_signals(headers, now),
        size=len(response.body),
        ms=latency(response),
        moved_to=response.url if lasting and response.url != state.url else None,
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        body_sha256=hashlib.sha256(response.body).hexdigest(),
        conditional="If-None-Match" in response.request.headers or "If-Modified-Since" in response.request.headers,
    )


def ending_of(status: int, content_type: str) -> tuple[Ending, str] | None:
    """Return how a visit ends whose answer holds no article, with the reason; None when it may hold one."""
    if status == 200:
        kind = content_type.partition(";")[0].strip().lower()
        if kind and not kind.startswith(HTML):
            return Ending.UNREADABLE, f"content type {kind}"
        return None
    if status == 304:
        return Ending.UNCHANGED, "HTTP 304"
    if status in {404, 410}:
        return Ending.GONE, f"HTTP {status}"
    if status == 402:
        return Ending.PAYWALLED, "HTTP 402"
    if status in {401, 403, 451}:
        return Ending.BLOCKED, f"HTTP {status}"
    if status in {408, 425, 429} or status >= 500:
        return Ending.DEFERRED, f"HTTP {status}"
    return Ending.UNREADABLE, f"HTTP {status}"


