"""A URL or a host forgotten for good: no row and no byte of it stays, and trees and stories close over the gap."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.corpus.connection import explained, tombstone
from crawler.corpus.maintenance import publish, published_path
from crawler.corpus.schedule import PLAIN
from crawler.dedupe import canonical_url
from crawler.errors import CorpusError
from crawler.model import Article, stamp
from crawler.text.web_addresses import is_web_url, netloc_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from crawler.corpus.store import Corpus

_HOST = re.compile(r"[^\s/?#@*\\]+")

_EVERY_URL = """
SELECT url FROM articles UNION SELECT url FROM leads UNION SELECT fetch_url FROM leads UNION SELECT url FROM visits
UNION SELECT url FROM sightings
"""

_MARKS = (
    """INSERT INTO temp.forgotten_articles SELECT id FROM articles WHERE url IN temp.meant
       UNION SELECT article_id FROM leads
             WHERE (url IN temp.meant OR fetch_url IN temp.meant) AND article_id IS NOT NULL
       UNION SELECT article_id FROM visits WHERE url IN temp.meant AND article_id IS NOT NULL""",
    """INSERT INTO temp.forgotten_leads SELECT id FROM leads WHERE url IN temp.meant OR fetch_url IN temp.meant
          OR article_id IN temp.forgotten_articles
       UNION SELECT lead_id FROM sightings WHERE url IN temp.meant""",
    """INSERT INTO temp.forgotten_visits SELECT id FROM visits WHERE url IN temp.meant
          OR article_id IN temp.forgotten_articles OR lead_id IN temp.forgotten_leads""",
)
"""In this order: a text goes by whichever URL it was had, also where it is held under another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much was forgotten: articles, leads and raw pages."""

    articles: int
    leads: int
    pages: int


def forget(corpus: Corpus, what: str, *, now: datetime, same: Sequence[Sequence[str]] = ()) -> Forgotten:
    """Remove all that is held of a URL, or of every URL of a host, and see that no byte of it stays in either file.

    Text, revisions, pages, verdicts, visits, leads, sketches, story terms and index entries go; trees and stories close
    over the gap; a tombstone keeps the URL from being fetched again, or the host from being asked anything. A published
    copy is made anew. What the topic file names stays: a source of a forgotten host, disabled, and its polls. Backups,
    and the file a migration left beside the corpus, are yours to delete. Forgetting again finishes what was
    interrupted.

    Args:
        corpus: open for writing.
        what: a URL, or a host with its port where it has one.
        now: aware.
        same: the topic's spellings of one name (`stories.names`), for stories that get another root.

    Raises:
        ValueError: it is neither: a page's address without its scheme would be taken for all of its host.
        CorpusError: SQLite refused, and nothing was forgotten; or a reader keeps old bytes in the WAL.
    """
    what = what if "://" in what else host_meant(what)
    with explained(corpus.path):
        corpus.conn.execute("PRAGMA secure_delete = ON")
        corpus.conn.create_function("netloc", 1, _held_host, deterministic=True)
    with corpus.transaction():
        corpus.set_meta("forgetting", stamp(now))
        marked = _mark(corpus, what)
        pages = _pages_of(corpus)
        _forget_articles(corpus, same)
        _forget_rows(corpus, what)
        for each in (what, canonical_url(what), *marked):
            corpus.conn.execute("INSERT OR IGNORE INTO tombstones VALUES (?, ?)", (tombstone(each), stamp(now)))
        corpus.conn.execute("DELETE FROM meta WHERE key = 'forgetting'")
        counts = [corpus.value(f"SELECT count(*) FROM temp.forgotten_{table}") for table in ("articles", "leads")]
        gone = corpus.pages.delete(pages)  # before the commit: if we die here, forgetting again finds the rows
    _scrub(corpus)
    if published_path(corpus).exists():
        publish(corpus)
    return Forgotten(articles=counts[0], leads=counts[1], pages=gone)


def host_meant(what: str) -> str:
    """Return a host as it is remembered: in lower case, without `www.`, with its port where it has one.

    Raises:
        ValueError: it is no host, or more than one.
    """
    said = what.strip()
    if not _HOST.fullmatch(said) or not is_web_url(f"https://{said}/"):
        raise ValueError(f"{what!r} is no host")
    return netloc_of(canonical_url(f"https://{said}/"))


def _held_host(url: str) -> str:
    """Return the host under which a URL is forgotten, and remembered as such: that of its canonical form."""
    return netloc_of(canonical_url(url))


def _mark(corpus: Corpus, what: str) -> list[str]:
    """Write down the articles, leads and visits to forget; return their URLs, canonical or not."""
    conn = corpus.conn
    for table in ("articles", "leads", "visits"):
        conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS forgotten_{table} (id INTEGER PRIMARY KEY)")
        conn.execute(f"DELETE FROM temp.forgotten_{table}")
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS meant (url TEXT PRIMARY KEY) WITHOUT ROWID")
    if "://" in what:
        urls = [(what,), (canonical_url(what),)]
        conn.executemany("INSERT OR IGNORE INTO temp.meant VALUES (?)", urls)
    else:  # canonical URLs know no www., and a text may have come from a host it is not held under
        conn.execute(f"INSERT INTO temp.meant SELECT url FROM ({_EVERY_URL}) WHERE netloc(url) = ?", (what,))
    for statement in _MARKS:
        conn.execute(statement)
    conn.execute("DELETE FROM temp.meant")
    return [
        row["url"]
        for row in corpus.rows(
            "SELECT url FROM articles WHERE id IN (SELECT id FROM temp.forgotten_articles) "
            "UNION SELECT url FROM leads WHERE id IN (SELECT id FROM temp.forgotten_leads)"
        )
    ]


def _pages_of(corpus: Corpus) -> list[str]:
    """Return the pages that only what is forgotten names."""
    return [
        row["page_sha256"]
        for row in corpus.rows(
            """
            SELECT page_sha256 FROM visits WHERE id IN (SELECT id FROM temp.forgotten_visits)
            UNION SELECT page_sha256 FROM revisions WHERE article_id IN (SELECT id FROM temp.forgotten_articles)
            EXCEPT SELECT page_sha256 FROM visits WHERE id NOT IN (SELECT id FROM temp.forgotten_visits)
            EXCEPT SELECT page_sha256 FROM revisions WHERE article_id NOT IN (SELECT id FROM temp.forgotten_articles)
            """
        )
        if row["page_sha256"] is not None
    ]


def _forget_articles(corpus: Corpus, same: Sequence[Sequence[str]]) -> None:
    """Take the articles out of all that is derived: the index, the sketches, the trees, the stories."""
    conn = corpus.conn
    gone = "(SELECT id FROM temp.forgotten_articles)"
    for row in corpus.rows(
        f"SELECT a.id, a.latest_id, r.title, r.body FROM articles a JOIN revisions r ON r.id = a.latest_id "
        f"WHERE a.id IN {gone}"
    ):
        corpus.unindex(row["id"], row["title"], row["body"])
        corpus.remove_sketch(row["latest_id"])
    for table in ("matches", "lookalikes"):
        conn.execute(f"DELETE FROM {table} WHERE article_id IN {gone} OR to_article_id IN {gone}")
    conn.execute(
        f"DELETE FROM claim_sightings WHERE revision_id IN (SELECT id FROM revisions WHERE article_id IN {gone})"
    )
    conn.execute(f"DELETE FROM mentions WHERE revision_id IN (SELECT id FROM revisions WHERE article_id IN {gone})")
    orphans = [
        row["id"]
        for row in corpus.rows(
            f"SELECT id FROM articles WHERE id NOT IN {gone} AND (root_id IN {gone} OR parent_id IN {gone})"
        )
    ]
    every = json.dumps(orphans)
    conn.execute(
        "UPDATE articles SET root_id = id, parent_id = NULL, depth = 0 WHERE id IN (SELECT value FROM json_each(?))",
        (every,),
    )
    corpus.replant(orphans)
    corpus.unplace(*(row["id"] for row in corpus.rows(f"SELECT id FROM articles WHERE id IN {gone}")))
    _replace(corpus, every, same)
    conn.execute("DELETE FROM terms WHERE articles <= 0")


def _replace(corpus: Corpus, orphans: str, same: Sequence[Sequence[str]]) -> None:
    """Give the trees that lost their root a place of their own."""
    roots = corpus.rows(
        "SELECT DISTINCT root_id AS id FROM articles WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (orphans,),
    )
    for each in roots:  # one text at a time
        (row,) = corpus.rows(
            "SELECT a.url, r.title, r.body FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = :id",
            each,
        )
        corpus.place(each["id"], Article(url=row["url"], title=row["title"], body=row["body"]), same=same)


def _forget_rows(corpus: Corpus, what: str) -> None:
    """Delete what is not derived, in the order that the references allow."""
    articles, leads, visits = (f"(SELECT id FROM temp.forgotten_{name})" for name in ("articles", "leads", "visits"))
    statements: Iterable[str] = (
        f"UPDATE articles SET latest_id = NULL, root_id = NULL, parent_id = NULL WHERE id IN {articles}",
        f"DELETE FROM revisions WHERE article_id IN {articles}",
        f"""DELETE FROM verdicts WHERE visit_id IN {visits} OR article_id IN {articles}
            OR url IN (SELECT url FROM articles WHERE id IN {articles} UNION SELECT url FROM leads WHERE id IN {leads}
                       UNION SELECT url FROM visits WHERE id IN {visits})""",
        f"DELETE FROM visits WHERE id IN {visits}",
        f"DELETE FROM sightings WHERE lead_id IN {leads}",
        f"DELETE FROM spellings WHERE lead_id IN {leads}",
        f"DELETE FROM leads WHERE id IN {leads}",
        f"DELETE FROM articles WHERE id IN {articles}",
    )
    for statement in statements:
        corpus.conn.execute(statement)
    if "://" not in what:
        corpus.conn.execute("DELETE FROM hosts WHERE netloc('https://' || replace(host, ?, '')) = ?", (PLAIN, what))
        corpus.conn.execute("UPDATE sources SET enabled = 0 WHERE netloc(url) = ?", (what,))


def _scrub(corpus: Corpus) -> None:
    """See that deleted bytes are nowhere: merge the indexes, rewrite the file, empty both WALs."""
    with explained(corpus.path):
        for index in ("articles_fts", "sketches"):
            corpus.conn.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")
        corpus.conn.execute("VACUUM")
        for path, conn in ((corpus.path, corpus.conn), (corpus.pages.path, corpus.pages.conn)):
            busy = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                raise CorpusError(
                    path, "forgotten, but a reader keeps old bytes in the WAL: forget again once it closed"
                )
