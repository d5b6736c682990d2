"""One corpus at 10,000, 100,000 and 1,000,000 articles: what the next page costs, search, and the views people ask.

The corpus is filled with invented flashes of 100 characters, every table and index as the path leaves them; written in
bulk, since a million appended pages would take a night. What is then timed are pages of 700 characters on the whole
path after the fetch, one transaction each, and queries as a plain shell would send them, in CPU time.
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import dedupe, stories
from crawler.corpus.store import Corpus
from crawler.model import Article, Match, Page, Topic, stamp
from crawler.path import append, prepare
from crawler.topic.reader import load
from tests.bench.invented import PER_DAY, START, Newswire
from tests.bench.tables import Table, best, peak_rss, quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (10_000, 100_000, 1_000_000)
FLASH = 100
APPENDED = 300
BATCH = 2000

WARM_UP = 20

_FOUND = "(SELECT rowid FROM articles_fts WHERE articles_fts MATCH '{word}'{order})"

QUERIES = {
    "MATCH 雷军 (22% of texts), rows": "SELECT rowid FROM articles_fts WHERE articles_fts MATCH '雷军'",
    "MATCH 罗福莉 (all texts), count": "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '罗福莉'",
    "the 20 on 罗福莉 that came last": "SELECT title, url FROM coverage WHERE id IN "
    + _FOUND.format(word="罗福莉", order=" ORDER BY rowid DESC LIMIT 20"),
    "the newest 20 on 雷军": "SELECT at, title, url FROM timeline WHERE article_id IN "
    + _FOUND.format(word="雷军", order="")
    + " ORDER BY at DESC LIMIT 20",
    "LIKE '%雷军%'": "SELECT id FROM revisions WHERE body LIKE '%雷军%'",
    "timeline of one story": "SELECT at, outlet, title FROM timeline WHERE story_id = :story",
    "reprint_tree of one root": "SELECT depth, outlet, copied_from FROM reprint_tree WHERE root_id = :root",
    "first_report of one story": "SELECT outlet, hours_ahead FROM first_report WHERE story_id = :story",
    "voices, all": "SELECT count(*), sum(copies) FROM voices",
    "coverage a day, all": "SELECT substr(at, 1, 10) AS day, count(*) FROM timeline GROUP BY day",
}


def run(quick: bool) -> Iterator[Table]:
    """Yield what a page costs at each size, then what queries take. HOUXU_BENCH_KEEP=FOLDER keeps the files."""
    sizes = (1000, 3000) if quick else SIZES
    topic = load()
    costs: list[list[Any]] = []
    took: dict[str, list[float]] = {name: [] for name in (*QUERIES, "houxu search 雷军")}
    with tempfile.TemporaryDirectory() as thrown_away:
        for size in sizes:
            path = Path(os.environ.get("HOUXU_BENCH_KEEP", thrown_away)) / f"{size}.db"
            with Corpus(path, create=True) as corpus:
                fill(corpus, topic, size)
                ask(corpus, took)
                mean, *spread = appended(corpus, topic, size)
                first = costs[0][1] if costs else mean
                costs.append([f"{size:,}", mean, mean / first, *spread, path.stat().st_size / 1e9, peak_rss()])
            yield _costs(costs)
    yield Table(
        "queries, CPU ms, best of five",
        ("query", *(f"{size:,}" for size in sizes)),
        [(name, *times) for name, times in took.items()],
        ("Targets at 1,000,000: a two-character search 20 ms, a story's timeline 10 ms.",),
    )


def _costs(rows: list[list[Any]]) -> Table:
    return Table(
        f"a page of 700 characters on the path after its fetch, CPU ms, {APPENDED} pages",
        ("articles held", "mean", "of the first", "p50", "p95", "p99", "worst", "GB", "peak RSS, MB"),
        rows,
        ("Target: 1.3 times at 1,000,000 what it costs at 10,000.",),
    )


def appended(corpus: Corpus, topic: Topic, size: int) -> list[float]:
    """Append pages to a corpus of `size` articles; return mean, quantiles and most memory."""
    wire = Newswire(seed=11)
    run_id = corpus.start_run("person", START)
    times = []
    day = timedelta(days=size / PER_DAY)
    held = int(corpus.value("SELECT count(*) FROM articles"))
    for number in range(SIZES[-1] + held, SIZES[-1] + held + WARM_UP + APPENDED):  # texts that are not in it
        article = wire.article(number, host=f"late{size}.example")
        page = Page(url=article.url, body=_html(article), fetched_at=START + day + timedelta(seconds=number % 86400))
        prepared = prepare(topic, page)
        began = time.process_time()
        append(corpus, topic, prepared, run_id)
        times.append(time.process_time() - began)
    del times[:WARM_UP]
    return [1000 * sum(times) / len(times), *quantiles(times)]


def _html(article: Article) -> bytes:
    paragraphs = "".join(f"<p>{text}</p>" for text in article.body.split("\n"))
    return f"<html><title>{article.title}</title><body><h1>{article.title}</h1><div>{paragraphs}</div>".encode()


def ask(corpus: Corpus, took: dict[str, list[float]]) -> None:
    """Time every query."""
    (story,) = corpus.rows("SELECT id, root_id FROM stories ORDER BY articles DESC, id LIMIT 1")
    for name, sql in QUERIES.items():
        asked = {"story": story["id"], "root": story["root_id"]}
        took[name].append(1000 * best(partial(corpus.rows, sql, asked))[0])
    took["houxu search 雷军"].append(1000 * best(lambda: corpus.search("雷军"))[0])


def fill(corpus: Corpus, topic: Topic, size: int) -> None:
    """Write articles with all that hangs on them until there are `size`; those that a run before left are kept."""
    wire = Newswire(length=FLASH)
    same = stories.names(topic.relevance)
    held = int(corpus.value("SELECT count(*) FROM articles"))
    if held >= size:
        return
    for first in range(held, size, BATCH):
        with corpus.transaction():
            for number in range(first, min(first + BATCH, size)):
                _add(corpus, wire, number, same)
    with corpus.transaction():
        corpus.conn.execute("DELETE FROM unsettled")
        corpus.conn.execute("DELETE FROM stories")
        corpus.conn.execute(_STORIES)
    corpus.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _add(corpus: Corpus, wire: Newswire, number: int, same: Any) -> None:
    origin, event = wire.origin(number)
    article = wire.article(number)
    seen_at = START + timedelta(days=number / PER_DAY, minutes=9)
    article_id = corpus.add_article(article, seen_at)
    revision_id = corpus.add_revision(article_id, article, seen_at, page_url=article.url)
    corpus.add_sketch(revision_id, dedupe.sketch(article.body))
    root = article_id
    if origin != number:
        (held,) = corpus.rows("SELECT id, latest_id FROM articles WHERE url = ?", (wire.article(origin).url,))
        root = held["id"]
        match = Match(
            article_id=root, revision_id=held["latest_id"], kind="reprint", score=0.99, method="", features={}
        )
        corpus.add_matches(article_id, revision_id, [match])
    corpus.conn.execute(
        "UPDATE articles SET root_id = ?, parent_id = nullif(?, id), depth = ?, story_id = ? WHERE id = ?",
        (root, root, root != article_id, event + 1, article_id),
    )
    if root == article_id:
        corpus._add_vector(article_id, stories.features(article.title, article.body, same))
    corpus.conn.execute(
        "INSERT INTO verdicts (article_id, url, at, topic_digest, relevant, score, rule, terms) "
        "VALUES (?, ?, ?, '', 1, 1, 'strong', '[]')",
        (article_id, article.url, stamp(seen_at)),
    )
    corpus.index(article_id, article.title, article.body)


_STORIES = """
INSERT INTO stories (id, headline, root_id, first_at, last_at, articles, outlets, voices)
SELECT a.story_id, r.title, min(a.root_id), min(a.published_at), max(a.published_at), count(*),
       count(DISTINCT a.outlet), count(DISTINCT a.root_id)
FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.story_id IS NOT NULL GROUP BY a.story_id
"""
