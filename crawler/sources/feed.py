"""Feeds: RSS, Atom and JSON Feed to leads, one entry at a time, so that a bad one never costs the others."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crawler.errors import SourceError
from crawler.limits import LEADS_PER_ANSWER
from crawler.model import Answer, Signals
from crawler.sources.answers import Parts, decoded, json_value, words
from crawler.sources.feed_xml import Entry, document, lead_of
from crawler.sources.http_signals import LONGEST, http_signals

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from crawler.model import Source

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOST_DIGITS = 6


def parse(body: bytes, *, url: str, headers: Mapping[str, str], source: Source, now: datetime) -> Answer:
    """Return the leads of a feed, at most 1,000, and what it says of when to come back.

    Args:
        body: the answer, content-encoding undone; declared gb2312 or gbk, it is read as GB18030.
        url: the final URL; relative links count from the feed's own link, or from here.
        headers: lower-case names.
        source: whose `timezone` dates without a zone are in.
        now: when it was fetched, aware.

    Raises:
        SourceError: the answer is no feed: an HTML page, other XML, a DTD of its own, more than 8 MiB.
    """
    text, charset = decoded(body, headers, source)
    signals = http_signals(headers, now)
    note = None
    if text.startswith("{"):
        items = _json_items(json_value(text, source), source)
        entries, total = tuple(_json_entry(item, url) for item in items[:LEADS_PER_ANSWER]), len(items)
    else:
        read = document(text, url, source)
        entries, total, note = read.entries, read.total, read.note
        if read.head is not None:
            signals = feed_signals(read.head, signals)
    leads = [lead for entry in entries if (lead := lead_of(entry, source, now))]
    return Answer(
        leads=tuple(leads),
        signals=signals,
        dropped=total - len(leads),
        charset=charset,
        notes=(note,) if note else (),
    )


def feed_signals(head: etree._Element, http: Signals) -> Signals:
    """Return the signals of HTTP with those of a feed's head: ttl, skipHours, skipDays, sy:updatePeriod.

    Hours and days are UTC by RSS 2.0; 24 is midnight. What is no number, or no name of a day, says nothing.
    """
    parts = Parts(head)
    minutes = _number(parts.text("ttl"))
    period = _PERIODS.get(parts.text("sy:updateperiod").lower())
    times = _number(parts.text("sy:updatefrequency")) or 1
    hours = (_number(words(hour)) for hour in Parts(parts.one("skiphours")).all("hour"))
    days = (words(day).lower() for day in Parts(parts.one("skipdays")).all("day"))
    return replace(
        http,
        ttl=min(timedelta(minutes=minutes), LONGEST) if minutes else None,
        update_period=period / times if period else None,
        skip_hours=frozenset(hour % 24 for hour in hours if hour is not None and hour <= 24),  # noqa: PLR2004  a day
        skip_days=frozenset(_DAYS.index(day) for day in days if day in _DAYS),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _json_items(value: Any, source: Source) -> list[Any]:
    """Return the items of a JSON Feed, versions 1 and 1.1 (jsonfeed.org)."""
    items = value.get("items") if isinstance(value, Mapping) else None
    if not isinstance(items, list):
        raise SourceError(source.id, "the answer is JSON but no JSON Feed: it has no list of items")
    return items


def _json_entry(item: Any, url: str) -> Entry:
    values = item if isinstance(item, Mapping) else {}

    def said(*keys: str) -> str:
        return next((value for key in keys if isinstance(value := values.get(key), str) and value), "")

    return Entry(
        link=said("url", "external_url", "id"),
        base=url,
        title=said("title"),
        date=said("date_published", "date_modified"),
        body=said("content_html") or html.escape(said("content_text")),
    )
