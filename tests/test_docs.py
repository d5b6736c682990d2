"""Docs cannot lie: what they say of commands, exits, bounds, tables and views is what the code has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click.testing import CliRunner

from crawler import errors
from crawler.cli import EXITS, every_command, main
from tests.support.docs import BLOCK, DOCUMENTS, PARTS, README, README_ZH, ROOT, answered, made, queries

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.corpus.store import Corpus

TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}


def test_made_parts_are_fresh() -> None:
    """The documents hold every made part, as the code makes it now (`python -m tests.support.docs` writes them)."""
    assert {match.group("name") for text in TEXTS.values() for match in BLOCK.finditer(text)} == set(PARTS)
    for name, text in TEXTS.items():
        assert made(text) == text, name


def test_every_query_answers_as_shown(demo: tuple[Path, str]) -> None:
    """Each query of the documents runs and gives on the demo's file what stands below it."""
    assert sum(len(queries(text)) for text in TEXTS.values()) >= 15
    for name, text in TEXTS.items():
        assert answered(text, demo[0]) == text, name


def test_every_command_that_is_named_exists() -> None:
    """Every command line in the documents names a command."""
    for name, text in TEXTS.items():
        lines = re.findall(r"(?:^|`|bin/)houxu ([a-z]+)\b", text, re.MULTILINE)
        assert set(lines) <= set(every_command()), name


def test_every_link_leads_somewhere() -> None:
    """Every relative link and picture of the documents is a file of the repository."""
    for name, text in TEXTS.items():
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (ROOT / name).parent.joinpath(link).exists(), f"{name}: {link}"


def test_both_readmes_have_the_same_commands_and_links() -> None:
    """README.zh.md says the same as README.md."""
    for pattern in (r"(?m)^(?:python3|\.venv)[^#\n]*", r"\]\(((?!README)[^)]+)\)"):
        one, other = (re.findall(pattern, path.read_text(encoding="utf-8")) for path in (README, README_ZH))
        assert [each.strip() for each in one] == [each.strip() for each in other]


def test_readme_is_short() -> None:
    """The README is read in one go."""
    for path in (README, README_ZH):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 200


def test_every_option_is_where_it_is_said_to_be() -> None:
    """The table of options names the commands that have them, all of them and no other."""
    rows = re.findall(r"^\| (`-.+) \| (.+) \|$", TEXTS["docs/operations.md"], re.MULTILINE)
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
    """docs/schema.md has a row for each table and view of a new corpus."""
    names = {
        row["name"]
        for row in corpus.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        if not row["name"].startswith(("articles_fts_", "sketches_", "sqlite_", "_sqlite"))
    }
    assert names <= set(re.findall(r"^\| `(\w+)", TEXTS["docs/schema.md"], re.MULTILINE))


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

    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
