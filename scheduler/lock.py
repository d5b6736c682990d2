"""One writer at a time: an OS lock that dies with its process.

A lock file whose existence is the lock outlives a `kill -9` (readers with a 15-minute grace on such files sit out the
grace). `flock` is held by the kernel for an open file and freed with its last descriptor, however the process ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.corpus.files import true_path
from crawler.errors import CorpusError, RunLocked
from crawler.model import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RETRY_SECONDS = 0.05


@contextmanager
def run_lock(path: Path, wait: float = 0) -> Iterator[None]:
    """Hold the lock of the corpus at `path` while the block runs.

    The lock file is `<path>.lock` beside the file itself, so that by every link to a corpus there is one lock. It stays
    when the lock is freed, because removing it would let two processes hold locks on two files of one name. Inside
    stand the pid and the time, for people: nothing reads them but messages.
    The descriptor is not passed on to programs we start; a child that was only forked would hold the lock on after a
    `kill -9` of its parent, so start worker processes with `spawn`.

    Args:
        path: the corpus file; it need not exist, its directory must.
        wait: seconds to wait for another holder.

    Raises:
        RunLocked: another process, or another block of this one, still holds it after `wait` seconds.
        CorpusError: the lock file cannot be opened or locked.
    """
    corpus = true_path(path)
    lock = corpus.with_name(f"{corpus.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise CorpusError(
            lock,
            f"cannot open the lock file: {error.strerror}; is the folder there, has its disk room, and may this user "
            "write it?",
        ) from error
    try:
        _acquire(descriptor, lock, wait)
        _note(descriptor, f"pid {os.getpid()} since {stamp(datetime.now(UTC))}\n")
        try:
            yield
        finally:
            _note(descriptor, "")
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child just forked may hold a copy of the descriptor until exec
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, lock: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
                raise RunLocked(lock, holder or "its process is just starting or ending") from None
            time.sleep(min(RETRY_SECONDS, left))
        except OSError as error:  # some network disks know no locks
            raise CorpusError(
                lock, f"cannot be locked: {error.strerror}; keep the corpus on a disk of this machine"
            ) from error
        else:
            return


def _note(descriptor: int, text: str) -> None:
    """Write who holds the lock, or nothing; on a full disk it is held without a word."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
