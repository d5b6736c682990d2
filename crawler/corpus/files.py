"""The files of a corpus, and what they are called."""

from __future__ import annotations

import os
from pathlib import Path

from crawler.errors import OwnFile

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
