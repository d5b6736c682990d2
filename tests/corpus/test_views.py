from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.corpus import browse_queries
from crawler.model import Ending, stamp
from tests.support.corpus_rows import START, Rows
from tests.support.work import sql_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VIEWS = ("coverage", "timeline", "voices", "first_report", "reprint_tree", "edits", "funnel", "quiet_sources")

QUERIES = (
    "SELECT title FROM coverage WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH '小米 罗福莉')",
    "SELECT at, outlet, title FROM timeline WHERE story_id = 1",
    "SELECT headline, voices, copies FROM voices ORDER BY copies DESC LIMIT 10",
    "SELECT headline, outlet, at, hours_ahead FROM first_report",
    "SELECT depth, outlet, kind, copied_from FROM reprint_tree WHERE root_id = 1",
    "SELECT outlet, removed, added FROM edits",
    "SELECT source_id, leads, stored, off_topic FROM funnel",
    "SELECT source_id, days_quiet FROM quiet_sources",
)
"""One a view, as documented."""


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a corpus of two stories: one with a wire original, two copies and an edit, one of a single article."""
    made = Rows(tmp_path / "c.db")
    hour = timedelta(hours=1)
    made.source("a", "甲报")
    made.source("b", "乙报")
    made.article("小米发布模型", "罗福莉说3090亿。", outlet="甲报", story=1, published=START, source="a")
    made.article("转载", "罗福莉说。", outlet="乙报", story=1, copies=1, published=START + hour, source="b")
    made.article("再转", "罗福莉说。", outlet="丙报", story=1, copies=2, published=START + 2 * hour, credited="乙报")
    made.article("另有一说", "独立报道。", outlet="丁报", story=1, seen=START + 3 * hour)
    made.article("旧闻", "往事。", outlet="甲报", story=2, published=datetime(2025, 4, 30, tzinfo=UTC))
    made.article("不相干", "小米粥。", relevant=False)
    made.revise(1, "小米发布新模型", "罗福莉说309亿。", seen=START + 5 * hour)
    made.visit("a", "off_topic")
    made.visit("a", "off_topic")
    made.visit("b", "blocked", "robots.txt")
    made.poll("b", START)
    yield made
    made.corpus.close()


def test_coverage_is_the_latest_text_of_what_is_relevant(rows: Rows) -> None:
    """Off-topic articles are out, an edited one has its newest text, and what precedes the seed is background."""
    got = rows.corpus.rows("SELECT id, title, revisions, background FROM coverage ORDER BY id")
    assert [(row["id"], row["revisions"], row["background"]) for row in got] == [
        (1, 2, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0), (5, 1, 1),
    ]  # fmt: skip
    assert got[0]["title"] == "小米发布新模型"


def test_timeline_is_in_time_order(rows: Rows) -> None:
    """One story, the earliest first; a page without a date stands where it was first seen."""
    got = rows.corpus.rows("SELECT outlet, copy FROM timeline WHERE story_id = 1")
    assert [(row["outlet"], row["copy"]) for row in got] == [("甲报", 0), ("乙报", 1), ("丙报", 1), ("丁报", 0)]
    every = [row["at"] for row in rows.corpus.rows("SELECT at FROM timeline")]
    assert every == sorted(every)


def test_voices_counts_copies_once(rows: Rows) -> None:
    """Two independent texts and two copies are two voices."""
    (got,) = rows.corpus.rows("SELECT articles, voices, copies, outlets FROM voices WHERE story_id = 1")
    assert got == {"articles": 4, "voices": 2, "copies": 2, "outlets": 4}


def test_first_report_says_who_and_by_how_much(rows: Rows) -> None:
    """The first is ahead of the next independent text, not of its own copies."""
    first, alone = rows.corpus.rows("SELECT outlet, hours_ahead, dated_by FROM first_report ORDER BY story_id")
    assert first == {"outlet": "甲报", "hours_ahead": 3.0, "dated_by": "page"}
    assert alone == {"outlet": "甲报", "hours_ahead": None, "dated_by": "page"}


def test_reprint_tree_names_what_each_copies(rows: Rows) -> None:
    """Only trees with copies, the root first, each copy with its kind and its parent, whichever came to us first."""
    conn = rows.corpus.conn
    conn.execute(
        "UPDATE matches SET article_id = 2, to_article_id = 3, revision_id = to_revision_id, "
        "to_revision_id = revision_id WHERE article_id = 3"
    )
    got = rows.corpus.rows("SELECT depth, outlet, copied_from, kind, credited_source FROM reprint_tree")
    assert [tuple(row.values()) for row in got] == [
        (0, "甲报", None, None, None),
        (1, "乙报", "甲报", "reprint", None),
        (2, "丙报", "乙报", "reprint", "乙报"),
    ]


def test_edits_show_the_words(rows: Rows) -> None:
    """One row a revision after the first, with the words removed and added and the headline it had."""
    (got,) = rows.corpus.rows("SELECT outlet, title_before, removed, added, rev FROM edits")
    assert got["title_before"] == "小米发布模型"
    assert "3090亿" in got["removed"]
    assert "309亿" in got["added"]
    assert (got["outlet"], got["rev"]) == ("甲报", 2)


def test_an_edit_of_what_is_off_topic_is_none(rows: Rows) -> None:
    """A text that the topic no longer wants is in no coverage, and neither are its edits."""
    rows.corpus.conn.execute("UPDATE articles SET relevant = 0 WHERE id = 1")
    assert rows.corpus.rows("SELECT * FROM edits") == rows.corpus.edit_rows() == []


@pytest.mark.parametrize("then", ["off_topic", "unreadable", "unchanged", "gone", "blocked", "deferred"])
def test_a_page_that_is_there_again_is_not_gone(then: str, rows: Rows) -> None:
    """Whatever it says by then; the view and `why` agree."""
    conn = rows.corpus.conn
    lead_id, url = conn.execute("SELECT id, url FROM leads WHERE article_id = 1").fetchone()
    for day, ending in enumerate(("gone", then), 1):
        conn.execute(
            "INSERT INTO visits (run_id, lead_id, url, at, ending, reason) VALUES (1, ?, ?, ?, ?, '')",
            (lead_id, url, stamp(START + timedelta(days=day)), ending),
        )
    said = rows.corpus.why(url)
    assert said is not None
    assert [row["since"] for row in rows.corpus.rows("SELECT since FROM gone")] == (
        [said["gone_since"]] if said["gone_since"] else []
    )
    assert bool(said["gone_since"]) == (then in {"gone", "blocked", "deferred"})


def test_funnel_counts_endings_by_source(rows: Rows) -> None:
    """Every visit of a source's leads is in one column; a source with none is a row of zeros."""
    rows.source("c")
    got = {row["source_id"]: row for row in rows.corpus.rows("SELECT * FROM funnel")}
    assert (got["a"]["leads"], got["a"]["visits"], got["a"]["stored"], got["a"]["off_topic"]) == (3, 3, 1, 2)
    assert (got["b"]["stored"], got["b"]["blocked"]) == (1, 1)
    assert (got["c"]["leads"], got["c"]["visits"], got["c"]["deferred"]) == (0, 0, 0)
    assert all(row["visits"] == sum(row[ending] for ending in Ending) for row in got.values())


def test_quiet_sources_are_measured_by_their_own_past(rows: Rows) -> None:
    """A daily source is quiet after five days, a monthly one is not; one that never brought anything after three."""
    now = datetime.now(UTC)
    day = timedelta(days=1)
    for name, gap, silent in (("daily", 1, 6), ("monthly", 30, 20), ("busy", 1, 2)):
        rows.source(name)
        for times in range(4):
            rows.poll(name, now - day * (silent + gap * times), items=1)
        rows.poll(name, now - day / 24)
    rows.source("empty")
    rows.poll("empty", now - day * 4)
    rows.source("off", outlet="停刊")
    rows.poll("off", now - day * 400, items=1)
    rows.corpus.conn.execute("UPDATE sources SET enabled = 0 WHERE id = 'off'")
    got = rows.corpus.rows("SELECT source_id, days_quiet FROM quiet_sources WHERE source_id <> 'b'")
    assert [row["source_id"] for row in got] == ["daily", "empty"]
    assert got[0]["days_quiet"] == pytest.approx(6, abs=0.2)


def test_every_view_opens_in_an_empty_corpus(tmp_path: Path) -> None:
    """No view needs a row."""
    made = Rows(tmp_path / "empty.db")
    for view in VIEWS:
        assert made.corpus.rows(f"SELECT * FROM {view}") == []
    made.corpus.close()


def test_no_view_matches(rows: Rows) -> None:
    """A hardened shell refuses MATCH in a view, so there is none."""
    for row in rows.corpus.rows("SELECT sql FROM sqlite_master WHERE type = 'view'"):
        assert "MATCH" not in row["sql"].upper().replace("MATCHES", "")


@pytest.mark.parametrize("what", ["the view", "a copy's page"])
def test_twice_the_copies_take_twice_the_steps(tmp_path: Path, what: str) -> None:
    """All that was matched with a text for each of its copies took four seconds at 4,500."""

    def steps(copies: int) -> int:
        made = Rows(tmp_path / f"{copies}.db")
        root = made.article("小米发布模型", story=1, published=START)
        for number in range(copies):
            last = made.article(f"转载{number}", story=1, copies=root)
        with made.corpus as corpus:
            if what == "the view":
                return sql_steps(corpus.conn, lambda: corpus.rows("SELECT * FROM reprint_tree"))
            return sql_steps(corpus.conn, lambda: browse_queries.article(corpus, last))

    few = steps(100)
    assert steps(200) < 2.7 * max(few, 1)


@pytest.mark.parametrize("view", ["timeline", "voices", "first_report", "reprint_tree", "edits"])
def test_one_story_never_scans_the_corpus(rows: Rows, view: str) -> None:
    """The plan of each view for one story reads no whole table or index of articles or revisions."""
    plan = rows.corpus.rows(f"EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE story_id = 1")
    scans = [row["detail"] for row in plan if row["detail"].startswith(("SCAN a", "SCAN c", "SCAN r"))]
    assert scans == []


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_run_in_a_hardened_sqlite3_shell(rows: Rows, sql: str) -> None:
    """Debian's sqlite3, with trusted_schema off, gives the rows that Python gives."""
    if not shutil.which("sqlite3"):
        pytest.skip("no sqlite3 shell here")
    path = str(rows.corpus.path)
    done = subprocess.run(
        ["sqlite3", "-readonly", path, "PRAGMA trusted_schema=0", sql], capture_output=True, text=True, check=True
    )
    expected = rows.corpus.rows(sql)
    assert len(done.stdout.splitlines()) == len(expected) > 0


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_run_in_the_sqlite_utils_command(rows: Rows, sql: str) -> None:
    """`sqlite-utils FILE SQL` answers them."""
    done = subprocess.run(
        [sys.executable, "-m", "sqlite_utils", str(rows.corpus.path), sql, "--nl"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == len(rows.corpus.rows(sql))


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_run_in_pandas(rows: Rows, sql: str) -> None:
    """`pandas.read_sql` answers them."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.read_sql(sql, rows.corpus.conn)
    assert len(frame) == len(rows.corpus.rows(sql))


@pytest.mark.parametrize("table", ["articles", "revisions", "stories", "matches"])
def test_tables_open_in_duckdb(rows: Rows, table: str) -> None:
    """DuckDB's sqlite scanner reads the tables; it knows neither FTS5 nor our views."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    conn = duckdb.connect()
    try:
        conn.execute("LOAD sqlite")
    except duckdb.Error as error:
        pytest.skip(f"duckdb's sqlite extension is not here: {str(error).splitlines()[0]}")
    count = conn.execute(f"SELECT count(*) FROM sqlite_scan('{rows.corpus.path}', '{table}')").fetchone()
    assert count[0] == rows.corpus.value(f"SELECT count(*) FROM {table}")
