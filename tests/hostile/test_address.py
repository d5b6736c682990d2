"""Rows 5 to 11: nobody talks to an address that is not public, however it is spelled and by whatever hop it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from twisted.internet.address import IPv4Address

from crawler.crawl import run, settings_for
from crawler.job import utc_now
from crawler.middlewares import guard
from scheduler.daemon import Daemon
from tests.hostile.conftest import topic_of
from tests.hostile.server import HostileWeb, article, feed, http, moved, sitemap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hostile.conftest import Crawl

REFUSED = "not a public address"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0x7f.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"),
        *(
            "127.0.0.1.",
            "LOCALHOST",
            "127.0.0.2",
            "0.0.0.0",
            "１２７.０.０.１",
            "[::ffff:0:127.0.0.1]",
            "[fe80::1%25lo]",
        ),
    ],
)
def test_row_05_every_spelling_of_loopback(host: str, crawl: Crawl, inside: HostileWeb) -> None:
    """A link to it gives no lead, or one that ends blocked with the reason, for good; nobody is talked to."""
    link = f"http://{host}:{inside.port}/1.html"
    left = crawl.link(link)
    for lead in left.leads():
        ending, reason = left.ending(lead)
        assert (ending, REFUSED in reason) == ("blocked", True)
    assert left.corpus.value("SELECT count(*) FROM leads WHERE next_visit_at IS NOT NULL AND source_id = 's0'") == 0
    assert inside.asked == []


@pytest.mark.parametrize(
    "host", ["localhost.", "%31%32%37.0.0.1", "127。0。0。1", "127.0.0.1%00.a.test", "a@127.0.0.1"]
)
def test_row_05_spellings_that_some_resolvers_read(host: str, crawl: Crawl, inside: HostileWeb) -> None:
    """Whether the name resolves or not, nobody is talked to."""
    crawl.link(f"http://{host}:{inside.port}/1.html")
    assert inside.asked == []


def test_row_05_a_closed_port_inside_is_blocked_too(crawl: Crawl) -> None:
    """What is refused does not depend on whether somebody listens there: no lead waits to knock again."""
    left = crawl.link("http://localhost:9/")
    assert left.ending("http://localhost:9/")[0] == "blocked"


HOPS = ("link", "redirect", "second redirect", "robots", "sitemap", "index", "source redirect", "listing", "https")


@pytest.mark.parametrize("hop", HOPS)
def test_row_06_every_hop(hop: str, crawl: Crawl, web: HostileWeb, inside: HostileWeb) -> None:
    """Whatever leads there: a link, a redirect, robots.txt, a sitemap, an index, a moved source, a list page."""
    target, kind = f"http://127.0.0.1:{inside.port}/1.html", "feed"
    page = "http://evil.test/page"
    web.answers["evil.test/source"] = feed([page if "redirect" in hop or hop == "robots" else target])
    web.answers["evil.test/page"] = http(article())
    match hop:
        case "redirect":
            web.answers["evil.test/page"] = moved(target)
        case "second redirect":
            web.answers["evil.test/page"] = moved("http://other.test/page", status="301 Moved")
            web.answers["other.test/page"] = moved(target, status="308 Moved")
        case "robots":
            web.answers["evil.test/robots.txt"] = moved(f"http://127.0.0.1:{inside.port}/robots.txt")
        case "sitemap":
            web.answers["evil.test/source"], kind = sitemap([target]), "sitemap"
        case "index":
            web.answers["evil.test/source"], kind = sitemap([target], "sitemap"), "sitemap"
        case "source redirect":
            web.answers["evil.test/source"] = moved(target, status="301 Moved")
        case "listing":
            web.answers["evil.test/source"], kind = http(f"<ul><li><a href='{target}'>MiMo</a></ul>"), "listing"
        case "https":
            web.answers["evil.test/source"] = feed([target.replace("http:", "https:")])
    left = crawl((kind, "http://evil.test/source"))  # type: ignore[arg-type] # a str from the match
    assert inside.asked == []
    assert "INTERNAL" not in left.dump()
    for lead in left.leads():
        ending, reason = left.ending(lead)
        assert ending == "blocked"
        assert REFUSED in reason


MENTIONS = {
    "self": '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{}"/>',
    "hub": '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{}"/>',
    "image": "<image><url>{}</url><link>{}</link></image>",
    "cloud": '<cloud domain="127.0.0.1" port="{}" path="/"/><docs>{}</docs>',
}


@pytest.mark.parametrize("name", MENTIONS)
def test_row_06_what_a_feed_mentions_is_not_fetched(
    name: str, crawl: Crawl, web: HostileWeb, inside: HostileWeb
) -> None:
    """Self links, hubs, images and clouds are read by nobody."""
    target = f"http://127.0.0.1:{inside.port}/"
    web.answers["evil.test/source"] = feed(["http://evil.test/page"], MENTIONS[name].format(target, target))
    web.answers["evil.test/page"] = http(article())
    left = crawl(("feed", "http://evil.test/source"))
    assert left.ending("http://evil.test/page")[0] == "stored"
    assert inside.asked == []


HEADS = {
    "canonical": '<link rel="canonical" href="{}">',
    "hreflang": '<link rel="alternate" hreflang="en" href="{}">',
    "amphtml": '<link rel="amphtml" href="{}">',
    "og:url": '<meta property="og:url" content="{}">',
    "refresh": '<meta http-equiv="refresh" content="0;url={}">',
    "next": '<link rel="next" href="{}">',
    "icon": '<link rel="icon" href="{}"><link rel="preload" as="script" href="{}">',
    "base": '<base href="{}"><a rel="next" href="page_2">下一页</a>',
}


@pytest.mark.parametrize("name", HEADS)
def test_row_06_what_a_page_declares_is_not_fetched(
    name: str, crawl: Crawl, web: HostileWeb, inside: HostileWeb
) -> None:
    """Nor is it taken for the article's address when it lies on another site."""
    target = f"http://127.0.0.1:{inside.port}/page_2"
    web.answers["evil.test/page"] = http(article(head=HEADS[name].format(target, target)))
    left = crawl.link("http://evil.test/page")
    assert left.ending("http://evil.test/page")[0] == "stored"
    assert inside.asked == []
    assert [row["url"] for row in left.corpus.rows("SELECT url FROM articles WHERE url LIKE '%127.0.0.1%'")] == []


class Resolver:
    """A name server that answers public first and private from then on; `asked` counts the look-ups of the name."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.asked = 0

    def resolveHostName(self, receiver: Any, name: str, **more: Any) -> Any:  # noqa: N802 Twisted's name
        """Answer."""
        if name != "rebind.example":
            return self.before.resolveHostName(receiver, name, **more)
        self.asked += 1
        receiver.resolutionBegan(self)
        address = "127.0.0.2" if self.asked == 1 else "127.0.0.1"
        receiver.addressResolved(IPv4Address("TCP", address, more["portNumber"]))
        receiver.resolutionComplete()
        return self

    def cancel(self) -> None:
        """Twisted's interface."""


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """Put the name server in, and let 127.0.0.2 count as public, so that no test leaves this machine."""

    async def nothing() -> None:
        """Have the reactor installed."""

    run(nothing())
    from twisted.internet import reactor

    there: Any = reactor
    resolver = Resolver(there.nameResolver)
    there.installNameResolver(resolver)
    real = guard.is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.2" or real(address))
    yield resolver
    there.installNameResolver(resolver.before)


def test_row_07_dns_rebinding(crawl: Crawl, resolver: Resolver, inside: HostileWeb) -> None:
    """A name that was public a moment ago and is private when the connection is made is refused then, unheard."""
    inside.listen_on("127.0.0.2")
    left = crawl(("feed", f"http://rebind.example:{inside.port}/feed"))
    assert resolver.asked >= 2
    assert [asked.path for asked in inside.asked] == ["/robots.txt"]
    assert REFUSED in (left.fault() or "")


def test_row_08_the_handler_is_pinned() -> None:
    """Both schemes go through our handler and no other is loaded, whatever Scrapy's defaults become."""
    from scrapy.core.downloader.handlers import DownloadHandlers
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.settings import default_settings

    settings = settings_for(topic_of(), {})

    async def handlers() -> dict[str, str]:
        from crawler.spiders.follow import FollowSpider

        found = DownloadHandlers(AsyncCrawlerRunner(settings).create_crawler(FollowSpider))
        schemes = {*default_settings.DOWNLOAD_HANDLERS_BASE, "http", "https", "gopher", "javascript"}
        return {scheme: type(handler).__name__ for scheme in schemes if (handler := found._get_handler(scheme))}

    assert run(handlers()) == {"http": "GuardHandler", "https": "GuardHandler"}


def test_row_08_through_the_daemon(web: HostileWeb, inside: HostileWeb, tmp_path: Path) -> None:
    """The daemon's crawl is guarded as the command's."""
    topic = topic_of(("feed", f"http://127.0.0.1:{inside.port}/feed"))
    overrides: Any = {"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": {"*.test": web.address}}

    async def tick() -> None:
        later = [utc_now(), utc_now() + timedelta(hours=1)]  # first polls are spread over the first minutes
        daemon = Daemon(tmp_path / "d.db", lambda: topic, overrides=overrides, clock=lambda: later[0])
        await daemon.tick()
        later.pop(0)
        await daemon.tick()

    run(tick())
    assert web.paths != []
    assert inside.asked == []


def test_row_08_through_plain_scrapy(web: HostileWeb, inside: HostileWeb, tmp_path: Path) -> None:
    """`scrapy crawl feed` is guarded as the command is."""
    file = tmp_path / "topic.toml"
    sources = {"inside": f"http://127.0.0.1:{inside.port}/feed", "good": "http://good.test/feed"}
    text = (
        '[topic]\nid = "x"\nname = "x"\n[crawl]\ncontact = "https://example.org/me"\n[relevance]\nstrong = ["MiMo"]\n'
    )
    for name, url in sources.items():
        text += f'[[source]]\nid = "{name}"\nkind = "feed"\nurl = "{url}"\noutlet = "x"\n'
    file.write_text(text, encoding="utf-8")
    settings = {
        "HOUXU_DB": str(tmp_path / "s.db"),
        "HOUXU_TOPIC": str(file),
        "HOUXU_CONNECT_TO": f'{{"*.test": "{web.address}"}}',
        "DOWNLOAD_DELAY": "0",
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "feed", *options],
        env={**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "good.test/1.html" in web.paths
    assert {asked.headers["user-agent"].partition(" ")[2] for asked in web.asked} == {"(+https://example.org/me)"}
    assert inside.asked == []


def test_row_09_proxies_of_the_environment(crawl: Crawl, inside: HostileWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    """`http_proxy` would carry every request past the guard: nobody reads it."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{inside.address}")
    crawl()
    assert inside.asked == []


SCHEMES = [
    *("file:///etc/hostname", "FILE:///etc/hostname", "file://example.com/etc/hostname", "data:text/html,<p>MiMo</p>"),
    *(
        "ftp://127.0.0.1:1/x",
        "s3://bucket/key",
        "gopher://127.0.0.1:70/",
        "javascript:alert(1)",
        "view-source:http://a",
    ),
    *("jar:http://evil.test/a.zip!/b", "blob:http://evil.test/1", "//evil.test:99999/", "http://", "https:///path"),
    *(
        "http://[::1",
        "http://a b.test/",
        "http://evil.test:0/",
        "http:\\\\evil.test\\x",
        "mailto:a@b.test",
        "ws://a.test/",
    ),
]


@pytest.mark.parametrize("kind", ["feed", "sitemap", "listing"])
def test_row_10_and_12_other_schemes(kind: Any, crawl: Crawl, web: HostileWeb) -> None:
    """No other scheme is ever fetched, and none of them costs the entries around it."""
    links = ["http://evil.test/1.html", *SCHEMES, "http://evil.test/2.html"]
    makers = {
        "feed": feed,
        "sitemap": sitemap,
        "listing": lambda links: http("".join(f'<li><a href="{link}">MiMo</a></li>' for link in links)),
    }
    for number in (1, 2):
        web.answers[f"evil.test/{number}.html"] = http(article(f"MiMo 第{number}篇"))
    left = crawl.poll(makers[kind](links), kind)
    assert {left.ending(f"http://evil.test/{number}.html")[0] for number in (1, 2)} <= {"stored"}
    assert all(lead.startswith(("http://", "https://")) for lead in left.leads())
    assert Path("/etc/hostname").read_text(encoding="utf-8").strip() not in left.dump()


@pytest.mark.parametrize(
    "to",
    ["file:///etc/hostname", "data:text/html,MiMo", "ftp://127.0.0.1/", "javascript:alert(1)", "gopher://127.0.0.1/"],
)
def test_row_11_a_redirect_to_another_scheme(to: str, crawl: Crawl) -> None:
    """It is not followed, and its visit ends."""
    ending, _reason = crawl.page(moved(to))
    assert ending in {"blocked", "unreadable"}
