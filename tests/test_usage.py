"""What is wrongly typed on the command line: exit 2, said in words, and nothing done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.cli.options import NamedPath

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run each test in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def houxu(*arguments: str) -> Any:
    """Run a command in this process and return what came of it."""
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["status", "--db", ""], "'--db' (env var: 'HOUXU_DB')"),
        (["crontab", "--db", ""], "'--db' (env var: 'HOUXU_DB')"),
        (["crawl", "--topic", ""], "'--topic'"),
        (["topic", ""], "'[FILE]'"),
        (["systemd", "--into", ""], "'--into'"),
        (["backfill", ""], "'FILE|FOLDER|LISTING...'"),
        (["export", "--output", ""], "'--output'"),
    ],
)
def test_an_empty_path_is_not_the_current_folder(arguments: list[str], named: str, here: Path) -> None:
    """As `--db "$NEWS"` gives it where NEWS is not set."""
    result = houxu(*arguments)
    assert result.exit_code == 2
    assert f"Invalid value for {named}: it is empty, and should be a path\n" in result.output
    assert list(here.iterdir()) == []


def test_a_home_that_nobody_has_is_said() -> None:
    """In words, where a traceback of pathlib's stood."""
    result = houxu("status", "--db", "~nobody-of-that-name/news.db")
    assert result.exit_code == 2
    assert "there is no home of such a user; a file of that name is ./~nobody-of-that-name/news.db\n" in result.output


def test_every_path_of_every_command_is_one_that_was_named() -> None:
    """No option and no argument takes click's own, for which an empty one is the current folder."""
    types = [parameter.type for command in main.commands.values() for parameter in command.params]
    assert {type(each) for each in types if isinstance(each, click.Path)} == {NamedPath}
