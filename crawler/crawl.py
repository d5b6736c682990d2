"""Runs one crawl in Scrapy: a batch of sources, their leads, and what came of it.

Cron's `houxu crawl` and the daemon's tick both call `crawl`; plain `scrapy crawl` comes in by `job_from_settings`. It
runs in this process, on the asyncio reactor: 400 crawls stayed at 124 MB, and a subprocess for each cost 30 times the
CPU.
"""

from __future__ import annotations

import atexit
import logging
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings, default_settings
from scrapy.utils.misc import load_object
from scrapy.utils.reactor import install_reactor, is_reactor_installed

from crawler import __version__
from crawler import settings as ours
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.errors import AllFailed, CorpusError, HouxuError, NetworkDown
from crawler.model import Check, Kind, NextCheck, Poll, SourceState, Topic
from crawler.spiders.follow import FollowSpider
from crawler.text.web_addresses import netloc_of
from crawler.topic import reader as topics

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

    from scrapy.crawler import Crawler

    from crawler.corpus.runs import By
    from crawler.sources.health import Health
    from crawler.spiders.items import Polled

_Result = TypeVar("_Result")

log = logging.getLogger("houxu")

LOOK_UPS = 32
"""Names looked up at once. At Twisted's 10, ten names whose servers keep silent hold up all others."""

FEW_HOSTS = 3
"""Of fewer, all failing is no failure of the run where nobody sits before it: one or two hosts have troubles of their
own, and the health of their sources tells that once instead of every five minutes."""

FIXED_GAP = timedelta(hours=1)
"""Between two polls of a source where no cadence is given: plain `scrapy crawl`."""


def utc_now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)


def fixed_gap(state: SourceState, _poll: Poll, _arrivals: Sequence[datetime], now: datetime) -> Check:
    """Poll again after FIXED_GAP, whatever was seen."""
    return Check(at=now + FIXED_GAP, rates=state.rates)


@dataclass(slots=True)
class Job:
    """What a crawl is to do, and what came of it.

    Attributes:
        by: who asked.
        every_lead: visit leads that wait after a failure too, each once.
        clock: what time it is, aware UTC.
        deadline: hand out nothing after this instant of `time.monotonic()`; None: until nothing is due.
        progress: called with a number of answers dealt with.
        only_asked: takes every poll in place of the corpus: nothing is written and no lead is visited.
        faults: source id -> what was wrong with its poll.
        worse: the sources whose health changed for the worse, and their health now.
        unreachable: the hosts asked, when none of them could be reached.
        error: what ended the crawl early.
    """

    corpus: Corpus
    topic: Topic
    run_id: int
    batch: Sequence[SourceState]
    next_check: NextCheck = fixed_gap
    by: By = "person"
    every_lead: bool = False
    clock: Callable[[], datetime] = utc_now
    deadline: float | None = None
    progress: Callable[[int], object] = field(default=lambda _count: None)
    only_asked: Callable[[Polled], object] | None = None
    faults: dict[str, str] = field(default_factory=dict)
    worse: list[tuple[str, Health]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    error: HouxuError | None = None


class Stop:
    """How a signal ends a crawl: call it once to finish what is on the wire, and start nothing more."""

    def __init__(self) -> None:
        self.asked = False
        self._spider: FollowSpider | None = None

    def watch(self, spider: FollowSpider) -> None:
        """Let this crawl be the one that is stopped."""
        self._spider = spider
        if self.asked:
            spider.frontier.stop()

    def __call__(self) -> None:
        """Ask for the end; asking again changes nothing."""
        self.asked = True
        if self._spider is not None:
            self._spider.frontier.stop()


def user_agent(contact: str) -> str:
    """Return what publishers are told of us: the project, its version, and where whoever runs it can be reached."""
    return f"houxu/{__version__} (+{contact})"


def settings_for(topic: Topic, overrides: Mapping[str, Any], allow_hosts: Iterable[str] = ()) -> Settings:
    """Return our Scrapy settings with the topic's contact in the user agent and the caller's overrides on top."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    if topic.contact:
        settings.set("USER_AGENT", user_agent(topic.contact), priority="project")
    settings.set("HOUXU_ALLOW_HOSTS", list(allow_hosts), priority="project")
    settings.setdict(dict(overrides), priority="cmdline")
    return settings


def default_of(name: str) -> Any:
    """Return what a setting is where nobody sets it; None where neither we nor Scrapy know it."""
    return getattr(ours, name, vars(default_settings).get(name))


def load_classes(paths: Sequence[str]) -> None:
    """Import classes that settings name as a crawl will, under its reactor: some ask for it as they are imported.

    Raises:
        ImportError, NameError, ValueError: one is not there.
    """

    async def load() -> None:
        for path in paths:
            load_object(path)

    if paths:
        run(load())


async def crawl(
    corpus: Corpus,
    topic: Topic,
    batch: Sequence[SourceState],
    *,
    by: By,
    settings: Settings,
    next_check: NextCheck = fixed_gap,
    every_lead: bool = False,
    clock: Callable[[], datetime] = utc_now,
    deadline: float | None = None,
    stop: Stop | None = None,
    progress: Callable[[int], object] = lambda _count: None,
) -> Job:
    """Run one crawl and return what came of it.

    Args:
        corpus: open for writing, its lock held by the caller.
        topic: what is followed; `batch` are states of its sources.
        batch: the sources to poll, in any number; leads that are due are visited besides.
        by: who asked, for the `runs` table.
        settings: from `settings_for`.
        next_check: the cadence.
        every_lead: see Job.
        clock: see Job.
        deadline: see Job.
        stop: called to end the crawl early.
        progress: called as answers are dealt with.

    Raises:
        NetworkDown: no host could be reached; no source's state was changed.
        CorpusError: the corpus could not be written; what was committed before stays.
        AllFailed: every source polled failed: for a person always, else when they are on `FEW_HOSTS` hosts or more.
    """
    if topic.contact is None:
        _say_that_nobody_signs(topic.id)
    run_id = corpus.start_run(by, clock())
    job = Job(
        corpus=corpus,
        topic=topic,
        run_id=run_id,
        batch=batch,
        next_check=next_check,
        by=by,
        every_lead=every_lead,
        clock=clock,
        deadline=deadline,
        progress=progress,
    )
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(FollowSpider)
    if stop is not None:
        crawler.signals.connect(stop.watch, signals.spider_opened)
    await runner.crawl(crawler, job=job)
    finish(job, stopped=stop is not None and stop.asked)
    return job


@cache
def _say_that_nobody_signs(topic_id: str) -> None:
    """Warn once in the life of a process: a daemon crawls every minute."""
    agent = "the project's page, where nobody knows of your crawl"
    log.warning("%s: [crawl] contact is not set: the user agent names %s", topic_id, agent)


async def ask(
    corpus: Corpus,
    topic: Topic,
    settings: Settings,
    *,
    progress: Callable[[int], object] = lambda _count: None,
) -> dict[str, Polled]:
    """Ask every source of a topic once, visit nothing, and return what each answered: source id -> Polled.

    Args:
        corpus: a throw-away one; only the manners towards hosts are written.
        topic: what is followed.
        settings: from `settings_for`.
        progress: called as sources answer.
    """
    answers: dict[str, Polled] = {}

    def keep(item: Polled) -> None:
        answers[item.state.source.id] = item
        progress(1)

    job = Job(corpus=corpus, topic=topic, run_id=0, batch=corpus.states(topic), only_asked=keep)
    await AsyncCrawlerRunner(settings).crawl(FollowSpider, job=job)
    return answers


def finish(job: Job, *, stopped: bool) -> None:
    """Settle the stories, say whose health is worse now, close the run, and raise what ended it."""
    now = job.clock()
    if isinstance(job.error, CorpusError):
        raise job.error  # nothing more can be written
    if job.unreachable:
        job.corpus.end_run(job.run_id, "network", now, f"{len(job.unreachable)} hosts, none reached")
        raise NetworkDown(len(job.unreachable))
    with job.corpus.transaction():
        job.corpus.settle(now)
        job.corpus.plan_visits(job.run_id)
    job.worse = job.corpus.judge_health((state.source for state in job.batch), now)
    for source_id, health in job.worse:
        log.error("%s is %s: %s", source_id, health.state, health.why)
    failed = bool(job.batch) and len(job.faults) == len(job.batch)
    ending = "failed" if failed or job.error else "stopped" if stopped else "done"
    said = [*([str(job.error)] if job.error else ()), *(f"{each}: {why}" for each, why in sorted(job.faults.items()))]
    job.corpus.end_run(job.run_id, ending, now, "; ".join(said) or None)
    if job.error is not None:
        raise job.error
    if failed and (job.by == "person" or len({netloc_of(state.url) for state in job.batch}) >= FEW_HOSTS):
        raise AllFailed(len(job.batch))


def job_from_settings(crawler: Crawler, kinds: Sequence[Kind]) -> Job:
    """Return a job for plain `scrapy crawl`: the due sources of these kinds, the corpus and topic of the settings.

    The lock is taken here and freed when the spider closes, as is the corpus.
    """
    settings = crawler.settings
    path = Path(settings["HOUXU_DB"])
    topic = topics.load(settings["HOUXU_TOPIC"])
    if topic.contact:
        settings.set("USER_AGENT", user_agent(topic.contact), priority="spider")
    held = ExitStack()
    held.enter_context(load_object(settings["HOUXU_LOCK"])(path.absolute()))
    corpus = Corpus(path, create=True)
    corpus.claim_topic(topic.id, topic.seed.isoformat() if topic.seed else None)
    corpus.sync_sources(topic, datetime.now(UTC), at_once)
    batch = [state for state in corpus.due_sources(topic, datetime.now(UTC)) if state.source.kind in kinds]
    job = Job(corpus=corpus, topic=topic, run_id=corpus.start_run("person", datetime.now(UTC)), batch=batch)

    def close() -> None:
        try:
            finish(job, stopped=False)
        except HouxuError as error:
            log.error("%s", error)  # noqa: TRY400 the message says it, a traceback would not
        finally:
            corpus.close(checkpoint=True)
            held.close()

    crawler.signals.connect(close, signals.spider_closed, weak=False)
    return job


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine on the asyncio reactor, which stays installed: a process has one reactor, for all its crawls.

    Its loop is closed when the process ends, and not before: a reactor cannot be started again.
    """
    if not is_reactor_installed():
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    started: Any = reactor
    if not started.running:
        started.getThreadPool().threadFactory = _daemon_thread  # else a look-up that hangs holds the exit
        started.suggestThreadPoolSize(LOOK_UPS)
        started.startRunning(installSignalHandlers=False)
        atexit.register(started._asyncioEventloop.close)  # noqa: SLF001 as below
    loop: asyncio.AbstractEventLoop = started._asyncioEventloop  # noqa: SLF001 the only way to the reactor's own loop
    return loop.run_until_complete(coroutine)


def _daemon_thread(*args: Any, **kwargs: Any) -> Any:
    import threading

    return threading.Thread(*args, daemon=True, **kwargs)
