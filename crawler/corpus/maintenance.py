"""Keeping a corpus: a backup that was checked, a copy for readers, old pages out. What is forgotten: forgetting.py.

`prune` writes, and wants the run lock; `backup` and `publish` only read, beside whatever runs.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from crawler.corpus.connection import explained
from crawler.corpus.files import beside, partial_of, refuse_name, refuse_own, true_path, vacuum_into
from crawler.corpus.pages import is_laid, pages_path
from crawler.corpus.schema import APPLIED
from crawler.errors import CorpusError, NoCopy
from crawler.model import stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from pathlib import Path

    from crawler.corpus.store import Corpus


def backup(corpus: Corpus, path: Path | str) -> list[Path]:
    """Copy the corpus to `path` and its pages beside it, each whole, checked and renamed into place.

    A plain copy of a file in use was malformed; `VACUUM INTO` gives one moment of it, whoever writes meanwhile. The
    corpus goes first, so that the pages copied after it hold every one that it names.

    Returns:
        The files written: the corpus, and its pages where there are any.

    Raises:
        OwnFile: there, or where the copy's pages would be, is a file of the corpus itself.
        UnfitName: there, or where the copy's pages would be, is a file of another corpus.
        NoCopy: there, or where the copy's pages would be, is what is no earlier copy.
        CorpusError: the copy failed its check, or could not be written; what was at `path` before is still there.
    """
    target = true_path(path)
    if target.is_dir():
        target = true_path(target / corpus.path.name)
    for each in (target, pages_path(target)):
        refuse_own(corpus.path, each)
    refuse_name(target)
    _refuse_other(target, lambda held: _follows(held, corpus.meta("topic_id")))
    _refuse_other(pages_path(target), is_laid)
    written = [_copy(corpus.conn, corpus.path, target, "articles")]
    if pages_path(corpus.path).is_file():
        written.append(_copy(corpus.pages.conn, corpus.pages.path, pages_path(target), "pages"))
    return written


def _refuse_other(target: Path, is_ours: Callable[[sqlite3.Connection], bool]) -> None:
    """Refuse to write over what is no earlier copy.

    Raises:
        NoCopy: it is another program's file, a corpus of another topic, no file at all.
    """
    if not target.exists() or (target.is_file() and not target.stat().st_size):
        return
    if not target.is_file():  # to open a pipe is to wait for its other end
        raise NoCopy(target)
    try:
        with closing(sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)) as held:
            ours = is_ours(held)
    except sqlite3.DatabaseError:
        ours = False
    if not ours:
        raise NoCopy(target)


def _follows(conn: sqlite3.Connection, topic_id: str | None) -> bool:
    """Say whether a database is a corpus that follows this topic."""
    row = conn.execute(f"SELECT (SELECT value FROM meta WHERE key = 'topic_id') {APPLIED} LIMIT 1").fetchone()
    return row is not None and row[0] == topic_id


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
