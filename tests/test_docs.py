"""Docs cannot lie: what the README says of commands, exits, tables and views is what the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from crawler import errors
from crawler.cli import EXITS, every_command, main
from tests.support.docs import BLOCK, PARTS, README, answered, made, queries

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus

TEXT = README.read_text(encoding="utf-8")


def test_made_parts_are_fresh() -> None:
    """The README holds every made part, as the code makes it now (`python -m tests.support.docs` writes them)."""
    assert {match.group("name") for match in BLOCK.finditer(TEXT)} == set(PARTS)
    assert made(TEXT) == TEXT


def test_every_query_answers_as_shown(demo: tuple[Path, str]) -> None:
    """Each of the queries, ten and those on claims, runs and gives on the demo's file what stands below it."""
    assert len(queries(TEXT)) == 10 + 5
    assert answered(TEXT, demo[0]) == TEXT


def test_every_command_that_is_named_exists() -> None:
    """Every `houxu word` in the README is a command."""
    named = set(re.findall(r"houxu ([a-z]+)\b", TEXT)) - {
        "and",
        "does",
        "follows",
        "is",
        "looks",
        "needs",
        "reads",
        "writes",
    }
    assert named <= set(every_command())


def test_every_option_is_where_it_is_said_to_be() -> None:
    """The README's table of options names the commands that have them, all of them and no other."""
    rows = re.findall(r"^\| (`-.+) \| (.+) \|$", TEXT, re.MULTILINE)
    assert len(rows) == 5
    for options, said in rows:
        for option in re.findall(r"`(-[a-z-]+)", options):
            have = {
                name
                for name, command in every_command().items()
                if any(option in parameter.opts for parameter in command.params)
            }
            named = set(re.findall(r"`(\w+)`", said))
            assert have == (set(every_command()) - named if said.startswith("all but") else named), option


def test_every_command_has_help() -> None:
    """`--help` of every command says what it does and exits 0."""
    for name in every_command():
        result = CliRunner().invoke(main, [name, "--help"])
        assert result.exit_code == 0, name
        assert result.output.startswith("Usage:")


def test_every_table_and_view_is_described(corpus: Corpus) -> None:
    """The README has a row for each table and view of a new corpus."""
    names = {
        row["name"]
        for row in corpus.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        if not row["name"].startswith(("articles_fts_", "sketches_", "sqlite_", "_sqlite"))
    }
    assert names <= set(re.findall(r"^\| `(\w+)", TEXT, re.MULTILINE))


def test_errors_exit_as_documented() -> None:
    """Every error that ends a command has an exit code of the table, and stands in the tree of its module."""
    tree = errors.__doc__ or ""
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.HouxuError):
            assert value.exit_code in EXITS, name
            assert name in tree


def test_the_changelog_knows_this_version() -> None:
    """CHANGELOG.md has an entry for the version that is being built."""
    from crawler import __version__

    assert f"## {__version__}" in (Path(README).parent / "CHANGELOG.md").read_text(encoding="utf-8")
