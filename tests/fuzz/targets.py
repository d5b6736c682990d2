"""What is fuzzed: every reader of bytes that somebody else wrote. Each returns, or raises one of our own errors."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy import Request

from crawler import dedupe, relevance
from crawler.errors import HouxuError
from crawler.extract import extract, next_page
from crawler.middlewares import robots
from crawler.middlewares.groups import groups_for
from crawler.model import ADAPTERS, Page
from crawler.sample.demo import sample_topic
from crawler.sources import feed, http_signals, listing, search_adapters, sitemap
from crawler.text import charset, dates, numbers, query, sanitize, web_addresses
from crawler.text.folding import bare, clean, one_line
from crawler.text.grams import gram_text
from crawler.topic import reader
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.corpus.store import Corpus
    from crawler.model import Source, Topic

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "https://bao.test/news/1.html"
HTML = {"content-type": "text/html; charset=utf-8"}


@cache
def _topic() -> Topic:
    return sample_topic()


@cache
def _source() -> Source:
    return replace(_topic().sources[0], rules={"item": "li", "link": "a", "title": "a", "date": ".time"})


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def _surrogates(data: bytes) -> str:
    try:
        return _text(data)
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def read_feed(data: bytes) -> None:
    """RSS, Atom, JSON Feed."""
    for lead in feed.parse(data, url=URL, headers={}, source=_source(), now=NOW).leads:
        fit = sanitize.lead(lead)
        if fit is not None:
            dedupe.canonical_url(fit.url)


def read_sitemap(data: bytes) -> None:
    """Sitemaps and indexes, gzip included."""
    sitemap.parse(data, url=URL, headers={}, source=_source(), now=NOW)


def read_listing(data: bytes) -> None:
    """List pages, by CSS rules."""
    listing.parse(data, url=URL, headers=HTML, source=_source(), now=NOW)


def read_search(data: bytes) -> None:
    """Answers of search services: the first byte picks the adapter."""
    names = sorted(ADAPTERS)
    source = replace(_source(), kind="search", adapter=names[data[0] % len(names)] if data else names[0])
    search_adapters.parse(data[1:], url=URL, headers={}, source=source, now=NOW)


def read_date(data: bytes) -> None:
    """Dates as pages write them."""
    text = _surrogates(data)
    for zone in ("Asia/Shanghai", "America/New_York", None):
        moment = dates.parse(text, now=NOW, timezone=zone or "UTC")
        if moment is not None and not dates.EARLIEST <= moment.at <= NOW + dates.AHEAD:
            raise AssertionError(f"outside the window: {moment}")


def read_charset(data: bytes) -> None:
    """The first line is the Content-Type, the rest the page."""
    head, _, body = data.partition(b"\n")
    text, _ = charset.decode(body, {"content-type": head.decode("latin-1")})
    clean(text).encode()


def read_url(data: bytes) -> None:
    """A canonical URL is its own canonical URL."""
    text = _surrogates(data)
    key = dedupe.canonical_url(text)
    if dedupe.canonical_url(key) != key:
        raise AssertionError(f"not its own key: {key!r}")
    dedupe.article_url(URL, text)
    dedupe.article_url(text, URL)
    if web_addresses.is_web_url(text):
        Request(web_addresses.without_credentials(text))
        web_addresses.netloc_of(text)


def read_numbers(data: bytes) -> None:
    """Numbers with units, where they say they are."""
    text = _surrogates(data)
    for number in numbers.find(text):
        if text[number.start : number.end] != number.raw:
            raise AssertionError(f"not where it says: {number}")


def read_page(data: bytes) -> None:
    """A page to an article, judged, sketched, and cut for the index; its next page."""
    page = Page(url=URL, body=data, fetched_at=NOW, headers={"content-type": "text/html"}, lang="zh")
    next_page(page)
    relevance.gate(_topic(), data)
    article = sanitize.article(extract(page, _topic().sites))
    article.body.encode()
    relevance.judge(_topic(), article)
    dedupe.sketch(article.body)
    gram_text(article.body)


def read_robots(data: bytes) -> None:
    """robots.txt, asked for a page and for its delay."""
    said = robots._robots(NOW, 200, data.decode("utf-8", "replace"))
    if said.rules is not None:
        said.rules.can_fetch(URL, robots.AGENT)
        said.rules.crawl_delay(robots.AGENT)
    if groups_for(robots.AGENT, said.text) != said.text:
        raise AssertionError(f"not its own group: {said.text!r}")


def read_topic(data: bytes) -> None:
    """A topic file of at most 16 kB: mistakes are named, never a traceback.

    Beyond it a dotted key of 10,000 parts costs tomllib 800 MB; the file is its user's own.
    """
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        Path(file.name).write_bytes(data[:16384])
        reader.load(file.name)


@cache
def _corpus() -> Corpus:
    rows = Rows(Path(tempfile.mkdtemp()) / "c.db")
    rows.article("小米开源MiMo-V2-Flash", "罗福莉说：总参数3090亿。" * 3)
    return rows.corpus


def read_query(data: bytes) -> None:
    """What a person types into `houxu search`: never an error."""
    text = _surrogates(data)
    query.parse(text)
    _corpus().search(text)


def read_headers(data: bytes) -> None:
    """HTTP's own: the lines are Cache-Control, Age, Expires, Date, Retry-After."""
    names = ("cache-control", "age", "expires", "date", "retry-after")
    headers = dict(zip(names, data.decode("latin-1").split("\n"), strict=False))
    said = http_signals.http_signals(headers, NOW)
    if any(span is not None and span > http_signals.LONGEST for span in (said.max_age, said.retry_after)):
        raise AssertionError(f"longer than we wait: {said}")


def read_line(data: bytes) -> None:
    """A title on its way into the corpus."""
    text = _surrogates(data)
    said = one_line(text, 500)
    if one_line(said, 500) != said:
        raise AssertionError(f"not its own line: {said!r}")
    bare(text)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "feed": read_feed,
    "sitemap": read_sitemap,
    "listing": read_listing,
    "search": read_search,
    "date": read_date,
    "charset": read_charset,
    "url": read_url,
    "numbers": read_numbers,
    "page": read_page,
    "robots": read_robots,
    "topic": read_topic,
    "query": read_query,
    "headers": read_headers,
    "line": read_line,
}


def run(name: str, data: bytes) -> None:
    """Give bytes to a target; our own errors are answers, everything else is a finding.

    Raises:
        Exception: what the target should not have raised.
    """
    with suppress(HouxuError):
        TARGETS[name](data)
