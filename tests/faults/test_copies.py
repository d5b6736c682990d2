"""Copies of a corpus (backups, what a migration keeps): whole under the name asked for, or refused in words."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crawler.corpus import schema
from crawler.corpus.maintenance import backup, publish
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ["caf\udce9", "a\u202eb", "q?'#%41", "小米"]
"""A byte that is no UTF-8, an override of the writing direction, what a URL or an SQL string would read, Chinese."""


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Give a corpus with an article and its page."""
    rows = Rows(tmp_path / "c.db")
    rows.source("bao")
    rows.article("题", "小米。", page=b"page")
    yield rows.corpus
    rows.corpus.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_backup_is_whole_under_any_name(name: str, corpus: Corpus, tmp_path: Path) -> None:
    """As a file's name and as a folder's: both files are there with their rows, and nothing beside them."""
    folder = tmp_path / name
    folder.mkdir()
    assert backup(corpus, folder / f"{name}.db") == [folder / f"{name}.db", folder / f"{name}.pages.db"]
    assert {each.name for each in folder.iterdir()} == {f"{name}.db", f"{name}.pages.db"}
    with Corpus(folder / f"{name}.db", read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM articles") == 1
        assert len(list(copy.pages)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_migration_keeps_what_was_under_any_name(name: str, tmp_path: Path) -> None:
    """The copy before a migration holds the rows; a file of an empty name is not left in its stead."""
    folder = tmp_path / name
    folder.mkdir()
    path = folder / f"{name}.db"
    rows = Rows(path)
    rows.source("bao")
    rows.article("题", "小米。")
    rows.corpus.conn.execute("DROP INDEX leads_new")
    rows.corpus.conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm006_new_leads'")
    rows.corpus.close(checkpoint=True)
    Corpus(path, create=True).close()
    kept = sqlite3.connect(schema.before(path, "m006_new_leads"))
    assert kept.execute("SELECT count(*) FROM articles").fetchone() == (1,)
    kept.close()
    assert not list(tmp_path.rglob("*partial*"))


def test_an_empty_file_is_not_copied_as_good(corpus: Corpus, tmp_path: Path) -> None:
    """Where the pages file holds nothing, the backup says so of it, and the pages copied before stay."""
    before = backup(corpus, tmp_path / "b.db")[1].read_bytes()
    corpus.pages.close(checkpoint=True)
    os.truncate(corpus.pages.path, 0)
    with (
        Corpus(corpus.path, read_only=True) as read,
        pytest.raises(CorpusError, match="lacks the table 'pages'") as caught,
    ):
        backup(read, tmp_path / "b.db")
    assert caught.value.path == str(corpus.pages.path)
    assert (tmp_path / "b.pages.db").read_bytes() == before


def test_a_published_copy_is_whole_under_any_name(tmp_path: Path) -> None:
    """For readers too."""
    rows = Rows(tmp_path / f"{NAMES[0]}.db")
    rows.source("bao")
    rows.article("题", "小米。")
    with Corpus(publish(rows.corpus), read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM articles") == 1
    rows.corpus.close()


@pytest.mark.parametrize("noise", [b"\xff" * 50_000, None], ids=["no database", "noise in the middle"])
@pytest.mark.parametrize("which", ["corpus", "pages"])
def test_a_backup_of_a_damaged_file_names_that_file(
    which: str, noise: bytes | None, corpus: Corpus, tmp_path: Path
) -> None:
    """Not the copy, which cannot be to blame; and the copy of it made before stays."""
    (tmp_path / "kept").mkdir()
    kept = backup(corpus, tmp_path / "kept")[0 if which == "corpus" else 1]
    before = kept.read_bytes()
    path = corpus.path if which == "corpus" else corpus.pages.path
    corpus.pages.put(os.urandom(100_000))
    corpus.close(checkpoint=True)
    data = path.read_bytes()
    path.write_bytes(noise or data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(CorpusError, match="is damaged") as caught, Corpus(corpus.path, read_only=True) as read:
        backup(read, tmp_path / "kept")
    assert caught.value.path == str(path)
    assert kept.read_bytes() == before


def test_what_killed_backups_left_goes_with_the_next(corpus: Corpus, tmp_path: Path) -> None:
    """Half-made copies of dead processes to the same target are removed; a live one's and another target's are not."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    gone = [f".b[1].db.{ended.pid}.partial", f".b[1].db.{ended.pid}.partial-journal", f".b[1].db.{os.getpid()}.partial"]
    stay = [f".b[1].db.{os.getppid()}.partial", f".other.db.{ended.pid}.partial", ".b[1].db.mine.partial"]
    for name in gone + stay:
        (tmp_path / name).write_bytes(b"half")
    backup(corpus, tmp_path / "b[1].db")
    assert {each.name for each in tmp_path.glob(".*")} == set(stay)


def test_a_migration_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    """Of its own copies too."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    (tmp_path / f".c.db.{ended.pid}.partial").write_bytes(b"half")
    Corpus(tmp_path / "c.db", create=True).close()
    assert not list(tmp_path.glob(".*"))


def test_a_backup_is_not_spoiled_by_the_wal_of_the_one_before(corpus: Corpus, tmp_path: Path) -> None:
    """Somebody wrote into the last backup and was killed: what they left beside it is not played into the next."""
    target = tmp_path / "b.db"
    backup(corpus, target)
    conn = sqlite3.connect(target)
    conn.executescript("PRAGMA journal_mode = WAL; CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
    left = (tmp_path / "b.db-wal").read_bytes()
    conn.close()
    (tmp_path / "b.db-wal").write_bytes(left)
    backup(corpus, target)
    with Corpus(target, read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM articles") == 1
        assert copy.value("SELECT count(*) FROM sqlite_master WHERE name = 'mine'") == 0
