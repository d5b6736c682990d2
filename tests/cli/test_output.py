"""Where `houxu export --output` writes, and what it leaves when it cannot."""

from __future__ import annotations

import errno
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler.cli import keeping, main
from crawler.errors import CorpusError
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def export(tmp_path: Path) -> Callable[[Path | str], Any]:
    """Return a function that exports a corpus of one article to a path."""
    (tmp_path / "data").mkdir()
    db = tmp_path / "data" / "c.db"
    rows = Rows(db)
    rows.article("小米发布模型", "小米。")
    rows.corpus.close()
    return lambda output: CliRunner().invoke(main, ["export", "--db", str(db), "--output", str(output)])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder to export into."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_pipe_is_written_to_and_stays_a_pipe(export: Callable[[Path | str], Any], out: Path) -> None:
    """What is no regular file is not replaced: neither by its name, nor by that of a link to it."""
    os.mkfifo(out / "pipe")
    (out / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        read: list[bytes] = []
        reader = threading.Thread(target=lambda read=read: read.append((out / "pipe").read_bytes()), daemon=True)
        reader.start()
        result = export(out / name)
        reader.join(5)
        assert (result.exit_code, result.output) == (0, "")
        assert "小米发布模型" in read[0].decode()
        assert stat.S_ISFIFO((out / "pipe").stat().st_mode)
    assert (out / "link").is_symlink()
    assert {each.name for each in out.iterdir()} == {"pipe", "link"}


def test_a_file_is_replaced_through_its_link_and_keeps_its_permissions(
    export: Callable[[Path | str], Any], out: Path
) -> None:
    """The link stays a link, also one to a file that is not there yet."""
    (out / "old").write_text("old")
    (out / "old").chmod(0o606)
    for name in ("old", "new"):
        (out / f"to-{name}").symlink_to(name)
        assert export(out / f"to-{name}").exit_code == 0
        assert (out / f"to-{name}").is_symlink()
        assert "小米发布模型" in (out / name).read_text(encoding="utf-8")
    assert stat.S_IMODE((out / "old").stat().st_mode) == 0o606
    assert len(list(out.iterdir())) == 4


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CorpusError("c.db", "damaged"), "houxu: c.db: damaged\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "houxu: [Errno 28] No space left on device: '{path}'\n"),
    ],
)
def test_an_export_that_fails_leaves_all_as_it_was(
    error: Exception, said: str, export: Callable[[Path | str], Any], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old file stays, no new one is begun, and the error names the path as it was given."""

    def fails(_corpus: object, _form: object, file: Any) -> None:
        file.write(b"half")
        raise error

    monkeypatch.setattr(keeping, "export_coverage", fails)
    (out / "old").write_text("old")
    for name in ("old", "new"):
        result = export(out / name)
        assert result.exit_code == 1
        assert result.output == said.format(path=out / name)
    assert [each.name for each in out.iterdir()] == ["old"]
    assert (out / "old").read_text() == "old"


def test_a_folder_that_is_not_there_is_said_with_the_path_that_was_given(
    export: Callable[[Path | str], Any], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the name that the file has until it is whole."""
    monkeypatch.chdir(out)
    result = export("none/coverage.jsonl")
    assert result.exit_code == 1
    assert result.output == "houxu: [Errno 2] No such file or directory: 'none/coverage.jsonl'\n"


def test_what_an_open_file_was_called_is_no_name_to_write_under(export: Callable[[Path | str], Any], out: Path) -> None:
    """A file that was removed while open, as one for a program's output may be, is written to where it is."""
    with (out / "removed").open("w+b") as file:
        (out / "removed").unlink()
        assert export(f"/proc/self/fd/{file.fileno()}").exit_code == 0
        file.seek(0)
        assert "小米发布模型" in file.read().decode()
    assert list(out.iterdir()) == []
