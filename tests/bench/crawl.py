"""One crawl of 3,000 pages of 55 KB on ten loopback hosts: CPU of the crawler's process, beside bare Scrapy and others.

All of a run counts: robots.txt, feeds, pages, what is written, stories settled, files closed; importing does not. Each
runner has a process of its own. Peers: trafilatura in a Scrapy callback; newspaper4k and news-please as their manuals
say, on one page in ten, for they take far longer. Fundus is left out: it has a parser for each publisher it knows, and
for no other host.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.newsweb import HOSTS, NewsWeb, Site
from tests.bench.tables import Table, importable, installed, peak_rss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from scrapy.http import Response

PAGES = 3000
FEWER = 10
"""Peers that take a tenth of a second a page get one page in so many."""

BARE = "bare Scrapy, CONCURRENT_ITEMS=4"


class Failed(Exception):
    """A runner did not come to its end; a peer that does not is left out, and its traceback printed."""


def run(quick: bool) -> Iterator[Table]:
    """Yield one table: CPU a page of each runner, and how many times bare Scrapy's that is."""
    count = 300 if quick else PAGES
    rows: list[tuple[str, int, float, int]] = []
    with NewsWeb(count, on_topic=False) as web:
        rows.append(measured("houxu, page ended by the gate", gate_ended, web.sites))
        rows.append(measured(BARE, bare, web.sites))
    with NewsWeb(count, on_topic=True) as web:
        rows.append(measured("houxu, page stored", stored, web.sites))
        rows.append(measured("bare Scrapy, its defaults", bare_defaults, web.sites))
        for name, runner in peers().items():
            with suppress(Failed):
                rows.append(measured(name, runner, web.sites))
    (floor,) = (ms for name, _, ms, _ in rows if name == BARE)
    versions = installed("scrapy", "trafilatura", "newspaper4k", "news-please")
    yield Table(
        f"crawl of {count} pages of 55 KB, CPU of the crawler's process",
        ("runner", "pages", "ms a page", "of bare Scrapy", "peak RSS, MB"),
        [(name, pages, ms, ms / floor, rss) for name, pages, ms, rss in sorted(rows, key=lambda row: row[2])],
        (
            ", ".join(f"{name} {version}" for name, version in versions.items()),
            "Targets: a page ended by the gate 1.5 times bare Scrapy, a stored page 5 times, RSS 300 MB.",
        ),
    )


def measured(
    name: str, runner: Callable[[tuple[Site, ...]], int], sites: tuple[Site, ...]
) -> tuple[str, int, float, int]:
    """Run a crawler in a process of its own: its name, pages, CPU milliseconds a page, most memory in MB."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_measure, args=(there, runner, sites))
    process.start()
    there.close()
    try:
        pages, seconds, rss = here.recv()
    except EOFError:
        raise Failed(name) from None
    process.join()
    return name, pages, 1000 * seconds / pages, rss


def _measure(pipe: Connection, runner: Callable[[tuple[Site, ...]], int], sites: tuple[Site, ...]) -> None:
    for module in IMPORTED[runner.__name__]:
        import_module(module)
    before = resource.getrusage(resource.RUSAGE_SELF)
    pages = runner(sites)
    after = resource.getrusage(resource.RUSAGE_SELF)
    pipe.send((pages, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak_rss()))


def gate_ended(sites: tuple[Site, ...]) -> int:
    """Crawl pages off topic."""
    return houxu(sites, "off_topic")


def stored(sites: tuple[Site, ...]) -> int:
    """Crawl pages on topic."""
    return houxu(sites, "stored")


def houxu(sites: tuple[Site, ...], ending: str) -> int:
    """Crawl as `houxu crawl --all` does, and return how many pages had this ending; it must be all of them."""
    from crawler.corpus.store import Corpus
    from crawler.job import CrawlRequest
    from crawler.model import Source
    from crawler.topic.reader import load
    from scheduler.run import crawl_once

    sources = tuple(
        Source(id=f"site-{at}", kind="feed", url=site.feed, outlet=f"例报{at}", lang="zh", timezone="Asia/Shanghai")
        for at, site in enumerate(sites)
    )
    topic = replace(load(), sources=sources)
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "corpus.db"
        crawl_once(db, CrawlRequest(topic=topic, everything=True, overrides={"DOWNLOAD_DELAY": "0"}, allow_hosts=HOSTS))
        with Corpus(db, read_only=True) as corpus:
            endings = {row["ending"]: row["n"] for row in corpus.rows(_ENDINGS)}
    if set(endings) != {ending}:
        raise Failed(f"not every page ended {ending}: {endings}")
    return int(endings[ending])


_ENDINGS = "SELECT ending, count(*) AS n FROM visits GROUP BY ending"


def bare(sites: tuple[Site, ...], settings: dict[str, Any] | None = None, read: str = "") -> int:
    """Fetch every page with Scrapy and give one item a page, which nobody keeps; return how many."""
    from scrapy import Spider
    from scrapy.crawler import CrawlerProcess

    class Bare(Spider):
        name = "bare"
        start_urls = [site.feed for site in sites]  # noqa: RUF012 Scrapy's way
        items = 0

        def parse(self, response: Response, **_: Any) -> Iterator[Any]:
            for link in response.xpath("//item/link/text()").getall():
                yield response.follow(link, callback=self.page)

        def page(self, response: Response) -> Iterator[dict[str, Any]]:
            Bare.items += 1
            text = _READERS[read](response.body, response.url) if read else len(response.body)
            yield {"url": response.url, "text": text}

    process = CrawlerProcess(
        {"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": True, "DOWNLOAD_DELAY": 0}
        | ({"CONCURRENT_ITEMS": 4} if settings is None else settings)
    )
    process.crawl(Bare)
    process.start()
    return Bare.items


def bare_defaults(sites: tuple[Site, ...]) -> int:
    """Fetch as `bare` does, at Scrapy's own CONCURRENT_ITEMS of 100."""
    return bare(sites, {})


def with_trafilatura(sites: tuple[Site, ...]) -> int:
    """Fetch as `bare` does, and extract in the callback."""
    return bare(sites, read="trafilatura")


def with_newspaper(sites: tuple[Site, ...]) -> int:
    """Fetch and read with newspaper4k alone."""
    newspaper = import_module("newspaper")
    urls = some(sites)
    for url in urls:
        newspaper.article(url, language="zh")
    return len(urls)


def with_news_please(sites: tuple[Site, ...]) -> int:
    """Fetch and read with news-please alone."""
    please = import_module("newsplease").NewsPlease
    urls = some(sites)
    for url in urls:
        please.from_url(url)
    return len(urls)


def some(sites: tuple[Site, ...]) -> list[str]:
    """Return one page in `FEWER`."""
    return [url for site in sites for url in site.pages[::FEWER]]


def peers() -> dict[str, Callable[[tuple[Site, ...]], int]]:
    """Return the runners whose packages are here."""
    known: dict[str, tuple[str, Callable[[tuple[Site, ...]], int]]] = {
        "Scrapy with trafilatura": ("trafilatura", with_trafilatura),
        "newspaper4k": ("newspaper", with_newspaper),
        "news-please": ("newsplease", with_news_please),
    }
    return {name: runner for name, (module, runner) in known.items() if importable(module)}


def _trafilatura(body: bytes, url: str) -> str:
    found = import_module("trafilatura").bare_extraction(body, url=url, with_metadata=True, include_comments=False)
    return found.text if found else ""


_READERS = {"trafilatura": _trafilatura}

IMPORTED = {
    "gate_ended": ("crawler.crawl", "crawler.path", "scheduler.run", "tldextract"),
    "stored": ("crawler.crawl", "crawler.path", "scheduler.run", "tldextract"),
    "bare": ("scrapy.crawler",),
    "bare_defaults": ("scrapy.crawler",),
    "with_trafilatura": ("scrapy.crawler", "trafilatura"),
    "with_newspaper": ("newspaper",),
    "with_news_please": ("newsplease",),
}
"""What each runner needs: imported before its clock starts."""
