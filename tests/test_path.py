"""The path without Scrapy: pages in, the corpus's rows out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler import dedupe
from crawler.corpus.store import Corpus
from crawler.model import Article, Ending, Lead, Page, Topic, Visit
from crawler.path import Fetched, append, append_all, prepare

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2025, 12, 17, 12, tzinfo=UTC)

BODY = [
    "虚构样例：发布会当天下午，罗福莉第一次以新身份走上讲台，介绍了名为MiMo-V2-Flash的模型。",
    "她说，这个模型的总参数为3090亿，每次只激活其中的150亿，因此推理的花费不高，速度也快。",
    "台下有人问起价格，她请大家自己去试，并说团队最看重的是写代码和调用工具的本领。",
]


def page(
    paragraphs: list[str], *, url: str = "https://bao.test/1.html", at: datetime = NOON, title: str = "新模型亮相"
) -> Page:
    """Return an invented news page."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    html = (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="article:published_time" content="2025-12-17T18:30:00+08:00"></head>'
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    )
    return Page(url=url, body=html.encode(), fetched_at=at, headers={"content-type": "text/html"})


def take(corpus: Corpus, topic: Topic, *pages: Page) -> list[Ending]:
    """Take pages along the path in one run and return their endings."""
    run_id = corpus.start_run("person", NOON)
    return [append(corpus, topic, prepare(topic, each), run_id).ending for each in pages]


def test_a_page_becomes_an_article_with_all_its_rows(corpus: Corpus, topic: Topic) -> None:
    """One page writes an article, a revision, a verdict, a visit, a story, a sketch, mentions and the index."""
    assert take(corpus, topic, page(BODY)) == [Ending.STORED]
    for table in ("articles", "revisions", "verdicts", "visits", "stories", "sketches", "mentions", "vectors"):
        assert corpus.value(f"SELECT count(*) FROM {table}") >= 1, table
    assert corpus.value("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '罗福莉'") == 1
    row = corpus.rows("SELECT published_at, background FROM coverage")[0]
    assert row == {"published_at": "2025-12-17T10:30:00Z", "background": 0}


def test_twice_equals_once(corpus: Corpus, topic: Topic) -> None:
    """The same page again ends unchanged and writes nothing but its visit and verdict."""
    take(corpus, topic, page(BODY))
    before = counts(corpus)
    assert take(corpus, topic, page(BODY, at=NOON + timedelta(hours=1))) == [Ending.UNCHANGED]
    assert counts(corpus) == before


def test_an_edit_becomes_a_revision(corpus: Corpus, topic: Topic) -> None:
    """A changed number is a second revision that says which words went and came, and the index follows."""
    take(corpus, topic, page(BODY))
    edited = [line.replace("3090亿", "309亿") for line in BODY]
    assert take(corpus, topic, page(edited, at=NOON + timedelta(hours=1))) == [Ending.REVISED]
    row = corpus.rows("SELECT rev, removed, added FROM revisions ORDER BY rev DESC LIMIT 1")[0]
    assert row["rev"] == 2
    assert "3090亿" in row["removed"]
    assert "309亿" in row["added"]
    assert corpus.value("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '3090亿'") == 0
    assert corpus.value("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH '309亿'") == 1
    assert corpus.value("SELECT count(*) FROM vectors") == 1


def test_an_edit_taken_back_is_a_revision_too(corpus: Corpus, topic: Topic) -> None:
    """A, B, A in time are three revisions; replaying the first A adds none."""
    edited = [line.replace("3090亿", "309亿") for line in BODY]
    pages = [page(BODY), page(edited, at=NOON + timedelta(hours=1)), page(BODY, at=NOON + timedelta(hours=2))]
    assert take(corpus, topic, *pages) == [Ending.STORED, Ending.REVISED, Ending.REVISED]
    assert take(corpus, topic, *pages) == [Ending.UNCHANGED] * 3
    assert corpus.value("SELECT count(*) FROM revisions") == 3


def test_a_copy_is_an_article_of_its_own(corpus: Corpus, topic: Topic) -> None:
    """A reprint elsewhere is stored, matched, and hangs below the first in its tree and story."""
    copy = page(BODY, url="https://zhuan.test/9.html", at=NOON + timedelta(hours=3))
    copy = replace(copy, body=copy.body.replace(b"18:30", b"20:10"))
    assert take(corpus, topic, page(BODY), copy) == [Ending.STORED, Ending.STORED]
    rows = corpus.rows("SELECT id, root_id, parent_id, depth, story_id FROM articles ORDER BY id")
    assert rows[1]["root_id"] == rows[1]["parent_id"] == rows[0]["id"]
    assert rows[1]["depth"] == 1
    assert rows[0]["story_id"] == rows[1]["story_id"]
    assert corpus.value("SELECT kind FROM matches") == "exact"
    assert corpus.value("SELECT voices FROM stories") == 1


def test_off_topic_keeps_page_and_verdict(corpus: Corpus, topic: Topic) -> None:
    """A page about something else is no article; its bytes and verdict are kept for a changed topic."""
    other = page(["虚构样例：今年沁州的小米收成好，每亩收入高过往年，合作社的收购价也提了。"] * 3, title="谷子熟了")
    assert take(corpus, topic, other) == [Ending.OFF_TOPIC]
    assert corpus.value("SELECT count(*) FROM articles") == 0
    row = corpus.rows("SELECT relevant, page_sha256 FROM verdicts")[0]
    assert row["relevant"] == 0
    assert corpus.pages.get(row["page_sha256"]) == other.body


def test_a_shared_canonical_loses_no_text(corpus: Corpus, topic: Topic) -> None:
    """Two pages that both declare the same canonical URL but hold different texts are two articles."""
    first = page(BODY)
    link = b'<link rel="canonical" href="https://bao.test/1.html"></head>'
    second = page([line.replace("模型", "系统") + "另一篇。" for line in BODY[::-1]] * 2, url="https://bao.test/2.html")
    second = replace(second, body=second.body.replace(b"</head>", link))
    assert take(corpus, topic, first, second) == [Ending.STORED, Ending.STORED]
    assert corpus.value("SELECT count(*) FROM articles") == 2


def test_a_page_under_a_second_url_is_a_duplicate(corpus: Corpus, topic: Topic) -> None:
    """The same text whose page declares the first URL canonical adds no article."""
    link = b'<link rel="canonical" href="https://bao.test/1.html"></head>'
    again = page(BODY, url="https://bao.test/print/1.html")
    again = replace(again, body=again.body.replace(b"</head>", link))
    assert take(corpus, topic, page(BODY), again) == [Ending.STORED, Ending.DUPLICATE]


def test_what_the_source_carried_stands_in(corpus: Corpus, topic: Topic) -> None:
    """Where the page cannot be had, the body of the feed is taken along the same path."""
    lead = Lead(
        url="https://bao.test/3.html",
        title="新模型亮相",
        body="".join(f"<p>{line}</p>" for line in BODY),
        published_at=NOON,
    )
    bare = Page(url=lead.url, body=b"", fetched_at=NOON, lead=lead, lang="zh", timezone="Asia/Shanghai")
    assert take(corpus, topic, bare) == [Ending.STORED]
    assert BODY[1] in corpus.value("SELECT body FROM coverage")


@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 400, "罗福莉".encode(), b"<html>" * 3000 + "罗福莉".encode(), "罗福莉".encode("utf-16")]
)
def test_a_hostile_page_is_one_visit(body: bytes, corpus: Corpus, topic: Topic) -> None:
    """Whatever a page holds, its visit ends once and the run goes on."""
    hostile = Page(url="https://bao.test/x", body=body, fetched_at=NOON, headers={"content-type": "text/html"})
    (ending,) = take(corpus, topic, hostile)
    assert ending in {Ending.UNREADABLE, Ending.OFF_TOPIC, Ending.STORED}
    assert corpus.value("SELECT count(*) FROM visits") == 1


TEXTS = [
    ("https://a.test/1", BODY),
    ("https://b.test/1", BODY),
    ("https://c.test/1", BODY[:2]),
    (
        "https://d.test/1",
        [
            "虚构样例：雷军宣布，小米今后五年要在研究上花2000亿元，大模型是其中一块。",
            "他没有说每一块各有多少，只说芯片、系统和AI会在一台设备里会合，时间就在这一年。",
        ],
    ),
    (
        "https://e.test/1",
        [
            "Invented sample: Xiaomi said on Tuesday that its language model would be free to use for a month.",
            "Luo Fuli, who leads the work, said the team wanted people to try it on their own code first.",
        ],
    ),
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(TEXTS))))
def test_order_of_arrival_does_not_matter(
    order: list[int], topic: Topic, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After settle() the same pages in any order give the same trees and the same stories."""
    pictures = []
    for sequence in (range(len(TEXTS)), order):
        corpus = Corpus(tmp_path_factory.mktemp("order") / "c.db", create=True)
        take(corpus, topic, *(page(TEXTS[index][1], url=TEXTS[index][0]) for index in sequence))
        with corpus.transaction():
            corpus.settle(NOON)
        pictures.append(picture(corpus))
        corpus.close()
    assert pictures[0] == pictures[1]


def picture(corpus: Corpus) -> Any:
    """Return what must not depend on ids: trees and stories by URL."""
    roots = corpus.rows("SELECT a.url, o.url AS root FROM articles a JOIN articles o ON o.id = a.root_id")
    stories: dict[int, set[str]] = {}
    for row in corpus.rows("SELECT url, story_id FROM articles"):
        stories.setdefault(row["story_id"], set()).add(row["url"])
    return {row["url"]: row["root"] for row in roots}, {frozenset(urls) for urls in stories.values()}


def counts(corpus: Corpus) -> dict[str, int]:
    """Return how many rows the tables of texts hold."""
    tables = ("articles", "revisions", "stories", "sketches", "matches", "mentions", "vectors", "terms")
    return {table: corpus.value(f"SELECT count(*) FROM {table}") for table in tables}


def test_a_corpus_reopened_is_the_same(tmp_path: Path, topic: Topic) -> None:
    """What was committed is there after closing, with both files whole."""
    corpus = Corpus(tmp_path / "c.db", create=True)
    take(corpus, topic, page(BODY))
    before = picture(corpus)
    corpus.close(checkpoint=True)
    again = Corpus(tmp_path / "c.db", read_only=True)
    assert picture(again) == before
    assert again.value("PRAGMA integrity_check") == "ok"
    again.close()


def test_a_day_without_a_time_is_not_first(corpus: Corpus, topic: Topic) -> None:
    """A copy dated by day only does not become the root of the text that was published at half past six that day."""
    only_day = page(BODY, url="https://zhuan.test/9.html", at=NOON + timedelta(hours=3))
    only_day = replace(only_day, body=only_day.body.replace(b"2025-12-17T18:30:00+08:00", b"2025-12-17"))
    take(corpus, topic, only_day, page(BODY))
    rows = {row["url"]: row for row in corpus.rows("SELECT url, depth, published_at FROM articles")}
    assert rows["https://bao.test/1.html"]["depth"] == 0
    assert rows["https://zhuan.test/9.html"]["depth"] == 1
    assert rows["https://zhuan.test/9.html"]["published_at"] == "2025-12-17T15:00:00Z"


def test_the_source_knows_the_hour_of_the_page_s_day(corpus: Corpus, topic: Topic) -> None:
    """Where the page says a day and its source an instant of that day, the article has the instant."""
    only_day = page(BODY)
    only_day = replace(
        only_day,
        body=only_day.body.replace(b"2025-12-17T18:30:00+08:00", b"2025-12-17"),
        lead=Lead(url=only_day.url, published_at=datetime(2025, 12, 17, 4, 5, tzinfo=UTC)),
    )
    take(corpus, topic, only_day)
    assert corpus.value("SELECT published_at FROM coverage") == "2025-12-17T04:05:00Z"


def several() -> list[Page]:
    """Return a text, an edit of it, a page off topic, a copy elsewhere and the text again."""
    edited = [line.replace("3090亿", "309亿") for line in BODY]
    return [
        page(BODY),
        page(edited, at=NOON + timedelta(minutes=1)),
        page(
            ["虚构样例：今年沁州的谷子收成好，每亩收入高过往年，合作社的收购价也提了。"] * 3,
            url="https://bao.test/2.html",
        ),
        page(BODY, url="https://zhuan.test/3.html", at=NOON + timedelta(minutes=2)),
        page(edited, at=NOON + timedelta(minutes=3)),
    ]


def test_pages_in_one_transaction_end_as_one_by_one(tmp_path: Path, topic: Topic) -> None:
    """Each sees those before it; one commit holds all."""
    held = []
    for name in ("one", "all"):
        with Corpus(tmp_path / f"{name}.db", create=True) as corpus:
            corpus.claim_topic(topic.id, None)
            fetched = [Fetched(prepared=prepare(topic, each)) for each in several()]
            run_id = corpus.start_run("person", NOON)
            if name == "all":
                visits = append_all(corpus, topic, fetched, run_id)
            else:
                visits = [append(corpus, topic, each.prepared, run_id) for each in fetched]
            held.append(
                (visits, counts(corpus), corpus.rows("SELECT url, root_id, latest_id FROM articles ORDER BY id"))
            )
    assert held[0] == held[1]


def test_of_pages_in_one_transaction_only_the_broken_one_is_unreadable(
    corpus: Corpus, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others end as they would have, and nothing is written twice."""
    works = dedupe.match

    def breaks(article: Article, candidates: list[Any]) -> Any:
        if "zhuan.test" in article.url:
            raise RuntimeError("cannot be matched")
        return works(article, candidates)

    monkeypatch.setattr(dedupe, "match", breaks)
    fetched = [Fetched(prepared=prepare(topic, each)) for each in several()]
    visits = append_all(corpus, topic, fetched, corpus.start_run("person", NOON))
    assert [visit.ending for visit in visits] == [
        Ending.STORED,
        Ending.REVISED,
        Ending.OFF_TOPIC,
        Ending.UNREADABLE,
        Ending.UNCHANGED,
    ]
    assert corpus.value("SELECT count(*) FROM visits") == 5


def test_a_page_that_cannot_be_written_at_all_costs_no_other(
    corpus: Corpus, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error is raised when all the others are in."""
    works = Corpus.add_visit

    def breaks(self: Corpus, run_id: int, lead_id: int | None, visit: Visit, *rest: Any, **more: Any) -> int:
        if "zhuan.test" in visit.url:
            raise RuntimeError("cannot be written")
        return works(self, run_id, lead_id, visit, *rest, **more)

    monkeypatch.setattr(Corpus, "add_visit", breaks)
    fetched = [Fetched(prepared=prepare(topic, each)) for each in several()]
    with pytest.raises(RuntimeError, match="cannot be written"):
        append_all(corpus, topic, fetched, corpus.start_run("person", NOON))
    assert corpus.value("SELECT count(*) FROM visits") == 4
