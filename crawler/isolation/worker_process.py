"""A worker process: a function that a hostile text may hold up runs in a process that can be killed.

`WorkerProcess.run` sends a pure function and its arguments to one worker, which is started when first needed, and
waits without blocking the event loop. The worker has a limit of CPU seconds and of memory for each call; above it the
kernel ends the worker, the caller gets the reason, and the next call gets a new worker. Only large inputs go here: a
process costs 0.5 s of CPU to start and 70 MB of memory; a call costs 1 ms, and 20 ms more for each megabyte.

`python -m crawler.isolation.worker_process` is the worker. It reads pickles from its parent alone, and its parent
from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import resource
import signal
import struct
import sys
import zlib
from typing import TYPE_CHECKING, BinaryIO, ParamSpec, TypeVar

from crawler.errors import SourceError, Unreadable
from crawler.limits import (
    LARGE_PAGE_BYTES,
    LARGE_PAGE_TAGS,
    WORKER_CPU_SECONDS,
    WORKER_MEMORY_BYTES,
    WORKER_QUEUE_BYTES,
    WORKER_WALL_SECONDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

ENDING_SECONDS = 1.0
"""For a worker to end when asked, before it is killed."""

ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}
"""For glibc: a thread that parses leaves an arena of its own behind, which is never trimmed. After a sitemap of 8 MiB
the worker kept 105 MB, so 44; after a page of 58,000 tags 201, so 141."""

_GZIP = b"\x1f\x8b"
_LENGTH = struct.Struct("!Q")


class Busy(Exception):
    """More large texts wait than memory is given to."""

    def __init__(self) -> None:
        super().__init__("too many large answers at once")


def is_large(body: bytes, most: int = LARGE_PAGE_BYTES) -> bool:
    """Say whether a text is to be worked on apart: it has more than `most` bytes, unpacked, or many tags."""
    if body.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            body = stream.decompress(body, most + 1)
        except zlib.error:
            return False  # nothing can be read of it
        if stream.unconsumed_tail or stream.unused_data:
            return True
    return len(body) > most or tags(body) > LARGE_PAGE_TAGS


def tags(body: bytes) -> int:
    """Return about how many tags a text has."""
    return body.count(b"<")


class WorkerProcess:
    """One worker, for one piece of work at a time."""

    def __init__(self, seconds: int = WORKER_CPU_SECONDS) -> None:
        self._seconds = seconds
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def run(
        self, size: int, work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Result:
        """Return what `work` returns of its arguments; both are pickled.

        Args:
            size: bytes of the largest argument, which counts until the work is done.
            work: a function of a module; what it raises comes back as Unreadable.
            args: its arguments.
            kwargs: likewise.

        Raises:
            Busy: too much is waiting.
            Unreadable: the work took more time or memory than it may, or failed.
        """
        if self._waiting and self._waiting + size > WORKER_QUEUE_BYTES:
            raise Busy
        self._waiting += size
        try:
            async with self._turn:
                return await self._run(pickle.dumps((work, args, kwargs)))
        finally:
            self._waiting -= size

    async def _run(self, asked: bytes) -> _Result:
        worker = self._worker = self._worker or await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "crawler.isolation.worker_process",
            str(self._seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **ONE_ARENA},
            start_new_session=True,  # Ctrl-C is for the crawl, which lets work on the wire finish
        )
        try:
            async with asyncio.timeout(WORKER_WALL_SECONDS):
                done, result = pickle.loads(await _exchange(worker, asked))  # noqa: S301 our own process's words
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError) as error:
            code = await self.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise Unreadable("apart", self._why(code)) from error
        if not done:
            raise Unreadable("apart", result)
        answer: _Result = result
        return answer

    def _why(self, code: int) -> str:
        if code == -signal.SIGXCPU:
            return f"it took more than {self._seconds} s of CPU"
        return (
            f"its reader was ended by {signal.Signals(-code).name}" if code < 0 else "its reader ended without a word"
        )

    async def close(self) -> int:
        """End the worker, if there is one, and return how it ended: by itself, where it did so a moment ago."""
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        if worker.stdin is not None:
            worker.stdin.close()  # it reads the end, and ends
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                return await worker.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)  # not worker.kill(): it may reap the child before asyncio does
            return await worker.wait()


async def _exchange(worker: asyncio.subprocess.Process, asked: bytes) -> bytes:
    if worker.stdin is None or worker.stdout is None:
        raise ConnectionError("a worker without pipes")
    worker.stdin.write(_LENGTH.pack(len(asked)) + asked)
    await worker.stdin.drain()
    (length,) = _LENGTH.unpack(await worker.stdout.readexactly(_LENGTH.size))
    return await worker.stdout.readexactly(length)


def _serve(asked: BinaryIO, answers: BinaryIO, seconds: int) -> None:
    """Work until the parent is gone."""
    resource.setrlimit(resource.RLIMIT_DATA, (WORKER_MEMORY_BYTES, WORKER_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while header := asked.read(_LENGTH.size):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(usage.ru_utime + usage.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.RLIM_INFINITY))
        try:
            work, args, kwargs = pickle.loads(asked.read(*_LENGTH.unpack(header)))  # noqa: S301 our parent's words
            said = pickle.dumps((True, work(*args, **kwargs)))
        except SourceError as error:
            said = pickle.dumps((False, error.reason))
        except MemoryError:
            said = pickle.dumps((False, f"it took more than {WORKER_MEMORY_BYTES // 1024 // 1024} MB of memory"))
        except Exception as error:  # noqa: BLE001 whatever a hostile text brought about is told in words
            said = pickle.dumps((False, f"{type(error).__name__}: {error}"[:300]))
        answers.write(_LENGTH.pack(len(said)) + said)
        answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
