"""The corpus as a file: made, locked, read-only, damaged, too new."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.corpus.runs import RunEnding
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, CorpusMissing, CorpusTooNew, WrongTopic
from crawler.model import Ending, Lead, Visit
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.model import Topic

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

TRANSACTIONS: dict[str, Callable[[Corpus, Topic], object]] = {
    "start_run": lambda corpus, _topic: corpus.start_run("person", NOON),
    "end_run": lambda corpus, _topic: corpus.end_run(1, RunEnding.DONE, NOON),
    "sync_sources": lambda corpus, topic: corpus.sync_sources(topic, NOON, at_once),
    "claim_topic": lambda corpus, _topic: corpus.claim_topic("sample", "2026-01-01"),
    "note_request": lambda corpus, _topic: corpus.note_request("a.test", NOON),
    "note_robots": lambda corpus, _topic: corpus.note_robots("a.test", NOON, 200, "", None),
    "reindex": lambda corpus, _topic: corpus.reindex(),
    "transaction": lambda corpus, _topic: ExitStack().enter_context(corpus.transaction()),
}
"""Every method that opens a transaction of its own."""


@pytest.mark.parametrize("name", sorted(TRANSACTIONS))
def test_a_locked_corpus_is_a_corpus_error(name: str, corpus: Corpus, topic: Topic) -> None:
    """Whatever writes while another process holds the file says so, names the file, and changes nothing."""
    other = sqlite3.connect(corpus.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    corpus.conn.execute("PRAGMA busy_timeout = 0")
    before = corpus.rows("SELECT * FROM sources") + corpus.rows("SELECT * FROM runs")
    with pytest.raises(CorpusError, match="locked") as caught:
        TRANSACTIONS[name](corpus, topic)
    assert caught.value.path == str(corpus.path)
    other.execute("ROLLBACK")
    other.close()
    assert corpus.rows("SELECT * FROM sources") + corpus.rows("SELECT * FROM runs") == before


def test_a_transaction_is_all_or_nothing(corpus: Corpus, topic: Topic) -> None:
    """An exception in the middle leaves nothing behind."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)

    def half() -> None:
        with corpus.transaction():
            corpus.add_lead(run_id, topic.sources[0].id, "https://a.test/1", Lead(url="https://a.test/1"), NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert corpus.value("SELECT count(*) FROM leads") == 0


def test_readers_make_no_file(tmp_path: Path) -> None:
    """Opening what is not there names the absolute path and makes nothing."""
    with pytest.raises(CorpusMissing, match=str(tmp_path)):
        Corpus(tmp_path / "none.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """Opened to read, every write is refused."""
    Corpus(tmp_path / "c.db", create=True).close()
    corpus = Corpus(tmp_path / "c.db", read_only=True)
    with pytest.raises(CorpusError):
        corpus.start_run("person", NOON)
    corpus.close()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """A file that is no database, or half of one, is an error and not a traceback."""
    path = tmp_path / "c.db"
    Corpus(path, create=True).close(checkpoint=True)
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)
    with pytest.raises(CorpusError, match=r"c\.db"):
        Corpus(path, create=True)


def test_a_newer_corpus_is_refused(tmp_path: Path) -> None:
    """A file with migrations we do not know is not touched."""
    path = tmp_path / "c.db"
    corpus = Corpus(path, create=True)
    corpus.conn.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('houxu', 'm999', 'x')"
    )
    corpus.close()
    with pytest.raises(CorpusTooNew, match="m999"):
        Corpus(path, create=True)


def test_one_corpus_one_topic(corpus: Corpus) -> None:
    """Another topic on this file is an error that says both names."""
    with pytest.raises(WrongTopic, match="'sample', not 'other'"):
        corpus.claim_topic("other", None)


@pytest.mark.parametrize("table", ["revisions", "visits", "polls", "verdicts", "sightings"])
def test_append_only_is_held_by_triggers(table: str, crawl: Callable[..., int], tmp_path: Path) -> None:
    """From any client, an UPDATE, a DELETE and a REPLACE of what is append-only are refused."""
    crawl()
    shell = sqlite3.connect(tmp_path / "corpus.db", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        shell.execute(f"DELETE FROM {table}")
    column = shell.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        shell.execute(f"UPDATE {table} SET {column} = {column}")
    shell.close()


def test_four_processes_make_one_corpus(tmp_path: Path) -> None:
    """Made at once by four processes, a new file is migrated once and nobody fails."""
    code = "import sys; from crawler.corpus.store import Corpus; Corpus(sys.argv[1], create=True).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "c.db")]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]


def test_a_deferred_lead_waits_longer_every_time(corpus: Corpus, topic: Topic) -> None:
    """5 minutes, doubled with every try, at most a day; a good visit starts the ladder."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)
    with corpus.transaction():
        corpus.add_lead(run_id, topic.sources[0].id, "https://a.test/1", Lead(url="https://a.test/1"), NOON)
    waits = []
    for _ in range(12):
        with corpus.transaction():
            corpus.end_lead(1, Visit(url="https://a.test/1", ending=Ending.DEFERRED, reason="busy"), NOON)
        said = corpus.value("SELECT next_visit_at FROM leads")
        waits.append(datetime.fromisoformat(said) - NOON)
    assert waits[:3] == [timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=20)]
    assert max(waits) == timedelta(days=1)
    with corpus.transaction():
        corpus.end_lead(1, Visit(url="https://a.test/1", ending=Ending.STORED, reason="new"), NOON)
    assert corpus.rows("SELECT tries, rung FROM leads") == [{"tries": 0, "rung": 1}]


def test_later_sources_fill_what_the_first_left_unsaid(corpus: Corpus, topic: Topic) -> None:
    """Title, outlet, date and body come from whichever source says them first, so that the order does not matter."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)
    said = Lead(url="https://a.test/1", title="A", published_at=NOON, published_raw="noon", outlet="A News")
    with corpus.transaction():
        assert corpus.add_lead(run_id, topic.sources[0].id, "https://a.test/1", Lead(url="https://a.test/1"), NOON)
        assert not corpus.add_lead(run_id, topic.sources[1].id, "https://a.test/1", said, NOON)
    row = corpus.rows("SELECT title, outlet, published_at, source_id FROM leads")[0]
    assert row == {
        "title": "A",
        "outlet": "A News",
        "published_at": "2026-11-23T12:00:00Z",
        "source_id": topic.sources[0].id,
    }


def test_an_opaque_link_ends_deferred_and_is_not_chased(corpus: Corpus, topic: Topic) -> None:
    """What leads nowhere by design has its one visit, with the reason, and waits for nothing."""
    corpus.sync_sources(topic, NOON, at_once)
    run_id = corpus.start_run("person", NOON)
    lead = Lead(url="https://news.google.com/rss/articles/CBMi", title="A", visitable=False)
    with corpus.transaction():
        corpus.add_lead(run_id, topic.sources[0].id, lead.url, lead, NOON)
    assert corpus.due_hosts(NOON, every=True) == []
    assert corpus.rows("SELECT ending, reason FROM visits")[0]["ending"] == "deferred"


@pytest.mark.parametrize(
    ("url", "netloc"),
    [
        ("https://A.test/x", "a.test"),
        ("http://user:pw@a.test:8080/", "a.test:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://a.test:80/", "a.test"),
        ("https://a.test.:443/", "a.test"),
        ("http://a.test.:81/", "a.test:81"),
        ("https://a.test:80/", "a.test:80"),
        ("http://[::1]:80/", "[::1]"),
        ("http://a.test:0080/", "a.test"),
        ("http://ａ。test/", "a.test"),
        ("http://a\u00ad.test:/", "a.test"),
        ("http://bücher.test:81/", "xn--bcher-kva.test:81"),
    ],
)
def test_manners_are_kept_per_netloc(url: str, netloc: str) -> None:
    """As it is sent, without credentials, final dot, default port and zeros: no second name for one host."""
    assert netloc_of(url) == netloc


def test_views_of_an_older_houxu_are_laid_anew(corpus: Corpus) -> None:
    """A file whose views are not the newest has them once someone opens it to write, without a migration."""
    corpus.conn.executescript("DROP VIEW coverage; UPDATE meta SET value = 'older' WHERE key = 'views'")
    Corpus(corpus.path, create=True).close()
    assert corpus.rows("SELECT * FROM coverage") == []


def plans(corpus: Corpus, ask: Callable[[], object]) -> list[str]:
    """Return how SQLite goes about each query of a call."""
    asked: list[str] = []
    corpus.conn.set_trace_callback(asked.append)
    ask()
    corpus.conn.set_trace_callback(None)
    return [" ".join(row["detail"] for row in corpus.rows(f"EXPLAIN QUERY PLAN {each}")) for each in asked]


def test_the_next_lead_of_a_host_is_one_look(corpus: Corpus) -> None:
    """However many wait there: an index holds the new ones in their order, and nothing is sorted."""
    (plan,) = plans(corpus, lambda: corpus.next_lead("bao.test", NOON))
    assert "leads_new (host=? AND id>?)" in plan
    assert "ORDER BY" not in plan


def test_the_turns_of_a_host_are_its_own_leads(corpus: Corpus) -> None:
    """However many wait elsewhere: they are found by the host, and the lead whose turn it is by its id."""
    (turns,) = plans(corpus, lambda: corpus.new_leads("bao.test", NOON, 50))
    assert "leads USING INDEX leads_due (host=? AND next_visit_at>?)" in turns
    assert "SCAN leads" not in turns
    (one,) = plans(corpus, lambda: corpus.due_lead(1, NOON))
    assert "leads USING INTEGER PRIMARY KEY (rowid=?)" in one


def test_whatever_names_a_row_that_may_go_is_found_by_an_index(corpus: Corpus) -> None:
    """Else SQLite reads the whole table for each article, text and visit that is forgotten, or told anew by a merge."""
    unfound = [
        f"{table}.{key['from']}"
        for table in [row["name"] for row in corpus.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for key in corpus.rows(f"SELECT * FROM pragma_foreign_key_list('{table}')")
        if key["table"] in {"articles", "revisions", "visits"}
        and corpus.rows(f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {key['from']} = 1")[0]["detail"][:6]
        != "SEARCH"
    ]
    assert unfound == []
