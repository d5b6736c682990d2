"""Full disks, locked, read-only, damaged and missing files: a clear error, exit 1, nothing acknowledged lost."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.corpus import connection
from crawler.corpus.pages import Pages, pages_path
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, PageLost
from tests.faults.work import picture, problems, work, wrong_with
from tests.support.access import open_folders
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a corpus on which the work was done."""
    path = tmp_path_factory.mktemp("done") / "c.db"
    work(path)
    return path


@pytest.fixture
def path(done: Path, tmp_path: Path) -> Path:
    """Return a copy of it, closed and whole, to be broken."""
    for each in (done, pages_path(done)):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    return tmp_path / done.name


def houxu(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of houxu's."""
    return subprocess.run(
        [sys.executable, "-m", "crawler.cli", *arguments], capture_output=True, text=True, check=False, cwd=ROOT,
        timeout=120,
    )  # fmt: skip


def test_a_file_that_may_not_grow_loses_nothing_committed(tmp_path: Path) -> None:
    """A disk that refuses to write (RLIMIT_FSIZE) ends the work in a CorpusError; with room again it is finished."""
    path, whole = tmp_path / "c.db", tmp_path / "whole.db"
    work(whole)
    code = (
        "import resource, signal, sys; from pathlib import Path; from tests.faults.work import work; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000)); work(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert f"CorpusError: {tmp_path}" in done.stderr
    assert "what was committed stays" in done.stderr
    assert wrong_with(path) == []
    (before,) = Corpus(path, read_only=True).rows("SELECT count(*) AS visits FROM visits")
    assert before["visits"] > 0
    work(path)
    assert picture(path) == picture(whole)


@pytest.mark.parametrize("command", ["reindex", "prune", "backup"])
def test_where_nothing_can_be_written_the_file_is_named(command: str, path: Path) -> None:
    """Not a byte (RLIMIT_FSIZE): exit 1 with the corpus' file and what to do, though the lock could take no note."""
    code = (
        "import resource, sys; from crawler.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); main(sys.argv[1:])"
    )
    where = [str(path.with_name("b.db"))] if command == "backup" else []
    done = subprocess.run(
        [sys.executable, "-c", code, command, *where, "--db", str(path)], cwd=ROOT, check=False, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 1, done
    assert done.stderr.startswith(f"houxu: {path}: disk I/O error: what was committed stays; look after the disk")
    assert wrong_with(path) == []


def fill(corpus: Corpus) -> None:
    """Write more than fits into either file, in one transaction."""
    with corpus.transaction():
        corpus.set_meta("big", "长" * 10_000)
        corpus.pages.put(os.urandom(100_000))
        corpus.set_meta("bigger", "长" * 1_000_000)


@pytest.mark.parametrize("which", ["corpus", "pages"])
def test_a_full_disk_says_to_make_room(which: str, path: Path) -> None:
    """SQLITE_FULL in either file: the transaction is taken back, the error names the file and what to do."""
    with Corpus(path) as corpus:
        conn = corpus.conn if which == "corpus" else corpus.pages.conn
        conn.execute(f"PRAGMA max_page_count = {conn.execute('PRAGMA page_count').fetchone()[0]}")
        before = corpus.value("SELECT count(*) FROM meta")
        with pytest.raises(CorpusError, match="make room, then run again") as caught:
            fill(corpus)
        assert caught.value.path == str(path if which == "corpus" else pages_path(path))
        assert corpus.value("SELECT count(*) FROM meta") == before
    assert wrong_with(path) == []


def test_a_busy_file_is_told_and_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never lets go: exit 1's error, and the next run goes on."""
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.01)
    held = picture(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CorpusError, match="the next run tries again"):
        work(path)
    other.close()
    work(path)
    assert picture(path) == held


def reindexed(path: Path) -> str:
    """Return what a writer is told."""
    try:
        with Corpus(path, create=True) as corpus:
            corpus.reindex()
    except CorpusError as error:
        return str(error)
    return ""


def told_as_nobody(ask: Callable[[Path], str], path: Path) -> str:
    """Return what another user is told who asks for something."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the child does not use
        child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            os.write(writing, ask(path).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as told:
        said = told.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.skipif(os.getuid() != 0, reason="another user is needed, which only root can be")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_says_so(what: str, path: Path) -> None:
    """For another user, a file or a folder without the right to write is named with what to do, and nothing changes."""
    open_folders(path.parent, 0o755 if what == "folder" else 0o777)
    path.chmod(0o444 if what == "file" else 0o666)
    before = path.read_bytes()
    told = told_as_nobody(reindexed, path)
    assert told.startswith(f"{path}: ")
    assert "may not write the file or its folder" in told or "write it beside a file in use" in told
    assert path.read_bytes() == before


@pytest.mark.skipif(os.getuid() != 0, reason="another user is needed, which only root can be")
def test_a_corpus_that_may_not_be_read_is_no_wrong_usage(path: Path) -> None:
    """The exit is that of a corpus which cannot be used, for whoever tries again, and it says what to look after."""
    open_folders(path.parent)
    path.chmod(0o600)

    def exits(path: Path) -> str:
        done = [CliRunner().invoke(main, [command, "--db", str(path)]) for command in ("status", "demo")]
        return "\n".join(f"{each.exit_code} {each.output}" for each in done)

    told = told_as_nobody(exits, path)
    assert told.count(f"1 houxu: {path}: ") == 2
    assert told.count("may this user read it") == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Where no file can be made."""
    with pytest.raises(CorpusError, match="cannot be made: No such file or directory"):
        Corpus(tmp_path / "none" / "c.db", create=True)


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "no database": lambda _data: b"this is no database" * 1000,
    "a header of noise": lambda data: os.urandom(100) + data[100:],
    "cut in half": lambda data: data[: len(data) // 2 + 100],
    "noise in the middle": lambda data: data[:8192] + os.urandom(len(data) - 12288) + data[-4096:],
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_damaged_corpus_says_how_to_go_on(how: str, path: Path) -> None:
    """Commands end with exit 1 and one line with the file, the cause and what to do; never a traceback."""
    path.write_bytes(BREAKS[how](path.read_bytes()))
    for command in (("status",), ("search", "小米"), ("reindex",), ("backup", str(path.with_name("b.db")))):
        done = houxu(*command, "--db", str(path))
        assert "Traceback" not in done.stderr, (command, done.stderr)
        if done.returncode:
            assert done.returncode == 1, done
            assert "damaged" in done.stderr
            assert "backup" in done.stderr
    assert houxu("backup", str(path.with_name("b.db")), "--db", str(path)).returncode == 1


def test_a_damaged_wal_leaves_a_sound_corpus_and_the_next_run_repairs(tmp_path: Path) -> None:
    """SQLite takes a WAL's frames up to the first that does not check: a moment of the past, soon caught up."""
    path, whole = tmp_path / "c.db", tmp_path / "whole.db"
    work(whole)
    code = (
        "import os, sys; from pathlib import Path; from tests.faults.kills import die_at; "
        "die_at(Path(sys.argv[1]), 60, 'after')"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False).returncode == -signal.SIGKILL
    wal = path.with_name("c.db-wal")
    data = wal.read_bytes()
    assert len(data) > 100_000
    wal.write_bytes(data[: len(data) // 2] + os.urandom(len(data) // 2))
    assert wrong_with(path) == []
    work(path)
    assert picture(path) == picture(whole)


def test_a_missing_pages_file_is_told_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every text is kept; a new file is begun; readers say what is missing."""
    pages_path(path).unlink()
    with Corpus(path, read_only=True) as corpus, pytest.raises(CorpusError, match="no pages here"):
        assert corpus.pages
    for told in (1, 0):
        caplog.clear()
        with caplog.at_level(logging.ERROR, "houxu"), Corpus(path) as corpus:
            assert corpus.pages.put(b"new")
            key = corpus.value("SELECT page_sha256 FROM revisions LIMIT 1")
            with pytest.raises(PageLost, match="is missing"):
                corpus.pages.get(key)
        assert [record.getMessage().count("is missing with") for record in caplog.records] == [1] * told


def test_a_damaged_pages_file_says_to_move_it_away(path: Path) -> None:
    """And moved away, the corpus goes on without it."""
    pages_path(path).write_bytes(b"\xff" * 50_000)
    with pytest.raises(CorpusError, match="move it away") as caught:
        work(path)
    assert caught.value.path == str(pages_path(path))
    assert houxu("rescan", "--quarantined", "--db", str(path)).returncode in {1, 2}
    pages_path(path).unlink()
    for left in path.parent.glob("c.pages.db-*"):
        left.unlink()
    work(path)
    with Corpus(path) as corpus:
        assert [each for each in problems(corpus) if "is missing" not in each] == []


def test_work_beside_a_long_reader_and_a_backup(tmp_path: Path) -> None:
    """A reader keeps its moment, backups are whole corpora of some moment, and the work is what it would have been."""
    path, whole = tmp_path / "c.db", tmp_path / "whole.db"
    work(whole)
    Corpus(path, create=True).close()
    Pages(path).close()
    reader = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
    code = "import sys; from pathlib import Path; from tests.faults.work import work; work(Path(sys.argv[1]))"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    copies: list[Path] = []
    while process.poll() is None:
        target = tmp_path / f"copy{len(copies)}.db"
        copies.append(target)
        assert houxu("backup", str(target), "--db", str(path)).returncode == 0
    said = process.communicate()[1]
    # forget cannot empty the WAL while the reader holds old bytes: it says so, and the next run finishes
    assert process.returncode == 0 or "forget again once it closed" in said
    assert reader.execute("SELECT count(*) FROM articles").fetchone()[0] == 0
    reader.close()
    assert copies
    for copy in copies:
        assert wrong_with(copy) == []
    work(path)
    assert picture(path) == picture(whole)


def test_two_runs_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    """The second is told with exit 75 who holds the lock; --wait lets it wait; nothing is done twice."""
    path = tmp_path / "c.db"
    Corpus(path, create=True).close()
    with contextlib.ExitStack() as held:
        from scheduler.lock import run_lock

        held.enter_context(run_lock(path))
        done = houxu("reindex", "--db", str(path))
        assert done.returncode == 75
        assert str(os.getpid()) in done.stderr
    assert houxu("reindex", "--db", str(path)).returncode == 0


def test_no_fault_of_a_row_is_taken_for_one_of_the_file(tmp_path: Path) -> None:
    """What SQLite says of a statement of ours is not called damage."""
    rows = Rows(tmp_path / "c.db")
    with pytest.raises(CorpusError, match=r"no such table: nowhere$"):
        rows.corpus.rows("SELECT * FROM nowhere")
    rows.corpus.close()
