from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.corpus import connection
from crawler.corpus.store import Corpus
from crawler.dedupe import bare_sha256, match, sketch
from crawler.errors import CorpusError
from crawler.limits import CANDIDATES
from crawler.model import Article, Match

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

STORY = (
    "玄武实验室今天宣布，新的开源模型已经放出全部权重，任何人都可以下载试用。负责人在发布会上说，"
    "这一代的推理速度比上一代快了2.6倍，而每百万字的价格只有原来的三成，小团队也用得起。"
    "现场演示了写代码、读长文档和看图说话三个场景，其中一份480页的合同用了31秒读完。"
    "公司计划在秋天之前再开放两个更小的版本，让手机和眼镜也能离线运行，并且承诺五年内不收授权费。"
)
"""Invented, like every text here."""

OTHER = (
    "海边的小镇今年第一次办了风筝节，三天里来了大约一万两千人，旅馆早在两周前就已经订满。"
    "最受欢迎的是一条四十米长的蜈蚣，十几个人才放得起来，孩子们追着它的影子在沙滩上跑了一个下午。"
    "镇长说明年还要办，只是停车的地方要先想好，垃圾桶也得多放一倍，不能再让邻居们跟着收拾到半夜。"
)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Open a new corpus."""
    with Corpus(tmp_path / "corpus.db", create=True) as made:
        yield made


def take(corpus: Corpus, name: str, body: str, *, hours: float | None = 0, **columns: Any) -> list[Match]:
    """Store an article as the path does, its earlier revision taken out first; return what it matches."""
    article = Article(
        url=f"https://{name}.test/1",
        title=name,
        body=body,
        outlet=name,
        published_at=None if hours is None else NOON + timedelta(hours=hours),
        **columns,
    )
    with corpus.transaction():
        held = corpus.article_at(article.url)
        touched = corpus.remove_sketch(held["latest_id"]) if held else set()
        article_id = held["id"] if held else corpus.add_article(article, NOON)
        revision_id = corpus.add_revision(article_id, article, NOON)
        hashes = sketch(body)
        matches = match(article, corpus.candidates(hashes, bare_sha256(body), article_id))
        corpus.add_sketch(revision_id, hashes)
        corpus.add_matches(article_id, revision_id, matches)
        corpus.replant({article_id, *touched, *(one.article_id for one in matches)})
    return matches


def trees(corpus: Corpus) -> dict[str, tuple[str, str | None, int]]:
    """Return root, parent and depth of every article, by outlet."""
    rows = corpus.rows(
        "SELECT a.outlet, r.outlet AS root, p.outlet AS parent, a.depth FROM articles a "
        "JOIN articles r ON r.id = a.root_id LEFT JOIN articles p ON p.id = a.parent_id"
    )
    return {row["outlet"]: (row["root"], row["parent"], row["depth"]) for row in rows}


def test_a_copy_hangs_under_what_it_copies(corpus: Corpus) -> None:
    """A reprint with a credit line is matched with its evidence, and is one deeper than its root."""
    take(corpus, "first", STORY)
    (one,) = take(corpus, "second", f"来源：first\n{STORY}\n责任编辑：王某", hours=2)
    assert one.kind == "reprint"
    assert trees(corpus) == {"first": ("first", None, 0), "second": ("first", "first", 1)}
    (row,) = corpus.rows("SELECT kind, score, method, features FROM matches")
    assert row["score"] > 0.9
    assert '"runs"' in row["features"]


def test_different_texts_stay_apart(corpus: Corpus) -> None:
    """Two stories are two trees, and neither is a candidate of the other."""
    take(corpus, "first", STORY)
    assert take(corpus, "second", OTHER) == []
    assert trees(corpus)["second"] == ("second", None, 0)


def test_an_edit_that_makes_it_another_text_leaves_the_tree(corpus: Corpus) -> None:
    """A revised article loses the matches of its older text in both directions, and those it left are replanted."""
    take(corpus, "first", STORY)
    take(corpus, "second", STORY, hours=1)
    take(corpus, "third", STORY, hours=2)
    take(corpus, "first", OTHER)
    assert trees(corpus) == {
        "first": ("first", None, 0),
        "second": ("second", None, 0),
        "third": ("second", "second", 1),
    }
    assert corpus.value("SELECT count(*) FROM sketches") == 3
    assert corpus.value("SELECT count(*) FROM matches") == 1


def test_an_edit_taken_back_joins_again(corpus: Corpus) -> None:
    """The index gives an older text back and takes it again without harm."""
    take(corpus, "first", STORY)
    take(corpus, "second", STORY, hours=1)
    take(corpus, "second", OTHER, hours=1)
    take(corpus, "second", STORY, hours=1)
    assert trees(corpus)["second"] == ("first", "first", 1)
    corpus.conn.execute("INSERT INTO sketches (sketches) VALUES ('integrity-check')")


def test_adding_or_removing_twice_is_once(corpus: Corpus) -> None:
    """A sketch that is there is not added again, one that is gone is not taken out again."""
    take(corpus, "first", STORY)
    with corpus.transaction():
        corpus.add_sketch(1, sketch(STORY))
        assert corpus.remove_sketch(1) == set()
        assert corpus.remove_sketch(1) == set()
        corpus.conn.execute("INSERT INTO sketches (sketches) VALUES ('integrity-check')")
        assert corpus.candidates(sketch(STORY), "", None) == []


def test_an_article_is_no_copy_of_itself(corpus: Corpus) -> None:
    """Its own texts are never candidates."""
    take(corpus, "first", STORY)
    assert take(corpus, "first", STORY + "补充一句。") == []


def test_a_short_text_has_no_copies(corpus: Corpus) -> None:
    """A login notice on every page makes no tree."""
    take(corpus, "first", "登录后阅读全文")
    assert take(corpus, "second", "登录后阅读全文") == []
    take(corpus, "first", STORY)
    assert corpus.value("SELECT count(*) FROM sketches") == 1


def test_boilerplate_makes_no_candidates(corpus: Corpus) -> None:
    """A footer that every text ends with is passed over once more than CANDIDATES texts hold it."""
    footer = "本站所有文章均为作者个人意见，不构成任何投资建议，据此操作风险自担，转载请注明出处并保留本段声明。"
    for number in range(CANDIDATES + 2):
        body = "".join(chr(0x4E00 + (number * 977 + place * place * 31 + place) % 20000) for place in range(200))
        take(corpus, f"n{number}", body + footer)
    assert corpus.candidates(sketch(STORY + footer), "", None) == []


def test_the_hundredth_copy_is_found(corpus: Corpus) -> None:
    """Fingerprints held by very many are the text itself where they are the greater part of it."""
    for number in range(CANDIDATES + 2):
        take(corpus, f"n{number}", STORY, hours=number)
    held = corpus.candidates(sketch(STORY + "编辑：王某"), "", None)
    assert len(held) == CANDIDATES
    assert {root for root, _, _ in trees(corpus).values()} == {"n0"}


def test_an_edge_is_read_once(corpus: Corpus) -> None:
    """However a tree is asked for, each of its matches comes once, and all of them do."""
    for number in range(8):
        take(corpus, f"n{number}", STORY, hours=number)
    every = {(row["article_id"], row["to_article_id"]) for row in corpus.rows("SELECT * FROM matches")}
    assert len(every) == 28
    for start in ({1}, {8}, {1, 8}):
        edges = [(edge.article_id, edge.to_article_id) for edge in corpus._edges(start)]
        assert sorted(edges) == sorted(every)


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)))
def test_any_order_of_arrival_gives_the_same_trees(tmp_path: Path, order: list[int]) -> None:
    """Original, reprint, cut copy, an undated copy and a stranger: trees depend on what they say, not on the order."""
    arrivals: list[dict[str, Any]] = [
        {"name": "first", "body": STORY},
        {"name": "second", "body": f"来源：first\n{STORY}", "hours": 2, "credited_source": "first"},
        {"name": "third", "body": STORY[:110] + "……点击查看全文", "hours": 5, "credited_source": "second"},
        {"name": "fourth", "body": STORY.replace("今天", "昨日"), "hours": None},
        {"name": "fifth", "body": OTHER, "hours": 1},
    ]
    path = tmp_path / f"{''.join(map(str, order))}.db"
    path.unlink(missing_ok=True)
    with Corpus(path, create=True) as corpus:
        for number in order:
            take(corpus, **arrivals[number])
        planted = trees(corpus)
    assert planted == {
        "first": ("first", None, 0),
        "second": ("first", "first", 1),
        "third": ("first", "second", 2),
        "fourth": ("first", "first", 1),
        "fifth": ("fifth", None, 0),
    }


def test_a_lookalike_is_kept_apart(corpus: Corpus) -> None:
    """A match of no kind is a row of `lookalikes` and no edge of the tree."""
    take(corpus, "first", STORY)
    take(corpus, "second", OTHER)
    one = Match(article_id=1, revision_id=1, kind=None, score=0.2, method="test", features={})
    with corpus.transaction():
        corpus.add_matches(2, 2, [one])
        assert corpus.replant({1, 2}) == set()
    assert corpus.value("SELECT count(*) FROM lookalikes") == 1
    assert corpus.value("SELECT count(*) FROM matches") == 0


def test_a_writer_of_another_version_sketches_anew(corpus: Corpus) -> None:
    """Sketches of another version are replaced, each latest text once, before one is sought, added or taken out."""
    take(corpus, "first", STORY)
    take(corpus, "second", OTHER)
    with corpus.transaction():
        corpus.set_meta("sketch_version", "older")
        corpus.conn.execute("INSERT INTO sketches (sketches) VALUES ('delete-all')")
        corpus.conn.execute("INSERT INTO sketches (rowid, hashes) VALUES (1, 'dead beef'), (2, 'cafe')")
    assert [one.kind for one in take(corpus, "third", f"转载：{STORY}", hours=1)] == ["reprint"]
    assert corpus.value("SELECT count(*) FROM sketches") == 3
    with corpus.transaction():
        corpus.set_meta("sketch_version", "older")
        assert corpus.remove_sketch(3) == {1, 3}
    assert corpus.value("SELECT count(*) FROM sketches") == 2
    corpus.conn.execute("INSERT INTO sketches (sketches) VALUES ('integrity-check')")


@pytest.mark.parametrize(
    "write",
    [
        lambda corpus: corpus.add_sketch(3, [1, 2, 3]),
        lambda corpus: corpus.remove_sketch(1),
        lambda corpus: corpus.add_matches(
            1, 1, [Match(article_id=2, revision_id=2, kind="exact", score=1.0, method="test", features={})]
        ),
        lambda corpus: corpus.replant([2]),
    ],
)
def test_a_locked_corpus_is_said(corpus: Corpus, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever writes while another process holds the lock raises CorpusError with the path."""
    take(corpus, "first", STORY)
    take(corpus, "second", STORY, hours=1)
    corpus.conn.execute("UPDATE articles SET depth = 7 WHERE id = 2")
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    corpus.conn.execute("PRAGMA busy_timeout = 10")
    with sqlite3.connect(corpus.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CorpusError, match=r"corpus\.db: database is locked"):
            write(corpus)
        other.execute("ROLLBACK")
    other.close()
