"""Years of archived pages into corpora: one WARC file is one task is one shard, a corpus of its own.

A task needs nothing but its file and writes nothing but its shard, so that any engine may run it: processes of this
machine, or a Dask cluster. A task that dies goes on where it stopped, wherever it runs next. `houxu merge` makes one
corpus of the shards.
"""

from __future__ import annotations

import gzip
import hashlib
import multiprocessing
import os
import threading
import zlib
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Executor, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crawler import __version__
from crawler.archives.warc import Place, Wanted, reader, records
from crawler.corpus import archive_progress
from crawler.corpus.archive_progress import Reading
from crawler.corpus.runs import RunEnding
from crawler.corpus.store import Corpus
from crawler.dedupe import host_of, site
from crawler.errors import CorpusError, HouxuError, MissingExtra
from crawler.path import Fetched, append_all, is_enough, prepare
from crawler.relevance import gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crawler.model import Page, Topic

ENDS = (".warc", ".warc.gz", ".warc.zst")

CHECKPOINT = 1000
"""Records between two notes of how far a file was read: a second's work is done again after a kill."""

LOCK_SECONDS = 10.0
"""How long a task waits for its shard: one that was moved from a worker thought dead may find it still at work."""

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file to read into one shard. `lock` holds a corpus for one writer (`scheduler.lock.run_lock`)."""

    file: Path
    shard: Path
    topic: Topic
    wanted: Wanted
    lock: Callable[[Path, float], AbstractContextManager[None]]

    @property
    def asked(self) -> str:
        """A digest of all that decides what is read, the file's folder aside."""
        hosts = sorted(self.wanted.hosts)
        said = (
            self.file.name,
            self.file.stat().st_size,
            self.topic.digest,
            hosts,
            self.wanted.since,
            self.wanted.until,
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


@dataclass(slots=True, kw_only=True)
class Summary:
    """What was read, and why it was dropped.

    Attributes:
        files: files read to their end.
        records: response records in them.
        dropped: a key of `warc.DROPPED`, or `repeated` -> records.
        endings: how the visits to the rest ended -> visits.
        errors: what was wrong with files that could not be read.
    """

    files: int = 0
    records: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Summary) -> None:
        """Count another summary in."""
        self.files += other.files
        self.records += other.records
        self.dropped += other.dropped
        self.endings += other.endings
        self.errors += other.errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a backfill is: files and bytes of all of them, and records read."""

    files: int
    all_files: int
    read: int
    size: int
    records: int


def files_of(paths: Iterable[Path], mirror: Path | None = None) -> list[Path]:
    """Return the WARC files that these paths mean, each once: files, folders, and listings of paths.

    A listing (`warc.paths`, `warc.paths.gz`) has a path a line, relative to `mirror`, or else to its own folder. What
    it lists need not be there: reading it says so.

    Raises:
        CorpusError: a path is neither, a folder holds no WARC file, or a listing cannot be read.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*.warc*") if file.name.endswith(ENDS))
            if not inside:
                raise CorpusError(path, f"no {', '.join(ENDS)} file in this folder")
            found += inside
        elif path.name.endswith((".paths", ".paths.gz")):
            found += [(mirror or path.parent) / line for line in _listed(path)]
        elif path.name.endswith(ENDS):
            found.append(path)
        else:
            raise CorpusError(path, f"neither a folder, nor a listing (.paths, .paths.gz), nor {', '.join(ENDS)}")
    return list(dict.fromkeys(found))


def _listed(path: Path) -> list[str]:
    """Return the paths that a listing names, as it has them."""
    try:
        raw = path.read_bytes()
        lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().split()
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(path, f"this listing cannot be read: {error}; have it again") from error
    except UnicodeDecodeError as error:
        raise CorpusError(path, f"this listing is not UTF-8 text: {error}") from error
    for line in lines:
        if not line.isprintable():
            raise CorpusError(path, f"this listing names no file: {line[:80]!a}")
    return lines


def tasks_of(files: Iterable[Path], shards: Path, topic: Topic, wanted: Wanted, lock: Callable[..., Any]) -> list[Task]:
    """Return a task for every file that may hold a wanted record; its shard is named after it.

    Raises:
        CorpusError: two files have one name, and would share a shard.
    """
    tasks: dict[Path, Task] = {}
    for file in files:
        if wanted.file(file.name):
            name = file.name
            for end in ENDS:
                name = name.removesuffix(end)
            shard = shards / f"{name}.db"
            if shard in tasks:
                raise CorpusError(file, f"named like {tasks[shard].file}: one of them needs another --shards")
            tasks[shard] = Task(file=file, shard=shard, topic=topic, wanted=wanted, lock=lock)
    return list(tasks.values())


def backfill(
    tasks: Iterable[Task],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], object] = lambda _progress: None,
) -> Summary:
    """Read files into their shards, in processes of this machine or on a Dask cluster.

    Args:
        tasks: from `tasks_of`; those done before cost nothing.
        workers: processes; None for one a core.
        scheduler: address of a Dask scheduler instead. Its workers need houxu, and the files and the shards' folder
            under the same paths; a shard is written by one worker at a time.
        progress: called twice a second.

    Returns:
        What was read; a file that could not be is in its `errors`.

    Raises:
        MissingExtra: FastWARC is not installed; or Dask, where `scheduler` is given.
        CorpusError: a worker process died; what it had committed stays, and a rerun goes on.
    """
    if scheduler is None:  # else its workers need it, and we do not
        reader()
    total = Summary()
    every = list(tasks)
    sizes = {task.shard: _size(task.file) for task in every}
    with _engine(workers or os.cpu_count() or 1, scheduler) as engine:
        running = {engine.submit(backfill_file, task): task for task in every}
        while running:
            done, _ = wait(running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    total.add(future.result())
                except BrokenProcessPool as error:
                    raise CorpusError(running[future].shard, "a worker process died; a rerun goes on") from error
                del running[future]
            part = () if scheduler else [read for task in running.values() if (read := _so_far(task)) is not None]
            progress(
                Progress(
                    files=len(every) - len(running),
                    all_files=len(every),
                    read=sum(sizes.values())
                    - sum(sizes[each.shard] for each in running.values())
                    + sum(each.offset for each in part),
                    size=sum(sizes.values()),
                    records=total.records + sum(each.number for each in part),
                )
            )
    return total


def backfill_file(task: Task) -> Summary:
    """Take the pages of one file along the path, into one shard, from where an earlier run stopped; never raises."""
    try:
        task.shard.parent.mkdir(parents=True, exist_ok=True)
        asked = task.asked
        with task.lock(task.shard, LOCK_SECONDS):
            corpus = Corpus(task.shard, create=True)
            try:
                corpus.claim_topic(task.topic.id, task.topic.seed.isoformat() if task.topic.seed else None)
                read = archive_progress.reading(corpus)
                if read is None or read.asked != asked:
                    read = Reading(asked=asked)
                if not read.ended:
                    _go_on(corpus, task, read)
                taken = Counter(archive_progress.endings(corpus))
            finally:
                corpus.close(checkpoint=True)
    except (HouxuError, OSError, ValueError) as error:
        return Summary(errors=[str(error)])  # as text: not every exception survives the way to another process
    dropped = Counter(read.dropped) + Counter(repeated=max(0, read.passed - taken.total()))
    return Summary(files=1, records=read.number, dropped=dropped, endings=taken)


def _go_on(corpus: Corpus, task: Task, read: Reading) -> None:
    """Read on to the end of the file. A page that the gate ends leaves nothing but a count: there are millions."""
    run_id = corpus.start_run("person", datetime.now(UTC), kind="backfill")
    tongues = {
        site(host_of(each.url)): (each.lang, each.timezone) for each in task.topic.sources if each.kind != "search"
    }
    pages: list[Page] = []
    for record in records(task.file, task.wanted, Place(read.number, read.offset, read.record_id)):
        if record.page is not None and gate(task.topic, record.page.body):
            read.passed += 1
            lang, timezone = tongues.get(site(host_of(record.page.url)), (None, None))
            pages.append(replace(record.page, lang=lang, timezone=timezone))
        else:
            reason = record.dropped or "gate"
            read.dropped[reason] = read.dropped.get(reason, 0) + 1
        read.number, read.offset, read.record_id = record.place.number, record.place.offset, record.place.record_id
        if is_enough(pages) or read.number % CHECKPOINT == 0:
            _take(corpus, task, pages, run_id)
            pages = []
        if read.number % CHECKPOINT == 0:
            archive_progress.note(corpus, read)
    _take(corpus, task, pages, run_id)
    now = datetime.now(UTC)
    with corpus.transaction():
        corpus.settle(now, days=None)
    corpus.end_run(run_id, RunEnding.DONE, now, f"houxu {__version__} backfill: {task.file.name}")
    read.ended = True
    archive_progress.note(corpus, read)


def _take(corpus: Corpus, task: Task, pages: Iterable[Page], run_id: int) -> None:
    """Take pages along the path as live ones; not one that was: by the run that was killed, or from a record before."""
    every = {(page.url, page.fetched_at, hashlib.sha256(page.body).hexdigest()): page for page in pages}
    fresh = [page for key, page in every.items() if not archive_progress.is_taken(corpus, *key)]
    if fresh:
        origin = f"backfill of {task.file.name}"
        every_page = [Fetched(prepared=prepare(task.topic, page), status=200, origin=origin) for page in fresh]
        append_all(corpus, task.topic, every_page, run_id)


@contextmanager
def _engine(workers: int, scheduler: str | None) -> Iterator[Executor]:
    """Give what runs tasks: processes here, or a Dask cluster, which starts a task of a dead worker elsewhere."""
    if scheduler is None:
        context = multiprocessing.get_context("spawn")  # a forked child would hold our locks on
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_die_with_parent) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtra("backfill --dask", "dask") from error
    with Client(scheduler) as client:  # type: ignore[no-untyped-call]  # Dask types its API only in part
        yield client.get_executor(pure=False)


def _die_with_parent() -> None:
    """End this worker when the process that started it is gone, killed or not: its shard is free for the rerun."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _so_far(task: Task) -> Reading | None:
    """Return how far a file was read by a process of this machine."""
    try:
        with Corpus(task.shard, read_only=True) as corpus:
            return archive_progress.reading(corpus)
    except HouxuError:
        return None  # not begun, or just being made


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except (OSError, ValueError):
        return 0
