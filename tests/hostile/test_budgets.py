"""Rows 1 to 4, 13 to 17, 36, 37: whatever is sent, however long, a crawl reads a bounded part of it and goes on."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import brotli
import pytest
from scrapy import Request
from scrapy.exceptions import StopDownload

from crawler import limits
from crawler.crawl import run
from crawler.errors import Unreadable
from crawler.isolation.worker_process import WorkerProcess, is_large
from crawler.limits import ANSWERS_AT_ONCE_BYTES, HEADER_BYTES, LEADS_PER_ANSWER, SMALL_ANSWER_BYTES
from crawler.middlewares.envelope import EnvelopeMiddleware
from crawler.middlewares.hosts import PATIENCE
from crawler.middlewares.refusals import HostWaits
from crawler.sources.feed import parse as parse_feed
from crawler.spiders import frontier
from tests.hostile.conftest import topic_of
from tests.hostile.server import Line, article, feed, http, moved, sitemap
from tests.spiders.test_manners import StubJob, hammer, site

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus
    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb
    from tests.spiders.test_manners import Site

__all__ = ["site"]

MEGABYTE = 1024 * 1024
ZEROS = b"<p>" + b"0" * (MEGABYTE - 3)


def packed(kind: str, megabytes: int) -> bytes:
    """Return a bomb: that many megabytes in a few kilobytes."""
    if kind == "br":
        brotler = brotli.Compressor(quality=5)
        return bytes(b"".join(brotler.process(ZEROS) for _ in range(megabytes)) + brotler.finish())
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if kind == "gzip" else zlib.MAX_WBITS)
    return b"".join(packer.compress(ZEROS) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize("kind", ["gzip", "deflate", "br"])
def test_row_01_and_02_a_bomb(kind: str, crawl: Crawl) -> None:
    """100 MB in a few kilobytes are unpacked up to the limit of a body, and the visit ends for good."""
    ending, reason = crawl.page(http(packed(kind, 100), f"Content-Encoding: {kind}"))
    assert ending == "blocked"
    assert "DOWNLOAD_MAXSIZE" in reason


def test_row_01_a_bomb_in_a_bomb(crawl: Crawl) -> None:
    """Packed twice it is still unpacked up to the limit only."""
    body = gzip.compress(packed("gzip", 100))
    assert crawl.page(http(body, "Content-Encoding: gzip, gzip"))[0] == "blocked"


def test_row_01_a_sitemap_that_is_a_bomb(crawl: Crawl) -> None:
    """A .xml.gz is no Content-Encoding, and is unpacked by us: up to the limit."""
    assert "unpacks to more than" in (
        crawl.poll(http(packed("gzip", 100), kind="application/gzip"), "sitemap").fault() or ""
    )


def test_row_01_many_packings_are_refused(crawl: Crawl) -> None:
    """A chain of encodings costs the limit of a body for each link: more than two are not undone."""
    for header in (
        "Content-Encoding: " + ", ".join(["gzip"] * 500),
        "Content-Encoding: br\r\nContent-Encoding: gzip,gzip",
    ):
        assert crawl.page(http(gzip.compress(b"x"), header))[0] == "blocked"


def test_row_03_an_endless_body(crawl: Crawl) -> None:
    """A body without an end is cut at the limit."""

    def endless(line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        line.flood(ZEROS, 1000)

    ending, reason = crawl.page(endless)
    assert (ending, "larger than DOWNLOAD_MAXSIZE" in reason) == ("blocked", True)


def test_row_03_a_length_that_lies(crawl: Crawl) -> None:
    """Content-Length of 10^14 is believed: nothing is read."""
    assert crawl.page(http(b"x", length=10**14))[0] == "blocked"


@pytest.mark.parametrize(
    "answer",
    [
        http(article(), length=len(article().encode()) + 1000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nabcdefghi",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"MiMo MiMo MiMo",
        b"",
    ],
    ids=["short", "long chunk", "no chunk", "negative", "two lengths", "TLS", "HTTP/0.9", "nothing"],
)
def test_row_04_broken_answers(answer: bytes, crawl: Crawl) -> None:
    """Half an answer is none: the lead waits, and what came is not taken for its text."""
    assert crawl.page(answer)[0] == "deferred"


def test_row_13_redirects_end(crawl: Crawl, web: HostileWeb) -> None:
    """A loop, also between two hosts, is followed five times."""
    web.answers["a.test/"] = moved("http://b.test/")
    web.answers["b.test/"] = moved("http://a.test/")
    assert crawl.link("http://a.test/").ending("http://a.test/") == ("blocked", "max redirections reached")
    assert len([path for path in web.paths if path in {"a.test/", "b.test/"}]) == 6


def test_row_14_a_calendar_has_no_end(crawl: Crawl, web: HostileWeb) -> None:
    """An article that says it goes on for ever is read for ten pages."""
    for number in range(1, 40):
        more = f'<a rel="next" href="/day_{number + 1}.html">下一页</a>'
        web.answers[f"evil.test/day_{number}.html"] = http(article(f"MiMo 第{number}天", more))
    assert crawl.link("http://evil.test/day_1.html").ending("http://evil.test/day_1.html")[0] == "stored"
    assert len([path for path in web.paths if path.startswith("evil.test/day")]) == 10


def test_row_14_indexes_that_name_indexes(crawl: Crawl, web: HostileWeb) -> None:
    """One index is followed, ten files of it, and no index below; nor does one that names itself go round."""
    web.answers["evil.test/source"] = sitemap([f"http://evil.test/{n}.xml" for n in range(1, 100)], "sitemap")
    for number in range(1, 100):
        web.answers[f"evil.test/{number}.xml"] = sitemap(
            ["http://evil.test/source", f"http://evil.test/{number + 100}.xml"], "sitemap"
        )
    crawl(("sitemap", "http://evil.test/source"))
    assert len([path for path in web.paths if path.startswith("evil.test/")]) == 11


@pytest.mark.parametrize("part", ["headers", "body"])
def test_row_15_a_byte_a_second(part: str, crawl: Crawl) -> None:
    """The deadline is for the whole answer: it does not start again with every byte."""

    def slow(line: Line) -> None:
        said = http(article())
        head = 0 if part == "headers" else said.index(b"\r\n\r\n") + 4
        line.send(said[:head])
        line.drip(said[head:], 0.2)

    assert crawl.page(slow) == ("deferred", "no complete answer in time")


def test_row_15_a_host_that_keeps_us_waiting_is_left_alone(crawl: Crawl, web: HostileWeb) -> None:
    """After two answers that did not come in time its other leads wait, for no fault of theirs."""
    links = [f"http://slow.test/{number}" for number in range(20)]
    web.answers["slow.test/feed"] = feed(links)
    for number in range(20):
        web.answers[f"slow.test/{number}"] = Line.hang
    left = crawl(("feed", "http://slow.test/feed"), overrides={"DOWNLOAD_TIMEOUT": "1"})
    assert len([path for path in web.paths if path.startswith("slow.test/") and "feed" not in path]) == PATIENCE
    waiting = left.corpus.rows("SELECT tries FROM leads WHERE host = 'slow.test' AND next_visit_at IS NOT NULL")
    assert sorted(row["tries"] for row in waiting) == [0] * 18 + [1] * 2


def test_row_16_one_long_header(crawl: Crawl) -> None:
    """A line of a megabyte is refused."""
    assert crawl.page(http(article(), "X-A: " + "a" * MEGABYTE))[0] in {"deferred", "blocked"}


@pytest.mark.parametrize("kind", ["headers", "100 Continue"])
def test_row_17_headers_without_end(kind: str, crawl: Crawl) -> None:
    """All headers together have a limit, and so have answers that only announce one."""

    def endless(line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\n" if kind == "headers" else b"")
        line.flood(b"X-A: " + b"a" * 1000 + b"\r\n" if kind == "headers" else b"HTTP/1.1 100 Continue\r\n\r\n", 100_000)

    ending, reason = crawl.page(endless)
    assert ending == "blocked"
    assert str(HEADER_BYTES) in reason


def test_row_36_a_feed_of_100000_entries() -> None:
    """The first thousand are its leads; how many were left out is said."""
    items = "".join(f"<item><title>MiMo</title><link>http://a.test/{n}</link></item>" for n in range(100_000))
    source = topic_of(("feed", "http://a.test/feed")).sources[0]
    body = f"<rss><channel>{items}</channel></rss>".encode()
    answer = parse_feed(body, url=source.url, headers={}, source=source, now=datetime.now(UTC))
    assert (len(answer.leads), answer.dropped) == (LEADS_PER_ANSWER, 99_000)


def test_row_37_a_title_of_megabytes(crawl: Crawl) -> None:
    """What is stored is as long as a title may be."""
    page = article().replace("<h1>", "<h1>" + "MiMo" * MEGABYTE).replace("<title>", "<title>" + "MiMo" * 300_000)
    crawl.page(http(page))
    left = crawl.link("http://evil.test/page")
    assert left.corpus.value("SELECT coalesce(max(length(title)), 0) FROM revisions") <= 500


def test_a_large_page_is_read_apart_and_counts(crawl: Crawl) -> None:
    """A page that would hold up the others is read in a process of its own, and stored as any other."""
    page = article(more="<table>" + "<tr><td>x</td></tr>" * 8_000 + "</table>")
    assert is_large(page.encode())
    assert crawl.page(http(page))[0] == "stored"


def test_a_page_of_nothing_but_tags_is_not_read(crawl: Crawl) -> None:
    """Beyond ten times what news pages have, tags are an attack on memory."""
    ending, reason = crawl.page(http(article(more="<b>" * 1_000_000)))
    assert (ending, "more than 60000 tags" in reason) == ("unreadable", True)


def _spin() -> None:
    while True:
        pass


def _eat() -> int:
    return len(b"x" * (2 * limits.WORKER_MEMORY_BYTES))


@pytest.mark.parametrize(("work", "words"), [(_spin, "3 s of CPU"), (_eat, "of memory")])
def test_work_apart_is_ended(work: Any, words: str) -> None:
    """What takes more time or memory than it may is ended in words, and the next piece of work is done."""

    async def twice() -> int:
        worker = WorkerProcess(seconds=3)
        try:
            with pytest.raises(Unreadable, match=words):
                await worker.run(1, work)
            return await worker.run(1, len, b"four")
        finally:
            await worker.close()

    assert run(twice()) == 4


def test_all_answers_share_a_budget() -> None:
    """With too much coming in at once the large ones are given up, never the small; what ended is given back."""
    envelope = EnvelopeMiddleware()
    large, small = Request("http://a.test/"), Request("http://b.test/")
    for request in (large, small):
        envelope.process_request(request)
    block = b"x" * SMALL_ANSWER_BYTES
    for _ in range(ANSWERS_AT_ONCE_BYTES // SMALL_ANSWER_BYTES):
        envelope.received(block, large)
    envelope.received(b"x" * 1000, small)
    with pytest.raises(StopDownload):
        envelope.received(block, large)
    envelope.process_exception(large, StopDownload())
    for _ in range(20):
        envelope.received(block, small)


def test_a_host_has_a_budget_of_requests(site: Site, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a day's requests are spent nothing more is sent that day, in this run and the next, robots.txt included."""
    host = site.base.removeprefix("http://")
    began, now = datetime.now(UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
    monkeypatch.setattr(StubJob, "clock", lambda _job: now + (datetime.now(UTC) - began))  # no midnight within
    for _ in range(998):
        corpus.note_request(host, now)
    spider = hammer(corpus, site, [f"/{number}" for number in range(4)])
    assert [path for path, _at in site.asked] == ["/robots.txt", "/0"]
    assert [type(error) for error in spider.failed] == [HostWaits] * 3
    assert "had its 1000 requests of the day" in str(spider.failed[0])
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    assert {error.until for error in spider.failed if isinstance(error, HostWaits)} == {midnight}
    assert hammer(corpus, site, ["/9"]).got == []


def test_a_host_has_a_budget_of_visits(crawl: Crawl, web: HostileWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand leads of one host a run visits some; the rest wait for the next, with no try counted."""
    monkeypatch.setattr(frontier, "LEADS_PER_HOST_PER_RUN", 5)
    web.answers["evil.test/feed"] = feed([f"http://evil.test/{number}" for number in range(1000)])
    for number in range(1000):
        web.answers[f"evil.test/{number}"] = http("<p>weather</p>")
    left = crawl(("feed", "http://evil.test/feed"), everything=False)
    assert len([path for path in web.paths if path.startswith("evil.test/") and "feed" not in path]) == 5
    assert left.corpus.value("SELECT count(*) FROM leads WHERE next_visit_at IS NOT NULL AND tries = 0") >= 995


def test_a_host_that_gives_nothing_to_read_is_left_for_the_next_run(crawl: Crawl, web: HostileWeb) -> None:
    """Five answers without an end in a row are enough; one that can be read begins the count anew."""
    endless = http(b"x", length=10**14)
    links = [f"http://evil.test/{number}" for number in range(30)]
    for number, link in enumerate(links):
        web.answers[link.removeprefix("http://")] = http(article(f"MiMo {number}")) if number == 3 else endless
    web.answers["evil.test/feed"] = feed(links)
    crawl(("feed", "http://evil.test/feed"), everything=False)
    assert len([path for path in web.paths if path.startswith("evil.test/") and "feed" not in path]) == 4 + 5
