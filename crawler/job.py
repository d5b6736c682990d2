"""What one crawl is asked for, what it works on, and how it is closed.

Spiders and middlewares both stand on this: a `Job` is on the spider as `spider.job`, and `job_of(crawler)` finds it.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scrapy import signals
from scrapy.utils.misc import load_object

from crawler.corpus.runs import RunEnding
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.errors import AllFailed, CorpusError, HouxuError, NetworkDown
from crawler.model import Check, Kind, NextCheck, Poll, SourceState, Topic
from crawler.settings import user_agent
from crawler.text.web_addresses import netloc_of
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scrapy.crawler import Crawler

    from crawler.corpus.runs import By
    from crawler.sources.health import Health
    from crawler.spiders.items import Polled

log = logging.getLogger("houxu")

FEW_HOSTS = 3
"""Sources on fewer hosts that all fail are no failed run under cron: one or two hosts have troubles of their own, and
the health of their sources reports that once instead of every five minutes."""

FIXED_GAP = timedelta(hours=1)
"""Between two polls of a source where no cadence is given: plain `scrapy crawl`."""


def utc_now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)


def fixed_gap(state: SourceState, _poll: Poll, _arrivals: Sequence[datetime], now: datetime) -> Check:
    """Poll again after FIXED_GAP, whatever was seen."""
    return Check(at=now + FIXED_GAP, rates=state.rates)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRequest:
    """What whoever starts a crawl asks for.

    Attributes:
        topic: what is followed.
        by: who asks, for the `runs` table.
        only: ids of sources to poll whether they are due or not.
        everything: poll every source, and visit every lead until none is left, failed ones once more.
        clock: returns the time, aware UTC.
        overrides: Scrapy settings.
        allow_hosts: private hosts that the address guard lets pass.
        deadline: start nothing after this instant of `time.monotonic()`; None: go on until nothing is due.
        progress: called with the number of answers just dealt with.
    """

    topic: Topic
    by: By = "person"
    only: tuple[str, ...] = ()
    everything: bool = False
    clock: Callable[[], datetime] = utc_now
    overrides: Mapping[str, Any] = field(default_factory=dict)
    allow_hosts: tuple[str, ...] = ()
    deadline: float | None = None
    progress: Callable[[int], object] = lambda _count: None


@dataclass(slots=True)
class Job:
    """A crawl under way, and what came of it.

    Attributes:
        corpus: open for writing.
        request: what was asked for.
        run_id: its row of `runs`.
        batch: the states of the sources to poll.
        next_check: the cadence.
        only_asked: takes every poll in place of the corpus: nothing is written and no lead is visited.
        stopped: nothing more is to be sent.
        faults: source id -> what was wrong with its poll.
        worse: the sources whose health changed for the worse, and their health now.
        unreachable: the hosts asked, when none of them could be reached.
        error: what ended the crawl early.
    """

    corpus: Corpus
    request: CrawlRequest
    run_id: int
    batch: Sequence[SourceState]
    next_check: NextCheck = fixed_gap
    only_asked: Callable[[Polled], object] | None = None
    stopped: bool = False
    faults: dict[str, str] = field(default_factory=dict)
    worse: list[tuple[str, Health]] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    error: HouxuError | None = None

    @property
    def topic(self) -> Topic:
        """The topic that is followed."""
        return self.request.topic

    def clock(self) -> datetime:
        """Return what time it is for this crawl."""
        return self.request.clock()

    def stop(self) -> None:
        """Send nothing more; what is on the wire is finished."""
        self.stopped = True

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be sent: a stop was asked for, or time is up."""
        deadline = self.request.deadline
        return self.stopped or (deadline is not None and time.monotonic() >= deadline)


def job_of(crawler: Crawler) -> Job:
    """Return the job of a crawler's spider, for middlewares and pipelines."""
    return cast("Job", cast("Any", crawler.spider).job)


class Stop:
    """How a signal ends a crawl: call it once to finish what is on the wire, and start nothing more."""

    def __init__(self) -> None:
        self.asked = False
        self._job: Job | None = None

    def watch(self, job: Job) -> None:
        """Let this crawl be the one that is stopped."""
        self._job = job
        if self.asked:
            job.stop()

    def __call__(self) -> None:
        """Ask for the end; asking again changes nothing."""
        self.asked = True
        if self._job is not None:
            self._job.stop()


def finish(job: Job, *, stopped: bool) -> None:
    """Settle the stories, judge the sources' health, close the run, and raise what ended it.

    Raises:
        CorpusError: the corpus could not be written.
        NetworkDown: no host could be reached.
        AllFailed: every source polled failed: for a person always, else when they are on `FEW_HOSTS` hosts or more.
    """
    now = job.clock()
    if isinstance(job.error, CorpusError):
        raise job.error  # nothing more can be written
    if job.unreachable:
        job.corpus.end_run(job.run_id, RunEnding.NETWORK, now, f"{len(job.unreachable)} hosts, none reached")
        raise NetworkDown(len(job.unreachable))
    with job.corpus.transaction():
        job.corpus.settle(now)
        job.corpus.plan_visits(job.run_id)
    job.worse = job.corpus.judge_health((state.source for state in job.batch), now)
    for source_id, health in job.worse:
        log.error("%s is %s: %s", source_id, health.state, health.why)
    failed = bool(job.batch) and len(job.faults) == len(job.batch)
    ending = RunEnding.FAILED if failed or job.error else RunEnding.STOPPED if stopped else RunEnding.DONE
    said = [*([str(job.error)] if job.error else ()), *(f"{each}: {why}" for each, why in sorted(job.faults.items()))]
    job.corpus.end_run(job.run_id, ending, now, "; ".join(said) or None)
    if job.error is not None:
        raise job.error
    if failed and (job.request.by == "person" or len({netloc_of(state.url) for state in job.batch}) >= FEW_HOSTS):
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
    request = CrawlRequest(topic=topic)
    job = Job(corpus=corpus, request=request, run_id=corpus.start_run(request.by, datetime.now(UTC)), batch=batch)

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
