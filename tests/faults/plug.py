"""Pulled plugs: `python -m tests.faults.plug [--plugs 200]` takes away what the disk had not been told to keep.

A process does the work of work.py under strace, which writes down how the corpus's files were written and synced. For
each plug a moment of that log is drawn, and the files are put together as a disk may hold them if power went just then
(disk.py). The corpus must be sound and hold every commit that had returned; one time in ten the work is then done
again, and must give the corpus of a run that nobody disturbed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.disk import CALLS, Disk, read_log
from tests.faults.kills import ROOT, commits
from tests.faults.work import picture, work, wrong_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.disk import Call

AGAIN = 10
"""One time in so many the work is done again."""


def tell_commits(path: Path) -> None:
    """Do the work; write to `acks` beside it, after each commit, how many visits there are."""
    acks = os.open(path.with_name("acks"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def hook(_number: int, where: str) -> None:
        if where == "after":
            os.write(acks, f"{visits(path)}\n".encode())

    commits(path, hook)


def visits(path: Path) -> int:
    """Return how many visits are committed; 0 before there is a table."""
    with contextlib.closing(sqlite3.connect(path)) as conn, contextlib.suppress(sqlite3.OperationalError):
        return int(conn.execute("SELECT count(*) FROM visits").fetchone()[0])
    return 0


def can_trace() -> bool:
    """Say whether strace is here and may trace."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], check=False, capture_output=True).returncode == 0
    )


def recorded(folder: Path) -> list[Call]:
    """Do the work in a folder under strace and return what was done to its files, acks included."""
    log = folder.with_name("log")
    code = "import sys; from pathlib import Path; from tests.faults.plug import tell_commits; "
    code += "tell_commits(Path(sys.argv[1]))"
    traced = ["strace", "-f", "-qq", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log)]
    subprocess.run([*traced, sys.executable, "-c", code, str(folder / "c.db")], cwd=ROOT, check=True)
    calls = [call for call in read_log(log) if call.path == str(folder) or call.path.startswith(f"{folder}/")]
    log.unlink()
    return calls


def plugs(
    calls: list[Call], folder: Path, count: int, dice: random.Random
) -> Iterator[tuple[int, int, dict[str, bytes]]]:
    """Yield (visits committed for certain, calls until then, files by name) of moments drawn from a log, in order."""
    disk, acks = Disk(folder), [0]
    moments = sorted(dice.choices(range(len(calls)), k=count))
    told = [int(call.data) for call in calls if _is_ack(call)]
    for number, call in enumerate(calls):
        if _is_ack(call):
            acks.append(int(call.data))
        else:
            disk.do(call)
        for _ in range(moments.count(number)):
            following = told[len(acks) - 1] if len(acks) <= len(told) else acks[-1]
            yield min(acks[-1], following), number, disk.after_plug(dice)  # fewer follow where something is forgotten


def _is_ack(call: Call) -> bool:
    return call.path.endswith("/acks") and call.kind == "write"


def after_a_plug(folder: Path, files: dict[str, bytes], least: int, wanted: dict[str, Any] | None) -> list[str]:
    """Put the files where the machine finds them when it starts; return what was wrong."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    path = folder / "c.db"
    if not path.exists():
        return [f"the corpus is gone, with {least} visits"] if least else []
    wrong = wrong_with(path)
    if (held := visits(path)) < least:
        wrong.append(f"{held} visits of {least}")
    if (folder / "backup.db").exists():
        with contextlib.closing(sqlite3.connect(folder / "backup.db")) as conn:
            wrong += [str(row) for row in conn.execute("PRAGMA integrity_check") if row != ("ok",)]
    if wanted is not None:
        work(path)
        again = picture(path)
        wrong += wrong_with(path) + [name for name in wanted if again[name] != wanted[name]]
    return wrong


def main() -> int:
    """Pull the plug so many times; return 1 when anything was lost or unsound."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.plug", description=main.__doc__)
    parser.add_argument("--plugs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="of the dice; a random one by default, and printed")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(2**32)
    if not can_trace():
        print("strace is missing, or may not trace here", file=sys.stderr)  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "traced"
        folder.mkdir()
        calls = recorded(folder)
        wanted = picture(folder / "c.db")
        failed = 0
        for nth, (least, moment, files) in enumerate(plugs(calls, folder, asked.plugs, random.Random(seed))):
            with tempfile.TemporaryDirectory(dir=name) as left:
                wrong = after_a_plug(Path(left), files, least, None if nth % AGAIN else wanted)
            failed += bool(wrong)
            if wrong:
                print(f"plug {nth}, at call {moment} of {len(calls)}: {'; '.join(wrong)}", flush=True)  # noqa: T201
    print(f"{asked.plugs} plugs in {len(calls)} calls, seed {seed}: {failed} left something wrong")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
