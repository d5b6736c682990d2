"""The demo: the sample web, crawled twice, and what a user comes for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Protocol

from crawler.corpus.files import refuse_name, true_path
from crawler.corpus.pages import pages_path
from crawler.corpus.store import Corpus
from crawler.errors import WrongTopic
from crawler.report import terminal as show
from crawler.sample.server import SampleWeb
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.job import CrawlRequest
    from crawler.model import Topic

LATER = timedelta(minutes=90)
"""Between the two crawls, by the clock they are given: articles are visited again 15 minutes after the first time."""

QUERIES = (
    (
        "SELECT outlet, title FROM coverage WHERE id IN\n"
        "    (SELECT rowid FROM articles_fts WHERE articles_fts MATCH '小米 罗福莉') LIMIT 5"
    ),
    "SELECT headline, articles, voices FROM stories ORDER BY articles DESC LIMIT 5",
    "SELECT outlet, removed, added FROM edits",
)
"""To try on the file that the demo leaves."""


class CrawlOnce(Protocol):
    """`scheduler.run.crawl_once`, as the demo uses it: an argument, since crawler never imports scheduler."""

    def __call__(self, db: Path, request: CrawlRequest) -> int:
        """Crawl once and return the exit code."""
        ...


def sample_topic() -> Topic:
    """Return the sample web's topic, as its file says."""
    with resources.as_file(resources.files("crawler.sample") / "topic.toml") as path:
        return topics.load(path)


def demo(db: Path, crawl_once: CrawlOnce, *, terminal: int = 80) -> Iterator[str]:
    """Crawl the sample web into a new corpus at `db`, twice, and give what was found as lines.

    An older demo at that path is replaced.

    Raises:
        UnfitName: the file, or that of its pages, would be one of another corpus.
        WrongTopic: the file at that path follows something else, and is left alone.
        CorpusError: it is no corpus, and is left alone.
    """
    from crawler.job import CrawlRequest

    topic = sample_topic()
    db = true_path(db)  # else a link would be replaced, and the older demo stay without its pages
    refuse_name(db)
    if db.exists():
        with Corpus(db, read_only=True) as held:
            if held.meta("topic_id") != topic.id:
                raise WrongTopic(held.path, held.meta("topic_id") or "nothing", topic.id)
    for old in (db, pages_path(db)):
        for suffix in ("", "-wal", "-shm"):
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    with SampleWeb() as web:
        overrides = {"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": web.connect_to}
        pages = len(web.news.pages)
        yield f"An invented news web of {pages} pages runs on 127.0.0.1. Nothing here leaves this machine."
        for number in (1, 2):
            web.round = number
            clock = _later if number > 1 else _now
            crawl_once(db, CrawlRequest(topic=topic, everything=True, clock=clock, overrides=overrides))
            yield f"Crawl {number} done: {len(web.requests)} requests so far."
    corpus = Corpus(db, read_only=True)
    try:
        yield from _tour(corpus, terminal)
    finally:
        corpus.close()


def _tour(corpus: Corpus, terminal: int) -> Iterator[str]:
    yield from ("", "How the visits ended", *_endings(corpus))
    yield from ("", "The stories, who was first, and how many copies")
    for row in corpus.story_rows(limit=8):
        yield f"  {row['first_at'][:10]}  {show.fit(row['headline'], terminal - 14)}"
        yield f"              first: {row['first_outlet']}; {show.counts(row)}"
    yield from ("", "The edit that was caught")
    for row in corpus.rows("SELECT outlet, title, removed, added FROM edits"):
        yield f"  {row['outlet']}: {show.fit(row['title'], terminal - 20)}"
        yield f"    removed: {row['removed']}"
        yield f"    added:   {row['added']}"
    yield from ("", f"Try on {corpus.path}:")
    for query in QUERIES:
        yield f'  sqlite3 {corpus.path.name} "{query}"'
    name = corpus.path.name
    yield f"  houxu search --db {name} 小米"
    yield f"  houxu stories --db {name}; houxu story --db {name} ID; houxu why --db {name} URL"


def _endings(corpus: Corpus) -> Iterator[str]:
    for row in corpus.rows("SELECT ending, count(*) AS n FROM visits GROUP BY ending ORDER BY n DESC"):
        yield f"  {row['n']:>4} {row['ending']}"


def _now() -> datetime:
    return datetime.now(UTC)


def _later() -> datetime:
    return datetime.now(UTC) + LATER
