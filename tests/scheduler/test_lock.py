from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, CorpusMissing, RunLocked
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from scheduler.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Name a corpus that does not exist yet."""
    return tmp_path / "corpus.db"


@pytest.fixture
def holder(corpus: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(corpus)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        if process.poll() is None:
            process.kill()


def test_another_process_is_refused_and_named(corpus: Path, holder: subprocess.Popen[str]) -> None:
    """While another process holds the lock ours is refused, exit 75, and the message says who holds it."""
    with pytest.raises(RunLocked) as refused, run_lock(corpus):
        pass
    assert refused.value.exit_code == 75
    assert f"pid {holder.pid} since 20" in str(refused.value)
    assert str(corpus) + ".lock" in str(refused.value)


def test_kill_9_frees_it(corpus: Path, holder: subprocess.Popen[str]) -> None:
    """A holder killed with SIGKILL leaves its file behind and no lock."""
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (corpus.parent / "corpus.db.lock").read_text().startswith(f"pid {holder.pid}")
    with run_lock(corpus):
        assert f"pid {os.getpid()} " in (corpus.parent / "corpus.db.lock").read_text()


def test_wait_outlasts_a_short_holder(corpus: Path, holder: subprocess.Popen[str]) -> None:
    """With a wait, the lock comes when the other process ends."""
    assert holder.stdin is not None
    holder.stdin.close()
    with run_lock(corpus, wait=30):
        assert holder.wait(timeout=30) == 0


def test_wait_runs_out(corpus: Path, holder: subprocess.Popen[str]) -> None:
    """A wait shorter than the holder ends in a refusal."""
    with pytest.raises(RunLocked), run_lock(corpus, wait=0.12):
        pass


def test_one_process_cannot_hold_it_twice(corpus: Path) -> None:
    """A second block in the same process is refused, and leaves the first block's lock alone."""
    with run_lock(corpus):
        for _ in range(2):
            with pytest.raises(RunLocked), run_lock(corpus):
                pass


def test_an_error_inside_frees_it(corpus: Path) -> None:
    """An exception in the block frees the lock and clears the note."""
    with pytest.raises(ZeroDivisionError), run_lock(corpus):
        _ = 1 / 0
    assert (corpus.parent / "corpus.db.lock").read_text() == ""
    with run_lock(corpus):
        pass


def test_programs_we_start_do_not_keep_it(corpus: Path) -> None:
    """A child program that outlives the block does not hold the lock."""
    with run_lock(corpus):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with child:
        with run_lock(corpus):
            assert child.poll() is None
        child.kill()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """Where the lock file cannot be made, the error says which file."""
    with pytest.raises(CorpusError, match=r"nowhere/corpus\.db\.lock"), run_lock(tmp_path / "nowhere" / "corpus.db"):
        pass


def test_a_link_has_the_lock_and_the_pages_of_what_it_leads_to(corpus: Path, tmp_path: Path) -> None:
    """By a link in another folder, or through a linked folder, two runs exclude each other and find the same pages."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link, through = folder / "mine.db", tmp_path / "linked"
    link.symlink_to(corpus)
    through.symlink_to(tmp_path)
    with run_lock(corpus):
        for name in (link, through / "corpus.db"):
            with pytest.raises(RunLocked, match=re.escape(f"{corpus}.lock")), run_lock(name):
                pass
            with Corpus(name, create=True) as opened:
                assert (opened.path, opened.pages.path) == (corpus, tmp_path / "corpus.pages.db")
    assert [each.name for each in folder.iterdir()] == ["mine.db"]


def test_a_link_to_itself_is_no_corpus(tmp_path: Path) -> None:
    """It leads nowhere: told as a missing file, or one that cannot be made, not as a traceback."""
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    with pytest.raises(CorpusMissing):
        Corpus(loop, read_only=True)
    with pytest.raises(CorpusError, match="cannot be made"):
        Corpus(loop, create=True)


def test_a_disk_that_takes_no_note_stops_no_run(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note is for people: where it cannot be written the lock is held all the same, and freed."""

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("pwrite", "ftruncate"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            with run_lock(corpus), pytest.raises(RunLocked, match="just starting or ending"), run_lock(corpus):
                pass
    with run_lock(corpus):
        pass


def test_a_lock_that_cannot_be_made_says_what_to_do(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the file, what the system said, and where to look."""

    def fails(number: int) -> Callable[..., int]:
        def call(*_arguments: object) -> int:
            raise OSError(number, os.strerror(number))

        return call

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fails(errno.ENOSPC))
        with (
            pytest.raises(CorpusError, match=r"db\.lock: .*No space left on device; .* has its disk room"),
            run_lock(corpus),
        ):
            pass
    monkeypatch.setattr(fcntl, "flock", fails(errno.ENOLCK))
    with pytest.raises(CorpusError, match=r"db\.lock: cannot be locked: No locks available; keep"), run_lock(corpus):
        pass
