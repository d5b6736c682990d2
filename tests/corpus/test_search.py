from __future__ import annotations

import sqlite3
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crawler.corpus import connection
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from crawler.limits import INDEXED_CHARACTERS
from crawler.text.grams import VERSION
from crawler.text.query import _PLAIN, plain
from tests.support.corpus_rows import START, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Invented, on the shapes of real coverage.
TEXTS = [
    ("小米发布 MiMo-V2-Flash", "小米大模型负责人罗福莉说，总参数为 309B，即3,090亿。", "甲报", "zh"),
    ("澎湃OS 升级", "小米 AI 眼镜与小米AI眼镜是一回事。", "乙报", "zh"),
    ("羅福莉首度亮相", "小米的大模型團隊負責人羅福莉首度公開亮相。", "丙報", "zh-TW"),
    (
        "Luo Fuli on MiMo - V2 - Flash",
        "The model has 309 B parameters; other AI models have more.",
        "Fourth Post",
        "en",
    ),
    ("粮价", "大米小麦价格上涨，与 MIMO 天线无关。", "甲报", "zh"),
    ("小米汽车工厂", "机器人进厂，雷军到场。", "乙报", "zh"),
]


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus of the texts above, articles 1 to 6, one story a pair, an hour apart."""
    made = Rows(tmp_path / "c.db")
    for i, (title, body, outlet, lang) in enumerate(TEXTS):
        made.article(title, body, outlet=outlet, lang=lang, story=i // 2 + 1, published=START + timedelta(hours=i))
    yield made
    made.corpus.close()


@pytest.mark.parametrize(
    ("query", "articles"),
    [
        ("小米", {1, 2, 3, 6}),
        ("罗福莉", {1, 3}),
        ("羅福莉", {1, 3}),
        ("小米 罗福莉", {1, 3}),
        ("小米　罗福莉", {1, 3}),
        ("小米，罗福莉！", {1, 3}),
        ("小米大模型负责人罗福莉", {1}),
        ("小米大模型負責人羅福莉", {1}),
        ("小米的大模型团队负责人罗福莉首度公开亮相", {3}),
        ("小米AI眼镜", {2}),
        ("AI", {2, 4}),
        ("ＡＩ", {2, 4}),
        ("MiMo-V2-Flash", {1, 4}),
        ("mimo‑v2‑flash", {1, 4}),
        ('"MiMo-V2-Flash"', {1}),
        ("“MiMo-V2-Flash”", {1}),
        ("「羅福莉」", {1, 3}),
        ('"Luo Fuli"', {4}),
        ('"Fuli Luo"', set()),
        ("Fuli Luo", {4}),
        ("309B", {1}),
        ("3,090亿", {1}),
        ("3090亿", {1}),
        ("罗福莉 OR 雷军", {1, 3, 6}),
        ("小米 NOT 罗福莉", {2, 6}),
        ("小米 NOT 小米大模型负责人", {2, 3, 6}),
        ("NOT 小米", {1, 2, 3, 6}),
        ("OR", set()),
        ("", set()),
        ('"', set()),
        ("***", set()),
        ("小米 *", {1, 2, 3, 6}),
        ("title:小米", set()),
        ("C++ 小米", set()),
        ("NEAR(小米 罗福莉)", set()),
        ("天线/MIMO", {5}),
    ],
)
def test_what_a_person_types_finds_what_they_mean(rows: Rows, query: str, articles: set[int]) -> None:
    """Phrases of any length, either script, full width, hyphens, quotes, operators: found, and never an error."""
    assert {found.article_id for found in rows.corpus.search(query)} == articles


@given(
    query=st.text(alphabet=st.one_of(st.sampled_from("小米AI -\"'()*^:+NOT OR“”罗羅,./"), st.characters()), max_size=40)
)
@example(query="小 米 " * 400)
@example(query="罗福莉首度公开亮相小米大模型" * 100)
@example(query='"' + "a b " * 500 + '"')
@example(query="a OR " * 300)
@example(query="a NOT " * 300 + "b")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_no_query_is_an_error(rows: Rows, query: str) -> None:
    """Anything typed is answered, and every hit lies inside its excerpt."""
    for found in rows.corpus.search(query):
        assert all(0 <= start < end <= len(found.excerpt) for start, end in found.hits)


def test_the_excerpt_shows_the_hits(rows: Rows) -> None:
    """The hit is marked in the text as written, whatever script was typed, and hits never overlap."""
    (one,) = rows.corpus.search("羅福莉 3,090亿")
    assert [one.excerpt[start:end] for start, end in one.hits] == ["罗福莉", "3,090亿"]
    (two,) = rows.corpus.search("小米AI眼镜")
    assert [two.excerpt[start:end] for start, end in two.hits] == ["小米 AI 眼镜", "小米AI眼镜"]
    long = rows.article("长文", "前文。" * 100 + "目标词\n在此。" + "后文。" * 100)
    (three,) = rows.corpus.search("目标词")
    assert three.article_id == long
    assert three.excerpt.startswith("…")
    assert three.excerpt.endswith("…")
    assert "\n" not in three.excerpt
    assert [three.excerpt[start:end] for start, end in three.hits] == ["目标词"]


def test_a_word_only_in_the_headline_is_shown_there(rows: Rows) -> None:
    """When the body lacks the word, the excerpt is the headline."""
    (found,) = rows.corpus.search("澎湃OS")
    assert found.excerpt == "澎湃OS 升级"
    assert (found.title, found.outlet, found.url) == ("澎湃OS 升级", "乙报", "https://news.test/2")
    assert found.when == START + timedelta(hours=1)


def test_best_first_or_newest_first(rows: Rows) -> None:
    """Headlines that hold the words come first, then the newest; or the newest alone."""
    assert [found.article_id for found in rows.corpus.search("罗福莉")] == [3, 1]
    assert [found.article_id for found in rows.corpus.search("小米", limit=2)] == [6, 1]
    assert [found.article_id for found in rows.corpus.search("小米", newest=True)][:2] == [6, 3]
    assert rows.corpus.search("小米", limit=0) == []


@pytest.mark.parametrize(
    "query", ["小米", "小米 OR 雷军", "小米 NOT 雷军 OR 晴朗 OR 小米手机", "雷军 OR 晴朗", "小米 雷军"]
)
@pytest.mark.parametrize("many", [1, 3, 8, 30])
def test_a_common_word_is_found_from_the_newest_article_back(
    common: Rows, monkeypatch: pytest.MonkeyPatch, many: int, query: str
) -> None:
    """What is published lately and was seen long ago included; by time, the answer is that of reading them all."""
    made = common
    spans: tuple[dict[str, Any], ...] = (
        {},
        {"since": START + timedelta(hours=9)},
        {"until": START + timedelta(hours=33)},
    )
    asked = [{"limit": limit, "newest": True, **span} for limit in (0, 1, 5, 20) for span in spans]
    every = [made.corpus.search(query, **each) for each in asked]
    monkeypatch.setattr("crawler.corpus.search.MANY", many)
    assert [made.corpus.search(query, **each) for each in asked] == every


@pytest.mark.parametrize("limit", [1, 5, 20])
@pytest.mark.parametrize("many", [1, 3, 8, 30, 60])
@pytest.mark.parametrize("word", ["小米", "雷军"])
def test_the_newest_articles_decide_what_is_best_of_a_common_word(
    common: Rows, monkeypatch: pytest.MonkeyPatch, word: str, many: int, limit: int
) -> None:
    """The headlines of so many articles are read, those with the word come first; all of them where that is too few."""
    monkeypatch.setattr("crawler.corpus.search.MANY", many)
    texts = common.corpus.rows("SELECT id, title, body FROM coverage ORDER BY published_at DESC")
    hits = [text for text in texts if word in text["title"] + text["body"]]
    seen = [text for text in hits if text in texts[:many]]
    decided = seen if len(hits) >= many and len(seen) >= limit else hits
    best = sorted(decided, key=lambda text: word not in text["title"])
    found = common.corpus.search(word, limit=limit)
    assert [one.article_id for one in found] == [text["id"] for text in best[:limit]]


def test_a_rare_word_beside_a_common_one_is_found_however_old(common: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its headline comes first, as if it had been asked for alone."""
    old = common.article("罗福莉加入", "旧闻。", published=START - timedelta(days=9))
    monkeypatch.setattr("crawler.corpus.search.MANY", 8)
    found = common.corpus.search("晴朗 OR 罗福莉", limit=3)
    assert found[0].article_id == old
    assert common.corpus.search("晴朗 OR 罗福莉", limit=100)[0].article_id == old


@pytest.fixture
def common(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus of sixty articles, in which half hold one word and a few another, in headlines too."""
    made = Rows(tmp_path / "many.db")
    for i in range(60):
        title = ("小米开售" if i % 3 == 0 else "米价") + ("，雷军到场" if i % 7 == 0 else "")
        body = ("小米说，销量上涨。" if i % 2 == 0 else "天气晴朗。") + ("雷军发言。" if i % 5 == 0 else "")
        made.article(title, body, published=START + timedelta(hours=i * 37 % 60))
    yield made
    made.corpus.close()


def test_filters(rows: Rows) -> None:
    """Outlet, language, story and time narrow the answer."""
    ask = rows.corpus.search
    assert {found.article_id for found in ask("小米", outlet="甲报")} == {1}
    assert {found.article_id for found in ask("罗福莉", lang="zh")} == {1, 3}
    assert {found.article_id for found in ask("罗福莉", lang="zh-TW")} == {3}
    assert {found.article_id for found in ask("小米", story=1)} == {1, 2}
    since, until = START + timedelta(hours=1), START + timedelta(hours=5)
    assert {found.article_id for found in ask("小米", since=since, until=until)} == {2, 3}


def test_an_article_that_left_the_topic_is_not_found(rows: Rows) -> None:
    """Search answers from the coverage."""
    rows.article("小米与粮价", relevant=False)
    assert 7 not in {found.article_id for found in rows.corpus.search("粮价")}


def test_an_edit_takes_the_old_words_out(rows: Rows) -> None:
    """After a revision only the latest text is found, and the index is sound."""
    rows.revise(6, "小米汽车工厂", "机器人进厂，卢伟冰到场。")
    assert rows.corpus.search("雷军") == []
    assert [found.article_id for found in rows.corpus.search("卢伟冰")] == [6]
    rows.corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")


def test_of_a_long_text_the_beginning_is_found(rows: Rows) -> None:
    """What comes after finds nothing and yet is no reason to say that it is missing; no half of a word is found."""
    filler = "很好。" * (INDEXED_CHARACTERS // 3 - 20)
    article = rows.article("长文", f"独一号{filler}" + "x" * 60 + "Unbroken 末二号")
    assert [found.article_id for found in rows.corpus.search("独一号")] == [article]
    assert rows.corpus.search("末二号") == []
    assert rows.corpus.search("独一号 NOT 末二号") == []
    assert not [term for term, _ in vocabulary(rows.corpus.conn) if term.startswith("x")]
    rows.revise(article, "长文", f"独三号{filler}")
    assert rows.corpus.search("独一号") == []
    rows.corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")


def test_grams_of_another_version_are_never_deleted_but_reindexed(rows: Rows) -> None:
    """A writer whose grams differ makes the index anew first: nothing is malformed, doubled or lost."""
    conn = rows.corpus.conn
    conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    conn.executemany("INSERT INTO articles_fts (rowid, grams) VALUES (?, 'other grams')", [(i,) for i in range(1, 7)])
    rows.corpus.set_meta("gram_version", "0.other")
    rows.revise(6, "小米汽车工厂", "卢伟冰到场。")
    assert rows.corpus.meta("gram_version") == VERSION
    assert vocabulary(conn) == expected_vocabulary(rows)
    rows.corpus.set_meta("gram_version", "0.other")
    rows.article("新文章", "小米")
    assert vocabulary(conn) == expected_vocabulary(rows)


def test_reindex_gives_the_index_that_was(rows: Rows) -> None:
    """The index made anew holds the same rows under the same grams; progress is told."""
    before = vocabulary(rows.corpus.conn)
    told: list[tuple[int, int]] = []
    assert rows.corpus.reindex(lambda done, every: told.append((done, every))) == 6
    assert told == [(i, 6) for i in range(1, 7)]
    assert vocabulary(rows.corpus.conn) == before


def test_merging_is_paid_in_shares(rows: Rows) -> None:
    """Article by article the index stays of few segments, and FTS5 never merges in a gulp of its own."""
    settings = dict(rows.corpus.conn.execute("SELECT k, v FROM articles_fts_config").fetchall())
    assert settings["automerge"] == 0
    for number in range(60):
        rows.article(f"第{number}篇", "小米" * number)
    assert rows.corpus.value("SELECT count(DISTINCT segid) FROM articles_fts_idx") < 16
    rows.corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")


def vocabulary(conn: sqlite3.Connection) -> set[tuple[str, int]]:
    """Return every (gram, rowid) of the index."""
    conn.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.v USING fts5vocab(main, articles_fts, instance)")
    return {(row[0], row[1]) for row in conn.execute("SELECT term, doc FROM temp.v")}


def expected_vocabulary(rows: Rows) -> set[tuple[str, int]]:
    """Return what a fresh index of the latest texts holds."""
    corpus = rows.corpus
    kept = vocabulary(corpus.conn)
    corpus.reindex()
    fresh = vocabulary(corpus.conn)
    assert len(fresh) > 100
    return fresh if kept else set()


def test_a_locked_database_is_a_corpus_error(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never lets go ends a write in a CorpusError; a reader is not disturbed."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(rows.corpus.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Corpus(rows.corpus.path) as waiting, pytest.raises(CorpusError, match="locked"):
        waiting.reindex()
    assert len(rows.corpus.search("罗福莉")) == 2
    other.close()


def test_index_inside_a_locked_transaction_is_a_corpus_error(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Index and unindex run in the caller's transaction, which cannot begin."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(rows.corpus.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Corpus(rows.corpus.path) as waiting:
        for write in (waiting.index, waiting.unindex):
            with pytest.raises(CorpusError, match="locked"), waiting.transaction():
                write(1, "小米", "")
    other.close()


README_QUERY = (
    "SELECT title, url FROM coverage "
    "WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH '小米 罗福莉') ORDER BY id"
)


@pytest.mark.parametrize("typed", ["小米 罗福莉", "澎湃OS", '"MiMo-V2-Flash"', "羅福莉 NOT 雷军", "309B"])
def test_a_plain_hardened_shell_finds_it_as_typed(rows: Rows, typed: str) -> None:
    """The documented query runs in Debian's sqlite3 with trusted_schema off, the words as a person types them."""
    sql = README_QUERY.replace("小米 罗福莉", typed)
    command = ["sqlite3", str(rows.corpus.path), "PRAGMA trusted_schema=0", sql]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        pytest.skip("no sqlite3 shell here")
    assert done.stdout.splitlines() == ["|".join((row["title"], row["url"])) for row in rows.corpus.rows(sql)]
    assert done.stdout


def test_the_table_of_characters_has_an_end() -> None:
    """A server that shows every code point there is keeps no table of them all, and each is read as before."""
    text = "".join(chr(point) for point in range(0x20, 0x20000) if not 0xD800 <= point < 0xE000)
    assert len(plain(text)) == len(text)
    assert len(_PLAIN) <= _PLAIN.MOST
    assert plain("Ａé小羅") == "ae小罗"
