"""Sitemaps (sitemaps.org) and news sitemaps to leads; an index to the sitemaps worth fetching, newest first."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from crawler import limits
from crawler.errors import SourceError
from crawler.limits import ANSWER_BYTES, LEADS_PER_ANSWER, SITEMAP_FILES_NAMED
from crawler.model import Answer, Lead
from crawler.sources.answers import Parts, decoded, line, name_of, plain, web_url, xml_root, xml_text
from crawler.sources.http_signals import http_signals
from crawler.text import dates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lxml import etree

    from crawler.model import Source

_GZIP = b"\x1f\x8b"


def parse(body: bytes, *, url: str, headers: Mapping[str, str], source: Source, now: datetime) -> Answer:
    """Return the leads of a sitemap, at most the 1,000 newest, or the further sitemaps of an index, at most 50.

    A lead has a date only where a news sitemap gives its publication: `lastmod` moves with every redesign, and only
    says which are newest.

    Args:
        body: the answer; gzip is known by its first bytes, not by its name.
        url: the final URL.
        headers: lower-case names.
        source: whose `timezone` dates without a zone are in.
        now: when it was fetched, aware.

    Raises:
        SourceError: the answer is no sitemap: an HTML page, a feed, other XML, more than 8 MiB, unpacked.
    """
    text, charset = decoded(_unpacked(body, source), headers, source)
    root = xml_root(xml_text(text, source), source)
    kind = name_of(root)
    if kind == "sitemapindex":
        more = _newest(Parts(root).all("sitemap"), source, now)
        urls = [link for element in more if (link := web_url(Parts(element).text("loc"), url))]
        return Answer(
            leads=(),
            signals=http_signals(headers, now),
            more=tuple(dict.fromkeys(urls))[:SITEMAP_FILES_NAMED],
            dropped=len(more) - len(urls),
            charset=charset,
        )
    if kind != "urlset":
        raise SourceError(source.id, f"the answer is XML but no sitemap: its root is <{kind}>")
    elements = Parts(root).all("url")
    chosen = elements if len(elements) <= LEADS_PER_ANSWER else _newest(elements, source, now)[:LEADS_PER_ANSWER]
    leads = [lead for element in chosen if (lead := _lead(element, url, source, now))]
    return Answer(
        leads=tuple(leads), signals=http_signals(headers, now), dropped=len(elements) - len(leads), charset=charset
    )


def _lead(element: etree._Element, url: str, source: Source, now: datetime) -> Lead | None:
    parts = Parts(element)
    link = web_url(parts.text("loc"), url)
    if link is None:
        return None
    news = Parts(parts.one("news:news"))
    raw = line(news.text("news:publication_date"))[: limits.DATE_CHARACTERS]
    moment = dates.parse(raw, now=now, timezone=source.timezone)
    return Lead(
        url=link,
        title=plain(news.text("news:title")) or None,
        published_at=moment.at if moment else None,
        published_raw=raw or None,
        outlet=plain(Parts(news.one("news:publication")).text("news:name")) or None,
    )


def _newest(elements: list[etree._Element], source: Source, now: datetime) -> list[etree._Element]:
    """Return the elements by date, newest first, those without one last; at one date, those called news first."""

    def key(element: etree._Element) -> tuple[datetime, bool]:
        parts = Parts(element)
        said = Parts(parts.one("news:news")).text("news:publication_date") or parts.text("lastmod")
        moment = dates.parse(said, now=now, timezone=source.timezone)
        return moment.at if moment else dates.EARLIEST, "news" in parts.text("loc").lower()

    return sorted(elements, key=key, reverse=True)


def _unpacked(body: bytes, source: Source) -> bytes:
    if not body.startswith(_GZIP):
        return body
    unpacked = b""
    while body.startswith(_GZIP):  # a file may be several, one after the other
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            unpacked += stream.decompress(body, ANSWER_BYTES + 1 - len(unpacked))
        except zlib.error as error:
            raise SourceError(source.id, f"the gzip is broken: {error}") from error
        if len(unpacked) > ANSWER_BYTES:
            raise SourceError(source.id, f"the gzip unpacks to more than {ANSWER_BYTES} bytes: refused")
        body = stream.unused_data
    return unpacked
