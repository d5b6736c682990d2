"""What is wrongly typed on the command line: exit 2, said in words, and nothing done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from crawler.cli import every_command, main
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
    types = [parameter.type for command in every_command().values() for parameter in command.params]
    assert {type(each) for each in types if isinstance(each, click.Path)} == {NamedPath}


@pytest.mark.parametrize(
    "address", ["", "foo", "tcp://foo", "tcp://:1", "foo:0", "foo:99999", "http://foo:1", "tcp://["]
)
def test_what_is_no_address_of_a_dask_scheduler_is_said(address: str, here: Path) -> None:
    """Before anything is read; Dask itself said it with a traceback."""
    (here / "x.warc").write_bytes(b"")
    result = houxu("backfill", "x.warc", "--dask", address)
    assert result.exit_code == 2
    assert (
        f"Invalid value for '--dask': {address!r} is no address with a port, as tcp://scheduler:8786" in result.output
    )
    assert [each.name for each in here.iterdir()] == ["x.warc"]


@pytest.mark.parametrize("command", [["backfill"], ["replay", "--db", "c.db"]])
def test_an_extra_that_archives_need_is_named(command: list[str], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone, and with the exit of every missing extra: nothing was read that could be summed up."""
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    (here / "x.warc").write_bytes(b"WARC/1.0\r\n")
    result = houxu(*command, "x.warc")
    assert result.exit_code == 2
    assert result.output == "houxu: houxu replay or backfill needs an extra: pip install 'houxu[warc]'\n"


@pytest.mark.parametrize("address", ["foo:8786", "tcp://foo:8786", "tls://[::1]:8786/"])
def test_an_address_of_a_dask_scheduler_is_taken(address: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With or without the scheme: it is Dask's turn then, which is not installed here."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    (here / "x.warc").write_bytes(b"")
    assert "houxu[dask]" in houxu("backfill", "x.warc", "--dask", address).output


@pytest.mark.parametrize("command", ["crontab", "systemd"])
def test_no_timetable_is_made_for_a_topic_that_no_crawl_would_take(command: str, here: Path) -> None:
    """Missing or with mistakes it exits as a crawl would, at once, and nothing is printed to be installed."""
    (here / "bad.toml").write_text('[topic]\nid = "Bad Id"\n', encoding="utf-8")
    for name, said in (("none.toml", "none.toml: 1 mistake\n  cannot be read"), ("bad.toml", "Bad Id")):
        result = houxu(command, "--topic", name)
        assert result.exit_code == houxu("crawl", "--topic", name).exit_code == 2
        assert said in result.stderr
        assert result.stdout == ""


def test_units_are_made_for_where_the_interpreter_truly_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python in a home that a link leads to may be read by the service."""
    (here / "home").symlink_to("/home")
    monkeypatch.setattr(sys, "base_prefix", str(here / "home" / "me" / "python"))
    assert "ProtectHome=read-only\n" in houxu("systemd").stdout


@pytest.mark.parametrize(
    "url", ["", "notaurl", "ftp://example.org/x", "http://", "https://example.org/a b", "http://a:x/"]
)
def test_what_no_health_check_can_be_asked_at_is_said(url: str, here: Path) -> None:
    """The daemon does not start: nobody would ever be told."""
    result = houxu("daemon", "--ping", url)
    assert result.exit_code == 2
    assert f"Invalid value for '--ping': {url!r} is no URL with http or https\n" in result.output
    assert list(here.iterdir()) == []


def test_candidates_are_of_no_claim() -> None:
    """An ID beside --candidates was passed over without a word."""
    result = houxu("claims", "iot", "--candidates")
    assert result.exit_code == 2
    assert "--candidates are numbers of no claim: leave ID out" in result.output


@pytest.mark.parametrize("day", ["soon", "0001-01-01"])
def test_a_day_that_is_none_is_said_of_its_option(day: str) -> None:
    """Also where there is no corpus to look into."""
    result = houxu("digest", "--since", day)
    assert result.exit_code == 2
    assert f"Invalid value for '--since': {day!r} is" in result.output
