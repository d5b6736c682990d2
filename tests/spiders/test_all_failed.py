"""When all that was asked failed: a person hears of it at once, cron's mail once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import AllFailed
from crawler.job import FEW_HOSTS, CrawlRequest
from scheduler.run import WORSE_HEALTH, crawl_once
from tests.middlewares.test_guard import topic_of
from tests.spiders.test_manners import Site, served, site

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic

__all__ = ["site"]

FEED = (
    b'<rss version="2.0"><channel><title>x</title>'
    b"<item><title>MiMo</title><link>http://127.0.0.1:1/</link></item></channel></rss>"
)


def crawl(folder: Path, topic: Topic, **changes: Any) -> int:
    """Crawl every source of a topic, as cron does."""
    arguments: dict[str, Any] = {
        "by": "cron",
        "only": tuple(source.id for source in topic.sources),
        "overrides": {"DOWNLOAD_DELAY": "0"},
        "allow_hosts": ("127.0.0.1", "localhost"),
    }
    return crawl_once(folder / "c.db", CrawlRequest(topic=topic, **arguments | changes))


def spread(topic: Topic, bases: list[str]) -> Topic:
    """Return the topic with its source on each of these sites."""
    sources = [replace(topic.sources[0], id=f"s{at}", url=f"{base}/feed") for at, base in enumerate(bases)]
    return replace(topic, sources=tuple(sources))


def test_one_failing_source_is_told_once_under_cron(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Twice it may be weather; the third time its health is worse, which is said; then nothing until it is well."""
    topic = topic_of(f"{site.base}/feed")
    codes = []
    for answer in [FEED, *[b"<html>for you</html>"] * 5, FEED, *[b"<html>again</html>"] * 4]:
        site.pages["/feed"] = answer
        caplog.clear()
        codes.append(crawl(tmp_path, topic))
        assert ("layout changed" in caplog.text) == (codes[-1] == WORSE_HEALTH)
    assert codes == [0, 0, 0, WORSE_HEALTH, 0, 0, 0, 0, 0, WORSE_HEALTH, 0]
    with Corpus(tmp_path / "c.db", read_only=True) as corpus:
        endings = [row["ending"] for row in corpus.rows("SELECT ending FROM runs ORDER BY id")]
    assert endings == ["done", *["failed"] * 5, "done", *["failed"] * 4]


def test_a_person_hears_of_it_at_once(site: Site, tmp_path: Path) -> None:
    """Exit 1, however few were asked."""
    site.pages["/feed"] = b"<html>for you</html>"
    with pytest.raises(AllFailed):
        crawl(tmp_path, topic_of(f"{site.base}/feed"), by="person")


def test_many_hosts_at_once_are_no_weather(tmp_path: Path) -> None:
    """When as many as three hosts all answer something else, the trouble is ours: exit 1 under cron too."""
    with ExitStack() as opened:
        sites = [opened.enter_context(served()) for _ in range(FEW_HOSTS)]
        for each in sites:
            each.pages["/feed"] = b"<html>log in to this network</html>"
        topic = spread(topic_of(""), [each.base for each in sites])
        few = replace(topic, sources=topic.sources[1:])
        assert crawl(tmp_path, few) == 0
        with pytest.raises(AllFailed):
            crawl(tmp_path, topic)
        sites[0].pages["/feed"] = FEED
        assert crawl(tmp_path, topic) == WORSE_HEALTH  # the third fault of the two others
