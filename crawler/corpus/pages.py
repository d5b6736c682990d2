"""The raw pages, in a file of their own beside the corpus, which stays a tenth of the size without them.

A page is put here first and the corpus refers to it afterwards: dying between the two leaves an orphan, which is
harmless and pruned.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from crawler.corpus.connection import connect, explained
from crawler.corpus.files import beside, true_path
from crawler.corpus.schema import immediate
from crawler.errors import CorpusError, PageLost

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

LEVEL = 3
"""zstd's level: 160 news pages took 43.0 kB each at 0.6 ms; level 12 39.2 kB at 6.8 ms."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
  sha256 TEXT NOT NULL UNIQUE,  -- of the bytes as fetched: page_sha256 of visits, verdicts and revisions
  size   INTEGER NOT NULL,      -- bytes as fetched
  body   BLOB NOT NULL          -- zstd
) STRICT
"""


def pages_path(corpus: Path | str) -> Path:
    """Return where the pages of a corpus are: `news.db` has `news.pages.db` beside it (`files.beside`)."""
    return beside(true_path(corpus), "pages")


_LAID = """
SELECT (SELECT type FROM pragma_table_list('pages') WHERE schema = 'main') = 'table'
   AND (SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('pages') ORDER BY cid)) = 'sha256,size,body'
   AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE sql LIKE 'CREATE%TRIGGER%')
"""


def is_laid(conn: sqlite3.Connection) -> bool:
    """Say whether a database is a pages file as houxu lays it, with no trigger in it."""
    try:
        return bool(conn.execute(_LAID).fetchone()[0])
    except sqlite3.DatabaseError:
        return False


class Pages:
    """The pages file of one corpus. Every method raises CorpusError when SQLite refuses.

    Attributes:
        path: absolute path of the pages file.
    """

    def __init__(self, corpus: Path | str, *, read_only: bool = False) -> None:
        """Open the file beside `corpus`, making it where it is missing.

        Raises:
            CorpusError: SQLite cannot open it, or there is none and `read_only` is set.
        """
        self.path = pages_path(corpus)
        self._compressor = zstd.ZstdCompressor(LEVEL)  # one for all pages: making it is a fifth of a page's work
        if read_only and not self.path.is_file():
            raise CorpusError(self.path, "no pages here: the stored pages lie beside the corpus; was only it copied?")
        with explained(self.path):
            self.conn = connect(self.path, read_only=read_only)
            try:
                if not read_only:
                    self.conn.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten with zeros
                    self.conn.execute(_SCHEMA)
                self._refuse_another_programs()
            except BaseException:
                self.conn.close()
                raise

    def _refuse_another_programs(self) -> None:
        held = {row["name"] for row in self.conn.execute("PRAGMA table_info(pages)")}
        if held and not held >= {"sha256", "size", "body"}:
            todo = "move the file away, and a new one is begun: texts are kept without it"
            raise CorpusError(self.path, f"its table of pages is another program's; {todo}")

    def close(self, *, checkpoint: bool = False) -> None:
        """Close the file; `checkpoint` first moves the WAL into it and empties it."""
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
        """One `BEGIN IMMEDIATE`: several pages are put at once, or none."""
        with explained(self.path), immediate(self.conn):
            yield

    def put(self, body: bytes) -> str:
        """Keep a page, once however often it is put, and return the sha256 of its bytes in hexadecimal."""
        sha256 = hashlib.sha256(body).hexdigest()
        if sha256 not in self:
            packed = self._compressor.compress(body, zstd.ZstdCompressor.FLUSH_FRAME)
            with explained(self.path):
                self.conn.execute("INSERT OR IGNORE INTO pages VALUES (?, ?, ?)", (sha256, len(body), packed))
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of a page.

        Raises:
            PageLost: it is not here, or is damaged.
            CorpusError: the file cannot be read.
        """
        packed = self.packed(sha256)[2]
        try:
            return zstd.decompress(packed)
        except zstd.ZstdError as error:
            raise PageLost(self.path, f"page {sha256} is damaged: {error}") from error

    def packed(self, sha256: str) -> tuple[str, int, bytes]:
        """Return a page as it lies here: its key, its size in bytes, and its bytes packed.

        Raises:
            PageLost, CorpusError: as `get` does.
        """
        with explained(self.path):
            row = self.conn.execute("SELECT sha256, size, body FROM pages WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise PageLost(self.path, f"page {sha256} is missing: pruned, forgotten, or left behind by a copy")
        return row["sha256"], row["size"], row["body"]

    def delete(self, keys: Iterable[str]) -> int:
        """Remove pages for good and return how many were here; their bytes are overwritten."""
        with self.transaction():
            before = self.conn.total_changes
            self.conn.executemany("DELETE FROM pages WHERE sha256 = ?", ((key,) for key in keys))
            return self.conn.total_changes - before

    def __contains__(self, sha256: str) -> bool:
        with explained(self.path):
            return self.conn.execute("SELECT 1 FROM pages WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def __iter__(self) -> Iterator[str]:
        """Give every key, in no order; the keys are read at once, so that pages may be deleted meanwhile."""
        with explained(self.path):
            keys = [row["sha256"] for row in self.conn.execute("SELECT sha256 FROM pages")]
        return iter(keys)
