"""One run: what is due, crawled. `houxu crawl` calls it once, the daemon on every tick."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.crawl import crawl, run
from crawler.errors import SIGNALED, RunLocked
from crawler.job import Stop
from crawler.sources.shards import owns
from scheduler.cadence import Cadence
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.corpus.schedule import FirstCheck
    from crawler.job import CrawlRequest, Job
    from crawler.model import SourceState, Topic

WORSE_HEALTH = 3

LEAST_SHARE = 0.25
"""Part of the day's requests that is always left for polls, however many pages were visited."""

FAILING = 3
"""Faults in a row after which the others may have a source's share of the polls."""


def crawl_once(db: Path, request: CrawlRequest, *, wait: float = 0.0, skip_locked: bool = False) -> int:
    """Crawl what is due under the lock, and return the exit code: 0, 130 and 143 where a signal ended it, or 3.

    3 says, once, that a source's health changed for the worse; the log says which, and why.

    SIGINT and SIGTERM let what is on the wire finish; the second one ends the process at once, which loses nothing.

    Args:
        db: the corpus; it is made where it is missing.
        request: what is asked for.
        wait: seconds to wait for another run.
        skip_locked: return 0 when another run holds the lock.

    Raises:
        RunLocked: another run holds the lock, unless `skip_locked`.
        NetworkDown, AllFailed, CorpusError: as `crawl` does.
    """
    db = db.absolute()
    stop = Stop()
    received: list[int] = []
    worse = False

    async def under_signals(corpus: Corpus) -> bool:
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            received.append(number)
            stop()
            loop.remove_signal_handler(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end, number)
        try:
            job = await run_due(corpus, request, stop=stop)
            return bool(job and job.worse)
        finally:
            for number in {signal.SIGINT, signal.SIGTERM} - set(received):
                loop.remove_signal_handler(number)

    try:
        with run_lock(db, wait):
            corpus = Corpus(db, create=True)
            try:
                topic = request.topic
                corpus.claim_topic(topic.id, topic.seed.isoformat() if topic.seed else None)
                worse = run(under_signals(corpus))
            finally:
                corpus.close(checkpoint=True)
    except RunLocked:
        if skip_locked:
            return 0
        raise
    if received:
        return SIGNALED + received[0]
    return WORSE_HEALTH if worse else 0


async def run_due(corpus: Corpus, request: CrawlRequest, *, stop: Stop | None = None) -> Job | None:
    """Crawl what is due and return what came of it; None when nothing was.

    Args:
        corpus: open for writing, its lock taken by the caller.
        request: what is asked for.
        stop: called to end early.

    Raises:
        NetworkDown, AllFailed, CorpusError: as `crawl` does.
    """
    now = request.clock()
    batch = due(corpus, request.topic, now, only=request.only, everything=request.everything)
    if batch is None:
        return None
    with cadence_of(corpus, request.topic, now) as cadence:
        return await crawl(corpus, request, batch, next_check=cadence, stop=stop)


def due(
    corpus: Corpus,
    topic: Topic,
    now: datetime,
    *,
    only: tuple[str, ...] = (),
    everything: bool = False,
    first_check: FirstCheck = at_once,
) -> list[SourceState] | None:
    """Return the sources to poll, none when only leads are due, and None when nothing is.

    Args:
        corpus: open for writing; its sources are brought in line with the topic.
        topic: what is followed.
        now: the instant of asking.
        only: see `CrawlRequest`.
        everything: see `CrawlRequest`.
        first_check: when sources new to the corpus are polled first.
    """
    corpus.sync_sources(topic, now, first_check)
    if only:
        batch = corpus.states(topic, only)
    elif everything:
        batch = [state for state in corpus.states(topic) if state.enabled]
    else:
        batch = corpus.due_sources(topic, now)
    again = corpus.revisits_left(topic.requests_per_day, now) > 0
    hosts = corpus.due_hosts(now, every=everything, again=again)
    return batch if batch or any(owns(topic.shard, host) for host in hosts) else None


@contextmanager
def cadence_of(corpus: Corpus, topic: Topic, now: datetime) -> Iterator[Cadence]:
    """Give the cadence as the last run left it, and keep what this run teaches it.

    The topic's requests a day pay for visits too: polls get what the last day's visits left, at least a quarter.
    """
    visits = corpus.visits_since(now - timedelta(days=1))
    budget = max(topic.requests_per_day - visits, topic.requests_per_day * LEAST_SHARE)
    alive = [state.source.id for state in corpus.states(topic) if state.enabled and state.errors < FAILING]
    cadence = Cadence(budget, alive, said=corpus.meta("cadence") or "")
    try:
        yield cadence
    finally:
        with corpus.transaction():
            corpus.set_meta("cadence", cadence.dump())
