"""The daemon over a loopback web of a hundred feeds, with a clock that jumps to whatever is due next.

Polls go through sockets, Scrapy and the corpus. Measured are the mean delay from an item's date to the poll that found
it, beside that of the cadence alone on the same arrivals (both from half of the time on); polls that the web saw and
the corpus did not (missed) or that fell on one instant (doubled); CPU a poll, visits included; what one decision of the
cadence takes of it; and memory as crawls go by in one process.
"""

from __future__ import annotations

import tempfile
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crawler.corpus.store import Corpus
from crawler.crawl import run as crawling
from scheduler.daemon import Daemon
from tests.bench.adapters import polls
from tests.bench.tables import Table, rss
from tests.support.feeds import FeedWeb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 1440
TICK = timedelta(seconds=20)


def worlds(seed: int, feeds: int, days: int) -> list[list[float]]:
    """Return arrivals in minutes: one item a day to a hundred, busy by day, quiet by night. Invented."""
    chance = np.random.default_rng(seed)
    minutes = np.arange(days * DAY)
    day = np.exp(1.3 * np.cos((minutes % DAY - 840) / DAY * 2 * np.pi))
    arrivals = []
    for rate in np.exp(np.linspace(0.0, np.log(100.0), feeds)):
        came = np.repeat(minutes, chance.poisson(day / day.mean() * rate / DAY))
        seconds = np.floor((came + chance.random(len(came))) * 60)  # feeds write whole ones
        arrivals.append([0.0, *np.sort(seconds / 60).tolist()])  # one at the start: an empty feed is a fault
    return arrivals


def mean_delay(arrivals: Sequence[Sequence[float]], times: Sequence[Sequence[float]], start: float) -> float:
    """Return the mean minutes from an item to the poll after it; items no poll came after are left out."""
    delays = [
        times[number][found] - at
        for number, came in enumerate(arrivals)
        for at in came
        if at >= start and (found := bisect_left(times[number], at)) < len(times[number])
    ]
    return sum(delays) / len(delays)


def run(quick: bool) -> Iterator[Table]:
    """Run the daemon through some days and yield how it did."""
    feeds, days, gap = (20, 2, 60) if quick else (100, 6, 60)
    arrivals = worlds(1, feeds, days)
    now = MONDAY + timedelta(minutes=1)
    # visits are paid from the same requests
    requests = feeds * DAY // gap + sum(map(len, arrivals)) // days
    dated = [[MONDAY + timedelta(minutes=at) for at in came] for came in arrivals]
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as folder, FeedWeb(dated, lambda: now) as web:
        db = Path(folder) / "corpus.db"
        daemon = Daemon(
            db,
            lambda: web.topic(Path(folder), requests, [0] * feeds),
            overrides={"DOWNLOAD_DELAY": "0"},
            allow_hosts=["127.0.0.1"],
            clock=lambda: now,
        )
        began = time.process_time()

        async def turn() -> None:
            nonlocal now
            while now < MONDAY + timedelta(days=days):
                await daemon.tick()
                with Corpus(db, read_only=True) as corpus:
                    due = corpus.next_due()
                memory.append(rss())
                now = max(now + TICK, due or now)

        crawling(turn())
        spent = time.process_time() - began
        with Corpus(db, read_only=True) as corpus:
            written = corpus.value("SELECT count(*) FROM polls")
            crawls = corpus.value("SELECT count(*) FROM runs")
        times = [
            [(at - MONDAY) / timedelta(minutes=1) for number, at in web.polls if number == feed]
            for feed in range(feeds)
        ]
        seen, distinct = len(web.polls), len(set(web.polls))
    start = days * DAY / 2
    began = time.process_time()
    alone = polls(arrivals, days, gap, [0] * feeds)
    decided = time.process_time() - began
    late = [sum(at >= start for each in every for at in each) for every in (times, alone)]
    yield Table(
        f"{feeds} feeds, {days} days, a poll a feed in {gap} minutes",
        ("runner", "mean delay, minutes", "polls", "missed", "doubled", "CPU ms a poll"),
        [
            (
                "the daemon",
                mean_delay(arrivals, times, start),
                late[0],
                seen - written,
                seen - distinct,
                1000 * spent / seen,
            ),
            (
                "the cadence alone",
                mean_delay(arrivals, alone, start),
                late[1],
                0,
                0,
                1000 * decided / sum(map(len, alone)),
            ),
        ],
    )
    settled = memory[len(memory) // 10 :]
    yield Table(
        f"memory of the process over {crawls:,} crawls, the web beside it included",
        ("after a tenth of the crawls, MB", "after all, MB", "most, MB"),
        [(f"{settled[0]:.0f}", f"{settled[-1]:.0f}", f"{max(memory):.0f}")],
    )
