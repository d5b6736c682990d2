"""Nobody waits for another's backlog, and a feed that moves on while we are dead takes nothing with it."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.crawl import run
from crawler.model import Lead
from scheduler.daemon import Daemon
from tests.support.feeds import SHOWN, FeedWeb

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    import pytest

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
LEADS = 1000
PACE = timedelta(seconds=2)
"""Between two requests to a host, as the injected clock has it."""


class Paced(FeedWeb):
    """A web whose pages cost the time that manners put between two of them."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Let the time pass, then answer."""
        if handler.path.startswith("/item-"):
            clock.now += PACE
        super().answer(handler)


class Clock:
    """What time it is, for the due table and for the daemon's own deadlines."""

    now = START

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self.now

    def monotonic(self) -> float:
        """Say the same in seconds."""
        return self.now.timestamp()


clock = Clock()


def test_a_thousand_leads_of_one_host_delay_no_poll_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While they are visited, one in two seconds, every feed of another host is polled within 60 s of its time."""
    for module in ("scheduler.daemon", "crawler.job"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(clock, "now", START)
    often = [START - timedelta(minutes=number) for number in range(600, 0, -1)]
    often += [START + timedelta(minutes=number) for number in range(120)]
    with Paced([], clock) as busy, FeedWeb([often] * 3, clock) as other:
        daemon = Daemon(
            tmp_path / "corpus.db",
            lambda: other.topic(tmp_path, 5000),
            overrides={"DOWNLOAD_DELAY": "0"},
            allow_hosts=["127.0.0.1"],
            clock=clock,
        )
        run(daemon.tick())
        with Corpus(tmp_path / "corpus.db") as corpus:
            run_id = corpus.start_run("person", clock.now)
            with corpus.transaction():
                for number in range(LEADS):
                    url = f"{busy.base}/item-{number}"
                    corpus.add_lead(run_id, "feed-0", url, Lead(url=url), clock.now)
        late: list[timedelta] = []
        for _ in range(100):
            due = dues(tmp_path)
            before = len(other.polls)
            run(daemon.tick())
            for number, at in other.polls[before:]:
                late.append(at - due[number])
            clock.now += timedelta(seconds=20)
            if len(late) >= 12:
                break
        visited = sum(busy.pages.values())
    assert len(late) >= 12
    assert 50 < visited < LEADS  # the backlog was worked on all the while, and was not done
    assert max(late) <= timedelta(seconds=60), late


def dues(tmp_path: Path) -> dict[int, datetime]:
    """Return when each feed is due."""
    with Corpus(tmp_path / "corpus.db", read_only=True) as corpus:
        rows = corpus.rows("SELECT id, next_check_at AS at FROM sources")
    return {int(row["id"][5:]): datetime.fromisoformat(row["at"]) for row in rows}


KILLED = """
import sys
from pathlib import Path
from crawler.job import CrawlRequest
from crawler.topic import reader as topics
from scheduler.run import crawl_once
crawl_once(Path(sys.argv[1]), CrawlRequest(topic=topics.load(Path(sys.argv[2])), everything=True,
           overrides={"DOWNLOAD_DELAY": sys.argv[3]}, allow_hosts=("127.0.0.1",)))
"""


def test_a_feed_that_moved_on_between_kill_and_rerun_takes_nothing_with_it(tmp_path: Path) -> None:
    """Killed -9 once its poll is committed; the rerun finds none of the old entries shown, and visits them all."""
    now = datetime.now(UTC)
    old = [now - timedelta(days=1, minutes=number) for number in range(SHOWN, 0, -1)]
    new = [now - timedelta(minutes=number) for number in range(SHOWN, 0, -1)]
    with FeedWeb([old], lambda: datetime.now(UTC)) as web:
        web.topic(tmp_path, 5000)
        db, program = tmp_path / "corpus.db", [sys.executable, "-c", KILLED]
        arguments = [str(db), str(tmp_path / "topic.toml")]
        process = subprocess.Popen([*program, *arguments, "5"])
        deadline = time.monotonic() + 60
        while not polled(db) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        assert process.wait(60) == -9
        assert sum(web.pages.values()) < SHOWN
        web.arrivals = [[*old, *new]]
        assert subprocess.run([*program, *arguments, "0"], timeout=120, check=False).returncode == 0
        shown = {f"/item-0-{number}" for number in range(2 * SHOWN)}
        assert set(web.pages) == shown
    with Corpus(db, read_only=True) as corpus:
        (count,) = corpus.rows("SELECT count(*) AS leads, sum(ending IS NULL) AS open FROM leads")
    assert count == {"leads": 2 * SHOWN, "open": 0}


def polled(db: Path) -> bool:
    """Say whether a poll is committed."""
    try:
        with Corpus(db, read_only=True) as corpus:
            return bool(corpus.value("SELECT count(*) FROM polls"))
    except Exception:  # noqa: BLE001 the file is just being made
        return False
