"""Whatever the web sends, every text in the corpus can be read back: clean, short, a link only where it leads."""

from __future__ import annotations

import html
import json
import sqlite3
import tempfile
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crawler import dedupe, limits
from crawler.corpus.runs import RunEnding
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.errors import SourceError
from crawler.job import fixed_gap
from crawler.limits import MARKS_PER_LETTER
from crawler.model import Article, Ending, Hit, Page, Poll, Topic, Visit
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from crawler.sources import feed, polling
from crawler.text import sanitize
from crawler.text.folding import _stacked, clean, one_line, unstacked, without_markup
from tests.faults.stored import unfit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROSE = "虚构样例：罗福莉在小米的发布会上介绍了MiMo-V2-Flash，总参数为3090亿，每次只激活其中的150亿，推理很快。"

NASTY = [
    "\0", "a\0b", "\x1b[31m红\x1b[0m", "\x9b31m", "\x85", "\ud800", "\udfff小米", "\u202e倒过来\u202c",
    "\u2066隔\u2069",
    "<script>alert(1)</script>", "<b>粗</b>", "<<b>script>alert(1)<</b>/script>", "&lt;img src=x onerror=alert(1)&gt;",
    "&#0;&#8;&#146;&#xD800;&#x202E;", "<!--", "]]>", "<![CDATA[", "{" * 50, "[" * 2000, "9" * 6000, str(2**64), "1e999",
    "长" * 3000, "javascript:alert(1)", "data:text/html,x", "file:///etc/hostname", "\ufffe\uffff", "\u2028行",
]  # fmt: skip
"""What one of the attacks would hide in a title, a name, a date, a link."""

hostile = st.lists(
    st.one_of(
        st.sampled_from(NASTY),
        st.text(st.characters(codec=None), max_size=20),
        st.sampled_from(["小米", " ", "罗福莉", "2026-03-01"]),
    ),
    max_size=4,
).map("".join)  # fmt: skip
links = st.one_of(
    hostile.map(lambda tail: "https://bao.test/1" + tail), hostile, st.just("https://bao.test/" + "长" * 900)
)


def feed_of(text: str, link: str, *, as_json: bool) -> bytes:
    """Return a feed whose every field holds the text."""
    if as_json:
        entry = {"url": link, "title": text, "date_published": text, "content_html": f"<p>{PROSE}{text}</p>"}
        return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [entry]}).encode()
    said = escape(text)
    return (
        f"<rss><channel><link>https://bao.test/</link><item><title>{said}</title><link>{escape(link)}</link>"
        f"<pubDate>{said}</pubDate><source url='https://bao.test/'>{said}</source>"
        f"<description>{said}</description></item></channel></rss>"
    ).encode("utf-8", "surrogatepass")


def page_of(text: str, link: str, charset: str) -> bytes:
    """Return a page whose every field holds the text, in its markup and in what it declares."""
    said = html.escape(text)
    about = json.dumps({"@type": "NewsArticle", "headline": text, "author": [{"name": text}] * 30, "image": link,
                        "datePublished": text, "publisher": {"name": text}})  # fmt: skip
    about = about.replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="{said}"><head><meta charset="{charset}"><title>罗福莉{said}</title>'
        f'<meta name="author" content="{said}"><meta property="og:site_name" content="{said}">'
        f'<meta property="og:image" content="{html.escape(link)}"><link rel="canonical" href="{html.escape(link)}">'
        f'<script type="application/ld+json">{about}</script></head>'
        f"<body><article><h1>罗福莉{said}</h1><p>来源：{said} 作者：{said}</p><p>{PROSE * 4}</p><p>{said}{PROSE}</p>"
        f"<p>{text}</p></article></body></html>"
    ).encode("utf-8", "surrogatepass")


def take(corpus: Corpus, topic: Topic, text: str, link: str, charset: str, *, as_json: bool) -> list[Visit]:
    """Take a hostile text from feed to lead to page to article, as a crawl does, and return how the visits ended."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)
    (state, *_) = corpus.states(topic)
    headers = {"content-type": f"text/html; charset={charset}", "etag": text, "last-modified": text}
    try:
        answer = feed.parse(
            feed_of(text, link, as_json=as_json), url=state.url, headers=headers, source=state.source, now=NOON
        )
        leads, error = answer.leads, None
    except SourceError as problem:
        leads, error = (), str(problem)
    poll = Poll(
        source_id=state.source.id, at=NOON, status=200, leads=leads, etag=text, last_modified=text,
        error=error and f"{error} {text}",
    )  # fmt: skip
    outcome = polling.after(state, poll, [], NOON, fixed_gap)
    with corpus.transaction():
        for lead in leads:
            corpus.add_lead(run_id, poll.source_id, dedupe.canonical_url(lead.url), lead, NOON)
        corpus.write_poll(run_id, poll, outcome.state, len(leads), outcome.fault)
    visits = []
    for row in corpus.rows("SELECT * FROM leads"):
        lead = next(each for each in leads if dedupe.canonical_url(each.url) == row["url"])
        page = Page(
            url=lead.url, body=page_of(text, link, charset), fetched_at=NOON, headers=headers, lead=lead, lang="zh"
        )
        visits.append(append(corpus, topic, prepare(topic, page), run_id, lead_id=row["id"], status=200))
    page = Page(url="https://bao.test/own", body=page_of(text, link, charset), fetched_at=NOON, headers=headers)
    visits.append(append(corpus, topic, prepare(topic, page), run_id))
    with corpus.transaction():
        corpus.settle(NOON, days=None)
    corpus.end_run(run_id, RunEnding.DONE, NOON, text)
    return visits


@given(
    text=hostile,
    link=links,
    charset=st.sampled_from(
        ["utf-8", "gb2312", "rot13", "zlib", "idna", "unicode_escape", "utf-7", "hex", "\0", "x" * 99]
    ),
    as_json=st.booleans(),
)
@example(text="".join(NASTY[:18]), link="https://bao.test/1", charset="rot13", as_json=True)
@example(text="\ud800\0\u202e", link="https://bao.test/1", charset="unicode_escape", as_json=False)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_everything_stored_can_be_read_back(text: str, link: str, charset: str, *, as_json: bool) -> None:
    """Hostile strings in every field of a feed and a page leave no unfit text in any column of any table."""
    topic = sample_topic()
    with tempfile.TemporaryDirectory() as folder, Corpus(Path(folder) / "c.db", create=True) as corpus:
        corpus.claim_topic(topic.id, str(topic.seed))
        visits = take(corpus, topic, text, link, charset, as_json=as_json)
        assert {visit.ending for visit in visits} <= {*Ending} - {Ending.UNREADABLE, Ending.OFF_TOPIC}, visits
        assert corpus.value("SELECT count(*) FROM articles") >= 1
        assert unfit(corpus) == []
        assert corpus.value("PRAGMA integrity_check") == "ok"
        corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")


def test_the_check_itself_can_fail(corpus: Corpus) -> None:
    """A text that came in beside the gate is found in its column."""
    sqlite3.Connection.execute(corpus.conn, "INSERT INTO meta (key, value) VALUES ('a', ?)", ("b\x1b",))
    assert unfit(corpus) == ["meta.value: a control character: 'b\\x1b'"]


def test_the_connection_cleans_whoever_wrote(corpus: Corpus) -> None:
    """Positional values, named ones and many rows at once: none gets a NUL or a lone surrogate past the connection."""
    corpus.conn.execute("INSERT INTO meta VALUES (?, ?)", ("one", "a\0b"))
    corpus.conn.execute("INSERT INTO meta VALUES (:key, :value)", {"key": "two", "value": "a\ud800b"})
    corpus.conn.executemany("INSERT INTO meta VALUES (?, ?)", [("three", "a\u202eb")])
    assert corpus.value("SELECT count(*) FROM meta WHERE value = 'ab' AND length(value) = 2") == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("小米<b>开源</b>模型", "小米开源模型"),
        ("<script>alert(1)</script>小米", "小米"),
        ("<scr<b>ipt>小米", "小米"),
        ("<script src=x", "src=x"),
        ("std::vector<int> 与 a < b", "std::vector<int> 与 a < b"),
        ("小米\u202e倒\u202c\u0000\t\n模型", "小米倒 模型"),
        ("It\x92s", "It’s"),
        ("长" * 900, "长" * 500),
    ],
)
def test_a_line_is_one_line_without_markup(text: str, said: str) -> None:
    """Elements of HTML go, other angle brackets stay; Windows-1252's quotes are what a page means by C1 controls."""
    assert one_line(text, 500) == said


@given(st.text(st.characters(codec=None), max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """And what is clean can be encoded."""
    assert clean(clean(text)) == clean(text)
    assert without_markup(without_markup(text)) == without_markup(text)
    clean(text).encode()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/1", "ftp://a.test/", "https://", "https://a.test:0/",
                                 "https://a.test/" + "x" * 3000])  # fmt: skip
def test_an_article_without_a_web_address_is_unreadable(url: str, corpus: Corpus, topic: Topic) -> None:
    """And says so, as one visit."""
    page = Page(url=url, body=page_of("", "", "utf-8"), fetched_at=NOON)
    visit = append(corpus, topic, prepare(topic, page), corpus.start_run("person", NOON))
    assert visit.ending is Ending.UNREADABLE
    assert "no web address" in visit.reason


def test_an_article_is_cut_to_what_a_person_needs() -> None:
    """Every field has its length; what cannot be cut is left out."""
    fit = sanitize.article(
        Article(
            url="https://a.test/1", title="题" * 9000, body="文" * 900_000, authors=("名" * 900,) * 900,
            outlet="报" * 900,
            credited_source="源" * 900, published_raw="昨" * 900, lang="z" * 900, image="https://a.test/" + "i" * 9000,
            evidence={"title": "h" * 900},
        )
    )  # fmt: skip
    assert (len(fit.title), len(fit.body), len(fit.authors)) == (500, 200_000, 20)
    assert {len(fit.authors[0]), len(fit.outlet or ""), len(fit.credited_source or ""), len(fit.evidence["title"])} == {
        200
    }
    assert (len(fit.published_raw or ""), fit.lang, fit.image) == (80, None, None)


def test_of_many_hits_the_first_are_kept() -> None:
    """So many of a term, so many in all, and the first of every term however late it comes."""
    said = [
        Hit(term=f"t{term}", role="strong", field="body", start=start, end=start + 1)
        for term in range(40)
        for start in range(200)
    ]
    kept = sanitize.hits(tuple(said))
    assert {hit.term for hit in kept} == {f"t{term}" for term in range(40)}
    assert len(kept) == limits.TERM_PLACES + 30
    assert kept[: limits.PLACES_PER_TERM] == tuple(said[: limits.PLACES_PER_TERM])
    assert kept == tuple(hit for hit in said if hit in set(kept))
    assert sanitize.hits(tuple(said[:90])) == tuple(said[:90])


@pytest.mark.parametrize(
    "marks",
    ["\u0301" * 4000 + "\u0316" * 4000, "\u0301\u0316" * 4000, "\u0301" * 4000 + "\uff9e" * 4000, "\u0301" * 8000],
)
def test_marks_without_end_are_cut(marks: str) -> None:
    """Unicode's normal forms put them in order in as many steps as their square: 20,000 took 0.6 s."""
    for letter in "ab米":
        said = sanitize.article(
            Article(url="https://bao.test/1", title="小米", body=f"{PROSE}{letter}{marks}。{PROSE}")
        )
        assert said.body == f"{PROSE}{letter}{marks[:MARKS_PER_LETTER]}。{PROSE}"


@pytest.mark.parametrize("said", ["Việt Nam", "e\u0301te\u0301", "ﾊﾞﾝﾄﾞ", "ผู้ใหญ่", "z" + "\u0316\u0301" * 7, "क्ष्म्य", ""])
def test_the_marks_of_a_language_stay(said: str) -> None:
    """Composed or not, in order or not."""
    assert unstacked(said) == said


def test_what_becomes_a_mark_counts_as_one() -> None:
    """Whatever character begins with a mark in some normal form, of all there are."""
    for char in map(chr, range(0x20, 0x110000)):
        if unicodedata.combining(unicodedata.normalize("NFKD", char)[0]):
            assert _stacked().fullmatch(char * (MARKS_PER_LETTER + 1)), hex(ord(char))
