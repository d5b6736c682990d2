"""What belongs to a corpus: nothing else is written there, and no other corpus has it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.corpus.store import Corpus
from crawler.corpus.upkeep import backup, publish
from crawler.errors import OwnFile
from tests.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Give a corpus in a folder of its own, with a page, a published copy and open WALs."""
    (tmp_path / "data").mkdir()
    rows = Rows(tmp_path / "data" / "news.db")
    rows.source("bao")
    rows.article("题", "小米。", page=b"page")
    publish(rows.corpus)
    yield rows.corpus
    rows.corpus.close()


def inodes(folder: Path) -> dict[str, int]:
    """Return the files of a folder, each with its number: a file that was replaced has another."""
    return {each.name: each.stat().st_ino for each in folder.iterdir()}


@pytest.mark.parametrize(
    "way", ["../data", "../data/news.db", "../link.db", "../linked", "../linked/news.db", "../hard.db"]
)
def test_a_backup_never_replaces_the_corpus(
    way: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By no other path, link or name: what is committed afterwards is in the file that everyone opens."""
    (tmp_path / "link.db").symlink_to(corpus.path)
    (tmp_path / "linked").symlink_to(corpus.path.parent)
    os.link(corpus.path, tmp_path / "hard.db")
    monkeypatch.chdir(corpus.path.parent)
    before = inodes(corpus.path.parent)
    with pytest.raises(OwnFile, match="another name or another folder"):
        backup(corpus, way)
    with corpus.transaction():
        corpus.set_meta("after", "1")
    assert inodes(corpus.path.parent) == before
    with Corpus("news.db", read_only=True) as read:
        assert read.meta("after") == "1"


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal", ".lock"])
@pytest.mark.parametrize("name", ["news.db", "news.pages.db", "news.read.db"])
def test_a_backup_replaces_no_file_of_the_corpus(name: str, end: str, corpus: Corpus) -> None:
    """Neither its pages, nor its published copy, nor what SQLite and the lock keep beside them, there or not."""
    before = inodes(corpus.path.parent)
    with pytest.raises(OwnFile, match="stays as it is"):
        backup(corpus, corpus.path.with_name(name + end))
    assert inodes(corpus.path.parent) == before


def test_a_backup_puts_no_pages_over_those_of_the_corpus(corpus: Corpus) -> None:
    """Nor does the copy's second file."""
    with pytest.raises(OwnFile, match=r"news\.pages\.db"):
        backup(corpus, corpus.path.with_name("news"))


def test_a_backup_goes_where_a_link_leads(corpus: Corpus, tmp_path: Path) -> None:
    """A link to the last backup stays a link; both files lie where it leads."""
    (tmp_path / "last.db").symlink_to(tmp_path / "monday.db")
    assert backup(corpus, tmp_path / "last.db") == [tmp_path / "monday.db", tmp_path / "monday.pages.db"]
    assert (tmp_path / "last.db").is_symlink()


@pytest.mark.parametrize("name", ["news.db", "link.db", "news.pages.db", "news.db-wal", "news.db.lock"])
def test_an_export_replaces_no_file_of_the_corpus(name: str, corpus: Corpus) -> None:
    """Exit 1 with one line that names the file, which is as it was; nothing half-made lies beside it."""
    corpus.path.with_name("link.db").symlink_to(corpus.path)
    corpus.path.with_name("news.db.lock").touch()
    before = inodes(corpus.path.parent)
    output = str(corpus.path.with_name(name))
    result = CliRunner().invoke(main, ["export", "--output", output, "--db", str(corpus.path)])
    assert result.exit_code == 1
    assert f"{os.path.realpath(output)}: is a file of the corpus" in result.output
    assert inodes(corpus.path.parent) == before
