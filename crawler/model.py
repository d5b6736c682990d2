"""The values that travel along the path, in the order of its sentence.

A source is polled for leads; a lead is visited and gives a page; a page is extracted into an article; the article gets
a verdict, a match, a story; and is appended to the corpus.

All are frozen. Every datetime is aware; `stamp` and `instant` are the only two ways in and out of text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal["feed", "sitemap", "listing", "search"]
MatchKind = Literal["exact", "reprint", "truncated", "rewrite", "contains"]

KINDS: tuple[Kind, ...] = ("feed", "sitemap", "listing", "search")
ADAPTERS = ("google-news", "bing-news", "gdelt-doc", "hn-algolia", "eastmoney")
"""Readers of search answers: what a search source's `adapter` may be."""


def stamp(when: datetime) -> str:
    """Return an aware datetime as UTC text, `YYYY-MM-DDTHH:MM:SSZ`, the only form the corpus holds.

    Raises:
        ValueError: `when` is naive.
    """
    if when.tzinfo is None:
        raise ValueError(f"naive datetime {when!r}: a time without a zone is not an instant")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """Return the aware UTC datetime that `stamp` wrote.

    Raises:
        ValueError: the text has another form.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


class Ending(StrEnum):
    """How one visit ended. Every visit has exactly one, with a reason."""

    STORED = "stored"  # a new article, copies included
    DUPLICATE = "duplicate"  # the final URL is an article we hold under another URL
    UNCHANGED = "unchanged"  # the words are those we hold
    REVISED = "revised"  # the words changed
    OFF_TOPIC = "off_topic"
    PAYWALLED = "paywalled"
    BLOCKED = "blocked"  # by the publisher, by robots.txt, or by our own guard
    GONE = "gone"
    UNREADABLE = "unreadable"  # a stage failed; the page is kept
    DEFERRED = "deferred"  # not now: the lead stays open


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where leads come from: one `[[source]]` of the topic file.

    `lang` and `timezone` are what its pages are read with where they do not say themselves; `rules` are the CSS
    selectors of a listing; `adapter` names the reader of a search.
    """

    id: str
    kind: Kind
    url: str
    outlet: str
    lang: str = "zh"
    timezone: str = "Asia/Shanghai"
    enabled: bool = True
    adapter: str | None = None
    max_gap: timedelta | None = None
    expect_silence: timedelta | None = None
    rules: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule:
    """CSS selectors for a host's article pages, which win over the generic way. `until` dates an old layout."""

    host: str
    body: str | None = None
    title: str | None = None
    author: str | None = None
    date: str | None = None
    drop: str | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One alias. `case`: it counts only as spelled. `valid_from`: not before this day.

    `unless`: it does not count within the window of one of these words, which say that another thing of that name is
    meant (小米 beside 谷子 is millet).
    """

    text: str
    case: bool = False
    valid_from: dt.date | None = None
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """The topic's rule: strong terms alone, weak ones within `window` characters of a brand, `exclude` taken out first.

    `same` lists spellings of one name; stories use them as bridges between languages.
    """

    strong: tuple[Term, ...] = ()
    brand: tuple[Term, ...] = ()
    weak: tuple[Term, ...] = ()
    window: int = 60
    exclude: tuple[str, ...] = ()
    same: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is followed: one topic file, checked. `digest` is the sha256 of its relevance rules."""

    id: str
    name: str
    seed: dt.date | None
    contact: str | None
    requests_per_day: int
    keep_offtopic: timedelta
    relevance: Relevance
    sources: tuple[Source, ...]
    sites: tuple[SiteRule, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A URL to be visited, and what its source said of it.

    `body` is HTML the source itself carried (content:encoded), kept for when the page cannot be had. `visitable` is
    false for links that lead nowhere by design (Google News): they are kept for their title and outlet.
    """

    url: str
    title: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None
    outlet: str | None = None
    body: str | None = None
    visitable: bool = True


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one visit fetched: bytes, headers (lower-case names) and the final URL, at `fetched_at`.

    `lead` is what the source said; `lang` and `timezone` are its defaults. Both fill gaps, never overrule the page.
    """

    url: str
    body: bytes
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    lead: Lead | None = None
    lang: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says, as text. `url` is canonical. `evidence` says for each field where it was found."""

    url: str
    title: str
    body: str
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    credited_source: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None
    published_tz: str | None = None
    modified_at: datetime | None = None
    lang: str | None = None
    image: str | None = None
    paywalled: bool = False
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A term found: `start` and `end` are offsets into the article's own `field`, not into folded text."""

    term: str
    role: Literal["strong", "brand", "weak"]
    field: Literal["title", "body", "credited_source"]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """On topic or not, and why: the rule that decided and the terms it saw."""

    relevant: bool
    score: float
    rule: str
    hits: tuple[Hit, ...]
    topic_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A text the corpus holds, as dedupe and the reprint tree see it."""

    article_id: int
    revision_id: int
    url: str
    title: str
    body: str
    published_at: datetime | None
    first_seen_at: datetime
    outlet: str | None = None
    credited_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A copy and what it copies: `article_id`, `revision_id` are the text it resembles.

    `kind` None means a look-alike (a template, another day): kept apart, never an edge of the tree.
    """

    article_id: int
    revision_id: int
    kind: MatchKind | None
    score: float
    method: str
    features: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an article stands in its reprint tree; a root is its own root at depth 0."""

    root_id: int
    parent_id: int | None
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One attempt to fetch a lead, ended."""

    url: str
    ending: Ending
    reason: str
    article_id: int | None = None
