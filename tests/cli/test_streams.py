"""The command line where its standard streams are closed, cannot hold Chinese, or are cut off by Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.cli.streams import escape_what_does_not_fit

ROOT = str(Path(__file__).parents[2])
PYTHON = shlex.quote(sys.executable)
HOUXU = f"{PYTHON} -m crawler.cli"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell and return what came of it."""
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True, timeout=120, check=False, env={**os.environ, **environment},
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
    )  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_keeps_no_command_from_its_work(closed: str, demo: tuple[Path, str], tmp_path: Path) -> None:
    """What asks whether it speaks to a terminal is told that it does not; the work is done and the exit says so."""
    db = tmp_path / "c.db"
    for command in (f"backup {db} --db {demo[0]}", f"status --db {demo[0]}", f"reindex --db {db}"):
        done = shell(f"{HOUXU} {command} {closed}")
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stderr)
    assert db.is_file()


@pytest.mark.parametrize("asked", ["--help", "--version", "crawl --help", "crontab"])
def test_an_answer_that_nobody_reads_is_no_error(asked: str) -> None:
    """`houxu --help | true` is quiet and done: the pipe is closed before anything is written."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", *asked.split()],
            stdout=write, stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("asked", ["--help", "--version", "crawl --help", "crontab"])
def test_an_answer_that_cannot_be_written_is_told_in_a_line(asked: str, tmp_path: Path) -> None:
    """As on a full disk, here a file that is open for reading alone: exit 1, no traceback."""
    (tmp_path / "out").touch()
    with (tmp_path / "out").open() as out:
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", *asked.split()],
            stdout=out, stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=ROOT,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "houxu: [Errno 9] Bad file descriptor\n")


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
    assert shell(f"{PYTHON} {program} <&- >&- 2>&-", PYTHONPATH=ROOT).returncode == 0


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_an_encoding_without_chinese_breaks_no_answer(encoding: str, demo: tuple[Path, str]) -> None:
    """What it lacks is escaped, in JSON so that a program reads the same."""
    for command in ("stories", "digest", "status"):
        done = shell(f"{HOUXU} {command} --db {demo[0]}", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
    plain, narrow = (
        shell(f"{HOUXU} stories --json --db {demo[0]}", PYTHONIOENCODING=each).stdout for each in ("utf-8", encoding)
    )
    assert "\\u5c0f" in narrow
    assert json.loads(narrow) == json.loads(plain)


def test_every_character_is_escaped_as_json_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond the first plane, those of Latin-1, and half characters of a path that is no UTF-8."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    escape_what_does_not_fit()
    out.write("a😀é\udcff")
    out.flush()
    assert out.buffer.getvalue() == rb"a\ud83d\ude00\u00e9\udcff"


@pytest.mark.parametrize(
    ("module", "said"), [("crawler.cli.streams", ""), ("crawler.report.terminal", "houxu: stopped\n")]
)
def test_ctrl_c_while_modules_are_read_is_no_traceback(module: str, said: str, tmp_path: Path) -> None:
    """Ctrl-C before a command began, and while its modules are imported, exits 130 as for one that is stopped."""
    program = tmp_path / "program.py"
    program.write_text(
        "import runpy, sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_more):\n"
        f"        if name == '{module}':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "sys.argv = ['houxu', 'status']\n"
        "runpy.run_module('crawler.cli', run_name='__main__')\n",
        encoding="utf-8",
    )
    done = shell(f"{PYTHON} {program}", PYTHONPATH=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", said)
