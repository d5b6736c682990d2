from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from tests.support.corpus_rows import Rows

KILLS = int(os.environ.get("HOUXU_KILLS", "6"))
"""How often the writer is killed; the target is 50."""

WRITER = """
import sys
from pathlib import Path
from tests.support.corpus_rows import Rows
name, count = sys.argv[2], int(sys.argv[3])
rows = Rows(Path(sys.argv[1]))
for i in range(count):
    title = f"小米{name}第{i}篇"
    article = rows.article(title, "罗福莉与澎湃OS。" * 40, url=f"https://{name}.test/{i}", page=name.encode())
    if i % 3 == 2:
        rows.revise(article, title, "雷军与MiMo-V2-Flash。" * 40)
    print(article, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Start a process that adds articles, an edit now and then, and prints each id once it is committed."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip


def assert_sound(path: Path, acknowledged: set[int]) -> None:
    """Check that the file is whole, every acknowledged article is there, and the index holds exactly their texts."""
    with Corpus(path) as corpus:
        assert corpus.value("PRAGMA integrity_check") == "ok"
        assert corpus.rows("PRAGMA foreign_key_check") == []
        corpus.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")
        held = {row["id"] for row in corpus.rows("SELECT id FROM articles")}
        assert acknowledged <= held
        assert {
            row["rowid"] for row in corpus.rows("SELECT rowid FROM articles_fts WHERE articles_fts MATCH '小米'")
        } == held
        edited = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH '雷军' ORDER BY rowid"
        latest = "SELECT id AS rowid FROM coverage WHERE body LIKE '%雷军%' ORDER BY id"
        assert corpus.rows(edited) == corpus.rows(latest)
        assert all(
            corpus.pages.get(row["page_sha256"]) for row in corpus.rows("SELECT DISTINCT page_sha256 FROM visits")
        )


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """After kill -9 at any moment the file is sound and holds every committed article with its grams and its page."""
    path = tmp_path / "c.db"
    Rows(path).corpus.close()
    dice = random.Random(7)
    acknowledged: set[int] = set()
    for kill in range(KILLS):
        process = writer(path, f"k{kill}", 1000)
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(dice.randrange(1, 25)):
            acknowledged.add(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        acknowledged |= {int(line) for line in process.stdout if line.endswith("\n")}
        process.stdout.close()
        process.stderr.close()
        process.wait()
        assert_sound(path, acknowledged)
    assert len(acknowledged) >= KILLS


def test_two_writers_and_a_long_reader_never_meet_a_lock(tmp_path: Path) -> None:
    """Nobody is told that the database is locked; every article of both is there; the reader sees its own moment."""
    path = tmp_path / "c.db"
    Rows(path).corpus.close()
    reader = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
    processes = [writer(path, name, 30) for name in ("one", "two")]
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
    reader.close()
    acknowledged = {int(line) for out, _ in told for line in out.splitlines()}
    assert len(acknowledged) == 60
    assert_sound(path, acknowledged)


def test_a_full_disk_leaves_what_was_committed(tmp_path: Path) -> None:
    """When SQLite can write no more, the transaction is rolled back and the corpus stays sound."""
    path = tmp_path / "c.db"
    rows = Rows(path)
    rows.article("小米一", "正文。")
    pages = rows.corpus.value("PRAGMA page_count")
    rows.corpus.conn.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CorpusError, match="full"):
        rows.article("小米二", "".join(map(chr, range(0x4E00, 0x9000))))
    rows.corpus.conn.execute("PRAGMA max_page_count = 1000000")
    rows.corpus.close()
    with Corpus(path) as corpus:
        assert corpus.value("PRAGMA integrity_check") == "ok"
        assert [found.title for found in corpus.search("小米")] == ["小米一"]
