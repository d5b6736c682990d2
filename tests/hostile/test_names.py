"""Names nobody else uses: libxml2 keeps each it meets, so that small pages one after the other would fill a daemon."""

from __future__ import annotations

import gc
import subprocess
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from crawler.errors import HouxuError
from crawler.extract import extract
from crawler.isolation.worker_thread import in_own_thread
from crawler.middlewares.memory import held
from crawler.model import Page, SiteRule, Source
from crawler.sources import feed, listing, sitemap

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.model import Kind

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "http://evil.test/1"
HTML = {"content-type": "text/html; charset=utf-8"}

WARM, PAGES = 20, 60
MOST_GROWN = 16
"""MB by 60 pages of 430 kB: 0 to 3, and 22 to 54 when one thread read them all."""

FRESH = count(1_000_000)


def names() -> list[str]:
    """Return 5,000 names that were never used before."""
    return [f"n{next(FRESH)}{'q' * 70}" for _ in range(5000)]


def html() -> bytes:
    """Return an article whose attributes are named as nobody's."""
    named = names()
    tags = "".join(f"<p {'=1 '.join(named[at : at + 10])}=1>MiMo</p>" for at in range(0, len(named), 10))
    return f"<body><ul><li><a href=/x>y</a></ul>{tags}<p>{'小米开源MiMo。' * 30}</p>".encode()


def xml(root: str) -> bytes:
    """Return a document whose elements are named as nobody's."""
    return f"<{root}>{''.join(f'<{name}/>' for name in names())}</{root}>".encode()


def source(kind: Kind) -> Source:
    """Return a source of a host that means us ill."""
    return Source(id="evil", outlet="恶", kind=kind, url=URL, rules={"item": "li", "link": "a"})


def read_page() -> None:
    """Extract an article."""
    extract(Page(url=URL, body=html(), fetched_at=NOW, headers=HTML))


def read_ruled() -> None:
    """Extract an article by a site's rule."""
    extract(Page(url=URL, body=html(), fetched_at=NOW, headers=HTML), (SiteRule(host="evil.test", body="p"),))


def read_listing() -> None:
    """Read a list page."""
    listing.parse(html(), url=URL, headers=HTML, source=source("listing"), now=NOW)


def read_feed() -> None:
    """Read a feed."""
    feed.parse(xml("rss"), url=URL, headers={}, source=source("feed"), now=NOW)


def read_sitemap() -> None:
    """Read a sitemap."""
    sitemap.parse(xml("urlset"), url=URL, headers={}, source=source("sitemap"), now=NOW)


READERS = (read_page, read_ruled, read_listing, read_feed, read_sitemap)


def grown(read: Callable[[], None]) -> int:
    """Return by how many MB 60 pages make this process larger, once it is warm."""

    def held_after(pages: int) -> int:
        for _ in range(pages):
            try:
                read()
            except HouxuError:
                assert read is read_feed  # a feed without entries is none
        gc.collect()
        return held()

    before = held_after(WARM)
    return held_after(PAGES) - before


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not say what a process holds")
@pytest.mark.parametrize("number", range(len(READERS)), ids=[read.__name__ for read in READERS])
def test_names_are_forgotten(number: int) -> None:
    """After 60 pages of 5,000 names each, memory is where it was: in a process that did nothing else."""
    program = f"from tests.hostile.test_names import READERS, grown; print(grown(READERS[{number}]))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) <= MOST_GROWN


def test_an_error_of_a_parse_is_its_callers() -> None:
    """What the parser raises in its thread is raised where it was called."""
    with pytest.raises(etree.XMLSyntaxError):
        in_own_thread(etree.fromstring, b"")
