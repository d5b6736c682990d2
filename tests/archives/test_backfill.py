"""Archives into shards: every record counted once, whatever is damaged, whoever is killed, on processes or on Dask."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler.archives.backfill import CHECKPOINT, Task, backfill, backfill_file, files_of, tasks_of
from crawler.archives.warc import Place, Wanted, records
from crawler.cli import main
from crawler.corpus import archive_progress
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, MissingExtra
from scheduler.lock import run_lock
from tests.archives.test_merge import OTHER
from tests.bench.backfill import record
from tests.support.canonical import canonical
from tests.test_path import BODY, page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.model import Topic

pytest.importorskip("fastwarc", reason="the extra `warc` is not installed")

ON, ALSO = page(BODY).body, page(OTHER, title="钱").body
OFF = page(["虚构样例：今年沁州的谷子收成好，每亩收入高过往年，合作社的收购价也提了。"] * 9).body.replace(
    "模型".encode(), b""
)


def gz(*each: bytes) -> bytes:
    """Return records as members of a gzip file."""
    return b"".join(map(gzip.compress, each))


def many(count: int, every: int = 5) -> list[bytes]:
    """Return records, one in `every` on topic, each of those a text of its own."""
    return [
        record(
            f"https://bao.test/{number}.html",
            ON.replace("介绍了".encode(), f"第{number}次介绍了".encode()) if number % every == 0 else OFF,
            f"2025-12-17T10:{number // 60 % 60:02}:{number % 60:02}Z",
        )
        for number in range(count)
    ]


@pytest.fixture
def task(tmp_path: Path, topic: Topic) -> Callable[..., Task]:
    """Return a function that makes a task of records written to a file."""

    def task(data: bytes, name: str = "part.warc.gz", **wanted: Any) -> Task:
        file = tmp_path / name
        file.write_bytes(data)
        return tasks_of([file], tmp_path / "shards", topic, Wanted(**wanted), run_lock)[0]

    return task


def test_what_is_dropped_is_counted(task: Callable[..., Task]) -> None:
    """Every response record ends as one visit or one reason; nothing that the gate ends leaves a row."""
    broken = bytearray(gz(record("https://bao.test/broken", ON)))
    broken[len(broken) // 2 : len(broken) // 2 + 8] = b"\0" * 8
    data = [
        gz(record("https://bao.test/on", ON), record("https://bao.test/off", OFF)),
        gz(record("https://bao.test/on", ON)),  # the same second, the same bytes
        bytes(broken),
        gz(record("https://bao.test/lied", ON).replace("罗福莉".encode(), "罗福梨".encode())),
        gz(record("https://bao.test/404", ON).replace(b"200 OK", b"404 Ok")),
        gz(record("https://xbao.test/host", ON), record("https://bao.test.evil.test/host", ON)),
        gz(record("https://bao.test/late", ON, "2026-02-01T00:00:00Z")),
        b"garbage between two members" * 9,
        gz(record("https://www.bao.test/also", ALSO)),
        gz(record("https://bao.test/cut", ON))[:-300],
    ]
    until = datetime(2026, 2, 1, tzinfo=UTC)
    summary = backfill_file(task(b"".join(data), hosts=frozenset({"bao.test"}), until=until))
    assert summary.errors == []
    assert summary.endings == {"stored": 2}
    dropped = {"broken": 3, "host": 2, "gate": 1, "repeated": 1, "date": 1, "digest": 2}
    assert summary.dropped == dropped
    assert summary.records == 2 + sum(dropped.values())


def test_a_shard_holds_what_the_path_makes_of_a_page(task: Callable[..., Task]) -> None:
    """An archived page is an article of its WARC-Date, with its page, verdict and story."""
    one = task(gz(record("https://bao.test/1.html", ON), record("https://bao.test/2.html", OFF)))
    backfill_file(one)
    with Corpus(one.shard, read_only=True) as corpus:
        assert corpus.value("SELECT first_seen_at FROM articles") == "2025-12-17T10:30:00Z"
        assert corpus.value("SELECT count(*) FROM stories") == 1
        assert corpus.value("SELECT count(*) FROM visits") == 1
        assert list(corpus.pages) == [corpus.value("SELECT page_sha256 FROM revisions")]
        assert corpus.status()["last_success"] is None  # of a crawl


@pytest.mark.parametrize("at", [1, 7, 29, 30])
def test_reading_goes_on_behind_any_record(task: Callable[..., Task], at: int) -> None:
    """Entered behind any record, gzipped each or all in one, the rest follows and nothing twice."""
    for data in (gz(*many(30)), gzip.compress(b"".join(many(30))), b"".join(many(30))):
        file = task(data, "r.warc.gz" if data.startswith(b"\x1f") else "r.warc").file
        every = list(records(file))
        assert [each.place.number for each in every] == list(range(1, 31))
        assert [each.place for each in records(file, after=every[at - 1].place)] == [each.place for each in every[at:]]
        moved = Place(at, every[at - 1].place.offset + 1, "<urn:another>")
        assert [each.place for each in records(file, after=moved)] == [each.place for each in every[at:]]


def test_a_file_is_read_once(task: Callable[..., Task]) -> None:
    """Done is done; asked for other hosts the file is read again, and what is held is known."""
    first = task(gz(*many(10)))
    once = backfill_file(first)
    with Corpus(first.shard, read_only=True) as corpus:
        before = canonical(corpus)
    first_read = first.file.stat().st_mtime
    again = backfill_file(first)
    assert (again, first.file.stat().st_mtime) == (once, first_read)
    other = task(gz(*many(10)), hosts=frozenset({"bao.test"}))
    assert backfill_file(other).endings == once.endings
    with Corpus(first.shard, read_only=True) as corpus:
        assert canonical(corpus) == before


DRIVER = """
import json, sys
from pathlib import Path
from crawler.archives.backfill import backfill_file, tasks_of
from crawler.sample.demo import sample_topic
from crawler.archives.warc import Wanted
from scheduler.lock import run_lock
tasks = tasks_of([Path(sys.argv[1])], Path(sys.argv[2]), sample_topic(), Wanted(), run_lock)
print(json.dumps(backfill_file(tasks[0]).endings))
"""


@pytest.mark.parametrize("visits", [1, 12, 23])
def test_killed_anywhere_and_rerun_equals_undisturbed(task: Callable[..., Task], tmp_path: Path, visits: int) -> None:
    """Killed -9 in the middle of a file, before a checkpoint and after one: the rerun ends as if nothing had been."""
    one = task(gz(*many(CHECKPOINT + 200, every=50)))
    undisturbed = backfill_file(one)
    with Corpus(one.shard, read_only=True) as corpus:
        whole = canonical(corpus)
    process = subprocess.Popen([sys.executable, "-c", DRIVER, str(one.file), str(tmp_path / "killed")])
    shard = tmp_path / "killed" / one.shard.name
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if held(shard) >= visits:
            process.kill()
        time.sleep(0.005)
    assert process.wait() == -signal.SIGKILL
    again = backfill_file(tasks_of([one.file], tmp_path / "killed", one.topic, Wanted(), run_lock)[0])
    assert again == undisturbed
    with Corpus(shard, read_only=True) as corpus:
        assert canonical(corpus) == whole


def held(shard: Path) -> int:
    """Return how many visits a shard holds, 0 where it is just being made."""
    try:
        with Corpus(shard, read_only=True) as corpus:
            return int(corpus.value("SELECT count(*) FROM visits"))
    except CorpusError:
        return 0


def test_files_are_found(tmp_path: Path) -> None:
    """Folders, listings under a mirror, and files, each file once; what is none of them is named."""
    mirror = tmp_path / "mirror"
    (mirror / "2025" / "12").mkdir(parents=True)
    names = [f"2025/12/CC-NEWS-2025121{day}000000-0000{day}.warc.gz" for day in (1, 7)]
    for name in names:
        (mirror / name).write_bytes(gz(*many(1)))
    (mirror / "2025" / "12" / "warc.paths.gz").write_bytes(gzip.compress("\n".join(names).encode()))
    listing = mirror / "2025" / "12" / "warc.paths.gz"
    files = [mirror / name for name in names]
    assert files_of([mirror, listing, files[0]], mirror) == files
    (tmp_path / "empty").mkdir()
    for wrong in (tmp_path / "empty", tmp_path / "x.txt"):
        with pytest.raises(CorpusError, match=wrong.name):
            files_of([wrong])
    wanted = Wanted(since=datetime(2025, 12, 14, tzinfo=UTC))
    assert [wanted.file(file.name) for file in files] == [False, True]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.paths.gz", gzip.compress(b"a/b.warc\n" * 1000)[:20]),
        ("junk.paths.gz", b"\x1f\x8b\x08\0" + b"x" * 40),
        ("no.paths.gz", b"a/b.warc\n"),
        ("latin.paths", b"\xff\xfe\n"),
        ("nul.paths", b"a\0b.warc\n"),
        ("escape.paths", b"a\x1b]0;title\x07.warc\n"),
    ],
    ids=["cut", "junk", "plain", "latin", "nul", "escape"],  # packed bytes hold the time
)
def test_a_listing_that_cannot_be_read_is_told_in_a_line(name: str, content: bytes, tmp_path: Path) -> None:
    """Cut off, damaged, no text, or naming what no file is called: one line with the listing's name, and exit 1."""
    (tmp_path / name).write_bytes(content)
    result = CliRunner().invoke(main, ["backfill", str(tmp_path / name), "--shards", str(tmp_path / "s")])
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert f"{name}: this listing" in line
    assert line.isprintable()


@pytest.mark.parametrize("digits", ["99999999999999", "00000000000000", "99991231235959"])
def test_digits_in_a_name_that_are_no_time_pass_nothing_over(digits: str) -> None:
    """A file whose name only looks like one of CC-NEWS is read, whatever days are wanted."""
    assert Wanted(since=datetime(2025, 12, 14, tzinfo=UTC)).file(f"x-{digits}-00001.warc")


def test_a_path_that_no_file_can_have_is_one_error(tmp_path: Path, topic: Topic) -> None:
    """A task never raises: not for a NUL in its file's name either."""
    tasks = tasks_of([tmp_path / "a\0b.warc"], tmp_path / "shards", topic, Wanted(), run_lock)
    assert len(backfill_file(tasks[0]).errors) == 1


def test_two_processes_read_four_files(tmp_path: Path, topic: Topic) -> None:
    """Each file gives its shard; one that is missing and one that is no WARC are told, and stop nobody."""
    for number in range(3):
        (tmp_path / f"{number}.warc.gz").write_bytes(gz(*many(20)))
    (tmp_path / "none.warc.gz").write_bytes(b"not a WARC")
    files = [*files_of([tmp_path]), tmp_path / "missing.warc.gz"]
    told: list[int] = []
    tasks = tasks_of(files, tmp_path / "shards", topic, Wanted(), run_lock)
    summary = backfill(tasks, workers=2, progress=lambda now: told.append(now.files))
    assert (summary.files, summary.records, summary.endings["stored"]) == (3, 60, 12)
    assert len(summary.errors) == 2
    assert all("none.warc.gz" in error or "missing.warc.gz" in error for error in summary.errors)
    assert told[-1] == 5


def test_the_commands_lead_to_one_corpus(tmp_path: Path) -> None:
    """`houxu backfill FOLDER`, then `houxu merge shards`: the summary says what was read, the corpus holds it."""
    for number in range(2):
        (tmp_path / f"{number}.warc.gz").write_bytes(gz(*many(10)))
    run = CliRunner().invoke
    result = run(
        main, ["backfill", str(tmp_path), "--shards", str(tmp_path / "s"), "--workers", "1", "--to", "2026-01-01"]
    )
    assert result.exit_code == 0, result.output
    assert "2 files, 20 pages" in result.output
    assert "visit stored" in result.output
    db = str(tmp_path / "news.db")
    assert run(main, ["merge", str(tmp_path / "s"), "--db", db]).exit_code == 0
    assert "0 new articles, 0 new visits" in run(main, ["merge", str(tmp_path / "s"), "--db", db]).output
    with Corpus(tmp_path / "news.db", read_only=True) as corpus:
        assert corpus.value("SELECT count(*) FROM visits") == 2  # both files hold the same two records on topic


def test_without_dask_it_says_what_to_install(task: Callable[..., Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask is an extra; missing, its name is in the message."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"houxu\[dask\]"):
        backfill([task(gz(*many(1)))], scheduler="tcp://127.0.0.1:1")


CLUSTER = """
import json, os, signal, sys, threading, time
from pathlib import Path
from distributed import Client, LocalCluster
from crawler.archives.backfill import backfill, tasks_of
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError
from crawler.sample.demo import sample_topic
from crawler.archives.warc import Wanted
from scheduler.lock import run_lock

def kill_one(pids, shards):
    while not list(shards.glob("*.db")):
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(pids[0], signal.SIGKILL)

if __name__ == "__main__":
    folder, shards = Path(sys.argv[1]), Path(sys.argv[2])
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
            assert len(set(pids)) == 2 and os.getpid() not in pids
            threading.Thread(target=kill_one, args=(pids, shards), daemon=True).start()
            tasks = tasks_of(sorted(folder.glob("*.warc.gz")), shards, sample_topic(), Wanted(), run_lock)
            summary = backfill(tasks, scheduler=cluster.scheduler_address)
            alive = list(client.run(os.getpid).values())
    print(json.dumps([summary.files, summary.records, summary.endings, summary.errors, pids[0] in alive]))
"""


def test_a_dask_worker_that_is_killed_costs_nothing(tmp_path: Path, topic: Topic) -> None:
    """Two workers in processes of their own, one killed in the middle: the same shards as without Dask."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    for number in range(4):
        (tmp_path / f"{number}.warc.gz").write_bytes(gz(*many(300, every=15)))
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(tmp_path / "dask")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.returncode == 0, done.stderr
    files, read, endings, errors, survived = json.loads(done.stdout.splitlines()[-1])
    assert not survived
    assert (files, read, endings, errors) == (4, 1200, {"stored": 80}, [])
    alone = tasks_of([tmp_path / "0.warc.gz"], tmp_path / "alone", topic, Wanted(), run_lock)[0]
    backfill_file(alone)
    with Corpus(alone.shard, read_only=True) as corpus:
        expected = canonical(corpus)
    for shard in sorted((tmp_path / "dask").glob("?.db")):
        with Corpus(shard, read_only=True) as corpus:
            assert canonical(corpus) == expected
            assert archive_progress.reading(corpus) is not None
