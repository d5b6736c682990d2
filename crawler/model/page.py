"""A lead is visited and gives a page; the page becomes an article, with a verdict, matches and an ending."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crawler.model.poll import Lead

MatchKind = Literal["exact", "reprint", "truncated", "rewrite", "contains"]


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
class Page:
    """What one visit fetched: bytes, headers (lower-case names) and the final URL, at `fetched_at`.

    `lead` is what the source said; `lang` and `timezone` are its defaults. Both fill gaps, never overrule the page.
    `rest` are the further pages of an article that runs over several, in order. `reserved` is what the host, not the
    page, reserves of it (crawler/extract/rights.py).
    """

    url: str
    body: bytes
    fetched_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    lead: Lead | None = None
    lang: str | None = None
    timezone: str | None = None
    rest: tuple[Page, ...] = ()
    reserved: str | None = None

    @property
    def size(self) -> int:
        """Bytes of all pages of its article."""
        return len(self.body) + sum(len(page.body) for page in self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says, as text. `url` is canonical. `evidence` says for each field where it was found.

    `day_only`: the page says a day without a time, and `published_at` is that day's first instant.
    """

    url: str
    title: str
    body: str
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    credited_source: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None
    published_tz: str | None = None
    day_only: bool = False
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
