"""What the spider hands to the pipeline, and what an HTTP answer says of itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.model import Lead, Page, Poll, Signals, SourceState, Visit
from crawler.sources.http_signals import http_signals
from crawler.text.web_addresses import is_web_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scrapy.http import Response

    from crawler.path import Prepared
    from crawler.spiders.failures import Failed

VALIDATORS = frozenset({b"if-none-match", b"if-modified-since"})
_LISTS = frozenset({"x-robots-tag", "tdm-reservation", "cache-control"})
"""Headers whose second line adds to the first."""

LASTING = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})


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
    """An item: one visit, to be written: either a `prepared` page, or a `visit` that ended without one.

    Attributes:
        page: what was fetched so far; an article may run over several pages.
        passed: whether the page passes the gate; None where nobody asked.
        waiting: bytes of the page that wait for its further pages.
    """

    host: str
    lead_id: int
    page: Page | None = None
    prepared: Prepared | None = None
    passed: bool | None = None
    waiting: int = 0
    visit: Visit | None = None
    status: int | None = None
    ms: int = 0
    signals: Signals = field(default_factory=Signals)
    answered: str | None = None
    failure: Failed | None = None


def validators(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers of a conditional request."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in headers.items() if value}


def header_map(response: Response) -> dict[str, str]:
    """Return a response's headers; see `headers_of`."""
    lines = ((name, value) for name, values in response.headers.items() for value in values)
    return headers_of((name.decode("latin-1"), value.decode("latin-1")) for name, value in lines)


def headers_of(lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers, names in lower case, the first line of each; of `_LISTS` all, a line each.

    Args:
        lines: name and value, in their order.
    """
    headers: dict[str, str] = {}
    for said, value in lines:
        name = said.lower()
        if name not in headers:
            headers[name] = value
        elif name in _LISTS:
            headers[name] += f",\n{value}"
    return headers


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
        moved_to=response.url if lasting and is_web_url(response.url) else None,
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
