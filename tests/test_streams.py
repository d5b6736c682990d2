"""The command line where its standard streams are closed, cannot hold Chinese, or are cut off by Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "crawler/sample/topic.toml"
HOUXU = f"{sys.executable} -m crawler.cli"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `houxu` is houxu, and return what came of it."""
    return subprocess.run(
        ["sh", "-c", command.replace("houxu", HOUXU)],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_keeps_no_command_from_its_work(closed: str, demo: tuple[Path, str], tmp_path: Path) -> None:
    """What asks whether it speaks to a terminal is told that it does not; the work is done and the exit says so."""
    db = tmp_path / "c.db"
    for command in (f"backup {db} --db {demo[0]}", f"status --db {demo[0]}", f"reindex --db {db}"):
        done = shell(f"houxu {command} {closed}")
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stderr)
    assert db.is_file()


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """Not even in a child: what is written to standard output or error never goes into a corpus."""
    program = tmp_path / "program.py"
    program.write_text(
        "import os, subprocess, sys\n"
        "from crawler.cli import main\n"
        "main(['topic'], standalone_mode=False)\n"
        "seen = [os.readlink(f'/proc/self/fd/{number}') for number in range(3)]\n"
        "child = 'import os, sys; os._exit(sum(os.readlink(f\"/proc/self/fd/{n}\") != os.devnull for n in range(3)))'\n"
        "sys.exit(seen != [os.devnull] * 3 or subprocess.call([sys.executable, '-c', child], close_fds=False))\n",
        encoding="utf-8",
    )
    assert shell(f"{sys.executable} {program} <&- >&- 2>&-", PYTHONPATH=str(SAMPLE.parents[2])).returncode == 0
