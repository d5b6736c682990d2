"""A crawl of the hostile web, and what it left in the corpus."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.merging.shard_check import check_rows
from crawler.corpus.store import Corpus
from crawler.errors import AllFailed
from crawler.job import CrawlRequest
from crawler.model import Relevance, Source, Term, Topic
from crawler.topic.reader import relevance_digest
from scheduler.run import crawl_once
from tests.hostile.server import TERM, HostileWeb, article, feed, http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.model import Kind

GOOD = "http://good.test/feed"
TIMEOUT = "2"
"""Seconds of DOWNLOAD_TIMEOUT in these tests."""


@pytest.fixture
def web() -> Iterator[HostileWeb]:
    """Serve a hostile web in which one host, good.test, is good."""
    with HostileWeb() as web:
        web.answers["good.test/feed"] = feed(["http://good.test/1.html"])
        web.answers["good.test/1.html"] = http(article("MiMo 的好新闻"))
        yield web


@pytest.fixture
def inside() -> Iterator[HostileWeb]:
    """Serve what stands for a machine of the private network; it answers everything with a page on topic."""
    with HostileWeb() as inside:
        inside.missing = http(article("MiMo INTERNAL SECRET"))
        yield inside


@dataclass
class Left:
    """What a crawl left behind."""

    corpus: Corpus
    code: int

    def ending(self, url: str) -> tuple[str, str]:
        """Return the last ending, and its reason, of a lead's visits."""
        (row,) = self.corpus.rows(
            "SELECT v.ending, v.reason FROM visits v JOIN leads l ON l.id = v.lead_id WHERE l.fetch_url = ? "
            "ORDER BY v.id DESC LIMIT 1",
            (url,),
        )
        return row["ending"], row["reason"]

    def fault(self, source: str = "s0") -> str | None:
        """Return what was wrong with the last poll of a source."""
        fault: str | None = self.corpus.value(
            "SELECT error FROM polls WHERE source_id = ? ORDER BY id DESC LIMIT 1", (source,)
        )
        return fault

    def leads(self, source: str = "s0") -> list[str]:
        """Return the links that a source gave."""
        rows = self.corpus.rows("SELECT fetch_url FROM leads WHERE source_id = ? ORDER BY id", (source,))
        return [row["fetch_url"] for row in rows]

    def stored(self, url: str) -> dict[str, Any] | None:
        """Return the text that a lead's visit stored."""
        rows = self.corpus.rows(
            "SELECT r.* FROM revisions r JOIN articles a ON a.latest_id = r.id JOIN leads l ON l.article_id = a.id "
            "WHERE l.fetch_url = ?",
            (url,),
        )
        return rows[0] if rows else None

    def dump(self) -> str:
        """Return the whole corpus as SQL."""
        return "\n".join(self.corpus.conn.iterdump())


def topic_of(*sources: tuple[Kind, str], **changes: Any) -> Topic:
    """Return a topic that follows MiMo by sources s0, s1, ... and a good one."""
    relevance = Relevance(strong=(Term(text=TERM),))
    every = [*sources, ("feed", GOOD)]
    values: dict[str, Any] = {
        "id": "hostile",
        "name": "hostile",
        "seed": None,
        "contact": "https://example.org/contact",
        "requests_per_day": 5000,
        "keep_offtopic": timedelta(days=1),
        "relevance": relevance,
        "sources": tuple(
            Source(
                id="good" if url == GOOD else f"s{number}",
                kind=kind,
                url=url,
                outlet=f"outlet {number}",
                rules={"item": "li", "link": "a", "title": "a"} if kind == "listing" else {},
            )
            for number, (kind, url) in enumerate(every)
        ),
        "sites": (),
        "digest": relevance_digest(relevance),
    }
    return Topic(**values | changes)


class Crawl:
    """Crawls the hostile web as `houxu crawl --all` does, and checks that the good article came through."""

    def __init__(self, web: HostileWeb, folder: Path) -> None:
        self._web = web
        self._folder = folder
        self._open: list[Corpus] = []

    def __call__(
        self,
        *sources: tuple[Kind, str],
        overrides: dict[str, Any] | None = None,
        allow_hosts: tuple[str, ...] = (),
        good: bool = True,
        everything: bool = True,
        **changes: Any,
    ) -> Left:
        """Crawl these sources and the good one; every other keyword changes the topic."""
        settings: dict[str, Any] = {
            "DOWNLOAD_DELAY": "0",
            "DOWNLOAD_TIMEOUT": TIMEOUT,
            "HOUXU_CONNECT_TO": {"*.test": self._web.address},
        }
        db = self._folder / "hostile.db"
        code = 1
        with suppress(AllFailed):
            code = crawl_once(
                db,
                CrawlRequest(
                    topic=topic_of(*sources, **changes),
                    everything=everything,
                    overrides=settings | (overrides or {}),
                    allow_hosts=allow_hosts,
                ),
            )
        left = Left(Corpus(db, read_only=True), code)
        self._open.append(left.corpus)
        if good:
            assert left.ending("http://good.test/1.html")[0] in {"stored", "unchanged"}
        return left

    def link(self, url: str, **changes: Any) -> Left:
        """Crawl one feed with one link."""
        self._web.answers["evil.test/feed"] = feed([url])
        return self(("feed", "http://evil.test/feed"), **changes)

    def page(self, answer: Any, **changes: Any) -> tuple[str, str]:
        """Crawl one page and return how its visit ended."""
        self._web.answers["evil.test/page"] = answer
        return self.link("http://evil.test/page", **changes).ending("http://evil.test/page")

    def poll(self, answer: Any, kind: Kind = "feed", **changes: Any) -> Left:
        """Crawl one source that answers so."""
        self._web.answers["evil.test/source"] = answer
        return self((kind, "http://evil.test/source"), **changes)

    def close(self) -> None:
        """Close what was opened, and see that another corpus takes it: what a host sends must not spoil a shard."""
        with Corpus(self._folder / "another.db", create=True) as another:
            for corpus in self._open:
                check_rows(another, corpus)
                corpus.close()


@pytest.fixture
def crawl(web: HostileWeb, tmp_path: Path) -> Iterator[Crawl]:
    """Give a function that crawls the hostile web."""
    crawl = Crawl(web, tmp_path)
    yield crawl
    crawl.close()
