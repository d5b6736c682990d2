"""The connection under the corpus: how it is opened, and what a transaction is.

`Corpus` (store.py) is this base and one mixin per domain: what touches sources lives in sources.py, what touches
articles in articles.py, and so on. Every method that writes expects to be inside `transaction()`.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from crawler.corpus import schema
from crawler.corpus.files import refuse_name, true_path
from crawler.errors import CorpusError, CorpusMissing, WrongTopic
from crawler.text.folding import clean
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

BUSY_SECONDS = 30.0
"""How long a writer waits for another. Two writers of 300 transactions waited 1.2 s at most."""

CHECKPOINT = 8000
"""Pages of the WAL (4 kB each) before it is written back, eight times SQLite's own: pages that many commits change are
written back once. Of 800 stored pages (tests/bench/crawl.py) each wrote 236 kB to the disk, 281 with SQLite's own; CPU
was the same."""

JOURNAL_LIMIT = 64 * 1024 * 1024
"""Bytes the WAL file shrinks to after a checkpoint: a long reader let one grow to 48 MB."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_RESTORE = "put the last backup in its place, or save what can be read with `sqlite3 FILE .recover`"
_TO_DO = {
    sqlite3.SQLITE_FULL: "what was committed stays; make room, then run again",
    sqlite3.SQLITE_IOERR: "what was committed stays; look after the disk (full? over quota? failing?), then run again",
    sqlite3.SQLITE_BUSY: "another program kept writing; nothing was changed, the next run tries again",
    sqlite3.SQLITE_READONLY: "this user may not write the file or its folder",
    sqlite3.SQLITE_CANTOPEN: "is the folder there, and may this user read it, and write it beside a file in use?",
    sqlite3.SQLITE_CORRUPT: f"the file is damaged; {_RESTORE}",
    sqlite3.SQLITE_NOTADB: f"the file is damaged, or something else; {_RESTORE}",
}
_PAGES_TO_DO = "the pages file is damaged; move it away, and a new one is begun: texts are kept without it"


@contextmanager
def explained(path: Path, *, read: Path | None = None) -> Iterator[None]:
    """Turn sqlite3's errors into a CorpusError that names the file and what to do; damage is that of the file read."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary one
        todo = _TO_DO.get(code)
        if code in _DAMAGED:
            path = read or path
            todo = _PAGES_TO_DO if path.name.endswith(".pages.db") else todo
        raise CorpusError(path, f"{error}: {todo}" if todo else str(error)) from error


class Base:
    """One open corpus.

    Attributes:
        path: absolute path of the file, links followed.
        conn: the connection, in autocommit mode (`isolation_level=None`), rows as `sqlite3.Row`.
    """

    def __init__(
        self, path: Path | str, *, create: bool = False, read_only: bool = False, migrate: bool = False
    ) -> None:
        """Open the corpus at `path`.

        Args:
            path: the file; `:memory:` is not supported, since the pages live beside it.
            create: make the file, or migrate it to the newest schema after a backup.
            read_only: refuse every write.
            migrate: migrate it as `create` does, and make none.

        Raises:
            CorpusMissing: there is no file, or an empty one, and `create` is false.
            UnfitName: the file, or that of its pages, would be one of another corpus.
            NotACorpus: the file is another program's database; it is left as it is.
            CorpusTooNew: a newer houxu wrote it.
            CorpusError: SQLite cannot open or migrate it.
        """
        self.path = true_path(path)
        refuse_name(self.path, read_only=read_only)
        if not create and not self.path.is_file():
            raise CorpusMissing(self.path)
        with explained(self.path):
            try:
                self.conn = connect(
                    self.path, read_only=read_only, vet=lambda conn: schema.vet(conn, self.path, create=create)
                )
            except OSError as error:  # making the file
                raise CorpusError(self.path, f"cannot be made: {error.strerror or error}") from error
            try:
                schema.ready(self.conn, self.path, write=create or migrate)
            except BaseException:
                self.conn.close()
                raise

    def close(self, *, checkpoint: bool = False) -> None:
        """Close the connection; `checkpoint` first moves the WAL into the file and empties it."""
        if checkpoint:
            with explained(self.path):
                self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One `BEGIN IMMEDIATE`: it reads and writes what no other writer can change meanwhile.

        A deferred BEGIN that reads first and writes later failed 162 of 600 times with two processes, this 0.
        Never await inside.

        Raises:
            CorpusError: SQLite refused (locked for 30 s, disk full, malformed); nothing was written.
        """
        with explained(self.path), schema.immediate(self.conn):
            yield

    def rows(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[dict[str, Any]]:
        """Return what a query gives, a dict a row."""
        with explained(self.path):
            return [dict(row) for row in self.conn.execute(sql, values)]

    def value(self, sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Return the first column of the first row, or None."""
        with explained(self.path):
            row = self.conn.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def meta(self, key: str) -> str | None:
        """Return a value of the `meta` table."""
        said: str | None = self.value("SELECT value FROM meta WHERE key = ?", (key,))
        return said

    def set_meta(self, key: str, value: str) -> None:
        """Write a value of the `meta` table, inside a transaction of the caller."""
        self.conn.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def is_forgotten(self, url: str) -> bool:
        """Say whether a person had this URL, or its host, forgotten."""
        if self.value("SELECT 1 FROM tombstones LIMIT 1") is None:  # as in most corpora, at every page
            return False
        keys = (tombstone(url), tombstone(netloc_of(url)))
        return self.value("SELECT 1 FROM tombstones WHERE what IN (?, ?)", keys) is not None

    def claim_topic(self, topic_id: str, seed: str | None) -> None:
        """Tie this corpus to a topic, or check that it is tied to this one.

        Raises:
            WrongTopic: it follows another.
        """
        held = self.meta("topic_id")
        if held is not None and held != topic_id:
            raise WrongTopic(self.path, held, topic_id)
        if held is None or self.meta("seed") != (seed or ""):
            with self.transaction():
                self.set_meta("topic_id", topic_id)
                self.set_meta("seed", seed or "")


class Connection(sqlite3.Connection):
    """The gate that every stored string passes: none is bound that a reader could not read back.

    What is from the web has been made fit in storable.py, with its meaning known; here the rest is cleaned, whoever
    wrote it: a lone surrogate would raise, and inside JSON text make every later read of its row fail. Costs 5 ns a
    character.
    """

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement, its strings cleaned."""
        return super().execute(sql, _cleaned(values))

    def executemany(self, sql: str, many: Iterable[Any], /) -> sqlite3.Cursor:
        """Execute a statement for each row of values, its strings cleaned."""
        return super().executemany(sql, map(_cleaned, many))


def _cleaned(values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
    every = values.values() if isinstance(values, dict) else values
    if all(not isinstance(value, str) or clean(value) is value for value in every):
        return values
    if isinstance(values, dict):
        return {name: clean(value) if isinstance(value, str) else value for name, value in values.items()}
    return tuple(clean(value) if isinstance(value, str) else value for value in values)


def connect(
    path: Path, *, read_only: bool, vet: Callable[[sqlite3.Connection], None] = lambda _conn: None
) -> sqlite3.Connection:
    """Return a connection in autocommit mode with this project's pragmas; makes the file unless `read_only`.

    Args:
        path: the file.
        read_only: refuse every write.
        vet: raises for a file to be left alone; called before the journal mode, which stays with a file, is set.
    """
    if not read_only and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o640))
    uri = f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}"
    conn = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, factory=Connection)
    try:
        vet(conn)
        if read_only:
            conn.execute("PRAGMA query_only = ON")
        else:
            _write_safely(conn)
    except BaseException:
        conn.close()
        raise
    conn.row_factory = sqlite3.Row
    return conn


def _write_safely(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
    conn.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT}")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA recursive_triggers = ON")  # else INSERT OR REPLACE would walk past the append-only triggers


def tombstone(what: str) -> str:
    """Return the key under which a forgotten URL or host is remembered: its sha256, so that it is not spelled out."""
    return hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()
