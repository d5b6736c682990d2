"""Every version of the schema since the first becomes the newest, with its rows, after a backup; or stays as it was."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database, Migrations

from crawler.corpus import schema
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.faults.work import NOON, page_of, problems

NAMES = [each.name for each in schema.migrations.pending(Database(memory=True))]
ROOT = Path(__file__).parents[2]


def only(upto: str) -> Migrations:
    """Return the migrations up to one of them, as that release had."""
    some = Migrations("houxu")
    for each in schema.migrations.pending(Database(memory=True))[: NAMES.index(upto) + 1]:
        some(name=each.name)(each.fn)
    return some


def old_corpus(path: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a corpus of that version, with rows that its release could write."""
    with monkeypatch.context() as patched:
        patched.setattr(schema, "migrations", only(version))
        patched.setattr(schema, "lay_schema", lambda db: only(version).apply(db))
        patched.setattr(schema, "lay_views", lambda _db: None)  # today's views name what was not there yet
        corpus = Corpus(path, create=True)
        corpus.conn.execute("CREATE VIEW coverage AS SELECT 'an old view' AS said")
        corpus.conn.execute("INSERT INTO meta VALUES ('topic_id', 'sample')")
        corpus.conn.execute("INSERT INTO runs (id, started_at, by) VALUES (1, '2026-03-01T12:00:00Z', 'cron')")
        for number in range(3):
            _old_article(corpus, number + 1)
        corpus.close(checkpoint=True)


def _old_article(corpus: Corpus, number: int) -> None:
    """Write an article in the columns that the first release had."""
    url, now = f"https://alt.test/{number}", "2026-03-01T12:00:00Z"
    conn = corpus.conn
    conn.execute(
        "INSERT INTO articles (id, url, root_id, first_seen_at, relevant, latest_id) VALUES (?, ?, ?, ?, 1, NULL)",
        (number, url, number, now),
    )
    conn.execute(
        "INSERT INTO revisions (id, article_id, rev, seen_at, title, body, authors, evidence, sha256, bare_sha256) "
        "VALUES (?, ?, 1, ?, ?, '小米罗福莉。', '[]', '{}', 'a', 'b')",
        (number, number, now, f"旧文{number}"),
    )
    conn.execute("UPDATE articles SET latest_id = id WHERE id = ?", (number,))
    conn.execute(
        "INSERT INTO visits (run_id, url, at, ending, reason, article_id) VALUES (1, ?, ?, 'stored', 'new', ?)",
        (url, now, number),
    )
    conn.execute(
        "INSERT INTO verdicts (article_id, url, at, topic_digest, relevant, score, rule, terms) "
        "VALUES (?, ?, ?, '0', 1, 1.0, 'strong', '[]')",
        (number, url, now),
    )


def rows_of(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of a file's own tables, in the columns they have."""
    conn = sqlite3.connect(path)
    tables = ("meta", "runs", "articles", "revisions", "visits", "verdicts")
    rows = {table: conn.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    conn.close()
    return rows


def shape(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return a file's tables with their columns, its indexes, triggers and settings of full text, without comments."""
    conn = sqlite3.connect(path)
    names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    shape = {name: conn.execute(f"SELECT * FROM pragma_table_xinfo('{name}')").fetchall() for name in names}
    others = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view') ORDER BY type, name"
    shape["others"] = [(*row[:2], " ".join((row[2] or "").split())) for row in conn.execute(others)]
    tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    checks = {name: re.findall(r"CHECK \([^)]*\)\)|REFERENCES \w+", re.sub(r"--.*", "", sql)) for name, sql in tables}
    shape["checks"] = [(name, *found) for name, found in checks.items()]
    for index in ("articles_fts", "sketches"):
        shape[f"{index} settings"] = conn.execute(f"SELECT k, v FROM {index}_config ORDER BY k").fetchall()
    conn.close()
    return shape


@pytest.fixture(params=NAMES[:-1])
def version(request: pytest.FixtureRequest) -> str:
    """Give every version but the newest."""
    return str(request.param)


def test_every_version_becomes_the_newest(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost, the views are today's, the file works, and what was there is kept beside it."""
    path = tmp_path / "c.db"
    old_corpus(path, version, monkeypatch)
    held = rows_of(path)
    with pytest.raises(CorpusError, match="older houxu"):
        Corpus(path, read_only=True)
    topic = sample_topic()
    with Corpus(path, create=True) as corpus:
        for name, rows in held.items():
            assert {*rows} <= {row[: len(rows[0])] for row in rows_of(path)[name]}, name
        assert corpus.value("SELECT count(*) FROM coverage WHERE title LIKE '旧文%'") == 3
        assert corpus.value("SELECT count(*) FROM _sqlite_migrations") == len(NAMES)
        corpus.reindex()
        run_id = corpus.start_run("person", NOON)
        append(corpus, topic, prepare(topic, page_of("https://bao.test/0", 0, 0, NOON)), run_id)
        assert len(corpus.search("罗福莉")) == 4
        assert problems(corpus) == []
    copy = schema.before(path, NAMES[NAMES.index(version) + 1])
    assert rows_of(copy) == held
    assert [each.name for each in tmp_path.glob(".*")] == []


def test_a_migrated_file_has_the_schema_of_a_new_one(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """schema.sql and the migrations make the same tables, columns, checks, indexes, triggers and settings."""
    Corpus(tmp_path / "new.db", create=True).close()
    old_corpus(tmp_path / "old.db", version, monkeypatch)
    Corpus(tmp_path / "old.db", create=True).close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")


@pytest.mark.parametrize("when", ["at the backup", "in the middle", "at the commit"])
def test_an_interrupted_migration_leaves_the_old_file(
    when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed anywhere, every row is as it was, and the next run migrates."""
    path = tmp_path / "c.db"
    old_corpus(path, NAMES[0], monkeypatch)
    held = rows_of(path)
    code = (
        "import os, signal, sys; from crawler.corpus import connection, schema\n"
        "from crawler.corpus.store import Corpus\n"
        "when, execute = sys.argv[2], connection.Connection.execute\n"
        "def dying(self, sql, values=(), /):\n"
        "    if (when, sql) in {('at the commit', 'COMMIT'), ('at the backup', 'BEGIN IMMEDIATE')}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return execute(self, sql, values)\n"
        "connection.Connection.execute = dying\n"
        "if when == 'in the middle':\n"
        "    schema.lay_views = lambda _db: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Corpus(sys.argv[1], create=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), when], check=False, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert rows_of(path) == held
    test = [each for each in tmp_path.glob("c.db.before-*") if rows_of(each) != held]
    assert test == []
    with Corpus(path, create=True) as corpus:
        assert corpus.value("SELECT count(*) FROM coverage") == 3
    assert rows_of(schema.before(path, NAMES[1])) == held


def test_a_migration_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error on the way takes everything back; nothing half-made stays beside the file."""
    path = tmp_path / "c.db"
    old_corpus(path, NAMES[0], monkeypatch)
    held = rows_of(path)

    def broken(db: Database) -> None:
        db.conn.execute("SELECT * FROM nowhere")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "lay_views", broken)
        with pytest.raises(CorpusError, match="nowhere"):
            Corpus(path, create=True)
    assert rows_of(path) == held
    assert not list(tmp_path.glob(".*"))
    Corpus(path, create=True).close()


def test_two_processes_migrate_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both go on, it is migrated once, and the copy kept is of before."""
    path = tmp_path / "c.db"
    old_corpus(path, NAMES[0], monkeypatch)
    held = rows_of(path)
    code = "import sys; from crawler.corpus.store import Corpus; Corpus(sys.argv[1], create=True).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    assert rows_of(schema.before(path, NAMES[1])) == held
