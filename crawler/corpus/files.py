"""The files of a corpus, and what they are called."""

from __future__ import annotations

import glob
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from crawler.errors import CorpusError, OwnFile

_ENDS = ("", "-wal", "-shm", "-journal", ".lock")
"""What SQLite and the run lock add to a file's name."""


def true_path(path: Path | str) -> Path:
    """Return a path absolute and with every link in it followed, whether the file is there or not.

    By any other name a corpus has the same pages and the same lock.
    """
    return Path(os.path.realpath(Path(path).expanduser()))  # Path.resolve raises on a link to itself before Python 3.13


def beside(path: Path, kind: str) -> Path:
    """Return where the file of a kind is (`pages`, or `read` for the published copy) that belongs to the corpus."""
    return path.with_name(f"{path.stem}.{kind}.db")


def refuse_own(corpus: Path, target: Path) -> None:
    """Refuse to write what is not the corpus where a file of the corpus is, by whatever name or link.

    Args:
        corpus: true path of the corpus.
        target: where something is to be written.

    Raises:
        OwnFile: there the corpus is, its pages, its published copy, or a WAL, journal or lock of these.
    """
    target = true_path(target)
    for path in (corpus, beside(corpus, "pages"), beside(corpus, "read")):
        for end in _ENDS:
            own = path.with_name(f"{path.name}{end}")
            if target == true_path(own) or (own.exists() and target.exists() and target.samefile(own)):
                raise OwnFile(target, corpus)


def partial_of(target: Path) -> Path:
    """Return under which name a file is written until it is whole; what dead processes left under theirs is removed."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.partial*"):
        found = re.fullmatch(r"(\d{1,9})\.partial(?:-journal)?", left.name.removeprefix(f".{target.name}."))
        if found and not _lives(int(found[1])):
            with suppress(OSError):  # another user's, perhaps: no reason to make no copy
                left.unlink()
    return target.with_name(f".{target.name}.{os.getpid()}.partial")


def _lives(pid: int) -> bool:
    """Say whether another process has this number: none of ours is writing yet."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def vacuum_into(conn: sqlite3.Connection, source: Path, copy: Path, table: str) -> None:
    """Copy a database in one moment of it, whoever writes meanwhile, and see that the copy is where it was wanted.

    The copy's name is bound as bytes: as a string it would pass the connection's gate and lose what is no UTF-8.

    Args:
        conn: a connection to the database, outside a transaction.
        source: its file, to be named.
        copy: where to; no file may be there.
        table: one that the database must hold.

    Raises:
        sqlite3.DatabaseError: SQLite refused.
        CorpusError: the database lacks that table; the copy is left to the caller to remove.
    """
    conn.execute("VACUUM INTO CAST(? AS TEXT)", (os.fsencode(copy),))
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as copied:  # would make a file without mode=ro
        tables = {name for (name,) in copied.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if table not in tables:
        raise CorpusError(source, f"no copy was kept, for it lacks the table {table!r}: is this the file you meant?")
