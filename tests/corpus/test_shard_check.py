"""What is no corpus is left as it is: another program's database, an empty file, and views of the user's own."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.corpus.store import Corpus
from crawler.errors import CorpusMissing, NotACorpus

SAMPLE = str(Path(__file__).parents[2] / "crawler/sample/topic.toml")

KEEPING = [
    ["rescan", "--topic", SAMPLE],
    ["reindex"],
    ["prune"],
    ["forget", "bao.test"],
    ["status"],
    ["backup", "copy.db"],
]
MAKING = [["crawl", "--topic", SAMPLE], ["replay", SAMPLE], ["merge", ".", "--topic", SAMPLE], ["demo"]]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give another program's database, with views, and migrations under a name of their own."""
    monkeypatch.chdir(tmp_path)
    conn = sqlite3.connect(tmp_path / "places.sqlite")
    conn.executescript(
        "CREATE TABLE bookmarks (id INTEGER PRIMARY KEY, url TEXT); INSERT INTO bookmarks VALUES (1, 'x');"
        "CREATE VIEW timeline AS SELECT url FROM bookmarks; PRAGMA user_version = 12;"
        "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT);"
        "INSERT INTO _sqlite_migrations VALUES (1, 'bookmarks', 'm001_initial', '');"
    )
    conn.close()
    return tmp_path / "places.sqlite"


@pytest.mark.parametrize("command", KEEPING + MAKING, ids=lambda command: command[0])
def test_another_programs_database_is_left_as_it_is(command: list[str], places: Path) -> None:
    """Every command, reading or writing, exits 1 and names it; no byte of it changes, and no WAL is begun."""
    before = places.read_bytes()
    result = CliRunner().invoke(main, [*command, "--db", str(places)])
    assert result.exit_code == 1, result.output
    assert f"houxu: {places}: another program's database (it holds 'bookmarks', 'timeline', " in result.output
    assert places.read_bytes() == before
    assert {each.name for each in places.parent.iterdir()} <= {places.name, f"{places.name}.lock"}


@pytest.mark.parametrize("command", KEEPING, ids=lambda command: command[0])
def test_an_empty_file_is_made_a_corpus_only_by_what_makes_one(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps or reads a corpus finds none there, and leaves the file empty."""
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "empty.db"
    empty.touch()
    result = CliRunner().invoke(main, [*command, "--db", str(empty)])
    assert result.exit_code == 1
    assert "no corpus here" in result.output
    assert empty.stat().st_size == 0
    Corpus(empty, create=True).close()
    Corpus(empty).close()


def test_what_keeps_a_corpus_migrates_it_and_makes_none(tmp_path: Path) -> None:
    """`migrate` lays the newest views of a corpus that is there, as `create` does."""
    with pytest.raises(CorpusMissing):
        Corpus(tmp_path / "c.db", migrate=True)
    with Corpus(tmp_path / "c.db", create=True) as corpus:
        corpus.conn.executescript("DROP VIEW coverage; UPDATE meta SET value = 'older' WHERE key = 'views'")
    with Corpus(tmp_path / "c.db", migrate=True) as corpus:
        assert corpus.rows("SELECT * FROM coverage") == []


def test_views_of_the_users_own_stay(tmp_path: Path) -> None:
    """When ours are laid anew, those that read them among them."""
    with Corpus(tmp_path / "c.db", create=True) as corpus:
        corpus.conn.executescript(
            "CREATE VIEW mine AS SELECT url FROM coverage; UPDATE meta SET value = 'older' WHERE key = 'views'"
        )
    with Corpus(tmp_path / "c.db", create=True) as corpus:
        assert corpus.rows("SELECT * FROM mine") == []


def test_a_shard_that_is_another_programs_is_named(places: Path) -> None:
    """Opened to read, it is no corpus of an older houxu."""
    with pytest.raises(NotACorpus) as caught:
        Corpus(places, read_only=True)
    assert caught.value.holds == ("bookmarks", "timeline", "_sqlite_migrations")
