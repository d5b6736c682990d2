"""The parts of the README that are made from the code: `python -m tests.support.docs` writes them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import click

from crawler.cli import EXITS, every_command
from crawler.corpus.store import Corpus
from crawler.report import terminal
from crawler.sample.demo import demo
from scheduler.run import crawl_once

README = Path(__file__).parents[2] / "README.md"

BLOCK = re.compile(r"(<!-- made: (?P<name>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def commands() -> str:
    """Return every command with its one-line help."""
    lines = []
    for name, command in every_command().items():
        arguments = " ".join(
            parameter.make_metavar(click.Context(command))
            for parameter in command.params
            if isinstance(parameter, click.Argument)
        )
        usage = f"houxu {name} {arguments}".strip()
        lines.append(f"| `{_in_cell(usage)}` | {_in_cell(command.get_short_help_str(200))} |")
    return "\n".join(["| command | what it does |", "|---|---|", *lines])


def _in_cell(text: str) -> str:
    """Return text as a cell of a Markdown table holds it: a bar would begin the next."""
    return text.replace("|", r"\|")


def exits() -> str:
    """Return the exit codes."""
    rows = [f"| {code} | {_in_cell(meaning)} |" for code, meaning in EXITS.items()]
    return "\n".join(["| exit | means |", "|---|---|", *rows])


def schema() -> str:
    """Return the schema of a new corpus, as SQLite holds it: tables, then views."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(folder) / "schema.db", create=True)
        rows = corpus.rows(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') AND sql IS NOT NULL "
            "AND name NOT LIKE 'articles_fts_%' AND name NOT LIKE 'sketches_%' "
            "AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite%' "
            "ORDER BY type, rowid"
        )
        corpus.close()
    return "```sql\n" + "\n\n".join(f"{row['sql']};" for row in rows) + "\n```"


QUERY = re.compile(r"(```sql\n(?P<sql>SELECT.*?)\n```\n\n```text\n).*?(```)", re.DOTALL)
"""A query of the README and the answer below it."""


def queries(text: str) -> list[str]:
    """Return the README's queries."""
    return [match.group("sql") for match in QUERY.finditer(text)]


def answer(db: Path, sql: str) -> str:
    """Return what a query gives, as the README shows it."""
    corpus = Corpus(db, read_only=True)
    rows = corpus.rows(sql)
    corpus.close()
    return "".join(f"{line}\n" for line in terminal.table(rows, list(rows[0]) if rows else ["nothing"], 110))


def answered(text: str, db: Path) -> str:
    """Return the README's text with the answers that the demo's file gives."""
    return QUERY.sub(lambda match: f"{match.group(1)}{answer(db, match.group('sql'))}{match.group(3)}", text)


PARTS = {"commands": commands, "exits": exits, "schema": schema}


def made(text: str) -> str:
    """Return the README's text with every made part made anew."""
    return BLOCK.sub(lambda match: f"{match.group(1)}{PARTS[match.group('name')]()}\n{match.group(3)}", text)


def crawl_demo(db: Path) -> None:
    """Leave the demo's file at `db`."""
    for _line in demo(db, crawl_once):
        pass


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        crawl_demo(path)
        README.write_text(answered(made(README.read_text(encoding="utf-8")), path), encoding="utf-8")
