"""Runs one crawl in Scrapy: a batch of sources, their leads, and what came of it.

Cron's `houxu crawl` and the daemon's tick both call `crawl`; plain `scrapy crawl` starts from `job_from_settings`. It
runs in this process, on the asyncio reactor: 400 crawls stayed at 124 MB, and a subprocess for each cost 30 times the
CPU.
"""

from __future__ import annotations

import atexit
import logging
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings, default_settings
from scrapy.utils.misc import load_object
from scrapy.utils.reactor import install_reactor, is_reactor_installed

from crawler import settings as ours
from crawler.job import CrawlRequest, Job, Stop, finish, fixed_gap
from crawler.settings import user_agent
from crawler.spiders.follow import FollowSpider

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine, Iterable, Mapping, Sequence

    from crawler.corpus.store import Corpus
    from crawler.model import NextCheck, SourceState, Topic
    from crawler.spiders.items import Polled

_Result = TypeVar("_Result")

log = logging.getLogger("houxu")

LOOK_UPS = 32
"""Names looked up at once. At Twisted's 10, ten names whose servers keep silent hold up all others."""


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
    request: CrawlRequest,
    batch: Sequence[SourceState],
    *,
    next_check: NextCheck = fixed_gap,
    stop: Stop | None = None,
) -> Job:
    """Run one crawl and return what came of it.

    Args:
        corpus: open for writing, its lock taken by the caller.
        request: what is asked for.
        batch: the sources to poll, in any number; leads that are due are visited besides.
        next_check: the cadence.
        stop: called to end the crawl early.

    Raises:
        NetworkDown, CorpusError, AllFailed: as `finish` does.
    """
    topic = request.topic
    if topic.contact is None:
        _say_that_nobody_signs(topic.id)
    job = Job(
        corpus=corpus,
        request=request,
        run_id=corpus.start_run(request.by, request.clock()),
        batch=batch,
        next_check=next_check,
    )
    if stop is not None:
        stop.watch(job)
    settings = settings_for(topic, request.overrides, request.allow_hosts)
    await AsyncCrawlerRunner(settings).crawl(FollowSpider, job=job)
    finish(job, stopped=stop is not None and stop.asked)
    return job


@cache
def _say_that_nobody_signs(topic_id: str) -> None:
    """Warn once in the life of a process: a daemon crawls every minute."""
    agent = "the project's page, where nobody knows of your crawl"
    log.warning("%s: [crawl] contact is not set: the user agent names %s", topic_id, agent)


async def ask(
    corpus: Corpus,
    request: CrawlRequest,
) -> dict[str, Polled]:
    """Ask every source of a topic once, visit nothing, and return what each answered: source id -> Polled.

    Args:
        corpus: a throw-away one; only the manners towards hosts are written.
        request: what is asked for.
    """
    answers: dict[str, Polled] = {}

    def keep(item: Polled) -> None:
        answers[item.state.source.id] = item
        request.progress(1)

    job = Job(corpus=corpus, request=request, run_id=0, batch=corpus.states(request.topic), only_asked=keep)
    settings = settings_for(request.topic, request.overrides, request.allow_hosts)
    await AsyncCrawlerRunner(settings).crawl(FollowSpider, job=job)
    return answers


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
