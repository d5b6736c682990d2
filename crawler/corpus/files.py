"""The files of a corpus, and what they are called."""

from __future__ import annotations

import glob
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from crawler.errors import CorpusError, OwnFile, UnfitName

_ENDS = ("", "-wal", "-shm", "-journal", ".lock")
"""What SQLite and the run lock add to a file's name."""


def true_path(path: Path | str) -> Path:
    """Return a path absolute and with every link in it followed, whether the file is there or not.

    By any other name a corpus has the same pages and the same lock.
    """
    return Path(os.path.realpath(Path(path).expanduser()))  # Path.resolve raises on a link to itself before Python 3.13


def beside(path: Path, kind: str) -> Path:
    """Return where the file of a kind is (`pages`, or `read` for the published copy) that belongs to the corpus.

    `news.db` has `news.pages.db`; a name of another suffix stays whole, `news.sqlite` has `news.sqlite.pages.db`. Once
    it had `news.pages.db` too: where that is still there, and can be nobody else's, it is.
    """
    short = path.with_name(f"{path.stem}.{kind}.db")
    if path.suffix == ".db":
        return short
    whole = path.with_name(f"{path.name}.{kind}.db")
    return short if short.exists() and not whole.exists() and not _namesakes(path) else whole


def _namesakes(path: Path) -> list[Path]:
    """Return the other databases of this name in the folder, whatever their suffix."""
    near = path.parent.glob(f"{glob.escape(path.stem)}*")
    return [each for each in near if each.stem == path.stem and each != path and _is_database(each)]


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def refuse_name(path: Path, *, read_only: bool = False) -> None:
    """Refuse a corpus at a true path where another has a file: its pages, its published copy.

    A published copy may be read as a corpus.

    Raises:
        UnfitName: it is so.
    """
    if path.name.endswith((".pages.db", ".read.db")[: 1 if read_only else 2]):
        raise UnfitName(
            path,
            "files that end in .pages.db are the pages of a corpus, those in .read.db its published copy: give the "
            "corpus another name (a shard has that of its archive)",
        )
    if read_only or (path.suffix == ".db" and path.exists()):  # of two put there by hand the other one is refused
        return
    near = path.with_suffix("") if path.suffix == ".db" else path.with_name(f"{path.name}.db")
    pages = beside(path, "pages")
    for other in (*_namesakes(path), near):
        if _is_database(other) and beside(other, "pages") == pages:
            raise UnfitName(path, f"its pages would be in {pages}, as those of {other} are: give it another name")


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
