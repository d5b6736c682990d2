"""`houxu sources --check`: ask every source once, now, and say what is wrong. Writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.crawl import ask, run
from crawler.job import CrawlRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crawler.model import Topic
    from crawler.spiders.items import Polled

STALE = timedelta(days=30)
"""A newest item older than this is worth a word: 新浪科技's RSS answers 200 and has been frozen since 2018."""


def check_sources(
    topic: Topic,
    overrides: Mapping[str, str],
    allow_hosts: Iterable[str] = (),
    *,
    progress: Callable[[int], object] = lambda _count: None,
) -> list[dict[str, Any]]:
    """Ask every source of the topic once, by the crawl's own spider, guard, manners and parsers.

    Args:
        topic: what is followed; sources it disables are asked too.
        overrides: Scrapy settings.
        allow_hosts: private hosts that the guard lets pass.
        progress: called as sources answer.

    Returns:
        A row per source in the topic's order: `id`, `status` (HTTP), `items`, `newest` (age of the newest item),
        `charset`, `robots` (whether robots.txt allows it) and `wrong` (what is, or None).
    """
    with TemporaryDirectory() as folder:  # hosts and their pacing live in a corpus, and ours must not be touched
        corpus = Corpus(f"{folder}/check.db", create=True)
        asked = replace(topic, sources=tuple(replace(source, enabled=True) for source in topic.sources))
        corpus.sync_sources(asked, datetime.now(UTC), at_once)
        request = CrawlRequest(topic=asked, overrides=overrides, allow_hosts=tuple(allow_hosts), progress=progress)
        polled = run(ask(corpus, request))
        corpus.close()
    return [_row(source.id, polled.get(source.id), datetime.now(UTC)) for source in topic.sources]


def _row(source_id: str, item: Polled | None, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(("status", "items", "newest", "charset", "robots", "wrong"))
    row |= {"id": source_id, "wrong": "was not asked: the crawl was stopped"}
    if item is None:
        return row
    poll, failure = item.poll, item.failure
    dates = [lead.published_at for lead in poll.leads if lead.published_at is not None]
    forbidden = failure is not None and failure.robots and failure.blocked
    return row | {
        "status": poll.status,
        "items": len(poll.leads),
        "newest": age(now - max(dates)) if dates else None,
        "charset": item.charset,
        "robots": "forbids" if forbidden else "allows" if poll.status else None,
        "wrong": _wrong(item, dates, now),
    }


def _wrong(item: Polled, dates: list[datetime], now: datetime) -> str | None:
    poll = item.poll
    if poll.error is not None:
        return poll.error
    if poll.status != 200:  # noqa: PLR2004 HTTP's own
        return f"HTTP {poll.status}"
    if not poll.leads and item.state.source.kind != "search":
        return "answers, but with no items"
    if dates and now - max(dates) > STALE:
        return f"nothing new for {age(now - max(dates))}"
    return "; ".join(item.notes) or None


def age(gap: timedelta) -> str:
    """Return a span in its largest unit: 3 d, 5 h, 12 min."""
    seconds = max(0, int(gap.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
