"""What is put off is not given up, and what alone is dead is not the network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.corpus.forgetting import forget
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.errors import NetworkDown
from crawler.job import CrawlRequest
from crawler.limits import TRIES_PER_LEAD
from crawler.model import Ending, Lead, Visit
from crawler.pipelines import OUTAGES
from scheduler.run import crawl_once
from tests.middlewares.test_guard import topic_of
from tests.test_path import BODY, page, take

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_host_that_puts_off_costs_no_try(corpus: Corpus, topic: Topic) -> None:
    """However often Retry-After or our own peace puts a lead off, it stays open with no try counted."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)
    with corpus.transaction():
        corpus.add_lead(run_id, topic.sources[0].id, "https://a.test/1", Lead(url="https://a.test/1"), NOON)
        for hours in range(2 * TRIES_PER_LEAD):
            later = NOON + timedelta(hours=hours)
            corpus.end_lead(1, Visit(url="x", ending=Ending.DEFERRED, reason="HTTP 429"), later, retry_at=later)
            corpus.postpone_lead(1, later)
    assert corpus.tries(1) == 0
    assert corpus.due_hosts(NOON + timedelta(days=9)) == ["a.test"]


def test_one_dead_host_backs_off_in_the_end(tmp_path: Path) -> None:
    """Asked alone, an unreachable host is taken for our network a few times, then for its own fault."""
    topic, db = topic_of("http://127.0.0.1:9/feed"), tmp_path / "c.db"

    def crawl() -> None:
        overrides = {"DOWNLOAD_DELAY": "0"}
        crawl_once(
            db, CrawlRequest(topic=topic, by="cron", everything=True, overrides=overrides, allow_hosts=("127.0.0.1",))
        )

    for _ in range(OUTAGES):
        with pytest.raises(NetworkDown):
            crawl()
    crawl()  # one failing host is no failed run under cron: its health will tell
    corpus = Corpus(db, read_only=True)
    assert corpus.rows("SELECT errors FROM sources") == [{"errors": 1}]
    assert corpus.value("SELECT count(*) FROM polls") == 1
    corpus.close()


def test_forgetting_www_forgets_the_host(corpus: Corpus, topic: Topic) -> None:
    """A host is forgotten as its canonical URLs have it, however it is typed, and is not taken up again."""
    take(corpus, topic, page(BODY, url="https://www.bao.test/1.html"))
    gone = forget(corpus, "WWW.bao.test", now=NOON)
    assert gone.articles == 1
    assert corpus.is_forgotten("https://bao.test/2.html")
