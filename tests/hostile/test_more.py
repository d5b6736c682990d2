"""Attacks of the same kinds that are in no list: what a server may say, and what a link may be."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import MemoryFull
from crawler.limits import URL_CHARACTERS
from crawler.middlewares import memory
from crawler.middlewares.guard import is_public, literal
from tests.hostile.server import Line, article, feed, http, moved, sitemap

if TYPE_CHECKING:
    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb


def archive() -> bytes:
    """Return a zip file that holds an article."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("../../MiMo.html", article())
    return held.getvalue()


@pytest.mark.parametrize(
    "status", ["204 No", "205 No", "206 Part", "226 Used", "300 Many", "304 Same", "418 No", "999 No", "099 x"]
)
@pytest.mark.parametrize("what", ["page", "poll"])
def test_statuses_that_are_no_page(status: str, what: str, crawl: Crawl) -> None:
    """Only 200 is a page or a list; whatever else is said ends the visit, or is the source's fault."""
    answer = http(article() if what == "page" else feed(["http://a.test/"]).partition(b"\r\n\r\n")[2], status=status)
    if what == "page":
        assert crawl.page(answer)[0] != "stored"
    else:
        left = crawl.poll(answer)
        assert left.leads() == []


@pytest.mark.parametrize(
    "kind",
    ["application/zip", "video/mp4", "application/pdf", "image/svg+xml", "text/htmlx;", "; ;", "a" * 9000],
)
def test_what_is_no_html_is_not_parsed(kind: str, crawl: Crawl) -> None:
    """A type that holds no article ends the visit in a few words, however long the type is."""
    ending, reason = crawl.page(http(archive(), kind=kind))
    assert ending in {"unreadable", "off_topic", "deferred"}
    assert len(reason) <= 300


@pytest.mark.parametrize(
    "body",
    [
        archive(),
        gzip.compress(article().encode()),
        b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 9000,
        b"%PDF-1.7 MiMo",
        b"\x89PNG\r\n\x1a\n MiMo",
    ],
    ids=["zip", "gzip", "mp4", "pdf", "png"],
)
def test_a_type_that_lies(body: bytes, crawl: Crawl) -> None:
    """What only calls itself HTML gives no article, and does not end the crawl."""
    assert crawl.page(http(body))[0] in {"unreadable", "off_topic"}


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://[fe80::1%25eth0]/",
            "http://[::1]:0/",
            "http://[/",
            "http://a.test:99999/",
            "//",
            "///",
            "http://",
            "?",
        ),
        *(
            "http://127.0.0.1:9\\@good.test/",
            "http://good.test@127.0.0.1:9/",
            "\x00",
            "",
            "http://%00/",
            "http://a..b.test/",
        ),
        *("http://" + "a" * 300 + ".test/", "http://xn--/", "http://a.test/" + "b" * 60_000, "http://\u202e.test/"),
    ],
)
def test_locations_that_lead_nowhere(location: str, crawl: Crawl) -> None:
    """A redirect to no address, or to one inside, ends its visit and nothing else."""
    ending, _reason = crawl.page(moved(location.encode("utf-8").decode("latin-1")))
    assert ending in {"blocked", "unreadable", "deferred", "gone"}


@pytest.mark.parametrize(
    "name",
    ["Content-Encoding: x-unknown", "Content-Encoding: gzip", "Transfer-Encoding: gzip", "Content-Range: bytes 0-1/9"],
)
def test_headers_that_lie(name: str, crawl: Crawl) -> None:
    """A body that is not what its headers say is no article of unreadable signs."""
    ending, _reason = crawl.page(http(article(), name))
    left = crawl.link("http://evil.test/page")
    text = left.stored("http://evil.test/page")
    assert ending in {"stored", "unreadable", "off_topic", "deferred", "blocked"}
    assert text is None or "第8段说的是" in text["body"]


@pytest.mark.parametrize(
    "name", ["Last-Modified", "ETag", "Date", "Age", "Expires", "Cache-Control", "Content-Type", "Link", "Refresh"]
)
@pytest.mark.parametrize(
    "value", ["", "\x7f\x80\xff", "9" * 5000, "-1", "max-age=99999999999999999999", "Thu, 99 Foo 0000 99:99:99"]
)
def test_header_values_that_are_none(name: str, value: str, crawl: Crawl, web: HostileWeb) -> None:
    """No header of a source or a page can stop its crawl, nor the next one."""
    answer = feed(["http://evil.test/page"]).replace(
        b"Connection:", f"{name}: {value}\r\nConnection:".encode("latin-1")
    )
    web.answers["evil.test/page"] = http(article(), f"{name}: {value}")
    for _ in range(2):
        left = crawl.poll(answer)
    assert left.code in {0, 3}


def test_links_to_many_hosts(crawl: Crawl, web: HostileWeb) -> None:
    """A feed that points at other people's hosts costs each three requests."""
    web.answers["evil.test/feed"] = feed([f"http://victim{n}.test/?{m}" for n in range(30) for m in range(1)])
    crawl(("feed", "http://evil.test/feed"))
    asked = [asked.host for asked in web.asked if asked.host.startswith("victim")]
    assert all(asked.count(host) <= 3 for host in set(asked))


def test_one_host_has_one_name(crawl: Crawl, web: HostileWeb) -> None:
    """Capitals, a final dot, the default port and a password are no second host, with a pace of its own."""
    links = [
        "http://evil.test/1",
        "http://EVIL.test/2",
        "http://evil.test./3",
        "http://evil.test:80/4",
        "http://a:b@evil.test/5",
    ]
    web.answers["evil.test/feed"] = feed(links)
    left = crawl(("feed", "http://evil.test/feed"))
    assert {row["host"] for row in left.corpus.rows("SELECT host FROM leads WHERE source_id = 's0'")} == {"evil.test"}


def test_a_sitemap_index_that_names_itself(crawl: Crawl, web: HostileWeb) -> None:
    """It is read twice at most."""
    web.answers["evil.test/source"] = sitemap(["http://evil.test/source"] * 100, "sitemap")
    crawl(("sitemap", "http://evil.test/source"))
    assert web.paths.count("evil.test/source") <= 2


def test_a_listing_of_nothing_but_tags(crawl: Crawl) -> None:
    """BeautifulSoup would take seconds: it reads apart, the others go on."""
    left = crawl.poll(http("<ul>" + "<li><a href=/x>MiMo</a>" * 20_000), "listing")
    assert len(left.leads()) <= 1000


def test_control_characters_reach_neither_terminal_nor_corpus(crawl: Crawl, web: HostileWeb) -> None:
    """An escape sequence in a status line, a type, a title or a link is not printed at whoever reads the log."""
    escape = "\x1b]0;owned\x07\x1b[2J"
    web.answers["evil.test/feed"] = feed([f"http://evil.test/{escape}", "http://evil.test/page"])
    web.answers["evil.test/page"] = http(article(f"MiMo {escape}"), kind=f"text/html{escape}", status=f"200 {escape}")
    left = crawl(("feed", "http://evil.test/feed"))
    assert "\x1b" not in left.dump()


def test_answers_that_come_before_the_question(crawl: Crawl) -> None:
    """Bytes beyond the announced length are nobody's next answer."""
    assert crawl.page(http(article()) + http(article("MiMo smuggled")))[0] == "stored"
    left = crawl.link("http://evil.test/page")
    assert "smuggled" not in left.dump()


def test_a_body_that_never_ends_its_chunks(crawl: Crawl) -> None:
    """A chunk of one byte at a time, for ever, ends at the deadline."""

    def chunks(line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not line.over.wait(0.05):
            line.send(b"1\r\nx\r\n")

    assert crawl.page(chunks)[0] == "deferred"


@pytest.mark.parametrize(
    "address",
    [
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:a00:1::", "fec0::1"),
        *(
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "100.64.0.1",
            "100.127.255.254",
            "198.18.0.1",
            "192.0.2.1",
            "240.0.0.1",
        ),
        *("192.88.99.1", "3fff::1", "2001:db8::1", "5f00::1", "100::1", "fe80::1%lo", "0.1.2.3", "169.254.169.254"),
        *("192.0.0.8", "192.0.0.192", "192.0.0.255", "168.63.129.16", "::ffff:192.0.0.192"),
    ],
)
def test_addresses_of_other_kinds(address: str) -> None:
    """Carrier NAT, documentation, benchmarks, tunnels and translations of private addresses are not public."""
    assert not is_public(address)


@pytest.mark.parametrize("host", ["news.test", "1e3", "a.1", "127.0.0.1.a.test", "", "256.256.256.256.256"])
def test_names_are_not_taken_for_addresses(host: str) -> None:
    """What no resolver reads as an address is a name."""
    assert literal(host) is None


def test_a_crawl_that_holds_too_much_ends_cleanly(crawl: Crawl, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, closes its run, and the next one goes on where it stopped."""
    monkeypatch.setattr(memory, "held", lambda: 10_000)
    with pytest.raises(MemoryFull, match="held 10000 MB"):
        crawl(good=False)
    monkeypatch.undo()
    with Corpus(tmp_path / "hostile.db", read_only=True) as corpus:
        (run,) = corpus.rows("SELECT ending, note FROM runs")
    assert run["ending"] == "failed"
    assert "held 10000 MB" in run["note"]
    crawl()


@pytest.mark.parametrize("status", ["302 Found", "301 Moved"])
@pytest.mark.parametrize("body", [article(head='<link rel="canonical" href="http://evil.test/a">'), article("无关")])
def test_a_redirect_to_an_address_without_end(body: str, status: str, crawl: Crawl, web: HostileWeb) -> None:
    """What it led to is kept as far as an address goes: 14,000 bytes became 42,032 characters of a text's page_url."""
    web.answers["evil.test/1"] = moved("/a?" + "\xe9" * 14_000, status=status)
    web.missing = http(body)
    left = crawl.link("http://evil.test/1")
    for column in ("visits.url", "verdicts.url", "revisions.page_url"):
        table, name = column.split(".")
        assert left.corpus.value(f"SELECT coalesce(max(length({name})), 0) FROM {table}") <= URL_CHARACTERS


def test_a_source_does_not_move_to_an_address_without_end(crawl: Crawl, web: HostileWeb) -> None:
    """However lasting the redirect, and however often it was seen."""
    web.missing = feed(["http://evil.test/1"])
    for _ in range(4):
        left = crawl.poll(moved("/there?" + "\xe9" * 14_000, status="301 Moved"))
    assert left.corpus.value("SELECT url FROM sources WHERE id = 's0'") == "http://evil.test/source"
    assert left.corpus.value("SELECT moved_to FROM sources WHERE id = 's0'") is None
