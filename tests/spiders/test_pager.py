"""An article that runs over several pages is one article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.job import CrawlRequest
from scheduler.run import crawl_once
from tests.middlewares.test_guard import topic_of
from tests.spiders.test_manners import Site, site

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["site"]

PARTS = (
    "Invented sample: the MiMo team explained over two pages what its model had learned since the spring release.",
    "On the second page it listed what the model still gets wrong, above all long sums and the names of rivers.",
)


def pages_of(base: str) -> dict[str, bytes]:
    """Return a feed with one item, and its article over two pages."""
    feed = (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><link>/</link><description/>'
        f"<item><title>What MiMo learned</title><link>{base}/news/202512.html</link></item></channel></rss>"
    )
    made = {"/feed": feed.encode()}
    for path, text, link in (
        ("/news/202512.html", PARTS[0], '<a href="/news/202512_2.html">Next page</a>'),
        ("/news/202512_2.html", PARTS[1], '<a href="/news/202512.html">Previous page</a>'),
    ):
        body = f"<article><h1>What MiMo learned</h1><p>{text}</p><p>{text[::-1]}</p></article><div>{link}</div>"
        made[path] = f"<!doctype html><html><head><title>What MiMo learned</title></head><body>{body}".encode()
    return made


def test_the_next_page_is_read_and_joined(site: Site, tmp_path: Path) -> None:
    """Both pages are fetched for one visit, and the article holds the text of both in order."""
    site.pages = pages_of(site.base)
    overrides = {"DOWNLOAD_DELAY": "0"}
    crawl_once(
        tmp_path / "c.db",
        CrawlRequest(
            topic=topic_of(f"{site.base}/feed"), everything=True, overrides=overrides, allow_hosts=("127.0.0.1",)
        ),
    )
    corpus = Corpus(tmp_path / "c.db", read_only=True)
    body = corpus.value("SELECT body FROM coverage")
    visits = corpus.value("SELECT count(*) FROM visits")
    corpus.close()
    said = ["/robots.txt", "/feed", "/.well-known/tdmrep.json", "/news/202512.html", "/news/202512_2.html"]
    assert [path for path, _at in site.asked] == said
    assert visits == 1
    assert body.index(PARTS[0]) < body.index(PARTS[1])
