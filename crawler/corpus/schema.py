"""The schema: `schema.sql` makes a new file, `migrations/` bring an older one to it, `views.sql` is laid after either.

A migration is one SQL file; its name is what `_sqlite_migrations` records. A new file records all of them as applied,
and a test holds that both ways give the same schema.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from crawler.corpus.files import partial_of, vacuum_into
from crawler.errors import CorpusError, CorpusMissing, CorpusTooNew, NotACorpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLIED = "FROM _sqlite_migrations WHERE migration_set = 'houxu'"
"""Of a corpus alone there are such rows."""


def _sql(name: str) -> str:
    return resources.files("crawler.corpus").joinpath(name).read_text(encoding="utf-8")


def _run(db: Database, *, name: str) -> None:
    """Execute a script statement by statement: `executescript` would commit the transaction we are in."""
    statement = ""
    for line in _sql(name).splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


def _found() -> Migrations:
    """Return the migrations of the folder, in the order of their names."""
    found = Migrations("houxu")
    files = resources.files("crawler.corpus").joinpath("migrations").iterdir()
    for name in sorted(each.name for each in files if each.name.endswith(".sql")):
        found(name=name.removesuffix(".sql"))(lambda db, name=name: _run(db, name=f"migrations/{name}"))
    return found


migrations = _found()


def lay_schema(db: Database) -> None:
    """Make today's schema in an empty file, and record every migration as applied."""
    _run(db, name="schema.sql")
    migrations.ensure_migrations_table(db)
    now = str(datetime.now(UTC))
    names = [(each.name, now) for each in migrations.pending(db)]
    db.conn.executemany(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('houxu', ?, ?)", names
    )


def lay_views(db: Database) -> None:
    """Create the views of `views.sql` anew: a view holds no data, so the newest text is right. Others stay.

    A view that a later release does without is to be dropped by a migration.
    """
    views = _sql("views.sql")
    for name in re.findall(r"^CREATE VIEW (\w+)", views, re.MULTILINE):
        db.conn.execute(f"DROP VIEW IF EXISTS {name}")
    _run(db, name="views.sql")
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
            if applied or _applied(db):
                migrations.apply(db)
            else:
                lay_schema(db)
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
