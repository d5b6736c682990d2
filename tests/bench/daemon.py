"""The daemon over a loopback web of a hundred feeds, with a clock that jumps to whatever is due next.

    python -m tests.bench.daemon [--feeds 100] [--days 6] [--gap 60] [--seed 1]

Polls go through sockets, Scrapy and the corpus. Printed is one line of JSON: the mean delay from an item's date to the
poll that found it, beside that of the cadence alone on the same arrivals (both from half of the time on), polls that
the web saw and the corpus did not (missed) or that fell on one instant (doubled), and CPU a poll, visits included.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crawler.corpus.store import Corpus
from crawler.crawl import run
from scheduler.daemon import Daemon
from tests.bench.adapters import polls
from tests.feeds import FeedWeb

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def main() -> None:
    """Run the daemon through some days."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--gap", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    arrivals = worlds(asked.seed, asked.feeds, asked.days)
    now = MONDAY + timedelta(minutes=1)
    # visits are paid from the same requests
    requests = asked.feeds * DAY // asked.gap + sum(map(len, arrivals)) // asked.days
    dated = [[MONDAY + timedelta(minutes=at) for at in came] for came in arrivals]
    with tempfile.TemporaryDirectory() as folder, FeedWeb(dated, lambda: now) as web:
        db = Path(folder) / "corpus.db"
        daemon = Daemon(
            db,
            lambda: web.topic(Path(folder), requests, [0] * asked.feeds),
            overrides={"DOWNLOAD_DELAY": "0"},
            allow_hosts=["127.0.0.1"],
            clock=lambda: now,
        )
        began = time.process_time()

        async def turn() -> None:
            nonlocal now
            while now < MONDAY + timedelta(days=asked.days):
                await daemon.tick()
                with Corpus(db, read_only=True) as corpus:
                    due = corpus.next_due()
                now = max(now + TICK, due or now)

        run(turn())
        spent = time.process_time() - began
        with Corpus(db, read_only=True) as corpus:
            written = corpus.value("SELECT count(*) FROM polls")
        times = [
            [(at - MONDAY) / timedelta(minutes=1) for number, at in web.polls if number == feed]
            for feed in range(asked.feeds)
        ]
        seen, distinct = len(web.polls), len(set(web.polls))
    start = asked.days * DAY / 2
    alone = polls(arrivals, asked.days, asked.gap, [0] * asked.feeds)
    late = [sum(at >= start for each in every for at in each) for every in (times, alone)]
    figures = {
        "mean": round(mean_delay(arrivals, times, start), 2),
        "mean_alone": round(mean_delay(arrivals, alone, start), 2),
        "polls": late[0],
        "polls_alone": late[1],
        "missed": seen - written,
        "doubled": seen - distinct,
        "cpu_ms_a_poll": round(1000 * spent / seen, 1),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
