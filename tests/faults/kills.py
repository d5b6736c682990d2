"""kill -9 at every commit: `python -m tests.faults.kills [--kills 200]` dies just before and just after each one.

A process does the work of work.py and is killed (SIGKILL, so that nothing of it can tidy up) at one commit of either
file; then the corpus must be sound, and doing the work again must give the corpus of a run that nobody killed. A killed
process loses no write that the kernel has: plug.py takes those away too.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.corpus import connection
from tests.faults.work import picture, work, wrong_with

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def commits(path: Path, hook: Callable[[int, str], object]) -> int:
    """Do the work, calling `hook(number, "before" | "after")` around every commit; return how many there were."""
    count = 0
    execute = connection.Connection.execute

    def counted(self: connection.Connection, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        nonlocal count
        alone = not self.in_transaction and sql.lstrip().upper().startswith(("INSERT", "DELETE", "UPDATE", "VACUUM"))
        if sql != "COMMIT" and not alone:
            return execute(self, sql, values)
        count += 1
        hook(count, "before")
        cursor = execute(self, sql, values)
        hook(count, "after")
        return cursor

    connection.Connection.execute = counted  # type: ignore[method-assign]  # the hook
    try:
        work(path)
    finally:
        connection.Connection.execute = execute  # type: ignore[method-assign]
    return count


def die_at(path: Path, number: int, side: str) -> None:
    """Do the work and be killed at that commit."""

    def hook(now: int, where: str) -> None:
        if (now, where) == (number, side):
            os.kill(os.getpid(), signal.SIGKILL)

    commits(path, hook)


def killed(path: Path, number: int, side: str) -> bool:
    """Start a process that dies at that commit; say whether it did."""
    code = "import sys; from pathlib import Path; from tests.faults.kills import die_at; "
    code += "die_at(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])"
    done = subprocess.run([sys.executable, "-c", code, str(path), str(number), side], cwd=ROOT, check=False)
    return done.returncode == -signal.SIGKILL


def spread(count: int, kills: int) -> list[tuple[int, str]]:
    """Return so many of the moments around `count` commits, evenly spread; each once before any comes twice."""
    moments = [(number, side) for number in range(1, count + 1) for side in ("before", "after")]
    return [moments[nth * len(moments) // kills % len(moments)] for nth in range(kills)]


def after_a_kill(folder: Path, number: int, side: str, wanted: dict[str, Any]) -> list[str]:
    """Die, look, do it again, compare; return what was wrong."""
    path = folder / f"{number}-{side}.db"
    if not killed(path, number, side):
        return ["it was not killed"]
    wrong = wrong_with(path) if number > 1 or side == "after" else []  # before the first there is no schema
    work(path)
    held = picture(path)
    return wrong + wrong_with(path) + [name for name in wanted if held[name] != wanted[name]]


def main() -> int:
    """Kill so many times; return 1 when anything was lost or unsound."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=200)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = commits(folder / "undisturbed.db", lambda _number, _side: None)
        wanted = picture(folder / "undisturbed.db")
        failed = 0
        for number, side in spread(count, kills):
            wrong = after_a_kill(folder, number, side, wanted)
            failed += bool(wrong)
            if wrong:
                print(f"killed {side} commit {number} of {count}: {'; '.join(wrong)}", flush=True)  # noqa: T201
            for left in folder.glob(f"{number}-{side}*"):
                left.unlink()
            (folder / "backup.db").unlink(missing_ok=True)
    print(f"{kills} kills at {count} commits of both files: {failed} left something wrong")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
