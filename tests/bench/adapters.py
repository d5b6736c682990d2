"""What a benchmark calls: houxu's stages as plain functions of plain values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from crawler.dates import parse
from crawler.errors import Unreadable
from crawler.extract import extract as extract_page
from crawler.model import Article, Page


def extract(html: bytes, url: str) -> dict[str, Any]:
    """Return an article as a scorer wants it: title, body, authors, date (ISO with zone), source (来源).

    The date is in the zone that the page said or that was assumed for it; a page without an article gives {}.
    """
    try:
        article = extract_page(Page(url=url, body=html, fetched_at=datetime.now(UTC)))
    except Unreadable:
        return {}
    return {
        "title": article.title,
        "body": article.body,
        "authors": list(article.authors),
        "date": _local(article),
        "source": article.credited_source,
    }


def _local(article: Article) -> str | None:
    if article.published_at is None:
        return None
    return article.published_at.astimezone(_zone(article)).isoformat()


def _zone(article: Article) -> tzinfo:
    """Return the zone of the page's own clock: an IANA name when assumed, else whatever spelling the page used."""
    said = article.published_tz
    if said and "/" in said:
        return ZoneInfo(said)
    stamp = f"2025-01-15 12:00 {said}"
    moment = parse(stamp, now=datetime.now(UTC)) if said else None
    if moment is None:
        return UTC
    return timezone(datetime(2025, 1, 15, 12, tzinfo=UTC) - moment.at if moment else timedelta(0))
