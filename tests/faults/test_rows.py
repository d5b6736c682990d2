"""Rows 41 to 50 of the attacks that were tried on the newest releases of what we build on: one test each, by number.

Rows 1 to 40 and 51 are about the network, and are tested with it (tests/hostile).
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.schedule import at_once
from crawler.errors import SourceError
from crawler.model import Ending, Page
from crawler.path import append, prepare
from crawler.report.export import export
from crawler.sources import feed
from crawler.text import dates
from crawler.topic.reader import load
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.corpus.store import Corpus
    from crawler.model import Answer, Topic

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROSE = "虚构样例：罗福莉在小米的发布会上介绍了MiMo-V2-Flash，总参数为3090亿，每次只激活其中的150亿，推理很快。" * 3


def stored(corpus: Corpus, topic: Topic, title: str, **declared: Any) -> dict[str, object]:
    """Take a page with this title along the path and return its revision."""
    about = json.dumps({"@type": "NewsArticle", "headline": title, **declared})
    body = (
        f'<html lang="zh"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<script type="application/ld+json">{about}</script></head><body><article><h1>{html.escape(title)}</h1>'
        f"<p>{PROSE}</p></article></body></html>"
    )
    page = Page(url="https://bao.test/1", body=body.encode("utf-8", "surrogatepass"), fetched_at=NOON)
    visit = append(corpus, topic, prepare(topic, page), corpus.start_run("person", NOON))
    assert visit.ending is Ending.STORED, visit
    (row,) = corpus.rows("SELECT * FROM revisions")
    return row


def answer(topic: Topic, *items: object) -> Answer:
    """Read a JSON Feed of these items."""
    body = items[0] if isinstance(items[0], bytes) else json.dumps({"items": items}).encode()
    return feed.parse(body, url="https://bao.test/", headers={}, source=topic.sources[0], now=NOON)


def test_row_41_a_nul_in_a_title_hides_nothing(corpus: Corpus, topic: Topic) -> None:
    """SQLite's length() and LIKE see the whole title."""
    stored(corpus, topic, "小米\0罗福莉开源模型")
    row = corpus.rows("SELECT title, length(title) AS size, title LIKE '%罗福莉开源模型' AS found FROM revisions")[0]
    assert (len(str(row["title"])), row["found"]) == (row["size"], 1)


def test_row_42_a_lone_surrogate_breaks_no_row(corpus: Corpus, topic: Topic) -> None:
    """Neither as text nor inside JSON, where json_extract would fail for every reader."""
    (lead,) = answer(topic, {"url": "https://bao.test/2", "title": "小米\ud800开源"}).leads
    assert lead.title == "小米开源"
    stored(corpus, topic, "小米罗福莉开源", author=[{"name": "甲\udfff乙"}])
    assert corpus.value("SELECT json_extract(authors, '$[0]') FROM revisions") == "甲乙"


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"url": "https://bao.test/1", "title": ' + b"9" * 5000 + b"}]}",
        b"[" * 100_000,
        b'{"items": ' + b'{"a": ' * 100_000,
    ],
)
def test_row_43_endless_numbers_and_nesting_end_the_poll(topic: Topic, body: bytes) -> None:
    """5,000 digits or 100,000 brackets are an answer that is no JSON, said so."""
    with pytest.raises(SourceError, match=r"no JSON|neither"):
        answer(topic, body)


def test_row_43_a_number_beyond_64_bits_costs_one_entry_its_field(corpus: Corpus, topic: Topic) -> None:
    """The entry beside it is read, and what is stored is text."""
    leads = answer(topic, {"url": "https://bao.test/1", "title": 2**63, "date_published": 2**70},
                   {"url": "https://bao.test/2", "title": "小米"}).leads  # fmt: skip
    assert [lead.title for lead in leads] == [None, "小米"]
    corpus.sync_sources(topic, NOON, at_once)
    with corpus.transaction():
        for lead in leads:
            assert corpus.add_lead(corpus_run(corpus), topic.sources[0].id, lead.url, lead, NOON)
    assert stored(corpus, topic, "小米罗福莉开源", version=2**80, wordCount=2**64)["rev"] == 1


def corpus_run(corpus: Corpus) -> int:
    """Return the id of a run, made when there is none."""
    corpus.conn.execute("INSERT OR IGNORE INTO runs (id, started_at, by) VALUES (1, '2026-03-01T12:00:00Z', 'person')")
    return 1


def test_row_44_no_key_of_the_web_becomes_a_column(corpus: Corpus, topic: Topic) -> None:
    """The schema is what the migrations made, whatever keys a feed and a page bring."""
    asked = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    before = corpus.rows(asked)
    answer(topic, {"url": "https://bao.test/1", 'x"; DROP TABLE leads; --': 1, **{f"k{i}": i for i in range(2000)}})
    stored(corpus, topic, "小米罗福莉开源", **{f"k{i}": i for i in range(2000)})
    assert corpus.rows(asked) == before


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("9999-12-31T23:59:59-12:00", None),
        ("0000-00-00", None),
        ("99999-01-01", None),
        ("2024-13-45", None),
        ("+9999999999", None),
        ("2024年1月1日", datetime(2023, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_row_45_a_date_is_right_or_none(raw: str, at: datetime | None, corpus: Corpus, topic: Topic) -> None:
    """Never the year 10000, never November for January; what the page said is kept where there is none."""
    moment = dates.parse(raw, now=NOON, timezone="Asia/Shanghai")
    assert (moment.at if moment else None) == at
    (lead,) = answer(topic, {"url": "https://bao.test/1", "title": "小米", "date_published": raw}).leads
    assert (lead.published_at, lead.published_raw) == (at, raw)


@pytest.mark.parametrize("text", ["3 " * 10_000, "1e400", "一" * 20_000, "2026-03-01 " * 2000])
def test_row_46_a_long_text_is_no_date_at_once(text: str) -> None:
    """Nothing longer than a date is looked at: no library that needs seconds for 20 kB, and no 1e400 for now."""
    assert dates.parse(text, now=NOON, timezone="UTC") is None


def test_row_47_a_user_writes_no_regular_expressions(tmp_path: Path) -> None:
    """Terms of a topic file are taken as they stand, so that none can take seconds on 26 letters."""
    path = tmp_path / "t.toml"
    path.write_text(
        '[topic]\nid = "t"\nname = "T"\n[relevance]\nstrong = ["(\\\\w+\\\\s?)+$"]\n[[source]]\nid = "s"\n'
        'kind = "feed"\n'
        'url = "https://a.test/"\noutlet = "o"\nlang = "zh"\ntimezone = "UTC"\n',
        encoding="utf-8",
    )
    topic = load(path)
    body = f"<html><body><article><h1>{'a' * 26}!</h1><p>{'a' * 26}! {PROSE}</p></article></body></html>".encode()
    prepared = prepare(topic, Page(url="https://a.test/1", body=body, fetched_at=NOON))
    assert prepared.verdict is not None
    assert not prepared.verdict.relevant


@pytest.mark.parametrize(
    "query",
    ['foo "bar', "*", "xiaomi-ai", "NOT", "NEAR(", "a AND", '""', "col:x", "^x", "x*", "(", "{a b}:c", "小米 OR"],
)
def test_row_48_no_query_is_an_error(query: str, tmp_path: Path) -> None:
    """Raw, most of these are an OperationalError of FTS5."""
    rows = Rows(tmp_path / "c.db")
    rows.article("小米开源", "罗福莉。")
    assert isinstance(rows.corpus.search(query), list)
    rows.corpus.close()


def test_row_49_html_in_a_title_is_no_html(corpus: Corpus, topic: Topic) -> None:
    """A script in a title, escaped or not, and a javascript: link: the words stay, the rest goes."""
    items = [
        {"url": "javascript:alert(1)", "title": "小米"},
        {"url": "https://bao.test/1", "title": "<script>alert(1)</script>小米&lt;b&gt;开源&lt;/b&gt;"},
    ]
    (lead,) = answer(topic, *items).leads
    assert (lead.url, lead.title) == ("https://bao.test/1", "小米开源")
    about = {"image": "javascript:alert(1)", "url": "data:text/html,x"}
    row = stored(corpus, topic, "小米<img src=x onerror=alert(1)>罗福莉开源", **about)
    assert (row["title"], row["image"], row["page_url"]) == ("小米罗福莉开源", None, "https://bao.test/1")


@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\t", "\r"])
def test_row_50_no_cell_is_a_formula(mark: str, tmp_path: Path) -> None:
    """What a spreadsheet would compute is quoted in CSV, and left as it is in the corpus."""
    rows = Rows(tmp_path / "c.db")
    rows.article(f'{mark}HYPERLINK("https://a.test/")', "正文")
    out = io.BytesIO()
    export(rows.corpus, "csv", out)
    rows.corpus.close()
    (row,) = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert re.match(r"[=+\-@\t\r]", row["title"]) is None
    assert "HYPERLINK" in row["title"]
