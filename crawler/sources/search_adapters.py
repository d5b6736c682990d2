"""Searches to leads: one small adapter for each, chosen by the source's `adapter`.

All answer to one query with its newest hits, or with none; what a source's URL asks is the topic file's business.
Services that answer in JSON are data, in `shapes`; here is what answers in feeds, or needs a word more.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from crawler.errors import SourceError
from crawler.limits import LEADS_PER_ANSWER
from crawler.model import Answer, Lead
from crawler.sources.answers import decoded, excerpt, plain, web_url
from crawler.sources.feed_xml import document, lead_of
from crawler.sources.http_signals import http_signals
from crawler.sources.json_shapes import SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from crawler.model import Source

_LINKED = re.compile(r'<a href="([^"<>]{1,2048})">\[link\]</a>')
_GDELT = Shape(hits="articles", link="{url}", title="title", date="seendate", outlet="domain")
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?%)\]，。、；：！？）》」”])")
_SPACE_AFTER = re.compile(r"([(\[（《「“，。、；：！？）》」])\s+")
_APOSTROPHE = re.compile(r"(?<=\w) ' (?=(?:s|t|re|ve|ll|d|m)\b)")


TODAY = "$today"
"""In the URL of a search: the day it is asked, YYYYMMDD, in the source's time zone."""


_MOST_FIELDS = 50
"""Parameters of a link that are read; Bing's has a dozen."""


def asked(url: str, source: Source, now: datetime) -> str:
    """Return the URL to ask, its `$today` filled in."""
    if TODAY not in url:
        return url
    return url.replace(TODAY, now.astimezone(ZoneInfo(source.timezone)).strftime("%Y%m%d"))


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
    hits = list(islice(adapter(text, url, source, now), LEADS_PER_ANSWER))
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
            query = parts.query if parts.query.count("&") < _MOST_FIELDS else ""
            link = next(iter(parse_qs(query).get("url", [])), "")
        yield lead_of(replace(entry, link=link, base=""), source, now)


def gdelt_doc(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """GDELT DOC 2.0, mode ArtList, format json. Errors come as text with status 200, no hits as an empty object.

    `seendate` is when GDELT saw the article, within a quarter of an hour of its publication by their own account; it
    only fills a gap. Titles come with spaces round their punctuation.
    """
    if not text.startswith("{"):
        raise SourceError(source.id, f"GDELT answers in words: {excerpt(text)}")
    if text.strip("{} \n"):
        for lead in _GDELT(text, url, source, now):
            yield lead and replace(lead, title=_closed_up(lead.title or "") or None)


def arxiv(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """ArXiv's API, Atom. An error is an entry among the others, with status 200."""
    for entry in document(text, url, source).entries:
        if "/api/errors" in entry.link:
            raise SourceError(source.id, f"arXiv answers with an error: {excerpt(plain(entry.summary))}")
        yield lead_of(entry, source, now)


def reddit(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """Reddit's Atom. A post that links elsewhere is about that page; its `[link]` says which."""
    for entry in document(text, url, source).entries:
        found = _LINKED.search(entry.body)
        link = html.unescape(found[1]) if found else ""
        host = urlsplit(web_url(link, url) or "").hostname or ""
        elsewhere = bool(host) and not re.search(r"(?:^|\.)redd(?:it\.com|\.it)$", host)
        yield lead_of(replace(entry, link=link, body="", summary="") if elsewhere else entry, source, now)


def feed(text: str, url: str, source: Source, now: datetime) -> Iterator[Lead | None]:
    """Any other search that answers with a feed, which may be empty: no hit, no release yet."""
    for entry in document(text, url, source).entries:
        yield lead_of(entry, source, now)


def page(_text: str, url: str, source: Source, _now: datetime) -> Iterator[Lead | None]:
    """A page that is itself what is followed, a changelog: whenever it differs, it is visited again.

    What was changed in it is then a revision of its one article, like any other edit.
    """
    yield Lead(url=url, outlet=source.outlet, again=True)


ADAPTERS: dict[str, Callable[[str, str, Source, datetime], Iterator[Lead | None]]] = {
    "google-news": google_news,
    "bing-news": bing_news,
    "gdelt-doc": gdelt_doc,
    "arxiv": arxiv,
    "reddit": reddit,
    "feed": feed,
    "page": page,
    **SHAPES,
}
"""(text, url, source, now) -> a lead a hit; None for a hit that leads nowhere a crawl may go."""


def _closed_up(title: str) -> str:
    title = _SPACE_AFTER.sub(r"\1", _SPACE_BEFORE.sub(r"\1", title))
    return _APOSTROPHE.sub("'", title)
