"""Where an answer goes that is a file: whole or not at all, and never over what is no file."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from crawler.corpus.files import partial_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_to_fill(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file to be filled, or standard output where none is given, or `-`.

    A regular file is replaced, and one that is not there made, when all was written without an error; links are
    followed. What is neither, a pipe or a device, is written straight to.

    Raises:
        OSError: it cannot be written; the error names the path as it was given.
    """
    if path is None or str(path) == "-":
        with click.open_file("-", "wb") as out:
            yield cast("BinaryIO", out)
        return
    try:
        held = _stat(path)
        target = Path(os.path.realpath(path))
        if held is None or (stat.S_ISREG(held.st_mode) and _is_at(target, held)):
            with _replacing(target, held) as whole:
                yield whole
        else:
            with path.open("wb") as straight:
                yield straight
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def _replacing(target: Path, held: os.stat_result | None) -> Iterator[BinaryIO]:
    """Give a file beside the target that takes its place, and its permissions, at the end; on an error it goes."""
    partial = partial_of(target)
    mode = 0o666 if held is None else stat.S_IMODE(held.st_mode)
    with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as out:
        try:
            if held is not None:
                os.fchmod(out.fileno(), mode)  # of which the umask took some
            yield out
            out.flush()
            os.fsync(out.fileno())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _stat(path: Path) -> os.stat_result | None:
    """Return what the system knows of a file, links followed; None where there is none."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _is_at(target: Path, held: os.stat_result) -> bool:
    """Say whether a file is where its links lead: an open one may have been removed, and /dev/stdout still be it."""
    there = _stat(target)
    return there is not None and os.path.samestat(there, held)
