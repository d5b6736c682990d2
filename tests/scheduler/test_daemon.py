from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.crawl import run
from crawler.errors import TopicError
from scheduler.daemon import Daemon
from scheduler.lock import run_lock
from scheduler.sd_notify import notify, ping, watchdog_seconds
from tests.support.feeds import FeedWeb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.model import Topic

START = datetime(2026, 3, 27, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEEDS = 4


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands."""
    return Clock()


@pytest.fixture
def web(clock: Clock) -> Iterator[FeedWeb]:
    """Serve four feeds with an item every 20, 40, 60, 80 minutes, from two days ago to eight days ahead."""
    arrivals = [
        [START - 2 * DAY + number * 20 * MINUTE * (feed + 1) for number in range(720 // (feed + 1))]
        for feed in range(FEEDS)
    ]
    with FeedWeb(arrivals, clock) as web:
        yield web


@pytest.fixture
def daemon(web: FeedWeb, clock: Clock, tmp_path: Path) -> Daemon:
    """Return a daemon over the four feeds, not started: tests turn it tick by tick."""
    return Daemon(
        tmp_path / "corpus.db",
        lambda: web.topic(tmp_path, 200),
        overrides={"DOWNLOAD_DELAY": "0"},
        allow_hosts=["127.0.0.1"],
        clock=clock,
    )


def held(tmp_path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query gives."""
    with Corpus(tmp_path / "corpus.db", read_only=True) as corpus:
        return [tuple(row.values()) for row in corpus.rows(sql)]


def next_due(tmp_path: Path) -> datetime:
    """Return when the next source is due."""
    with Corpus(tmp_path / "corpus.db", read_only=True) as corpus:
        due = corpus.next_due()
    assert due is not None
    return due


def turn(daemon: Daemon, clock: Clock, tmp_path: Path, until: datetime) -> None:
    """Tick at once and then whenever a source is due, up to `until`."""

    async def ticks() -> None:
        await daemon.tick()
        while (due := next_due(tmp_path)) <= until:
            clock.now = max(clock.now, due) + timedelta(seconds=1)
            await daemon.tick()

    run(ticks())
    clock.now = max(clock.now, until)


def test_each_source_is_polled_when_due_and_only_then(
    daemon: Daemon, web: FeedWeb, clock: Clock, tmp_path: Path
) -> None:
    """Over six hours no poll is missed, none doubled, none before its time; every item is a lead once."""
    turn(daemon, clock, tmp_path, START + 6 * HOUR)
    assert {number for number, _at in web.polls} == set(range(FEEDS))
    assert max(Counter(web.polls).values()) == 1
    written = held(tmp_path, "SELECT source_id, at FROM polls")
    assert len(written) == len(web.polls) == len(set(written))
    gaps: dict[int, list[datetime]] = {}
    for number, at in web.polls:
        gaps.setdefault(number, []).append(at)
    assert all(late - early >= 3 * MINUTE for times in gaps.values() for early, late in pairwise(times))
    shown = {
        (number, item)
        for number, times in gaps.items()
        for item, came in enumerate(web.arrivals[number])
        if came <= times[-1] and came > times[0]
    }
    leads = {url for (url,) in held(tmp_path, "SELECT url FROM leads")}
    assert all(any(url.endswith(f"/item-{number}-{item}") for url in leads) for number, item in shown)


def test_first_polls_are_spread(daemon: Daemon, web: FeedWeb, tmp_path: Path) -> None:
    """The first tick polls nobody, or some: every source has a first check of its own."""
    run(daemon.tick())
    checks = {at for (at,) in held(tmp_path, "SELECT next_check_at FROM sources")}
    assert len(checks) > 1


def test_nothing_due_costs_no_request(daemon: Daemon, web: FeedWeb, clock: Clock, tmp_path: Path) -> None:
    """A tick with nothing due asks nobody and says None."""
    turn(daemon, clock, tmp_path, START + HOUR)
    before = len(web.polls)
    assert run(daemon.tick()) is None
    assert len(web.polls) == before


@pytest.mark.parametrize("jump", [DAY, -DAY, 9 * HOUR], ids=["a day on", "a day back", "a night asleep"])
def test_a_clock_that_jumps_loses_nothing_and_floods_nobody(
    daemon: Daemon, web: FeedWeb, clock: Clock, tmp_path: Path, jump: timedelta
) -> None:
    """After the jump every source is polled once, soon, and then at its pace again."""
    turn(daemon, clock, tmp_path, START + 8 * HOUR)
    before = len(web.polls)
    clock.now += jump
    run(daemon.tick())
    after = Counter(number for number, _at in web.polls[before:])
    assert after == dict.fromkeys(range(FEEDS), 1)
    turn(daemon, clock, tmp_path, clock.now + 2 * HOUR)
    assert all(count <= 12 for count in Counter(number for number, _at in web.polls[before:]).values())
    assert {source for (source,) in held(tmp_path, "SELECT DISTINCT source_id FROM polls")} == {
        f"feed-{number}" for number in range(FEEDS)
    }


def test_summer_time_changes_nothing(daemon: Daemon, web: FeedWeb, clock: Clock, tmp_path: Path) -> None:
    """Across the night of 29 March 2026, when Europe puts its clocks on, polls go on at their pace."""
    clock.now = datetime(2026, 3, 28, 22, tzinfo=UTC)
    turn(daemon, clock, tmp_path, datetime(2026, 3, 29, 4, tzinfo=UTC))
    hours = Counter(at.hour for _number, at in web.polls)
    assert all(hours[hour] >= 1 for hour in (0, 1, 2, 3))


def test_another_holder_of_the_lock_is_waited_out(daemon: Daemon, web: FeedWeb, clock: Clock, tmp_path: Path) -> None:
    """While somebody else writes a tick does nothing; the next one does its work."""
    clock.now += HOUR
    with run_lock(tmp_path / "corpus.db"):
        assert run(daemon.tick()) is None
    run(daemon.tick())
    clock.now += HOUR
    assert run(daemon.tick()) is not None
    assert web.polls


def test_a_tick_never_raises(daemon: Daemon, clock: Clock, tmp_path: Path) -> None:
    """A corpus that can no longer be opened is exit 1 of the tick, and the daemon goes on until it can."""
    run(daemon.tick())
    sound = (tmp_path / "corpus.db").read_bytes()
    (tmp_path / "corpus.db").write_bytes(b"this is no database" * 100)
    assert run(daemon.tick()) == 1
    (tmp_path / "corpus.db").write_bytes(sound)
    clock.now += HOUR
    assert run(daemon.tick()) == 0


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nowhere/corpus.db", 1, "is the folder there"),
        ("text.db", 1, "file is not a database"),
        ("other.db", 2, "follows the topic 'other'"),
    ],
)
def test_a_corpus_unusable_from_the_first_is_an_exit(tmp_path: Path, name: str, code: int, said: str) -> None:
    """Said once, with the exit code of `houxu crawl`: no later tick would find it better."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "text.db").write_text("no database")
    with Corpus(here / "other.db", create=True) as corpus:
        corpus.claim_topic("other", None)
    command = [sys.executable, "-m", "crawler.cli", "daemon", "--db", name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code
    assert ended.stderr.count(said) == 1
    assert ended.stderr.count("\n") == 1


def test_reload_takes_a_sound_topic_and_refuses_others(web: FeedWeb, clock: Clock, tmp_path: Path) -> None:
    """SIGHUP's topic is followed from the next tick; one with mistakes, or of another story, is not."""
    topics: list[Topic | Exception] = [web.topic(tmp_path, 200)]

    def load() -> Topic:
        if isinstance(topics[-1], Exception):
            raise topics[-1]
        return topics[-1]

    daemon = Daemon(tmp_path / "corpus.db", load, clock=clock)
    topics.append(web.topic(tmp_path, 300))
    daemon.reload()
    assert daemon.topic.requests_per_day == 300
    topics.append(TopicError("topic.toml", ["a mistake"]))
    daemon.reload()
    assert daemon.topic.requests_per_day == 300


DRIVER = """
import sys
from pathlib import Path
from crawler.topic import reader as topic
from scheduler.daemon import Daemon
db, file, ping = sys.argv[1:]
sys.exit(Daemon(Path(db), lambda: topic.load(Path(file)), overrides={"DOWNLOAD_DELAY": "0"}, allow_hosts=["127.0.0.1"],
                tick_seconds=0.2, ping_url=ping or None).serve())
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[FeedWeb]:
    """Serve four feeds by the real clock."""
    now = datetime.now(UTC)
    arrivals = [[now - number * HOUR for number in range(30, 0, -1)] for _ in range(FEEDS)]
    with FeedWeb(arrivals, lambda: datetime.now(UTC)) as web:
        web.topic(tmp_path, 5000)
        yield web


def started(tmp_path: Path, ping_url: str = "", **environment: str) -> subprocess.Popen[str]:
    """Start the daemon as a process."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path / "corpus.db"), str(tmp_path / "topic.toml"), ping_url],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def test_sigterm_finishes_what_is_on_the_wire(live: FeedWeb, tmp_path: Path) -> None:
    """On SIGTERM the poll in flight is finished and written, nothing more is asked, the exit is 143."""
    live.hold.clear()
    with started(tmp_path) as process:
        wait_for(lambda: bool(live.polls))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        live.hold.set()
        assert process.wait(45) == 143
    assert len(live.polls) == len(held(tmp_path, "SELECT id FROM polls")) == 1
    assert held(tmp_path, "SELECT ending FROM runs ORDER BY id DESC LIMIT 1") == [("stopped",)]


def test_a_second_sigterm_stops_now(live: FeedWeb, tmp_path: Path) -> None:
    """Two SIGTERMs end the process at once, the poll in flight unwritten."""
    live.hold.clear()
    with started(tmp_path) as process:
        wait_for(lambda: bool(live.polls))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM
    assert held(tmp_path, "SELECT id FROM polls") == []


def test_kill_9_costs_the_poll_in_flight(live: FeedWeb, tmp_path: Path) -> None:
    """Killed in the middle of a poll and started again: that poll is made again, the others are not."""
    live.hold.clear()
    with started(tmp_path) as process:
        wait_for(lambda: bool(live.polls))
        process.kill()
    lost = live.polls[0][0]
    live.hold.set()
    with started(tmp_path) as process:
        wait_for(lambda: {number for number, _at in live.polls[1:]} == set(range(FEEDS)))
        process.terminate()
        assert process.wait(45) == 143
    counts = Counter(number for number, _at in live.polls)
    assert counts == {number: 2 if number == lost else 1 for number in range(FEEDS)}


def test_systemd_and_the_health_check_are_told(live: FeedWeb, tmp_path: Path) -> None:
    """READY, WATCHDOG and STOPPING reach systemd's socket; the check hears of start and end."""
    asked: list[str] = []

    class Check(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    address = str(tmp_path / "notify")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
        HTTPServer(("127.0.0.1", 0), Check) as check,
    ):
        listener.bind(address)
        listener.settimeout(60)
        serving = threading.Thread(target=check.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        url = f"http://127.0.0.1:{check.server_address[1]}/uuid"
        with started(tmp_path, url, NOTIFY_SOCKET=address, WATCHDOG_USEC="900000") as process:
            heard = {listener.recv(100) for _ in range(3)}
            wait_for(lambda: "/uuid/start" in asked and "/uuid/0" in asked[asked.index("/uuid/start") :])
            process.terminate()
            said = b""
            while said != b"STOPPING=1":
                said = listener.recv(100)
            assert process.wait(45) == 143
        check.shutdown()
        serving.join()
    assert heard == {b"READY=1", b"WATCHDOG=1"}
    assert set(asked) == {"/uuid/start", "/uuid/0"}


def test_nobody_listening_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without systemd, with a dead socket, with an unreachable or senseless check nothing is raised."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nonexistent/socket")
    notify("READY=1")
    for url in (None, "http://127.0.0.1:9/x", "file:///etc/passwd", "nonsense"):
        asyncio.run(ping(url, "start"))


@pytest.mark.parametrize(
    ("said", "pid", "seconds"),
    [("30000000", None, 30.0), ("0", None, None), ("", None, None), ("x", None, None), ("30000000", "1", None)],
)
def test_the_watchdog_is_read(
    monkeypatch: pytest.MonkeyPatch, said: str, pid: str | None, seconds: float | None
) -> None:
    """WATCHDOG_USEC counts where it is a number and meant for us."""
    monkeypatch.setenv("WATCHDOG_USEC", said)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert watchdog_seconds() == seconds


def test_a_tick_that_the_clock_moved_out_of_reach_is_run(web: FeedWeb, clock: Clock, tmp_path: Path) -> None:
    """A wall clock set back a day puts the next tick a day off; the beat, by monotonic time, fetches it."""

    class Tick:
        next_run_time = datetime.now(UTC) + DAY

        def modify(self, next_run_time: datetime) -> None:
            self.next_run_time = next_run_time

    tick = Tick()
    daemon = Daemon(tmp_path / "corpus.db", lambda: web.topic(tmp_path, 200), tick_seconds=0.01)

    async def beat() -> None:
        beating = asyncio.ensure_future(daemon._beat(tick))
        await asyncio.sleep(0.05)
        beating.cancel()

    run(beat())
    assert tick.next_run_time - datetime.now(UTC) < MINUTE
