"""What belongs to a corpus: nothing else is written there, and no other corpus has it."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.corpus.maintenance import backup, prune, publish, published_path
from crawler.corpus.pages import pages_path
from crawler.corpus.store import Corpus
from crawler.errors import NoCopy, OwnFile, UnfitName
from crawler.sample.demo import demo
from scheduler.run import crawl_once
from tests.support.corpus_rows import Rows

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
    """Nor does the copy's second file: `news` would have the pages of `news.db`."""
    with pytest.raises(OwnFile, match=r"news\.pages\.db"):
        backup(corpus, corpus.path.with_name("news"))


@pytest.mark.parametrize("name", ["copy.db", "copy.pages.db"])
@pytest.mark.parametrize("kind", ["text", "database", "wal", "corpus", "pipe"])
def test_a_backup_replaces_an_earlier_one_alone(kind: str, name: str, corpus: Corpus, tmp_path: Path) -> None:
    """No file and no database of another program, what it committed last included, no pipe, no other topic's corpus."""
    there = tmp_path / name
    if kind == "text":
        there.write_text("mine")
    elif kind == "pipe":
        os.mkfifo(there)
    elif kind == "corpus":
        with Corpus(tmp_path / "other.db", create=True) as other:
            other.claim_topic("another", None)
        (tmp_path / "other.db").rename(there)
    else:
        held = sqlite3.connect(there)
        held.execute(f"PRAGMA journal_mode = {'wal' if kind == 'wal' else 'delete'}")
        held.execute("CREATE TABLE pages (a)")
        held.commit()
    before = inodes(tmp_path)
    with pytest.raises(NoCopy, match=r"no earlier copy of this topic's corpus, and stays"):
        backup(corpus, tmp_path / "copy.db")
    assert inodes(tmp_path).items() >= before.items()
    if kind in {"database", "wal"}:
        assert held.execute("SELECT name FROM sqlite_master").fetchall() == [("pages",)]
        held.close()


def test_a_backup_replaces_the_one_before(corpus: Corpus, tmp_path: Path) -> None:
    """And an empty file, as mktemp leaves one; also one that was opened and written to."""
    (tmp_path / "copy.db").touch()
    for _ in range(2):
        assert len(backup(corpus, tmp_path / "copy.db")) == 2
        with Corpus(tmp_path / "copy.db") as copy, copy.transaction():
            copy.set_meta("after", "1")
            copy.pages.put(b"another")


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


def page_in(path: Path, page: bytes) -> str:
    """Make a corpus with that page, and return the page's key."""
    with Corpus(path, create=True) as made:
        return made.pages.put(page)


def test_corpora_of_one_name_and_other_suffixes_have_pages_of_their_own(tmp_path: Path) -> None:
    """Pruning one takes nothing from the other; each has its own published copy."""
    names = ["news.sqlite", "news.db", "news.db3"]
    keys = [page_in(tmp_path / name, name.encode()) for name in names]
    with Corpus(tmp_path / "news.sqlite") as first:
        assert prune(first, timedelta(0), datetime.now(UTC)) == 1
        assert published_path(first) == tmp_path / "news.sqlite.read.db"
    for name, key in zip(names[1:], keys[1:], strict=True):
        with Corpus(tmp_path / name) as other:
            assert list(other.pages) == [key]
    assert {each.name for each in tmp_path.glob("*.pages.db")} == {
        "news.pages.db", "news.sqlite.pages.db", "news.db3.pages.db",
    }  # fmt: skip


def test_pages_of_an_earlier_name_are_found_where_they_can_be_nobody_elses(tmp_path: Path) -> None:
    """`news.sqlite` had `news.pages.db` once; beside a `news.db` that file is not taken for its own."""
    key = page_in(tmp_path / "news.sqlite", b"page")
    (tmp_path / "news.sqlite.pages.db").rename(tmp_path / "news.pages.db")
    with Corpus(tmp_path / "news.sqlite") as corpus:
        assert list(corpus.pages) == [key]
    with pytest.raises(UnfitName, match=r"news\.pages\.db, as those of .*news\.sqlite are"):
        Corpus(tmp_path / "news.db", create=True)
    sqlite3.connect(tmp_path / "news.sqlite").execute("VACUUM INTO ?", (str(tmp_path / "news.db"),))
    assert pages_path(tmp_path / "news.sqlite") == tmp_path / "news.sqlite.pages.db"


@pytest.mark.parametrize(("there", "made"), [("news.db", "news"), ("news", "news.db"), ("a.b.db", "a.b")])
def test_no_two_corpora_are_made_that_would_share_their_pages(there: str, made: str, tmp_path: Path) -> None:
    """With and without `.db` they would: the second is refused, as a backup too, and the first goes on."""
    key = page_in(tmp_path / there, b"page")
    with Corpus(tmp_path / there) as corpus:
        assert list(corpus.pages) == [key]
    with pytest.raises(UnfitName, match="another name"):
        Corpus(tmp_path / made, create=True)
    with Rows(tmp_path / "other.db").corpus as other, pytest.raises(UnfitName, match="another name"):
        backup(other, tmp_path / made)
    assert not (tmp_path / made).exists()


@pytest.mark.parametrize("name", ["news.pages.db", "news.read.db", "unseen.pages.db", "unseen.read.db"])
def test_pages_and_published_copies_are_no_corpora_to_write(name: str, corpus: Corpus, tmp_path: Path) -> None:
    """Nor is one made under their names, whether there is a file or not, nor is a backup put there."""
    path = corpus.path.with_name(name)
    before = inodes(corpus.path.parent)
    for how in ({"create": True}, {"migrate": True}, {}):
        with pytest.raises(UnfitName, match=r"end in \.pages\.db"):
            Corpus(path, **how)
    with Rows(tmp_path / "other.db").corpus as other, pytest.raises(UnfitName):
        backup(other, path)
    assert inodes(corpus.path.parent) == before


def test_a_published_copy_is_read_as_a_corpus_and_pages_are_not(corpus: Corpus) -> None:
    """By whoever may not write."""
    with Corpus(corpus.path.with_name("news.read.db"), read_only=True) as copy:
        assert copy.value("SELECT count(*) FROM articles") == 1
    with pytest.raises(UnfitName):
        Corpus(corpus.pages.path, read_only=True)


def test_a_demo_takes_no_pages_of_another_corpus(tmp_path: Path) -> None:
    """It removes the pages of an older demo, which those of `news.db` are not."""
    page_in(tmp_path / "news.db", b"page")
    with pytest.raises(UnfitName):
        next(demo(tmp_path / "news", crawl_once))
    assert (tmp_path / "news.pages.db").exists()
