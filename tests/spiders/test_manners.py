"""Manners towards a host: one request at a time, apart, robots.txt first, and over runs."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner

from crawler.crawl import run, settings_for
from crawler.limits import CRAWL_DELAY_SECONDS
from crawler.middlewares.hosts import wait_until
from crawler.middlewares.refusals import RobotsDenied
from crawler.middlewares.robots import Robots
from tests.middlewares.test_guard import topic_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from crawler.corpus.store import Corpus
    from crawler.model import Topic


class Site(ThreadingHTTPServer):
    """A site on loopback whose robots.txt the test chooses, with a log of what was asked, when."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SiteHandler)
        self.robots: tuple[int, bytes] = (200, b"User-agent: *\nAllow: /\n")
        self.pages: dict[str, bytes] = {}
        self.asked: list[tuple[str, float]] = []
        self.open_now = 0
        self.most_open = 0
        self.lock = Lock()

    @property
    def base(self) -> str:
        """Return the URL of its root."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class SiteHandler(BaseHTTPRequestHandler):
    """Answers everything with a short page."""

    protocol_version = "HTTP/1.1"
    server: Site

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer."""
        with self.server.lock:
            self.server.asked.append((self.path, time.monotonic()))
            self.server.open_now += 1
            self.server.most_open = max(self.server.most_open, self.server.open_now)
        time.sleep(0.02)
        status, body = (
            self.server.robots
            if self.path == "/robots.txt"
            else (200, self.server.pages.get(self.path, b"<p>a page</p>"))
        )
        if self.path == "/moved":
            status, body = 302, b""
        self.send_response(status)
        if self.path == "/moved":
            self.send_header("Location", "/landed")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with self.server.lock:
            self.server.open_now -= 1
        self.wfile.write(body)


@contextmanager
def served() -> Iterator[Site]:
    """Serve a site while the block lasts."""
    with Site() as site:
        thread = Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve a site."""
    with served() as site:
        yield site


class StubJob:
    """What the middlewares want of a job: a corpus, a topic and a clock."""

    def __init__(self, corpus: Corpus, topic: Topic) -> None:
        self.corpus = corpus
        self.topic = topic

    ended = False

    @staticmethod
    def clock() -> datetime:
        """Return what time it is."""
        return datetime.now(UTC)


class Hammer(Spider):
    """Sends every URL at once, as no spider of ours does."""

    name = "hammer"

    def __init__(self, urls: list[str], corpus: Corpus, topic: Topic, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls = urls
        self.job = StubJob(corpus, topic)
        self.got: list[str] = []
        self.failed: list[BaseException] = []

    async def start(self) -> AsyncIterator[Request]:
        """Send all."""
        for url in self.urls:
            yield Request(url, callback=self.parse, errback=self.note, dont_filter=True)

    def parse(self, response: Any) -> None:
        """Note an answer."""
        self.got.append(response.url)

    def note(self, failure: Any) -> None:
        """Note a failure."""
        self.failed.append(failure.value)


def hammer(corpus: Corpus, site: Site, paths: list[str], **overrides: Any) -> Hammer:
    """Send the paths of a site all at once through our settings and middlewares, and return the spider."""
    topic = topic_of(site.base)
    settings = settings_for(topic, {"ITEM_PIPELINES": {}, **overrides}, ("127.0.0.1",))
    spiders: list[Any] = []

    async def crawl() -> None:
        crawler = AsyncCrawlerRunner(settings).create_crawler(Hammer)
        await crawler.crawl_async(urls=[site.base + path for path in paths], corpus=corpus, topic=topic)
        spiders.append(crawler.spider)

    run(crawl())
    spider: Hammer = spiders[0]
    return spider


def test_eight_at_once_get_nothing_past_robots(site: Site, corpus: Corpus) -> None:
    """Under `Disallow: /`, eight concurrent requests fetch nothing but robots.txt, once."""
    site.robots = (200, b"User-agent: *\nDisallow: /\n")
    spider = hammer(corpus, site, [f"/{number}" for number in range(8)], DOWNLOAD_DELAY="0")
    assert spider.got == []
    assert len(spider.failed) == 8
    assert all(isinstance(error, RobotsDenied) for error in spider.failed)
    assert [path for path, _at in site.asked] == ["/robots.txt"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_robots_that_cannot_be_had_forbids(status: int, site: Site, corpus: Corpus) -> None:
    """An answer of 5xx or 429 is no leave to crawl."""
    site.robots = (status, b"")
    spider = hammer(corpus, site, ["/a", "/b"], DOWNLOAD_DELAY="0")
    assert spider.got == []
    assert "could not be had" in str(spider.failed[0])


@pytest.mark.parametrize("status", [404, 403, 410])
def test_no_robots_allows(status: int, site: Site, corpus: Corpus) -> None:
    """An answer of 4xx means that there are no rules (RFC 9309, 2.3.1.3)."""
    site.robots = (status, b"")
    assert len(hammer(corpus, site, ["/a"], DOWNLOAD_DELAY="0").got) == 1


def test_robots_is_remembered_over_runs(site: Site, corpus: Corpus) -> None:
    """A second crawl within a day does not ask robots.txt again, and still obeys it."""
    site.robots = (200, b"User-agent: houxu\nDisallow: /no\nCrawl-delay: 99999\n")
    hammer(corpus, site, ["/a"], DOWNLOAD_DELAY="0")
    spider = hammer(corpus, site, ["/b", "/no"], DOWNLOAD_DELAY="0")
    assert [path for path, _at in site.asked] == ["/robots.txt", "/a", "/b"]
    assert len(spider.failed) == 1
    assert corpus.hosts()[site.base.removeprefix("http://")]["crawl_delay"] == CRAWL_DELAY_SECONDS


def test_one_at_a_time_and_two_seconds_apart(site: Site, corpus: Corpus) -> None:
    """However many are sent, a host sees one request at a time, at least 2 s after the last, redirects included."""
    hammer(corpus, site, ["/moved", "/a"])
    times = [at for _path, at in site.asked]
    assert Counter(path for path, _at in site.asked) == {"/robots.txt": 1, "/moved": 1, "/landed": 1, "/a": 1}
    assert site.most_open == 1
    assert min(later - sooner for sooner, later in pairwise(times)) >= 1.95


def test_the_gap_survives_the_run(site: Site, corpus: Corpus) -> None:
    """A second crawl waits for what the first one asked last."""
    hammer(corpus, site, [])
    corpus.note_request(site.base.removeprefix("http://"), datetime.now(UTC))
    began = time.monotonic()
    hammer(corpus, site, ["/a"], ROBOTSTXT_OBEY="0")
    assert site.asked[0][1] - began >= 1.95


def test_a_held_host_is_not_asked(site: Site, corpus: Corpus) -> None:
    """Retry-After holds the host in the next run too."""
    with corpus.transaction():
        corpus.hold_host(site.base.removeprefix("http://"), datetime.now(UTC) + timedelta(hours=1))
    spider = hammer(corpus, site, ["/a"])
    assert "asked for peace" in str(spider.failed[0])
    assert site.asked == []


def test_peace_has_a_cap() -> None:
    """A Retry-After of three years means a day."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert wait_until(now, timedelta(days=1000), timedelta(minutes=15)) == now + timedelta(days=1)
    assert wait_until(now, None, timedelta(minutes=15)) == now + timedelta(minutes=15)


def test_an_answer_holds_for_a_day_and_a_failure_for_minutes() -> None:
    """RFC 9309, 2.4: not longer than 24 hours."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert Robots(at=at, status=200, rules=None).fresh(at + timedelta(hours=23))
    assert not Robots(at=at, status=200, rules=None).fresh(at + timedelta(hours=25))
    assert not Robots(at=at, status=500, rules=None).fresh(at + timedelta(minutes=11))


def test_a_loop_is_there() -> None:
    """`run` may be called again and again in one process."""

    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert [run(answer()), run(answer())] == [42, 42]
