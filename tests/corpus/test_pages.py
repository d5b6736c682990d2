from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus import connection
from crawler.corpus.pages import Pages, pages_path
from crawler.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_page_comes_back_as_it_was_and_is_kept_once(tmp_path: Path) -> None:
    """The bytes survive; putting them again adds nothing."""
    with Pages(tmp_path / "c.db") as pages:
        key = pages.put("小米".encode("gb18030") * 500)
        assert pages.put("小米".encode("gb18030") * 500) == key
        assert list(pages) == [key]
        assert pages.get(key) == "小米".encode("gb18030") * 500


def test_the_file_lies_beside_the_corpus(tmp_path: Path) -> None:
    """`news.2026.db` has `news.2026.pages.db`, in WAL mode, and its keys are the sha256 of the bytes."""
    with Pages(tmp_path / "news.2026.db") as pages:
        assert pages.path == tmp_path / "news.2026.pages.db" == pages_path(tmp_path / "news.2026.db")
        assert pages.put(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert pages.conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@given(body=st.binary(max_size=5000))
def test_any_bytes_survive(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Whatever a server sent comes back."""
    with Pages(tmp_path_factory.getbasetemp() / "any.db") as pages:
        assert pages.get(pages.put(body)) == body


def test_a_missing_page_is_reported(tmp_path: Path) -> None:
    """A key that is not here is an error that names it, and so is a missing file when reading."""
    with Pages(tmp_path / "c.db") as pages, pytest.raises(CorpusError, match=r"page 00ff is missing"):
        pages.get("00ff")
    with pytest.raises(CorpusError, match="no pages here"):
        Pages(tmp_path / "other.db", read_only=True)


def test_a_damaged_page_is_reported(tmp_path: Path) -> None:
    """Bytes that are no zstd frame end in a CorpusError."""
    with Pages(tmp_path / "c.db") as pages:
        key = pages.put(b"body")
        pages.conn.execute("UPDATE pages SET body = x'00ff'")
        with pytest.raises(CorpusError, match="is damaged"):
            pages.get(key)


def test_a_deleted_page_leaves_no_bytes(tmp_path: Path) -> None:
    """After delete and close the compressed bytes are nowhere in the file."""
    pages = Pages(tmp_path / "c.db")
    key = pages.put(bytes(range(256)))
    stored = pages.conn.execute("SELECT body FROM pages").fetchone()[0]
    other = pages.put(b"kept")
    assert pages.delete([key, "unknown"]) == 1
    assert key not in pages
    assert other in pages
    pages.close(checkpoint=True)
    for path in tmp_path.iterdir():
        assert stored not in path.read_bytes()


def test_a_locked_file_is_a_corpus_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never lets go ends put and delete in a CorpusError, not in sqlite3's own."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    with Pages(tmp_path / "c.db") as pages:
        key = pages.put(b"one")
        other = sqlite3.connect(pages.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CorpusError, match="locked"):
            pages.put(b"two")
        with pytest.raises(CorpusError, match="locked"):
            pages.delete([key])
        other.close()
        assert pages.delete([key]) == 1


def test_a_pages_file_of_another_program_says_what_to_do(tmp_path: Path) -> None:
    """Whether it is to be read or written; its rows stay as they are."""
    other = sqlite3.connect(tmp_path / "wiki.pages.db")
    other.execute("CREATE TABLE pages (id INTEGER, title TEXT)")
    for read_only in (True, False):
        with pytest.raises(CorpusError, match=r"wiki\.pages\.db: its table of pages is another program's; move"):
            Pages(tmp_path / "wiki.db", read_only=read_only)
    assert [row[1] for row in other.execute("PRAGMA table_info(pages)")] == ["id", "title"]
    other.close()
