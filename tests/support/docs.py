"""The parts of README.md and docs/ that are made from the code: `python -m tests.support.docs` writes them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import click

from crawler import limits
from crawler.cli import EXITS, every_command
from crawler.corpus.store import Corpus
from crawler.model import ADAPTERS
from crawler.report import terminal
from crawler.sample.demo import demo
from crawler.topic.reader import load
from scheduler.run import crawl_once

ROOT = Path(__file__).parents[2]
README, README_ZH = ROOT / "README.md", ROOT / "README.zh.md"
DOCUMENTS = (README, README_ZH, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md")))

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


def bounds() -> str:
    """Return every bound of limits.py, with its value and what it is for."""
    source = Path(limits.__file__).read_text(encoding="utf-8")
    rows: list[str] = []
    for block in re.split(r"^# (.+)$", source, flags=re.MULTILINE)[1:]:
        if "\n" not in block:
            rows.append(f"| **{block}** | | |")
            continue
        for name, said in re.findall(r'^(\w+) = .*\n"""(.+?)"""', block, re.MULTILINE | re.DOTALL):
            rows.append(f"| `{name}` | {getattr(limits, name):,} | {_in_cell(' '.join(said.split()))} |")
    return "\n".join(["| bound | value | what it bounds, and why |", "|---|---|---|", *rows])


def adapters() -> str:
    """Return every search adapter, with an address of the packaged topic that it reads."""
    sources = load().sources
    examples = {each.adapter: f"`{each.url}`" for each in reversed(sources)}
    rows = [f"| `{name}` | {examples.get(name, 'a feed or a page of your own')} |" for name in ADAPTERS]
    return "\n".join(["| adapter | an example |", "|---|---|", *rows])


QUERY = re.compile(r"(```sql\n(?P<sql>SELECT.*?)\n```\n\n```text\n).*?(```)", re.DOTALL)
"""A query of a document and the answer below it."""


def queries(text: str) -> list[str]:
    """Return a document's queries."""
    return [match.group("sql") for match in QUERY.finditer(text)]


def answer(db: Path, sql: str) -> str:
    """Return what a query gives, as the documents show it."""
    corpus = Corpus(db, read_only=True)
    rows = corpus.rows(sql)
    corpus.close()
    return "".join(f"{line}\n" for line in terminal.table(rows, list(rows[0]) if rows else ["nothing"], 110))


def answered(text: str, db: Path) -> str:
    """Return a document's text with the answers that the demo's file gives."""
    return QUERY.sub(lambda match: f"{match.group(1)}{answer(db, match.group('sql'))}{match.group(3)}", text)


PARTS = {"adapters": adapters, "commands": commands, "exits": exits, "limits": bounds, "schema": schema}


def made(text: str) -> str:
    """Return a document's text with every made part made anew."""
    return BLOCK.sub(lambda match: f"{match.group(1)}{PARTS[match.group('name')]()}\n{match.group(3)}", text)


def crawl_demo(db: Path) -> None:
    """Leave the demo's file at `db`."""
    for _line in demo(db, crawl_once):
        pass


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.db"
        crawl_demo(path)
        for document in DOCUMENTS:
            document.write_text(answered(made(document.read_text(encoding="utf-8")), path), encoding="utf-8")
