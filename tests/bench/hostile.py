"""A crawl in which a third of the hosts misbehave, beside the same crawl without them.

The good hosts answer with a feed and its articles; the others with bombs, silence, a byte now and then, headers and
bodies without end, redirects to themselves, pages of nothing but tags or of names nobody else uses, and a feed of
50,000 entries. Manners and deadlines are those of a real crawl, so that most of either run is waiting: here alone wall
time is what is asked. Memory is resident, of the crawl's process and of the one in which large texts are read, sampled
every 50 ms.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.tables import Table
from tests.hostile.conftest import topic_of
from tests.hostile.server import HostileWeb, Line, article, feed, http, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

GOOD, BAD = 16, 8
PAGES = 40
"""Articles of each host."""

MEGABYTE = 1024 * 1024
SAMPLE_SECONDS = 0.05


def run(quick: bool) -> Iterator[Table]:
    """Yield one table: time, CPU, memory and articles of the crawl with and without hosts that misbehave."""
    pages = 6 if quick else PAGES
    rows = []
    for name, bad in (("only good hosts", 0), ("a third misbehaves", BAD)):
        wall, cpu, own, both, stored = measured(pages, bad)
        rows.append((name, GOOD + bad, wall, cpu, own, both, f"{stored} of {GOOD * pages}"))
    yield Table(
        f"{GOOD} good hosts of {pages} articles, and {BAD} that misbehave",
        ("crawl", "hosts", "seconds", "CPU, s", "RSS, MB", "with the reader apart, MB", "good articles"),
        rows,
        (f"{rows[1][2] / rows[0][2]:.2f} times the time; target 1.5, and less than 300 MB",),
    )


def packed(megabytes: int) -> bytes:
    """Return a gzip bomb."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b"<p>" + b"0" * (MEGABYTE - 3)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def news(number: int) -> str:
    """Return an article that is no copy of another: invented words, the same for a number each time."""
    dice = random.Random(number)
    words = ["".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(2)) for _ in range(300)]
    text = "".join(f"<p>{''.join(words[at : at + 20])}，MiMo {number}。</p>" for at in range(0, 300, 20))
    return f"<!doctype html><title>MiMo {number} {words[0]}</title><h1>MiMo {number} {words[0]}</h1>{text}"


def endless(head: bytes, block: bytes) -> Callable[[Line], None]:
    """Return an answer that goes on with a block for a gigabyte."""

    def answer(line: Line) -> None:
        line.send(head)
        line.flood(block, 1024 * MEGABYTE // len(block))

    return answer


def dripping(line: Line) -> None:
    """Give an article a byte at a time."""
    line.drip(http(article()), 0.5)


def named(number: int) -> bytes:
    """Return an article of 1.8 MB whose 20,000 attributes no other page has."""
    names = [f"n{number}x{each}{'q' * 80}" for each in range(20_000)]
    more = "".join(f"<p {' '.join(names[at : at + 10])}>MiMo</p>" for at in range(0, len(names), 10))
    return http(article(more=more))


HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
TEXT = "<p>MiMo 说了很多很多的话，没有人读得完。</p>".encode()
ATTACKS: tuple[Any, ...] = (
    http(packed(500), "Content-Encoding: gzip"),
    Line.hang,
    dripping,
    endless(HTML, b"X-A: " + b"a" * 1000 + b"\r\n"),
    endless(HTML + b"\r\n", TEXT * 20_000),
    http(article(more="<b>" * 2_600_000)),
    http(article(more=TEXT.decode() * 130_000)),
    http(article(more="<p>x</p>" * 70_000)),
)
"""What the pages of host 0, 1, ... answer."""


def serve(web: HostileWeb, pages: int, bad: int) -> list[str]:
    """Lay the web out and return the hosts whose feeds are followed."""
    for host in range(GOOD):
        links = [f"http://good{host}.test/{number}.html" for number in range(pages)]
        web.answers[f"good{host}.test/feed"] = feed(links)
        for number in range(pages):
            web.answers[f"good{host}.test/{number}.html"] = http(news(1000 * host + number))
    for host in range(bad):
        web.answers[f"bad{host}.test/feed"] = feed(f"http://bad{host}.test/{number}.html" for number in range(pages))
        for number in range(pages):
            web.answers[f"bad{host}.test/{number}.html"] = ATTACKS[host]
    if bad:
        web.answers["bad1.test/feed"] = Line.hang
        web.answers["bad2.test/robots.txt"] = dripping
        web.answers["bad7.test/feed"] = feed(f"http://bad7.test/{number}.html" for number in range(50_000))
        for number in range(1, pages, 2):
            web.answers[f"bad7.test/{number}.html"] = named(number)
        web.answers["bad3.test/5.html"] = moved("http://bad3.test/5.html")
    return [f"good{host}" for host in range(GOOD)] + [f"bad{host}" for host in range(bad)]


def measured(pages: int, bad: int) -> tuple[float, float, int, int, int]:
    """Return seconds, CPU seconds, peak MB alone and with its child, and stored good articles of one crawl."""
    here, there = multiprocessing.Pipe()
    with HostileWeb() as web, tempfile.TemporaryDirectory() as folder:
        hosts = serve(web, pages, bad)
        process = multiprocessing.get_context("spawn").Process(target=crawled, args=(there, web.address, hosts, folder))
        process.start()
        found: tuple[float, float, int, int, int] = here.recv()
        process.join()
    return found


def crawled(answer: Connection, address: str, hosts: list[str], folder: str) -> None:
    """Crawl, in a process of its own, and send what it took."""
    from crawler.corpus.store import Corpus
    from crawler.job import CrawlRequest
    from scheduler.run import crawl_once

    db = Path(folder) / "bench.db"
    topic = topic_of(*(("feed", f"http://{host}.test/feed") for host in hosts))
    peaks = [0, 0]
    threading.Thread(target=_sample, args=(peaks,), daemon=True).start()
    wall, spent = time.monotonic(), os.times()
    crawl_once(db, CrawlRequest(topic=topic, overrides={"HOUXU_CONNECT_TO": {"*.test": address}}))
    took, now = time.monotonic() - wall, os.times()
    cpu = sum(now[:4]) - sum(spent[:4])
    with Corpus(db, read_only=True) as corpus:
        stored = corpus.value("SELECT count(*) FROM articles WHERE url LIKE '%//good%.test/%'")
    answer.send((took, cpu, *peaks, stored))


def _sample(peaks: list[int]) -> None:
    me = os.getpid()
    while True:
        children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split()
        own, others = _resident(me), sum(map(_resident, children))
        peaks[:] = max(peaks[0], own), max(peaks[1], own + others)
        time.sleep(SAMPLE_SECONDS)


def _resident(process: int | str) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // MEGABYTE
