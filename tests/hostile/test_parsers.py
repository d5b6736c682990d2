"""Rows 27 to 35, 38 to 40, 49: documents made to hurt whoever parses them."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.extract import extract
from crawler.model import Page
from crawler.path import prepare
from tests.hostile.conftest import topic_of
from tests.hostile.server import article, feed, http

if TYPE_CHECKING:
    from tests.hostile.conftest import Crawl
    from tests.hostile.server import HostileWeb

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CPU = 5.0
"""Seconds of CPU no parse of these may take; quadratic ones take hours."""

BILLION = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>{}"
)
QUADRATIC = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a9 "' + "A" * 100_000 + '">]>{}'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a9 SYSTEM "file:///etc/hostname">]>{}'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>{}'
ELSEWHERE = '<?xml version="1.0"?><!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd">{}'

FEED = "<rss><channel><item><title>MiMo &a9;</title><link>http://evil.test/page</link></item></channel></rss>"
SITEMAP = "<urlset><url><loc>http://evil.test/page</loc></url><url><loc>http://evil.test/&a9;</loc></url></urlset>"


@pytest.mark.parametrize("dtd", [BILLION, QUADRATIC, OUTSIDE, PARAMETER, ELSEWHERE])
@pytest.mark.parametrize(("kind", "text"), [("feed", FEED), ("sitemap", SITEMAP)])
def test_row_27_and_28_entities(kind: Any, text: str, dtd: str, crawl: Crawl) -> None:
    """No entity is expanded, no file and no address read, whatever the document declares."""
    left = crawl.poll(http(dtd.replace("{}", text), kind="application/xml"), kind)
    dump = left.dump()
    assert "lollol" not in dump
    assert "A" * 1000 not in dump
    assert Path("/etc/hostname").read_text(encoding="utf-8").strip() not in dump


def page(body: bytes | str) -> Page:
    """Return a page."""
    return Page(url="http://a.test/1", body=body if isinstance(body, bytes) else body.encode(), fetched_at=NOW)


HURT = [
    *("<div>" * n + article() for n in (1_000, 10_000)),
    *("<b>" * n + article() for n in (1_000, 10_000)),
    article(more="<!--" * 40_000),
    article(more="<a " * 10_000),
    article(more="<" * 20_000),
    article(more="&" * 100_000 + "&#x" * 50_000),
    article(more="<p>x</p>" * 6_000),
    article(more="<table><tr><td>" * 3_000),
    article(more='<p style="' + "a" * 100_000),
    article(more="<svg><math>" * 2_000 + "<![CDATA[" * 1_000),
    article(head='<script type="application/ld+json">' + "[" * 100_000 + "</script>"),
    article(head='<script type="application/ld+json">' + '{"a":' * 20_000 + "</script>"),
    article(more="　" * 100_000),
    article(more="2026-01-01 " * 20_000),
    article(more="MiMo" * 50_000),
]


@pytest.mark.parametrize("body", HURT, ids=map(str, range(len(HURT))))
def test_row_29_to_33_shapes_that_hurt(body: str) -> None:
    """Deep, flat, unclosed, endless: read or given up within seconds of CPU, never an exception."""
    spent = time.process_time()
    prepared = prepare(topic_of(), page(body))
    assert time.process_time() - spent < CPU
    assert prepared.verdict is not None or prepared.error is not None


def test_row_30_what_comes_out_is_plain() -> None:
    """An article drags no tree along: it is pickled in about its own size, and holds nothing but text."""
    prepared = prepare(topic_of(), page(article()))
    assert prepared.article is not None
    assert len(pickle.dumps(prepared.article)) < 20_000
    assert type(prepared.article.title) is str
    assert type(prepared.article.body) is str


@pytest.mark.parametrize("depth", [300, 3_000])
@pytest.mark.parametrize("tag", ["div", "section", "span"])
def test_row_34_a_deep_article_is_not_lost(tag: str, depth: int) -> None:
    """What lies deeper than the parser's limit is read all the same."""
    whole = article()
    deep = whole.replace("<body>", "<body>" + f"<{tag}>" * depth).replace("</body>", f"</{tag}>" * depth + "</body>")
    assert "第8段说的是" in extract(page(deep)).body


def test_row_35_deeper_than_any_page() -> None:
    """A hundred thousand elements inside each other end in words."""
    spent = time.process_time()
    prepare(topic_of(), page(article(more="<i>" * 100_000)))
    assert time.process_time() - spent < CPU


WORDS = "小米的 MiMo 模型"


@pytest.mark.parametrize(
    ("declared", "real"),
    [
        *(("utf-8", "gbk"), ("gb2312", "gb18030"), ("iso-8859-1", "utf-8"), ("big5", "utf-8"), ("utf-8", "big5")),
        *(("rot13", "utf-8"), ("zlib", "utf-8"), ("idna", "utf-8"), ("unicode_escape", "utf-8"), ("x-none", "utf-8")),
        *(("utf-7", "utf-8"), ("punycode", "utf-8"), ("utf-16", "utf-8"), ("raw_unicode_escape", "gbk"), ("", "gbk")),
        *(("mbcs", "gbk"), ("undefined", "utf-8"), ("hex", "gb18030"), ("\0" * 50, "utf-8"), ("a" * 5000, "utf-8")),
    ],
)
def test_row_38_to_40_charsets(declared: str, real: str, crawl: Crawl, web: HostileWeb) -> None:
    """Whatever the header and the page call it, the words are read; no codec that is no charset is run."""
    words = WORDS.replace("的", "發布") if real == "big5" else WORDS
    words = words.replace("小米", "數據") if real == "big5" else words
    body = article(words).replace("charset=utf-8", f"charset={declared}")
    if real == "big5":
        body = f"<html><title>{words}</title><h1>{words}</h1>" + f"<p>{words * 5}</p>" * 5
    web.answers["evil.test/page"] = http(body.encode(real), kind=f"text/html; charset={declared}")
    left = crawl.link("http://evil.test/page")
    text = left.stored("http://evil.test/page")
    assert text is not None
    assert words in text["title"]
    assert "\ufffd" not in text["body"]


LINKS = ["javascript:alert(1)", "java\tscript:alert(1)", " data:text/html,x", "vbscript:x", "\x01javascript:alert(1)"]


@pytest.mark.parametrize("link", LINKS)
def test_row_49_links_that_are_scripts(link: str, crawl: Crawl, web: HostileWeb) -> None:
    """None is stored: not as a lead, not as an image, not as the article's own address."""
    web.answers["evil.test/feed"] = feed([link.replace("\x01", ""), "http://evil.test/page"])
    head = f'<link rel="canonical" href="{link}"><meta property="og:image" content="{link}">'
    web.answers["evil.test/page"] = http(article("MiMo <script>alert(1)</script>", head=head))
    left = crawl(("feed", "http://evil.test/feed"))
    assert left.ending("http://evil.test/page")[0] == "stored"
    dump = left.dump().lower()
    assert "script:" not in dump
    assert "data:text" not in dump
    assert left.corpus.value("SELECT count(*) FROM revisions WHERE image IS NOT NULL") == 0
