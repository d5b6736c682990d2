"""The schema and its migrations; `schema.sql` is the first, `views.sql` is laid anew after any.

A migration after the first that is more than a statement has a file of its own, named as it is.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from crawler.corpus.files import partial_of, vacuum_into
from crawler.errors import CorpusError, CorpusMissing, CorpusTooNew, NotACorpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

migrations = Migrations("houxu")

APPLIED = "FROM _sqlite_migrations WHERE migration_set = 'houxu'"
"""Of a corpus alone there are such rows."""


def _sql(name: str) -> str:
    return resources.files("crawler.corpus").joinpath(name).read_text(encoding="utf-8")


def _run(db: Database, script: str) -> None:
    """Execute a script statement by statement: `executescript` would commit the transaction we are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


@migrations()
def m001_initial(db: Database) -> None:
    """Every table, index and trigger of the first release."""
    _run(db, _sql("schema.sql"))


@migrations()
def m002_claims(db: Database) -> None:
    """The claims of the topic file and where texts state them; `claims_digest` in `meta` says by which rules."""
    _run(db, _sql("m002_claims.sql"))


@migrations()
def m003_reservations(db: Database) -> None:
    """A host's tdmrep.json as last had: what it reserves of text and data mining."""
    db.conn.execute("ALTER TABLE hosts ADD COLUMN tdmrep TEXT")
    db.conn.execute("ALTER TABLE hosts ADD COLUMN tdmrep_at TEXT")


@migrations()
def m004_merging_in_steps(db: Database) -> None:
    """The full-text index merges eight segments of a size at once, in pages that fill one of SQLite's, when told to."""
    for setting, value in (("automerge", 0), ("usermerge", 8), ("crisismerge", 400), ("pgsz", 4000)):
        db.conn.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES (?, ?)", (setting, value))


@migrations()
def m005_settle_alone(db: Database) -> None:
    """Near texts are looked for when stories are settled, no longer by rare terms; sketches lie on smaller pages.

    On pages of 1,000 bytes FTS5 merges more often, so that a fingerprint is sought in fewer segments: 85 of them in
    1.2 ms among 3,000 texts and 2.3 among 80,000, in 2.3 and 3.1 on pages of 4,050; a text goes in for 0.02 to 0.04 ms
    more.
    """
    db.conn.execute("DROP TABLE signatures")
    db.conn.execute("INSERT INTO sketches (sketches, rank) VALUES ('pgsz', 1000)")


@migrations()
def m006_new_leads(db: Database) -> None:
    """A host's next lead is one look, however many wait there: it was found by sorting them all, 0.05 ms of 100."""
    db.conn.execute("CREATE INDEX leads_new ON leads (host, id) WHERE next_visit_at IS NOT NULL AND rung = 0")


@migrations()
def m007_what_names_what(db: Database) -> None:
    """Whoever names a visit, a text or an article is found without reading a whole table, and so are polls with news.

    A merge that told ten articles anew among 100,000 read such tables, 800,000 rows, for each of them; the front page
    read every poll ever made.
    """
    for table, column, where in (
        ("verdicts", "visit_id", " WHERE visit_id IS NOT NULL"),
        ("visits", "article_id", " WHERE article_id IS NOT NULL"),
        ("leads", "article_id", " WHERE article_id IS NOT NULL"),
        ("articles", "parent_id", " WHERE parent_id IS NOT NULL"),
        ("articles", "latest_id", ""),
        ("matches", "to_revision_id", ""),
        ("lookalikes", "to_revision_id", ""),
        ("lookalikes", "article_id", ""),
        ("lookalikes", "to_article_id", ""),
        ("stories", "root_id", ""),
    ):
        db.conn.execute(f"CREATE INDEX {table}_by_{column.removesuffix('_id')} ON {table} ({column}){where}")
    db.conn.execute("CREATE INDEX polls_with_news ON polls (source_id, at) WHERE new_items > 0")


def lay_views(db: Database) -> None:
    """Create the views of `views.sql` anew: a view holds no data, so the newest text is right. Others stay.

    A view that a later release does without is to be dropped by a migration.
    """
    views = _sql("views.sql")
    for name in re.findall(r"^CREATE VIEW (\w+)", views, re.MULTILINE):
        db.conn.execute(f"DROP VIEW IF EXISTS {name}")
    _run(db, views)
    db.conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('views', ?)", (_views_sha256(),))


def _views_sha256() -> str:
    return sha256(_sql("views.sql").encode()).hexdigest()


def _has_newest_views(db: Database) -> bool:
    return db.execute("SELECT 1 FROM meta WHERE key = 'views' AND value = ?", (_views_sha256(),)).fetchone() is not None


def vet(conn: sqlite3.Connection, path: Path, *, create: bool) -> None:
    """Refuse a database that is no corpus, before anything in it is changed.

    Raises:
        NotACorpus: another program's tables are in it.
        CorpusMissing: it is empty, and `create` is false.
    """
    kinds: dict[str, str] = dict(conn.execute("SELECT name, type FROM sqlite_master ORDER BY rowid"))
    if kinds.get("_sqlite_migrations") == "table" and conn.execute(f"SELECT 1 {APPLIED}").fetchone():
        return  # a view of that name, in what somebody gave us to merge, may never end
    if kinds:
        raise NotACorpus(path, [*kinds][:3])
    if not create:
        raise CorpusMissing(path)


def ready(conn: sqlite3.Connection, path: Path, *, write: bool) -> None:
    """Bring the file to the newest schema, after a backup of what was there; or, reading, check that it can be read.

    Raises:
        CorpusTooNew: it has migrations we do not know.
        CorpusError: reading, and it has fewer than we need.
    """
    db = Database(conn)
    known = {migration.name for migration in migrations.pending(Database(memory=True))}
    applied = _applied(db)
    if unknown := sorted(applied - known):
        raise CorpusTooNew(path, unknown)
    if known == applied:
        if write and not _has_newest_views(db):
            with immediate(conn):
                lay_views(db)
        return
    if not write:
        raise CorpusError(path, "the corpus of an older houxu; any `houxu crawl` migrates it")
    partial = partial_of(path)
    try:
        if applied:
            vacuum_into(conn, path, partial, "articles")
        with immediate(conn):  # four processes migrating a new file at once: 36 of 36 fine so, 9 without
            if applied and _applied(db) == applied:  # else another process has migrated it meanwhile, and backed it up
                partial.chmod(0o640)
                partial.replace(before(path, min(known - applied)))
            migrations.apply(db)
            lay_views(db)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def immediate(conn: sqlite3.Connection) -> Iterator[None]:
    """One `BEGIN IMMEDIATE`, committed at the end, rolled back by any exception."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if conn.in_transaction:  # a full disk has rolled back already
            conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")


def before(path: Path, migration: str) -> Path:
    """Return where a corpus is kept as it was before a migration; a file of an interrupted one is written over."""
    return path.with_name(f"{path.name}.before-{migration}")


def _applied(db: Database) -> set[str]:
    if "_sqlite_migrations" not in db.table_names():
        return set()
    return {row["name"] for row in db.query(f"SELECT name {APPLIED}")}
