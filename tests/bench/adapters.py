"""The door for whoever measures from outside: houxu's stages as plain functions of plain values.

    extract(html, url)                     title, body, authors, date, source of a page
    reprints(docs)                         pairs of documents in one reprint tree, with how sure
    stories(docs)                          document -> story
    relevant(text, title)                  whether a text is on the packaged topic
    polls(arrivals, days, ...)             when the cadence polls each source
    numbers(text)                          quantities: value, unit, comparator, place
    date(text, now, timezone)              the instant a text says, ISO with zone, or None
    decode(body, content_type)             text and the name of its encoding
    canonical(url)                         the key of a URL
    feed(body, url, content_type)          the leads of a feed
    claims(title, body, topic)             sightings of a topic's claims in a text

Each imports its own stage: an extraction measured alone would be charged 100 MB for all the others.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from heapq import heapify, heapreplace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crawler.errors import Unreadable
from crawler.extract import extract as extract_page
from crawler.extract.page_dates import zone_of
from crawler.model import Article, Lead, Page, Poll, Source, SourceState, Topic, Verdict
from crawler.text.dates import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


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
    """Return the zone of the page's readers: assumed, or as said; where it said UTC, that of where the page is."""
    said = article.published_tz
    if said in {"Z", "UTC", "GMT", "+00:00", "+0000"}:
        return ZoneInfo(zone_of(article.url, article.lang))
    if said and "/" in said:
        return ZoneInfo(said)
    stamp = f"2025-01-15 12:00 {said}"
    moment = parse(stamp, now=datetime.now(UTC)) if said else None
    if moment is None:
        return UTC
    return timezone(datetime(2025, 1, 15, 12, tzinfo=UTC) - moment.at if moment else timedelta(0))


def reprints(docs: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, Any, float]]:
    """Yield the pairs of documents that stand in one reprint tree, each as sure as the weakest match that joins them.

    Args:
        docs: `id` and `text`, optionally `date` (YYYY-MM-DD), `title`, `lang`; appended in this order.
    """
    from crawler.corpus.store import Corpus
    from crawler.path import append_article
    from crawler.topic.reader import load

    verdict = Verdict(relevant=True, score=1.0, rule="benchmark", hits=(), topic_digest="")
    seen_at = datetime(2026, 1, 1, tzinfo=UTC)
    ids: dict[int, Any] = {}
    with TemporaryDirectory() as folder, Corpus(Path(folder) / "corpus.db", create=True) as corpus:
        topic = load()
        with corpus.transaction():
            for number, doc in enumerate(docs):
                day = doc.get("date")
                article = Article(
                    url=f"https://bench.example/{number}",
                    title=doc.get("title") or "",
                    body=doc["text"],
                    lang=doc.get("lang"),
                    published_at=datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None,
                )
                visit = append_article(corpus, topic, article, verdict, seen_at + timedelta(seconds=number))
                if visit.article_id is not None:
                    ids[visit.article_id] = doc["id"]
        matches = corpus.rows("SELECT article_id, to_article_id, score FROM matches WHERE kind <> 'contains'")
    trees = {article_id: [article_id] for article_id in ids}
    for row in sorted(matches, key=lambda row: -row["score"]):
        one, other = trees[row["article_id"]], trees[row["to_article_id"]]
        if one is not other:
            yield from ((ids[a], ids[b], row["score"]) for a in one for b in other)
            one += other
            trees.update(dict.fromkeys(other, one))


def stories(docs: Iterable[dict[str, Any]]) -> dict[Any, int]:
    """Return the story of each document: id -> a number that documents of one story share.

    Args:
        docs: `id` and `text`, optionally `date` (YYYY-MM-DD) and `title`; appended in this order, then settled. All are
            seen at one instant, so that without dates nothing but the texts decides.
    """
    from crawler.corpus.store import Corpus
    from crawler.path import append_article
    from crawler.topic.reader import load

    verdict = Verdict(relevant=True, score=1.0, rule="benchmark", hits=(), topic_digest="")
    seen_at = datetime(2026, 1, 1, tzinfo=UTC)
    ids: dict[int, Any] = {}
    with TemporaryDirectory() as folder, Corpus(Path(folder) / "corpus.db", create=True) as corpus:
        topic = load()
        with corpus.transaction():
            for doc in docs:
                day = doc.get("date")
                article = Article(
                    url=f"https://bench.example/{doc['id']}",
                    title=doc.get("title") or "",
                    body=doc["text"],
                    published_at=datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None,
                )
                visit = append_article(corpus, topic, article, verdict, seen_at)
                if visit.article_id is not None:
                    ids[visit.article_id] = doc["id"]
            corpus.settle(seen_at, days=None)
        rows = corpus.rows("SELECT id, story_id FROM articles")
    return {ids[row["id"]]: row["story_id"] for row in rows}


def relevant(text: str, title: str = "") -> bool:
    """Say whether a text is on the packaged topic, by the gate and the rule that the path asks."""
    from crawler import relevance

    topic = _packaged()
    if not relevance.gate(topic, f"{title}\n{text}".encode()):
        return False
    return relevance.judge(topic, Article(url="https://example.test/", title=title, body=text)).relevant


@cache
def _packaged() -> Topic:
    from crawler.topic.reader import load

    return load()


SHOWN = 20
"""Entries that a simulated source shows at once, as in the simulator."""


def polls(
    arrivals: Sequence[Sequence[float]], days: float, budget_minutes: float, groups: Sequence[int]
) -> list[list[float]]:
    """Return when the cadence polls each source; it sees the items that came before a poll, the newest 20 at most.

    Args:
        arrivals: for each source when its items come, ascending, in minutes from a Monday, 00:00 UTC.
        days: the time to simulate.
        budget_minutes: the budget is one poll a source in so many minutes, on average.
        groups: for each source 1 if it is Chinese, else 0.
    """
    from scheduler.cadence import Cadence, first_check

    monday = datetime(2026, 1, 5, tzinfo=UTC)
    states = [
        SourceState(
            source=Source(
                id=f"source-{number}",
                kind="feed",
                url=f"https://source-{number}.example/",
                outlet="",
                lang="zh" if group else "en",
                timezone="Asia/Shanghai" if group else "UTC",
            ),
            url="",
        )
        for number, group in enumerate(groups)
    ]
    ids = [state.source.id for state in states]
    cadence = Cadence(len(ids) * 1440 / budget_minutes, ids)
    seen = [0] * len(ids)
    times: list[list[float]] = [[] for _ in ids]
    due = [(first_check(name, monday, timedelta(hours=1)), number) for number, name in enumerate(ids)]
    heapify(due)
    lead = Lead(url="https://source.example/1")
    while (now := due[0][0]) < monday + timedelta(days=days):
        number = due[0][1]
        minute = (now - monday) / timedelta(minutes=1)
        came = bisect_right(arrivals[number], minute)
        new = [monday + timedelta(minutes=float(at)) for at in arrivals[number][max(seen[number], came - SHOWN) : came]]
        seen[number] = came
        poll = Poll(source_id=ids[number], at=now, status=200, leads=(lead,) * min(came, SHOWN))
        check = cadence(states[number], poll, new, now)
        states[number] = replace(states[number], rates=check.rates)
        times[number].append(minute)
        heapreplace(due, (check.at, number))
    return times


def numbers(text: str) -> list[dict[str, Any]]:
    """Return the quantities of a text in order, each with every attribute that our numbers have."""
    from crawler.text.numbers import find

    return [_plain(each) for each in find(text)]


def date(text: str, now: datetime, timezone: str) -> str | None:
    """Return the instant that a text says, ISO with its zone; None where it says none.

    Args:
        text: as a page, a feed or a list writes it.
        now: aware; what a date relative to now or without a year is read by.
        timezone: an IANA name, for a text without a zone.
    """
    moment = parse(text, now=now, timezone=timezone)
    return moment.at.astimezone(ZoneInfo(timezone)).isoformat() if moment else None


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of a page's bytes, and the name of the encoding it was read in."""
    from crawler.text.charset import decode as decode_page

    return decode_page(body, {"content-type": content_type} if content_type else {})


def canonical(url: str) -> str:
    """Return the key of a URL: the same for every spelling of one address."""
    from crawler.text.urls import canonical_url

    return canonical_url(url)


def feed(body: bytes, url: str, content_type: str = "application/xml") -> list[dict[str, Any]]:
    """Return the leads of a feed in order: url, title, published_at (ISO, UTC), outlet, body.

    Raises:
        SourceError: the body is no feed.
    """
    from crawler.sources.feed import parse as parse_feed

    source = Source(id="bench", kind="feed", url=url, outlet="", lang="zh", timezone="Asia/Shanghai")
    answer = parse_feed(body, url=url, headers={"content-type": content_type}, source=source, now=datetime.now(UTC))
    return [_plain(each) for each in answer.leads]


def claims(title: str, body: str, topic: str | None = None) -> list[dict[str, Any]]:
    """Return the sightings of a topic's claims in a text, each with every attribute that our sightings have.

    Args:
        title: of the text.
        body: likewise.
        topic: the path of a topic file; None for the packaged one.
    """
    from crawler.claims import find
    from crawler.topic.reader import load

    return [_plain(each) for each in find(load(topic).claims, title, body)]


def _plain(value: Any) -> dict[str, Any]:
    """Return a value's fields and properties, instants as ISO text."""
    names = [name for name in dir(value) if not name.startswith("_") and not callable(getattr(value, name))]
    found = {name: getattr(value, name) for name in names}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in found.items()}
