"""What a publisher reserves is recorded, and by default only headline, address, date and a snippet are kept."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import CorpusError, Unreadable
from crawler.extract.rights import SNIPPET, mining_reserved, reserved
from crawler.isolation.worker_process import WorkerProcess
from crawler.limits import LARGE_PAGE_TAGS, PAGE_TAGS, TDMREP_BYTES
from tests.hostile.server import article, feed, http, moved

if TYPE_CHECKING:
    from tests.hostile.conftest import Crawl, Left
    from tests.hostile.server import HostileWeb

CPU = 5.0
"""Seconds that a megabyte may take; the worst takes 0.2."""

TDMREP = '[{"location": "/", "tdm-reservation": 1}, {"location": "/free/*", "tdm-reservation": 0}]'


def kept(left: Left, url: str = "http://evil.test/page") -> tuple[dict[str, Any], str | None]:
    """Return the stored text and what its evidence says is reserved."""
    text = left.stored(url)
    assert text is not None
    return text, json.loads(text["evidence"]).get("reserved")


SAID = [
    ('<meta name="robots" content="noarchive">', "", "noarchive (meta)"),
    ("<META CONTENT='follow, NOSNIPPET' NAME='Robots'>", "", "nosnippet (meta)"),
    ("<meta name=houxu content=max-snippet:0>", "", "nosnippet (meta)"),
    ('<meta name="tdm-reservation" content="1">', "", "tdm-reservation (meta)"),
    ('<meta data-x="a>b" name="robots" content="noarchive">', "", "noarchive (meta)"),
    ("", "X-Robots-Tag: noindex, noarchive", "noarchive (X-Robots-Tag)"),
    ("", "X-Robots-Tag: noindex\r\nX-Robots-Tag: nosnippet", "nosnippet (X-Robots-Tag)"),
    ("", "X-Robots-Tag: googlebot: noindex\r\nX-Robots-Tag: noarchive", "noarchive (X-Robots-Tag)"),
    ("", "tdm-reservation: 1", "tdm-reservation (header)"),
    ("", "tdm-reservation: 0\r\ntdm-reservation: 1", "tdm-reservation (header)"),
    ("", "tdm-reservation: 1, 1", "tdm-reservation (header)"),
]


@pytest.mark.parametrize(("head", "header", "said"), SAID)
def test_a_snippet_is_kept_and_no_page(head: str, header: str, said: str, crawl: Crawl, web: HostileWeb) -> None:
    """Of a reserved page the title and the first words stay, not the page, and the evidence says why."""
    web.answers["evil.test/page"] = http(article("MiMo 保留权利", head=head), *([header] if header else []))
    left = crawl.link("http://evil.test/page")
    assert left.ending("http://evil.test/page")[0] == "stored"
    text, reason = kept(left)
    assert reason == said
    assert text["title"] == "MiMo 保留权利"
    assert len(text["body"]) <= SNIPPET + 1
    assert text["page_sha256"] is None
    assert len(list(left.corpus.pages)) == 1  # the good one
    last = left.corpus.value("SELECT max(start) FROM mentions WHERE revision_id = ? AND field = 'body'", (text["id"],))
    assert last is None or last < SNIPPET


NOARCHIVE = [
    '<meta name="robots" content="noarchive" data-x="a>b">',
    '<meta data-x="<b>" name="robots" content="noarchive">',
    "<meta data-x='>' name='robots' content='noarchive'>",
    '<meta name="robots" content="no&#97;rchive">',
    '<meta name="robots" content="index&#44;no&#x41;rchive">',
    '<meta name=" robots\n" content=" noarchive ">',
    '<meta name="robots" content="index noarchive">',
    '<meta name="robots" content="index;noarchive">',
    '<meta name="robots" content="max-image-preview : large ; noarchive">',
    '<meta name="robots" content="unavailable_after: Tuesday, 25-Jun-30 15:00:00 GMT, noarchive">',
    "<meta name=robots content=noarchive/>",
    "<meta content=noarchive name=robots/>",
    '<meta/name="robots"/content="noarchive">',
    '<meta name = "robots" content = "noarchive">',
    '<meta name="author" content="unclosed><meta name="robots" content="noarchive">',
    '<meta name="author" content="the "quoted"><meta name="robots" content="noarchive">',
    '<meta name="robots" content="noarchive"',
]


@pytest.mark.parametrize("head", NOARCHIVE)
def test_a_meta_element_is_read_as_browsers_do(head: str) -> None:
    """However it is spelt, and where its quotes are broken too."""
    assert reserved(f"<head>{head}<title>MiMo</title>".encode(), {}) == "noarchive (meta)"


@pytest.mark.parametrize(
    "said",
    ["index noarchive", "index;noarchive", "unavailable_after: Tuesday, 25-Jun-30 15:00:00 GMT, noarchive"],
)
def test_directives_are_told_apart(said: str) -> None:
    """By blanks, commas and semicolons; the hours of a time are no agent's name."""
    assert reserved(b"", {"x-robots-tag": said}) == "noarchive (X-Robots-Tag)"


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_a_page_in_utf_16_is_read(charset: str, crawl: Crawl, web: HostileWeb) -> None:
    """Where no word stands as its bytes."""
    page = "\ufeff" + article(head=SAID[0][0])
    web.answers["evil.test/page"] = http(page.encode(charset), kind="text/html; charset=utf-16")
    assert kept(crawl.link("http://evil.test/page"))[1] == "noarchive (meta)"


LONG = 1024 * 1024
LONG_ONES = [
    "<meta ",
    "<meta a=\"'",
    "<meta name=robots ",
    "<",
    " ",
    "a",
    "a ",
    "=",
    'a="',
    'a="<" ',
    "&#1",
    "content=x ",
]


@pytest.mark.parametrize("part", LONG_ONES)
@pytest.mark.parametrize("before", ["", "<meta name=robots ", '<meta name=robots content="'])
def test_a_megabyte_of_it_takes_no_time(before: str, part: str) -> None:
    """No byte of a page is looked at again and again: where it were, this would take hours."""
    began = time.process_time()
    reserved((before + part * (LONG // len(part))).encode(), {"x-robots-tag": part * 1000})
    assert time.process_time() - began < CPU


def test_an_off_topic_page_is_not_kept_either(crawl: Crawl) -> None:
    """What is judged once is not laid by for a rescan."""
    assert crawl.page(http("<meta name=robots content=noarchive><p>weather</p>"))[0] in {"off_topic", "unreadable"}
    left = crawl.link("http://evil.test/page")
    assert left.corpus.value("SELECT page_sha256 FROM visits WHERE url = 'http://evil.test/page'") is None


def unread(left: Left) -> tuple[str, str | None]:
    """Return the reason why a page was not read, and the key of its bytes."""
    (row,) = left.corpus.rows("SELECT * FROM visits WHERE url = 'http://evil.test/page'")
    assert row["ending"] == "unreadable"
    return row["reason"], row["page_sha256"]


@pytest.mark.parametrize(("head", "header"), [(SAID[0][0], "X-A: b"), ("", "X-Robots-Tag: noarchive")])
def test_a_page_of_too_many_tags_is_not_kept_either(head: str, header: str, crawl: Crawl, web: HostileWeb) -> None:
    """That nobody reads it gives no leave to keep it."""
    web.answers["evil.test/page"] = http(article(head=head, more="<b>" * (PAGE_TAGS + 1)), header)
    assert unread(crawl.link("http://evil.test/page")) == (
        f"more than {PAGE_TAGS} tags: no page of news has as many",
        None,
    )


@pytest.mark.parametrize("keep", [False, True])
def test_a_page_that_its_reader_failed_on_is_not_kept_either(
    keep: bool, crawl: Crawl, web: HostileWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends the process that reads it apart; unless the topic file keeps all."""

    async def fail(*_args: Any) -> None:
        raise Unreadable("apart", "its reader ended without a word")

    monkeypatch.setattr(WorkerProcess, "run", fail)
    web.answers["evil.test/page"] = http(article(head=SAID[0][0], more="<b>" * (LARGE_PAGE_TAGS + 1)))
    reason, key = unread(crawl.link("http://evil.test/page", keep_reserved=keep))
    assert reason == "apart: its reader ended without a word"
    assert (key is not None) == keep


def test_the_topic_file_may_keep_all(crawl: Crawl, web: HostileWeb) -> None:
    """`keep_reserved` keeps the page whole; what is reserved is recorded still."""
    web.answers["evil.test/page"] = http(article(head=SAID[0][0]))
    text, reason = kept(crawl.link("http://evil.test/page", keep_reserved=True))
    assert reason == "noarchive (meta)"
    assert len(text["body"]) > SNIPPET
    assert text["page_sha256"]


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="googlebot" content="noarchive">',
        '<meta name="robots" content="index, follow, max-snippet:-1, max-image-preview:large">',
        '<meta name="tdm-reservation" content="0">',
        '<meta name="description" content="noarchive">',
        '<meta name="robots" content="googlebot: noindex; noarchive">',
        '<meta name="description" content="a robots > noarchive" data-name=robots>',
    ],
)
def test_what_is_said_to_others_is_not_for_us(head: str, crawl: Crawl, web: HostileWeb) -> None:
    """Nor is a directive that reserves nothing."""
    web.answers["evil.test/page"] = http(
        article(head=head),
        "X-Robots-Tag: all",
        "X-Robots-Tag: googlebot: noindex, noarchive",
        "tdm-reservation: 0",
        "tdm-reservation: 0, 0",
    )
    text, reason = kept(crawl.link("http://evil.test/page"))
    assert reason is None
    assert text["page_sha256"]


def test_tdmrep_is_asked_once_and_remembered(crawl: Crawl, web: HostileWeb) -> None:
    """Once a host and day, before its first page; by its longest pattern; a redirect asks the host it leads to."""
    web.answers["evil.test/.well-known/tdmrep.json"] = http(TDMREP, kind="application/json")
    paths = ["page", "free/page", "moved"]
    for path in paths:
        web.answers[f"evil.test/{path}"] = http(article(f"MiMo {path}"))
    web.answers["other.test/away"] = moved("http://evil.test/moved")
    web.answers["evil.test/feed"] = feed(
        ["http://evil.test/page", "http://evil.test/free/page", "http://other.test/away"]
    )
    left = crawl(("feed", "http://evil.test/feed"))
    assert kept(left)[1] == "tdm-reservation (tdmrep.json)"
    assert kept(left, "http://evil.test/free/page")[1] is None
    assert kept(left, "http://other.test/away")[1] == "tdm-reservation (tdmrep.json)"
    crawl(("feed", "http://evil.test/feed"))
    asked = [asked for asked in web.asked if asked.path.endswith("tdmrep.json")]
    assert sorted(each.host for each in asked) == ["evil.test", "good.test", "other.test"]


@pytest.mark.parametrize(
    "answer",
    [http(b"", status="500 Oops"), http("<html>"), http("{}"), http("[" * 50_000), http("[1,null,{}]"), b"MiMo"],
)
def test_a_broken_tdmrep_reserves_nothing(answer: bytes, crawl: Crawl, web: HostileWeb) -> None:
    """A file that cannot be read says nothing, and costs no page."""
    web.answers["evil.test/.well-known/tdmrep.json"] = answer
    web.answers["evil.test/page"] = http(article())
    assert kept(crawl.link("http://evil.test/page"))[1] is None


def test_a_tdmrep_with_a_byte_order_mark_is_read(crawl: Crawl, web: HostileWeb) -> None:
    """As editors on Windows write it."""
    web.answers["evil.test/.well-known/tdmrep.json"] = http(b"\xef\xbb\xbf" + TDMREP.encode(), kind="application/json")
    web.answers["evil.test/page"] = http(article())
    assert kept(crawl.link("http://evil.test/page"))[1] == "tdm-reservation (tdmrep.json)"


def test_every_rule_of_a_tdmrep_counts() -> None:
    """The last of 1,501, too: nothing is cut off."""
    rules = [{"location": f"/{number}", "tdm-reservation": 0} for number in range(1500)]
    said = json.dumps([*rules, {"location": "/", "tdm-reservation": 1}], separators=(",", ":"))
    assert len(said) < TDMREP_BYTES
    assert mining_reserved(said, "http://a.test/x")
    assert mining_reserved(said, "http://a.test/7") is None


@given(st.binary(max_size=300), st.text(max_size=100))
def test_any_bytes_are_read(body: bytes, said: str) -> None:
    """No page, header or file raises."""
    reserved(b"<meta name=robots content=" + body + b">", {"x-robots-tag": said})
    mining_reserved(said, "http://a.test/x")
    mining_reserved(json.dumps([{"location": said, "tdm-reservation": 1}]), "http://a.test/x")


def test_a_page_that_was_never_kept_says_so(crawl: Crawl, web: HostileWeb) -> None:
    """Asking the pages file for it is an error in words."""
    web.answers["evil.test/page"] = http(article(head=SAID[0][0]))
    left = crawl.link("http://evil.test/page")
    with pytest.raises(CorpusError, match="missing"):
        left.corpus.pages.get("0" * 64)
