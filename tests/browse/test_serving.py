"""`houxu browse` as a program: where it says it is, what it says where it cannot be there, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("datasette", reason="the extra `browse` is not installed")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Return a corpus of one article."""
    rows = Rows(tmp_path / "news.db")
    rows.article("小米发布模型", "小米。", story=1)
    rows.corpus.close()
    return tmp_path / "news.db"


def browse(db: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `houxu browse`."""
    command = [sys.executable, "-m", "crawler.cli", "browse", "--db", str(db), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_it_says_where_it_is_and_ctrl_c_ends_it(db: Path) -> None:
    """One line with the port that the system chose, a page that opens there at once, and 130."""
    with browse(db, "--port", "0") as process:
        assert process.stderr
        line = process.stderr.readline()
        found = re.fullmatch(r"(http://127\.0\.0\.1:[1-9]\d*/) shows (.*news\.db); Ctrl-C ends it\n", line)
        assert found, line
        with urllib.request.urlopen(found[1], timeout=60) as answer:  # noqa: S310 the line was looked at
            assert "小米发布模型" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate(timeout=60)
    assert (process.returncode, out, rest) == (130, "", "houxu: stopped\n")


def test_a_port_that_is_taken_is_said(db: Path) -> None:
    """Exit 1 with one line: 3 has another meaning."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with browse(db, "--port", str(port)) as process:
            out, said = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    reason = "another program listens there; --port names another, 0 a free one"
    assert said == f"houxu: cannot serve on 127.0.0.1, port {port}: {reason}\n"


@pytest.mark.parametrize(
    ("host", "code", "said"),
    [
        ("192.0.2.1", 1, "houxu: cannot serve on 192.0.2.1, port 0: this machine has no such address\n"),
        ("nobody.invalid", 1, "houxu: cannot serve on nobody.invalid, port 0: this name has no address\n"),
        ("a..b", 1, "houxu: cannot serve on a..b, port 0: this name has no address\n"),
        ("", 2, "Error: Invalid value for '--host': it is empty, and should be a name or an address\n"),
    ],
)
def test_an_address_that_is_not_its_own_is_said(host: str, code: int, said: str, db: Path) -> None:
    """Also one that is none; an empty one would have been every address of the machine."""
    with browse(db, "--port", "0", "--host", host) as process:
        _out, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert error.endswith(said)
    assert "Traceback" not in error
