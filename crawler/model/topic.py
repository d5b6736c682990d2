"""What is followed: a topic file, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from datetime import timedelta

    from crawler.model.claim import Claim

Kind = Literal["feed", "sitemap", "listing", "search"]

KINDS: tuple[Kind, ...] = ("feed", "sitemap", "listing", "search")
ADAPTERS = (
    *("google-news", "bing-news", "gdelt-doc", "arxiv", "reddit", "feed", "page"),
    *("cnyes", "eastmoney", "github-events", "hk01", "hkexnews", "hn-algolia", "hugging-face", "ifeng", "jin10"),
    *("juejin", "openrouter", "sina-roll", "tencent", "thepaper", "toutiao", "wallstreetcn", "wallstreetcn-live"),
    "zhihu",
)
"""Readers of search answers: what a search source's `adapter` may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where leads come from: one `[[source]]` of the topic file.

    `lang` and `timezone` are what its pages are read with where they do not say themselves; `rules` are the CSS
    selectors of a listing; `adapter` names the reader of a search, and `only` is what the names of its hits begin with.
    `weight` is what a minute's wait for its items counts against that of others. `pairings` are the hosts, with all
    below them, whose articles it speaks for besides those of its own site (crawler/text/authority.py).
    """

    id: str
    kind: Kind
    url: str
    outlet: str
    lang: str = "zh"
    timezone: str = "Asia/Shanghai"
    enabled: bool = True
    adapter: str | None = None
    only: str | None = None
    weight: float = 1.0
    max_gap: timedelta | None = None
    expect_silence: timedelta | None = None
    rules: Mapping[str, str] = field(default_factory=dict)
    pairings: tuple[str, ...] = ()


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
    """What is followed: one topic file, checked. `digest` is the sha256 of its relevance rules.

    `host_requests_per_day` bounds what one host is asked on a day (UTC); `keep_reserved` keeps pages whole whose
    publisher reserves that. `claims_digest` is the sha256 of the claims and of the rules by which they are found.
    `shard`, which is no key of the file, is the part of one machine among several: (2, 5) for the second of five.
    """

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
    host_requests_per_day: int = 1000
    keep_reserved: bool = False
    claims: tuple[Claim, ...] = ()
    claims_digest: str = ""
    shard: tuple[int, int] = (1, 1)
