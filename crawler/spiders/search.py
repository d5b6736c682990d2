"""Searches to leads: one small adapter for each, chosen by the source's `adapter`.

All answer to one query with its newest hits; what a source's URL asks is the topic file's business.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from crawler.errors import SourceError
from crawler.model import Answer
from crawler.spiders.answers import (
    MOST_LEADS,
    decoded,
    excerpt,
    json_value,
    line,
    plain,
    web_url,
)
from crawler.spiders.entries import Entry, document, lead_of
from crawler.spiders.signals import http_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from crawler.model import Lead, Source

_JSONP = re.compile(r"\A[\w$.]{1,100}\s*\((.*)\)\s*;?\Z", re.DOTALL | re.ASCII)
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?%)\]，。、；：！？）》」”])")
_SPACE_AFTER = re.compile(r"([(\[（《「“，。、；：！？）》」])\s+")
_APOSTROPHE = re.compile(r"(?<=\w) ' (?=(?:s|t|re|ve|ll|d|m)\b)")


def parse(body: bytes, *, url: str, headers: Mapping[str, str], source: Source, now: datetime) -> Answer:
    """Return the leads of a search's answer, at most 1,000.

    Args:
        body: the answer, content-encoding undone.
        url: the final URL.
        headers: lower-case names.
        source: whose `adapter` reads it.
        now: when it was fetched, aware.

    Raises:
        SourceError: the answer is an error in words, no JSON, no feed; or there is no such adapter.
    """
    adapter = ADAPTERS.get(source.adapter or "")
    if adapter is None:
        raise SourceError(source.id, f"no adapter {source.adapter!r}: expected one of {', '.join(ADAPTERS)}")
    text, charset = decoded(body, headers, source)
    hits = list(islice(adapter(text, url, source, now), MOST_LEADS))
    leads = [hit for hit in hits if hit is not None]
    return Answer(
        leads=tuple(leads), signals=http_signals(headers, now), dropped=len(hits) - len(leads), charset=charset
    )


def google_news(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """Google News RSS. Its links neither redirect nor decode since 2024: the lead keeps title, outlet and date only."""
    for entry in document(text, url, source).entries:
        title, outlet = plain(entry.title), plain(entry.outlet)
        if outlet:
            title = title.removesuffix(f" - {outlet}")
        else:
            title, _, outlet = title.rpartition(" - ") if " - " in title else (title, "", "")
        bare = replace(entry, outlet=outlet, body="", summary="")  # Google's own list of links
        yield lead_of(bare, source, now, title=title, visitable=False)


def bing_news(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """Bing News RSS. The article is in the `url` of a link that changes on every fetch."""
    for entry in document(text, url, source).entries:
        link = web_url(entry.link, entry.base) or ""
        parts = urlsplit(link)
        if parts.path.lower().endswith("/apiclick.aspx"):
            link = next(iter(parse_qs(parts.query, max_num_fields=50).get("url", [])), "")
        yield lead_of(replace(entry, link=link, base=""), source, now)


def gdelt_doc(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """GDELT DOC 2.0, mode ArtList, format json. Errors come as text with status 200, no hits as an empty object.

    `seendate` is when GDELT saw the article, within a quarter of an hour of its publication by their own account; it
    only fills a gap. Titles come with spaces round their punctuation.
    """
    if not text.startswith("{"):
        raise SourceError(source.id, f"GDELT answers in words: {excerpt(text)}")
    for hit in _hits(json_value(text, source), "articles", source, none=()):
        said = _texts(hit)
        entry = Entry(link=said("url"), base=url, date=said("seendate"), outlet=said("domain"))
        yield lead_of(entry, source, now, title=_closed_up(line(said("title"))))


def hn_algolia(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """Hacker News by Algolia. A post without a link of its own is its own page."""
    for hit in _hits(json_value(text, source), "hits", source):
        said = _texts(hit)
        item = said("objectID")
        link = said("url") or (f"https://news.ycombinator.com/item?id={item}" if item.isdigit() else "")
        entry = Entry(link=link, base=url, date=said("created_at"), body=said("story_text"))
        yield lead_of(entry, source, now, title=line(said("title") or said("story_title")))


def eastmoney(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """东方财富's search: JSONP, hits marked up with `<em>`, dates in Chinese time without a zone."""
    wrapped = _JSONP.match(text)
    value = json_value(wrapped[1] if wrapped else text, source)
    result = value.get("result") if isinstance(value, dict) else None
    for hit in _hits(result, "cmsArticleWebOld", source):
        said = _texts(hit)
        entry = Entry(link=said("url"), base=url, title=said("title"), date=said("date"), outlet=said("mediaName"))
        yield lead_of(entry, replace(source, timezone="Asia/Shanghai"), now)


ADAPTERS: dict[str, Callable[[str, str, Source, datetime], Iterator[Lead | None]]] = {
    "google-news": google_news,
    "bing-news": bing_news,
    "gdelt-doc": gdelt_doc,
    "hn-algolia": hn_algolia,
    "eastmoney": eastmoney,
}
"""(text, url, source, now) -> a lead a hit; None for a hit that leads nowhere a crawl may go."""


def _hits(value: Any, key: str, source: Source, *, none: tuple[()] | None = None) -> list[Any] | tuple[()]:
    """Return the list of hits under `key`; `none` is what a missing one means.

    Raises:
        SourceError: there is no such list.
    """
    hits = value.get(key, none) if isinstance(value, dict) else None
    if not isinstance(hits, list | tuple):
        said = value.get("msg") or value.get("message") if isinstance(value, dict) else None
        raise SourceError(source.id, f"the answer holds no list {key!r}: {excerpt(str(said or value))}")
    return hits


def _texts(hit: Any) -> Callable[[str], str]:
    """Return a reader of a hit's texts: what is missing or no text is empty."""

    def said(key: str) -> str:
        value = hit.get(key) if isinstance(hit, dict) else None
        return value if isinstance(value, str) else ""

    return said


def _closed_up(title: str) -> str:
    title = _SPACE_AFTER.sub(r"\1", _SPACE_BEFORE.sub(r"\1", title))
    return _APOSTROPHE.sub("'", title)
