"""What one source or host may cost the others: their place in the queue, their time, their day's requests."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from crawler import dedupe, job
from crawler.corpus.store import Corpus
from crawler.job import CrawlRequest
from crawler.middlewares import hosts
from crawler.model import Lead
from crawler.spiders import frontier
from scheduler.run import crawl_once
from tests.hostile.conftest import topic_of
from tests.hostile.server import Line, article, feed, http, moved, sitemap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb

NO_REQUEST = ["http://a[::1]/", "http://[::1]]/", "http://x[v1.x]/"]
"""What can be split into host and path, and Scrapy makes no request of."""

MORNING = datetime(2026, 3, 1, 8, tzinfo=UTC)

AT_ONCE = 4
"""Requests on the wire when a run's time is up."""


def crawl_at(web: HostileWeb, folder: Path, minutes: int, *sources: Any, delay: str = "0", **changes: Any) -> Corpus:
    """Crawl the hostile web at a minute of the morning and return the corpus."""
    crawl_once(
        folder / "hostile.db",
        CrawlRequest(
            topic=topic_of(*sources, **changes),
            overrides={
                "DOWNLOAD_DELAY": delay,
                "DOWNLOAD_TIMEOUT": "2",
                "HOUXU_CONNECT_TO": {"*.test": web.address},
            },
            clock=lambda: MORNING + timedelta(minutes=minutes),
        ),
    )
    return Corpus(folder / "hostile.db", read_only=True)


def plant(folder: Path, urls: list[str]) -> None:
    """Put leads into the corpus that no gate of today would let in."""
    with Corpus(folder / "hostile.db", create=True) as corpus:
        corpus.claim_topic("hostile", None)
        corpus.sync_sources(topic_of(("feed", "http://evil.test/feed")), MORNING, lambda _source, now: now)
        run = corpus.start_run("person", MORNING)
        with corpus.transaction():
            for number, url in enumerate(urls):
                key = dedupe.canonical_url(f"http://evil.test/{number}")
                corpus.add_lead(run, "s0", key, Lead(url=key, title="MiMo"), MORNING)
                corpus.conn.execute("UPDATE leads SET fetch_url = ?, host = ? WHERE url = ?", (url, f"e{number}", key))


@pytest.mark.parametrize("link", NO_REQUEST)
def test_a_link_of_which_no_request_can_be_made(link: str, crawl: Crawl) -> None:
    """It is no lead, and the others of its feed are visited."""
    crawl.link(link)
    left = crawl.page(http(article()))
    assert left[0] == "stored"


def test_a_lead_of_which_no_request_can_be_made(web: HostileWeb, tmp_path: Path) -> None:
    """One that is in the corpus already ends, and holds up nothing behind it."""
    plant(tmp_path, [*NO_REQUEST, "http://good.test/2.html"])
    web.answers["good.test/2.html"] = http(article("MiMo"))
    web.answers["evil.test/feed"] = feed([])
    with crawl_at(web, tmp_path, 1, ("feed", "http://evil.test/feed")) as corpus:
        endings = [row["ending"] for row in corpus.rows("SELECT ending FROM visits ORDER BY lead_id LIMIT 4")]
    assert endings == ["blocked", "blocked", "blocked", "stored"]


def test_an_index_with_a_file_of_which_no_request_can_be_made(crawl: Crawl, web: HostileWeb) -> None:
    """The other files are read."""
    web.answers["evil.test/1.xml"] = sitemap(["http://evil.test/1.html"])
    left = crawl.poll(sitemap([*NO_REQUEST, "http://evil.test/1.xml"], "sitemap"), "sitemap")
    assert left.leads() == ["http://evil.test/1.html"]


@pytest.mark.parametrize("kind", ["pages", "files", "hosts"])
def test_time_is_up(kind: str, web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a run's last second no further page is asked for, no further file, and no host that waits for its turn."""
    clock = [0.0]
    monkeypatch.setattr(job, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def last(answer: bytes) -> Callable[[Line], None]:
        """Return an answer with which time is up."""

        def send(line: Line) -> None:
            clock[0] = 100.0
            line.send(answer)

        return send

    links = [f"http://a{number}.evil.test/1" for number in range(40)]
    web.answers["evil.test/feed"] = feed(links if kind == "hosts" else ["http://evil.test/s.html"])
    web.answers["evil.test/index"] = sitemap([f"http://evil.test/{number}.xml" for number in range(10)], "sitemap")
    web.answers["evil.test/0.xml"] = last(sitemap(["http://evil.test/x"]))
    web.answers["evil.test/s.html"] = last(http(article(more='<a rel="next" href="/s_2.html">下一页</a>')))
    for number in range(40):
        web.answers[f"a{number}.evil.test/robots.txt"] = last(http(""))
    crawl_once(
        tmp_path / "hostile.db",
        CrawlRequest(
            topic=topic_of(
                ("sitemap", "http://evil.test/index") if kind == "files" else ("feed", "http://evil.test/feed")
            ),
            overrides={
                "DOWNLOAD_DELAY": "0",
                "CONCURRENT_REQUESTS": str(AT_ONCE),
                "HOUXU_CONNECT_TO": {"*.test": web.address},
            },
            deadline=50.0,
        ),
    )
    assert clock[0] > 50.0
    assert not {"evil.test/1.xml", "evil.test/s_2.html"} & {*web.paths}
    assert len({asked.host for asked in web.asked if asked.host.startswith("a")}) <= AT_ONCE


@pytest.mark.parametrize("named", [[], ["http://good.test/1.html"]])
def test_a_source_holds_up_no_other(
    named: list[str], web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feed that names a hundred pages of another's host does not keep its own news waiting, even if it names them."""
    monkeypatch.setattr(frontier, "LEADS_PER_HOST_PER_RUN", 6)
    web.answers["evil.test/feed"] = feed([*(f"http://good.test/junk{number}" for number in range(100)), *named])
    web.answers["good.test/feed"] = http("", status="304 Same")
    crawl_at(web, tmp_path, 0, ("feed", "http://evil.test/feed")).close()
    web.answers["good.test/feed"] = feed(["http://good.test/1.html"])
    with crawl_at(web, tmp_path, 600, ("feed", "http://evil.test/feed")) as corpus:
        assert corpus.value("SELECT ending FROM leads WHERE fetch_url = 'http://good.test/1.html'") == "stored"


def test_junk_leaves_a_host_its_polls(web: HostileWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When visits of what a hostile feed named have spent a host's day, its own feed is still asked."""
    monkeypatch.setattr(hosts, "LEAST_DELAY", 0.0)
    web.answers["evil.test/feed"] = feed([f"http://good.test/junk{number}" for number in range(30)])
    changes: dict[str, Any] = {"host_requests_per_day": 20, "delay": "0.001"}
    for minute in (0, 30):
        crawl_at(web, tmp_path, minute, ("feed", "http://evil.test/feed"), **changes).close()
    assert [path for path in web.paths if "junk" in path], "its day was spent on something"
    before = Counter(path for path in web.paths if path.startswith("good.test"))
    crawl_at(web, tmp_path, 600, ("feed", "http://evil.test/feed"), **changes).close()
    after = Counter(path for path in web.paths if path.startswith("good.test"))
    assert after - before == Counter(["good.test/feed"])


@pytest.mark.parametrize("what", ["silence", "tdmrep", "file", "second page", "403", "redirect"])
def test_a_host_is_left_alone(what: str, web: HostileWeb, tmp_path: Path) -> None:
    """Whatever of a host does not answer in time, or says Retry-After, the next run sends it nothing either."""
    peace = http("", "Retry-After: 86400", status="403 No" if what == "403" else "429 Slow")
    page = "http://evil.test/1.html"
    web.answers["other.test/feed"] = feed([page, "http://evil.test/2.html", "http://evil.test/3.html"])
    web.answers["evil.test/1.html"] = http(article(more='<a rel="next" href="/1_2.html">下一页</a>'))
    source = ("feed", "http://other.test/feed")
    if what == "silence":
        web.answers |= dict.fromkeys(["evil.test/1.html", "evil.test/2.html"], Line.hang)
    elif what == "tdmrep":
        web.answers["evil.test/.well-known/tdmrep.json"] = peace
    elif what == "file":
        source = ("sitemap", "http://other.test/index")
        web.answers["other.test/index"] = sitemap([f"http://evil.test/{number}.xml" for number in range(9)], "sitemap")
        web.answers["evil.test/0.xml"] = peace
    elif what == "second page":
        web.answers["evil.test/1_2.html"] = peace
    elif what == "403":
        web.answers["evil.test/1.html"] = peace
    else:
        web.answers["evil.test/1.html"] = moved("http://third.test/")
        web.answers["third.test/"] = peace
        web.answers["other.test/feed"] = feed([page, "http://third.test/2.html"])
    host = "third.test" if what == "redirect" else "evil.test"
    crawl_at(web, tmp_path, 0, source).close()
    asked = [path for path in web.paths if path.startswith(host)]
    crawl_at(web, tmp_path, 5, source).close()
    assert [path for path in web.paths if path.startswith(host)] == asked
    with Corpus(tmp_path / "hostile.db", read_only=True) as corpus:
        assert (corpus.host(host) or {})["retry_at"] > "2026-03-01T08:10"


def test_a_lead_whose_robots_never_comes_is_given_up(web: HostileWeb, tmp_path: Path) -> None:
    """Asked for ever less often, and not for ever."""
    web.answers["evil.test/robots.txt"] = http("", status="500 Broken")
    web.answers["evil.test/feed"] = feed([])
    web.answers["other.test/feed"] = feed(["http://evil.test/1.html"])
    for day in range(50):
        crawl_at(web, tmp_path, day * 24 * 60, ("feed", "http://other.test/feed")).close()
    with Corpus(tmp_path / "hostile.db", read_only=True) as corpus:
        visits = corpus.rows("SELECT ending FROM visits WHERE url LIKE '%evil%' ORDER BY id")
    assert visits[-1]["ending"] == "unreadable"
    assert len(visits) < 50
