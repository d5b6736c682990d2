"""Rows 23 to 26: what a hostile robots.txt can and cannot do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from protego import Protego
from scrapy.crawler import AsyncCrawlerRunner

from crawler import limits
from crawler.crawl import settings_for
from crawler.limits import CRAWL_DELAY_SECONDS, ROBOTS_RULE_CHARACTERS, ROBOTS_RULES
from crawler.middlewares import robots as told
from crawler.middlewares.groups import groups_for
from tests.hostile.conftest import topic_of
from tests.hostile.server import Line, article, feed, http, moved
from tests.spiders.test_manners import Hammer, hammer, site

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus
    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb
    from tests.spiders.test_manners import Site

__all__ = ["site"]

RULES = "User-agent: *\nDisallow: /\n"
OPEN = "\nUser-agent: *\nAllow: /\n"
MANY = "User-agent: *\n" + "".join(f"Disallow: /*{number:x}\n" for number in range(ROBOTS_RULES + 1))
DAY = timedelta(days=1)


def slow(line: Line) -> None:
    """Give robots.txt a byte at a time."""
    line.drip(http(RULES, kind="text/plain"), 0.2)


@pytest.mark.parametrize(
    "robots",
    [
        http(b"", status="500 Oops"),
        http(b"", status="503 Busy"),
        http(b"", status="599 Odd"),
        http("# x\n" * 200_000),
        http(RULES, length=10**9),
        http(RULES, length=len(RULES) + 9),
        b"MiMo",
        Line.hang,
        slow,
        moved("http://evil.test/robots.txt"),
        http(RULES, status="300 Many"),
        http(RULES, status="302 Found"),
        http(RULES, status="304 Same"),
        http(MANY),
    ],
    ids="500 503 599 600-KB length cut HTTP/0.9 silence slowloris loop 300 302 304 rules".split(),
)
def test_row_23_and_24_robots_that_cannot_be_had_forbids(robots: Any, crawl: Crawl, web: HostileWeb) -> None:
    """5xx, silence, a deadline, too much of it, a way to nowhere: nothing is fetched, and it is asked again later."""
    web.answers["evil.test/robots.txt"] = robots
    web.answers["evil.test/page"] = http(article())
    web.answers["other.test/feed"] = feed(["http://evil.test/page"])
    left = crawl(("feed", "http://other.test/feed"))
    assert left.ending("http://evil.test/page")[0] == "deferred"
    asked = len(web.asked)
    again = crawl(("feed", "http://other.test/feed")).ending("http://evil.test/page")
    assert again[0] == "deferred", "within ten minutes the next run does not ask again"
    assert not [each for each in web.asked[asked:] if each.host == "evil.test"]
    assert "evil.test/page" not in web.paths


@pytest.mark.parametrize(
    ("robots", "ending"),
    [
        (http(b"", status="404 No"), "stored"),
        (http(RULES, status="403 No"), "stored"),
        (http("<html><title>Welcome</title>"), "stored"),
        (http(b"\xef\xbb\xbf" + RULES.encode()), "blocked"),
        (http(RULES.replace("\n", "\r")), "blocked"),
        (http(b"\0\xff\n" + RULES.encode()), "blocked"),
        (http("User-agent: houxu\nDisallow: /\n\nUser-agent: *\nAllow: /\n"), "blocked"),
        (http("User-agent: HOUXU\nAllow: /\n\nUser-agent: *\nDisallow: /\n"), "stored"),
        (http("User-agent: *\nDisallow: /\nAllow: /pag\n"), "stored"),
        (moved("http://other.test/robots.txt"), "blocked"),
        (http("User-agent: hou\nAllow: /\n\n" + RULES), "blocked"),
        (http("User-agent: houxu/0.1 (+https://example.org/us)\nDisallow: /\n" + OPEN), "blocked"),
    ],
    ids=["404", "403", "page", "mark", "CR", "NUL", "by name", "for us", "longest", "moved", "part", "UA"],
)
def test_robots_by_rfc_9309(robots: bytes, ending: str, crawl: Crawl, web: HostileWeb) -> None:
    """4xx allows, junk is passed over, our group goes before everybody's, the longest rule decides."""
    web.answers["other.test/robots.txt"] = http("User-agent: *\nAllow: /feed\nDisallow: /\n")
    web.answers["evil.test/robots.txt"] = robots
    web.answers["evil.test/page"] = http(article())
    web.answers["other.test/feed"] = feed(["http://evil.test/page"])
    assert crawl(("feed", "http://other.test/feed")).ending("http://evil.test/page")[0] == ending


def test_a_redirect_is_asked_of_the_other_host_s_robots(crawl: Crawl, web: HostileWeb) -> None:
    """A host that may be crawled cannot lead us into one that may not."""
    web.answers["other.test/robots.txt"] = http(RULES)
    web.answers["other.test/page"] = http(article())
    assert crawl.page(moved("http://other.test/page")) == ("blocked", "robots.txt forbids it")
    assert "other.test/page" not in web.paths


def test_row_25_delays_have_a_cap(site: Site, corpus: Corpus) -> None:
    """Crawl-delay: 999999 means half a minute."""
    site.robots = (200, b"User-agent: *\nCrawl-delay: 999999\nRequest-rate: 1/99999\n")
    hammer(corpus, site, ["/a"], DOWNLOAD_DELAY="0")
    assert corpus.hosts()[site.base.removeprefix("http://")]["crawl_delay"] == CRAWL_DELAY_SECONDS


@pytest.mark.parametrize("delay", ["-5", "nan", "inf", "1e400", "0x10", "５"])
def test_row_25_delays_that_are_none(delay: str, site: Site, corpus: Corpus) -> None:
    """What is no number of seconds does not stop the crawl."""
    site.robots = (200, f"User-agent: *\nCrawl-delay: {delay}\n".encode())
    assert len(hammer(corpus, site, ["/a"], DOWNLOAD_DELAY="0").got) == 1


@pytest.mark.parametrize("said", ["99999999", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT", "-1", "soon", "0"])
def test_row_25_retry_after_has_a_cap(said: str, crawl: Crawl) -> None:
    """At most a day, and junk means our own quarter of an hour."""
    crawl.page(http(b"", f"Retry-After: {said}", status="429 Slow down"))
    left = crawl.link("http://evil.test/page")
    next_visit = left.corpus.value("SELECT next_visit_at FROM leads WHERE source_id = 's0'")
    assert datetime.fromisoformat(next_visit) <= datetime.now(UTC) + timedelta(days=1, minutes=1)


def test_row_26_patterns_that_backtrack() -> None:
    """Two hundred stars against two thousand letters cost nothing."""
    rules = Protego.parse("User-agent: *\n" + ("Disallow: /" + "*a" * 200 + "$\n") * 20)
    spent = time.process_time()
    assert rules.can_fetch("http://a.test/" + "a" * 2000 + "b", "houxu")
    assert time.process_time() - spent < 5  # of CPU, where a backtracking match would take years


def test_a_thousand_robots_are_not_read_at_once(site: Site, corpus: Corpus) -> None:
    """What hosts said is read a host at a time: 500 KB of each would be 500 MB."""
    for number in range(50):
        corpus.note_robots(f"{number}.test", datetime.now(UTC), 200, "# x\n" * 1000, None)
    assert all("robots" not in row for row in corpus.hosts().values())
    assert (corpus.host("7.test") or {})["robots"].startswith("# x")


@pytest.mark.parametrize(
    ("robots", "ours"),
    [
        ("User-agent: HOUXU/0.1\nDisallow: /a\n" + OPEN, "houxu /a"),
        ("User-agent: *houxu*\nDisallow: /a\n" + OPEN, "houxu /a"),
        ("User-agent: hou\nDisallow: /a\nUser-agent: houxu-news\nDisallow: /b\n" + OPEN, "* +/"),
        ("User-agent: xhouxu\nDisallow: /a\nUser-agent:\nDisallow: /b\n", ""),
        ("User-agent: Mozilla/5.0 (houxu)\nDisallow: /a\n", ""),
        ("User-agent: a\n\nUser-agent: houxu # us\nUser-agent: b\nDisallow: /a\n", "houxu /a"),
        ("User-agent: houxu\nDisallow: /a\nUser-agent: b\nDisallow: /b\nUser-agent: houxu\nAllow: /c", "houxu /a +/c"),
        ("User-agent: *\nUser-agent: houxu\nDisallow: /a\n" + OPEN, "houxu /a"),
        (
            "User-agent: houxu\nSitemap: x\nNoidea: x\nUser-agent: b\nDisallow: /a\nSitemap: x\nDisallow: /b",
            "houxu /a /b",
        ),
        ("Disallow: /a\nSitemap: x\n", ""),
        ("User-agent: houxu\n", "houxu"),
        ("User-agent: houxu\nDisallow:\nUser-agent: b\nDisallow: /b\n", "houxu"),
        ("User-agent: houxu\nCrawl-delay: 7\nUser-agent: b\nDisallow: /\n", "houxu @7"),
        ("user agent houxu\ndissalow : /a:b\nALLOW:/c\n", "houxu /a:b +/c"),
        ("User-agent: houxu\nDisallow: /a\u2028Allow: /\n", "houxu /a%E2%80%A8Allow: /"),
    ],
)
def test_groups_are_told_by_their_product_token(robots: str, ours: str) -> None:
    """RFC 9309, 2.2.1: equal but for case; all of one token are one; others end nothing; where none is ours, `*`."""
    names = {"User-agent": "", "Disallow": " ", "Allow": " +", "Crawl-delay": " @"}
    lines = [line.split(": ", 1) for line in (groups_for("houxu", robots) or "").splitlines()]
    assert "".join(names[name] + value for name, value in lines) == ours


def test_what_is_ours_of_a_robots_has_a_bound() -> None:
    """Rules and their letters are counted; those of others are not, and cost nothing."""
    assert groups_for("houxu", MANY) is None
    assert groups_for("houxu", f"User-agent: *\nDisallow: /{'*a' * (ROBOTS_RULE_CHARACTERS // 2)}\n") is None
    assert groups_for("houxu", "User-agent: *\nDisallow: /" + "\u2028" * (ROBOTS_RULE_CHARACTERS // 2) + "x\n") is None
    assert groups_for("houxu", MANY + "User-agent: houxu\nDisallow: /a\n") == "User-agent: houxu\nDisallow: /a\n"


def test_the_corpus_keeps_what_is_ours(crawl: Crawl, web: HostileWeb) -> None:
    """Nothing of a page that stands for robots.txt, nor the rules of others."""
    web.answers["evil.test/robots.txt"] = http(MANY + "User-agent: houxu\nDisallow: /a\n")
    web.answers["good.test/robots.txt"] = http("x" * 9000, status="404 No")
    left = crawl.link("http://evil.test/page")
    assert (left.corpus.host("http://evil.test") or {})["robots"] == "User-agent: houxu\nDisallow: /a\n"
    assert (left.corpus.host("http://good.test") or {})["robots"] == ""


def test_wildcard_hosts_do_not_fill_the_memory() -> None:
    """Parsed rules are let go, those used longest ago first: 40 hosts of 512 KB each ended a crawl with MemoryFull."""
    crawler = AsyncCrawlerRunner(settings_for(topic_of(), {}, ())).create_crawler(Hammer)
    held = told.RobotsMiddleware(crawler)
    said = told.Robots(at=datetime.now(UTC), status=200, rules=None, text="x" * 100_000)
    for number in range(40):
        held._hold("http://good.test", said)
        held._hold(f"http://a{number}.evil.test", said)
    assert (
        held._size
        == sum(told._ENTRY + len(robots.text) for robots in held._held.values())
        <= limits.ROBOTS_CACHE_CHARACTERS
    )
    assert {"http://good.test", "http://a39.evil.test"} <= set(held._held)


def test_http_and_https_have_a_robots_each(crawl: Crawl, web: HostileWeb) -> None:
    """RFC 9309, 2.3: what http says, or does not, is no leave to crawl https; the pace is one."""
    said = iter(
        [
            http("User-agent: *\nDisallow: /not\nCrawl-delay: 7\n"),
            http("User-agent: *\nDisallow: /sec\nCrawl-delay: 1\n"),
        ]
    )
    web.answers["evil.test/robots.txt"] = lambda line: line.send(next(said))
    web.answers["evil.test/page"] = moved("https://evil.test/secret")
    left = crawl.link("http://evil.test/page", allow_hosts=("evil.test",))
    assert left.ending("http://evil.test/page") == ("blocked", "robots.txt forbids it")
    assert "evil.test/secret" not in web.paths
    assert left.corpus.hosts()["evil.test"]["crawl_delay"] == 7


def test_http_that_leads_to_https_asks_it_once(crawl: Crawl, web: HostileWeb) -> None:
    """Most hosts do that, and one more request for each would be one too many."""
    said = iter([moved("https://evil.test/robots.txt"), http("User-agent: *\nDisallow: /secret\n")])
    web.answers["evil.test/robots.txt"] = lambda line: line.send(next(said))
    web.answers["evil.test/page"] = moved("https://evil.test/secret")
    assert crawl.link("http://evil.test/page").ending("http://evil.test/page")[0] == "blocked"


@pytest.mark.parametrize("status", ["503 Busy", "429 Slow down"])
@pytest.mark.parametrize(("after", "until"), [("7200", timedelta(hours=2)), ("99999999", DAY)])
def test_retry_after_of_robots_holds_the_host(status: str, after: str, until: timedelta, crawl: Crawl) -> None:
    """As that of any page, and at most a day."""
    crawl._web.answers["evil.test/robots.txt"] = http("", f"Retry-After: {after}", status=status)
    left = crawl.link("http://evil.test/page")
    held = datetime.fromisoformat(left.corpus.hosts()["evil.test"]["retry_at"]) - datetime.now(UTC)
    assert until - timedelta(minutes=1) < held <= until


def test_our_own_network_is_noted_against_nobody(corpus: Corpus) -> None:
    """While no host has answered, the next run asks again."""
    hammer(corpus, cast("Site", SimpleNamespace(base="http://127.0.0.1:1")), ["/a"], DOWNLOAD_DELAY="0")
    assert corpus.host("http://127.0.0.1:1") is None


def test_a_host_that_refuses_is_noted_once_another_answers(crawl: Crawl, web: HostileWeb) -> None:
    """However early it refused."""
    connect_to = {"evil.test": "127.0.0.1:1", "*.test": web.address}
    left = crawl(("feed", "http://evil.test/feed"), overrides=cast("Any", {"HOUXU_CONNECT_TO": connect_to}))
    row = left.corpus.host("http://evil.test") or {}
    assert (row["robots_status"], row["robots"]) == (None, "")
    assert row["robots_at"] is not None


def test_a_crawl_delay_outlives_a_failure(corpus: Corpus) -> None:
    """A robots.txt that cannot be had does not make us faster; one that says none does."""
    now = datetime.now(UTC)
    corpus.note_robots("a.test", now, 200, "", 7)
    corpus.note_robots("a.test", now, 503, "", None, failed=True)
    assert corpus.crawl_delay("a.test") == 7
    corpus.note_robots("a.test", now, 404, "", None)
    assert corpus.crawl_delay("a.test") is None
    assert not told.Robots(at=now + timedelta(days=300), status=None, rules=None).fresh(now)


@pytest.mark.parametrize("path", ["/x/../private", "/./private", "//private", "/x/%2e%2E/private", "/x/..//private?y"])
def test_a_path_that_leads_back(path: str, crawl: Crawl, web: HostileWeb) -> None:
    """What a server reads as a path that is forbidden is forbidden, however a link writes it."""
    web.answers["evil.test/robots.txt"] = http("User-agent: *\nDisallow: /private\n", kind="text/plain")
    assert crawl.link(f"http://evil.test{path}").ending(f"http://evil.test{path}")[0] == "blocked"
    assert not [asked for asked in web.asked if "private" in asked.path]
