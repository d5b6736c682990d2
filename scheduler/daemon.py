"""The daemon: one tick, every 20 seconds, that crawls what is due.

The due table in the corpus is the schedule; APScheduler only wakes us. There is no job per source and no job store: a
process that is killed loses the poll in flight and nothing else, and one that starts finds what is overdue.

A tick holds the lock while it works, so that `houxu crawl` and other writers have their turn between ticks. It ends
after a minute at the latest: a host with a thousand leads delays no other host's poll by more. The clock may jump: what
is due is read off the corpus each time, and `_beat`, which goes by monotonic time, wakes a scheduler that a clock set
back has put to sleep for a day.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from crawler.corpus.store import Corpus
from crawler.crawl import crawl, run
from crawler.errors import SIGNALED, HouxuError, MemoryFull, RunLocked, TopicError
from crawler.job import CrawlRequest, Job, Stop, utc_now
from scheduler.cadence import first_check
from scheduler.lock import run_lock
from scheduler.run import WORSE_HEALTH, cadence_of, due
from scheduler.sd_notify import notify, ping, watchdog_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from apscheduler.job import Job as TickJob

    from crawler.model import Topic

TICK_SECONDS = 20.0
CRAWL_SECONDS = 30.0
"""After so long, or when a poll is due, a tick starts nothing more: what is left stays in the corpus, and polls come
first in the next. With what is on the wire and the pause between ticks, leads hold up no poll for a minute."""

LEAST_CRAWL_SECONDS = 5.0

SPREAD_SECONDS, SPREAD_CAP = 3.0, 600.0
"""New sources are first polled within 3 s for each of them, by hash."""

STOP_SECONDS = 40.0
"""How long what is on the wire may take to finish: a download has 20 s, systemd waits 45."""

BEAT_SECONDS = 10.0
IDLE_PING_SECONDS = 300.0

log = logging.getLogger("houxu")


class Daemon:
    """Crawls what is due, tick by tick, until it is told to stop.

    Attributes:
        topic: what is followed; read again on `reload`.
    """

    def __init__(
        self,
        db: Path,
        load_topic: Callable[[], Topic],
        *,
        overrides: Mapping[str, str] | None = None,
        allow_hosts: Iterable[str] = (),
        clock: Callable[[], datetime] = utc_now,
        tick_seconds: float = TICK_SECONDS,
        ping_url: str | None = None,
    ) -> None:
        """Read the topic.

        Args:
            db: the corpus; it is made where it is missing.
            load_topic: reads the topic file.
            overrides: Scrapy settings.
            allow_hosts: private hosts that the guard lets pass.
            clock: what time it is, aware UTC.
            tick_seconds: between two ticks.
            ping_url: a health check to tell of every crawl.

        Raises:
            TopicError: the topic file has mistakes.
        """
        self.topic = load_topic()
        self._db = db.absolute()
        self._load_topic = load_topic
        self._overrides = dict(overrides or {})
        self._allow_hosts = tuple(allow_hosts)
        self._clock = clock
        self._tick_seconds = tick_seconds
        self._ping_url = ping_url
        self._pinged = -IDLE_PING_SECONDS
        self._stop = Stop()
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._received = 0
        self._usable = False
        self._exit = 1

    def serve(self) -> int:
        """Run in this process until a signal ends it, and return the exit code; see `run`."""
        return run(self.run())

    async def run(self) -> int:
        """Tick until SIGTERM or SIGINT, and return 128 plus its number; a second one ends the process at once.

        A crawl that held too much memory ends the daemon too, with 1: whoever started it starts it afresh. So does a
        corpus that cannot be used from the first, with the exit code that `houxu crawl` would have; where it could be
        used once, a tick that finds it cannot is no end.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, number)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each tick that a long crawl skips
        scheduler = AsyncIOScheduler(timezone=UTC)
        job = scheduler.add_job(
            self.tick,
            "interval",
            seconds=self._tick_seconds,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # at the default of 1 s a busy loop drops ticks
        )
        scheduler.start()
        beat = asyncio.create_task(self._beat(job))
        notify("READY=1")
        try:
            await self._stopping.wait()
            notify("STOPPING=1")
            scheduler.pause()  # shut down now, it would cancel the crawl
            try:
                await asyncio.wait_for(self._idle.wait(), STOP_SECONDS)
            except TimeoutError:
                log.warning(
                    "the crawl did not end within %g s; what it had not committed is crawled again", STOP_SECONDS
                )
        finally:
            beat.cancel()
            scheduler.shutdown(wait=False)
            for number in {signal.SIGTERM, signal.SIGINT, signal.SIGHUP} - {self._received}:
                loop.remove_signal_handler(number)
        return SIGNALED + self._received if self._received else self._exit

    def stop(self) -> None:
        """Finish what is on the wire, start nothing more, and end."""
        self._stop()
        self._stopping.set()

    def reload(self) -> None:
        """Read the topic file again; one with mistakes is named, and the topic stays what it was."""
        try:
            topic = self._load_topic()
        except TopicError as error:
            log.error("%s; still following what was read before", error)  # noqa: TRY400 the message says it
            return
        if topic.id != self.topic.id:
            log.error("the topic file now follows %r, this corpus %r: not read", topic.id, self.topic.id)
            return
        self.topic = topic
        log.info("topic read again: %d sources", len(topic.sources))

    async def tick(self) -> int | None:
        """Crawl what is due; return the exit code that `houxu crawl` would have, None when nothing was due.

        Nothing is raised: whatever went wrong is logged, and the next tick tries again.
        """
        if self._stopping.is_set():
            return None
        self._idle.clear()
        try:
            code = await self._crawl()
        except RunLocked as error:
            log.info("%s; the next tick tries again", error)
            return None
        except HouxuError as error:
            log.error("%s", error)  # noqa: TRY400 the message says it
            code = error.exit_code
            # no later tick would do better; a new process alone is sure to hold less memory
            if isinstance(error, MemoryFull) or not self._usable:
                self._exit = code
                self.stop()
        except Exception:
            log.exception("a tick failed; the next one tries again")
            code = 1
        finally:
            self._idle.set()
        if code is not None or time.monotonic() - self._pinged >= IDLE_PING_SECONDS:
            self._pinged = time.monotonic()
            await ping(self._ping_url, code or 0)
        return code

    async def _crawl(self) -> int | None:
        with run_lock(self._db):
            corpus = Corpus(self._db, create=True)
            worked = False
            try:
                corpus.claim_topic(self.topic.id, self.topic.seed.isoformat() if self.topic.seed else None)
                self._usable = True
                job = await self._crawl_due(corpus)
                worked = job is not None
            finally:
                corpus.close(checkpoint=worked)
        if job is None:
            return None
        return WORSE_HEALTH if job.worse else 0

    async def _crawl_due(self, corpus: Corpus) -> Job | None:
        now = self._clock()
        spread = timedelta(seconds=min(SPREAD_CAP, SPREAD_SECONDS * len(self.topic.sources)))
        batch = due(corpus, self.topic, now, first_check=lambda source, seen: first_check(source.id, seen, spread))
        if batch is None:
            return None
        await ping(self._ping_url, "start")
        later = [state.next_check_at for state in corpus.states(self.topic) if state.enabled and state.next_check_at]
        left = min((at - now for at in later if at > now), default=timedelta(days=1)).total_seconds()
        request = CrawlRequest(
            topic=self.topic,
            by="daemon",
            clock=self._clock,
            overrides=self._overrides,
            allow_hosts=self._allow_hosts,
            deadline=time.monotonic() + max(LEAST_CRAWL_SECONDS, min(CRAWL_SECONDS, left)),
        )
        with cadence_of(corpus, self.topic, now) as cadence:
            return await crawl(corpus, request, batch, next_check=cadence, stop=self._stop)

    def _end(self, number: int) -> None:
        """Stop on a signal; the handler goes, so that the next one has its default effect."""
        self._received = number
        asyncio.get_running_loop().remove_signal_handler(number)
        self.stop()

    async def _beat(self, job: TickJob) -> None:
        """Tell systemd that the loop turns, and run a tick that the clock has moved out of reach."""
        watchdog = watchdog_seconds()
        pause = min(BEAT_SECONDS, watchdog / 3 if watchdog else BEAT_SECONDS, self._tick_seconds * 2)
        while True:
            if watchdog:
                notify("WATCHDOG=1")
            now = datetime.now(UTC)
            if job.next_run_time is not None and job.next_run_time - now > timedelta(seconds=2 * self._tick_seconds):
                job.modify(next_run_time=now)
            await asyncio.sleep(pause)
