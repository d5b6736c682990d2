"""Keeping a corpus: a backup that was checked, a copy for readers, old pages out, and a text forgotten for good.

`forget` and `prune` write, and want the run lock; `backup` and `publish` only read, beside whatever runs.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.corpus.base import explained
from crawler.corpus.files import beside, partial_of, refuse_name, refuse_own, true_path, vacuum_into
from crawler.corpus.leads import tombstone
from crawler.corpus.pages import pages_path
from crawler.dedupe import canonical_url
from crawler.errors import CorpusError
from crawler.model import Article, stamp
from crawler.web import netloc_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from crawler.corpus.store import Corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much was forgotten: articles, leads and raw pages."""

    articles: int
    leads: int
    pages: int


def backup(corpus: Corpus, path: Path | str) -> list[Path]:
    """Copy the corpus to `path` and its pages beside it, each whole, checked and renamed into place.

    A plain copy of a file in use was malformed; `VACUUM INTO` gives one moment of it, whoever writes meanwhile. The
    corpus goes first, so that the pages copied after it hold every one that it names.

    Returns:
        The files written: the corpus, and its pages where there are any.

    Raises:
        OwnFile: there, or where the copy's pages would be, is a file of the corpus itself.
        UnfitName: there, or where the copy's pages would be, is a file of another corpus.
        CorpusError: the copy failed its check, or could not be written; what was at `path` before is still there.
    """
    target = true_path(path)
    if target.is_dir():
        target = true_path(target / corpus.path.name)
    for each in (target, pages_path(target)):
        refuse_own(corpus.path, each)
    refuse_name(target)
    written = [_copy(corpus.conn, corpus.path, target, "articles")]
    if pages_path(corpus.path).is_file():
        written.append(_copy(corpus.pages.conn, corpus.pages.path, pages_path(target), "pages"))
    return written


def publish(corpus: Corpus) -> Path:
    """Leave `<name>.read.db`, a copy that anyone may open: readers without write permission cannot open a WAL file.

    Returns:
        Its path. A reader that has the one before open keeps it.

    Raises:
        CorpusError: it could not be written or failed its check; the one before is still there.
    """
    target = published_path(corpus)
    _copy(corpus.conn, corpus.path, target, "articles", mode=0o644)
    return target


def published_path(corpus: Corpus) -> Path:
    """Return where `publish` leaves its copy."""
    return beside(corpus.path, "read")


def _copy(conn: sqlite3.Connection, source: Path, target: Path, table: str, mode: int = 0o640) -> Path:
    """Write a checked copy of a database that holds that table, in one piece or not at all."""
    partial = partial_of(target)
    try:
        with explained(target, read=source):
            (query_only,) = conn.execute("PRAGMA query_only").fetchone()
            conn.execute("PRAGMA query_only = OFF")  # it refuses VACUUM INTO, which writes only the copy
            try:
                vacuum_into(conn, source, partial, table)
            finally:
                conn.execute(f"PRAGMA query_only = {query_only}")
        with explained(target), closing(sqlite3.connect(partial)) as copied:
            (found,) = copied.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise CorpusError(target, f"the copy is damaged and was thrown away: {found}")
        partial.chmod(mode)
        _sync(partial)
        for left in ("-wal", "-journal"):  # of the copy before: SQLite would play it into this one
            target.with_name(target.name + left).unlink(missing_ok=True)
        partial.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise CorpusError(target, str(error)) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(corpus: Corpus, keep: timedelta, now: datetime) -> int:
    """Remove raw pages that became no text and are older than `keep`, and orphans; return how many went.

    The page of a revision stays. Orphans are left by a run that died between its two files.

    Args:
        corpus: open for writing.
        keep: the topic's `keep_offtopic`: how long a changed topic can judge an off-topic page again.
        now: aware.

    Raises:
        CorpusError: SQLite refused.
    """
    kept = corpus.rows(
        "SELECT page_sha256 FROM visits WHERE at >= :since UNION SELECT page_sha256 FROM revisions "
        "UNION SELECT page_sha256 FROM verdicts WHERE at >= :since",
        {"since": stamp(now - keep)},
    )
    keys = {row["page_sha256"] for row in kept}
    return corpus.pages.delete(key for key in corpus.pages if key not in keys)


def forget(corpus: Corpus, what: str, *, now: datetime, same: Sequence[Sequence[str]] = ()) -> Forgotten:
    """Remove all that is held of a URL, or of every URL of a host, and see that no byte of it stays in either file.

    Text, revisions, pages, verdicts, visits, leads, sketches, story terms and index entries go; trees and stories close
    over the gap; a tombstone keeps the URL from being fetched again. A published copy is made anew. Backups, and the
    file a migration left beside the corpus, are yours to delete. Forgetting again finishes what was interrupted.

    Args:
        corpus: open for writing.
        what: a URL, or a host with its port where it has one.
        now: aware.
        same: the topic's spellings of one name, for stories that get another root.

    Raises:
        CorpusError: SQLite refused, and nothing was forgotten; or a reader keeps old bytes in the WAL.
    """
    if "://" not in what:
        what = netloc_of(canonical_url(f"https://{what.strip()}/"))
    with explained(corpus.path):
        corpus.conn.execute("PRAGMA secure_delete = ON")
        corpus.conn.create_function("netloc", 1, _held_host, deterministic=True)
    with _unreferenced(corpus):
        dangling = _dangling(corpus)
        corpus.set_meta("forgetting", stamp(now))
        marked = _mark(corpus, what)
        pages = _pages_of(corpus)
        _forget_articles(corpus, same)
        _forget_rows(corpus)
        for each in (what, *marked):
            corpus.conn.execute("INSERT OR IGNORE INTO tombstones VALUES (?, ?)", (tombstone(each), stamp(now)))
        corpus.conn.execute("DELETE FROM meta WHERE key = 'forgetting'")
        if _dangling(corpus) - dangling:
            raise CorpusError(corpus.path, "rows would name others that are forgotten: nothing was forgotten")
        counts = [corpus.value(f"SELECT count(*) FROM temp.forgotten_{table}") for table in ("articles", "leads")]
        gone = corpus.pages.delete(pages)  # before the commit: if we die here, forgetting again finds the rows
    _scrub(corpus)
    if published_path(corpus).exists():
        publish(corpus)
    return Forgotten(articles=counts[0], leads=counts[1], pages=gone)


@contextmanager
def _unreferenced(corpus: Corpus) -> Iterator[None]:
    """One transaction in which the caller sees to it that nothing names a row that goes (`_dangling`).

    Row by row, SQLite would read all that may name an article for each article that goes.
    """
    corpus.conn.execute("PRAGMA foreign_keys = OFF")
    try:
        with corpus.transaction():
            yield
    finally:
        corpus.conn.execute("PRAGMA foreign_keys = ON")


def _dangling(corpus: Corpus) -> set[tuple[object, ...]]:
    """Return which rows name others that are not there."""
    return {tuple(row.values()) for row in corpus.rows("PRAGMA foreign_key_check")}


def _held_host(url: str) -> str:
    """Return the host under which a URL is forgotten, and remembered as such: that of its canonical form."""
    return netloc_of(canonical_url(url))


def _mark(corpus: Corpus, what: str) -> list[str]:
    """Write down the articles, leads and visits to forget; return their URLs, canonical or not."""
    conn = corpus.conn
    for table in ("articles", "leads", "visits"):
        conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS forgotten_{table} (id INTEGER PRIMARY KEY)")
        conn.execute(f"DELETE FROM temp.forgotten_{table}")
    if "://" in what:
        test = "url IN (SELECT value FROM json_each(:what))"
        asked = {"what": json.dumps([what, canonical_url(what)])}
        conn.execute(  # also when the text is held under another URL
            f"""INSERT OR IGNORE INTO temp.forgotten_articles
                SELECT article_id FROM leads WHERE ({test} OR fetch_{test}) AND article_id IS NOT NULL
                UNION SELECT article_id FROM visits WHERE {test} AND article_id IS NOT NULL""",
            asked,
        )
    else:
        test, asked = "netloc(url) = :what", {"what": what}
        conn.execute(  # canonical URLs know no www., and a text may have come from a host it is not held under
            f"""INSERT OR IGNORE INTO temp.forgotten_articles
                SELECT article_id FROM leads WHERE {test.replace("url", "fetch_url")} AND article_id IS NOT NULL
                UNION SELECT article_id FROM visits WHERE {test} AND article_id IS NOT NULL""",
            asked,
        )
    conn.execute(f"INSERT OR IGNORE INTO temp.forgotten_articles SELECT id FROM articles WHERE {test}", asked)
    conn.execute(
        f"""INSERT OR IGNORE INTO temp.forgotten_leads SELECT id FROM leads WHERE {test}
            OR {test.replace("url", "fetch_url", 1)} OR article_id IN (SELECT id FROM temp.forgotten_articles)
            UNION SELECT lead_id FROM sightings WHERE {test}""",
        asked,
    )
    conn.execute(
        f"""INSERT OR IGNORE INTO temp.forgotten_visits SELECT id FROM visits WHERE {test}
            OR article_id IN (SELECT id FROM temp.forgotten_articles)
            OR lead_id IN (SELECT id FROM temp.forgotten_leads)""",
        asked,
    )
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


def _forget_rows(corpus: Corpus) -> None:
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
        f"DELETE FROM leads WHERE id IN {leads}",
        f"DELETE FROM articles WHERE id IN {articles}",
    )
    for statement in statements:
        corpus.conn.execute(statement)


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
