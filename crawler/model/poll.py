"""A source is polled for leads: what it answers, and what is known of it between two polls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from crawler.model.topic import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A URL to be visited, and what its source said of it.

    `body` is HTML the source itself carried (content:encoded), kept for when the page cannot be had. `visitable` is
    false for links that lead nowhere by design (Google News): they are kept for their title and outlet. `again`: the
    source says that its page has changed. `speaker` is the URL whose answer says all this, after redirects, None for
    the lead's own site; it counts for pages of its site and of the hosts in `pairings` (crawler/text/authority.py).
    """

    url: str
    title: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None
    outlet: str | None = None
    body: str | None = None
    visitable: bool = True
    again: bool = False
    speaker: str | None = None
    pairings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What an answer said of when to come back: lower bounds on the gap to the next poll, all optional.

    `ttl` and `update_period` come from the feed (RSS ttl; sy:updatePeriod over sy:updateFrequency), `max_age` and
    `retry_after` from HTTP, `skip_hours` are UTC hours 0..23, `skip_days` days of the week, Monday 0, in UTC.
    """

    ttl: timedelta | None = None
    update_period: timedelta | None = None
    max_age: timedelta | None = None
    retry_after: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source's answer holds, as its kind's parser read it.

    `leads` are in the source's own order. `more` are further URLs of the same source to fetch (an index's sitemaps),
    newest first. `dropped` counts entries that gave no lead; `notes` say in plain words what was odd about the rest.
    """

    leads: tuple[Lead, ...]
    signals: Signals = field(default_factory=Signals)
    more: tuple[str, ...] = ()
    dropped: int = 0
    charset: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One request to a source, answered or not.

    `leads` are in the source's own order. `error` is a few plain words; `network` says that no answer came at all (DNS,
    connection), which a local outage may explain. `moved_to` is the target of a lasting redirect (301, 308).
    """

    source_id: str
    at: datetime
    status: int | None
    leads: tuple[Lead, ...] = ()
    signals: Signals = field(default_factory=Signals)
    size: int = 0
    ms: int = 0
    error: str | None = None
    network: bool = False
    moved_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source's row of the due table: all that is known of it between two polls. `url` moves with a lasting redirect.

    `rates` is what the cadence has learned (JSON values only), opaque to everyone else.
    """

    source: Source
    url: str
    enabled: bool = True
    next_check_at: datetime | None = None
    checked_at: datetime | None = None
    ok_at: datetime | None = None
    full_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    errors: int = 0
    moved_to: str | None = None
    moved_times: int = 0
    gone_times: int = 0
    gone_since: datetime | None = None
    rates: Mapping[str, Any] = field(default_factory=dict)
    health: str = "new"
    health_since: datetime | None = None
    health_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """When to poll a source next, and what the cadence learned from this poll."""

    at: datetime
    rates: Mapping[str, Any] = field(default_factory=dict)


class NextCheck(Protocol):
    """What `crawl` asks after every poll that was no fault: the cadence, or a fixed gap.

    `arrivals` are the instants of the items first seen by this poll, oldest first, never later than `now`.
    """

    def __call__(self, state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime, /) -> Check:
        """Return when to poll next."""
        ...
