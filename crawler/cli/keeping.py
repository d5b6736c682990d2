"""Commands that keep the corpus: rescan, reindex, backup, prune, forget, export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

import click

from crawler import stories
from crawler.cli.group import main
from crawler.cli.options import (
    NamedPath,
    locked,
    open_to_read,
    open_to_write,
    progress_bar,
    show_rows,
    terminal_width,
    with_db,
    with_json,
    with_topic,
)
from crawler.cli.output import open_to_fill
from crawler.corpus import forgetting, maintenance
from crawler.corpus.files import refuse_own
from crawler.report import terminal
from crawler.report.export import Format
from crawler.report.export import export as export_coverage
from crawler.text.plural import counted
from crawler.text.web_addresses import is_web_url
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from pathlib import Path


@main.command()
@with_topic
@with_db
@with_json
@click.option("--quarantined", is_flag=True, help="Only pages that a stage failed on.")
def rescan(topic_file: Path | None, db: Path, *, as_json: bool, quarantined: bool) -> None:
    """Judge stored pages again after the topic file changed, and say what flipped."""
    from crawler.archives.rescan import rescan as judge_again

    read = topics.load(topic_file)
    pages: Literal["off_topic", "unreadable"] = "unreadable" if quarantined else "off_topic"
    with locked(db), open_to_write(db, read, create=False) as corpus, progress_bar("judging") as progress:
        flips = judge_again(corpus, read, datetime.now(UTC), pages=pages, progress=progress)
    rows = [asdict(flip) for flip in flips]
    show_rows(
        [*terminal.table(rows, ("now", "title", "url"), terminal_width())] if rows else ["nothing flipped"],
        rows,
        as_json=as_json,
    )


@main.command()
@with_db
def reindex(db: Path) -> None:
    """Make the full-text index anew from the stored texts."""
    with locked(db), open_to_write(db) as corpus, progress_bar("indexing") as progress:

        def step(_done: int, _all: int) -> None:
            progress(1)

        count = corpus.reindex(step)
    click.echo(f"{counted(count, 'article')} indexed", err=True)


@main.command()
@click.argument("path", type=NamedPath())
@with_db
def backup(path: Path, db: Path) -> None:
    """Copy the corpus and its pages to PATH, whole and checked, while others write."""
    with open_to_read(db) as corpus:
        written = maintenance.backup(corpus, path)
    if sys.stdout.isatty():  # under cron what is printed is mailed
        for file in written:
            click.echo(click.format_filename(file))


@main.command()
@with_topic
@with_db
def prune(topic_file: Path | None, db: Path) -> None:
    """Remove raw pages that became no text and are older than the topic keeps them."""
    topic = topics.load(topic_file)
    with locked(db), open_to_write(db, topic) as corpus:
        gone = maintenance.prune(corpus, topic.keep_offtopic, datetime.now(UTC))
    click.echo(f"{counted(gone, 'page')} removed", err=True)


@main.command()
@click.argument("what", metavar="URL|HOST")
@with_topic
@with_db
def forget(what: str, topic_file: Path | None, db: Path) -> None:
    """Remove all that is held of URL|HOST for good, and never fetch it again."""
    if not is_web_url(what):
        try:
            what = forgetting.host_meant(what)
        except ValueError:
            why = f"{what!r} is neither a URL nor a host: give https://... for a page, or a host for all of it"
            raise click.BadParameter(why, param_hint="URL|HOST") from None
    topic = topics.load(topic_file)
    with locked(db), open_to_write(db, topic) as corpus:
        gone = forgetting.forget(corpus, what, now=datetime.now(UTC), same=stories.names(topic.relevance))
    held = f"forgot {counted(gone.articles, 'article')}, {counted(gone.leads, 'lead')}, {counted(gone.pages, 'page')}"
    click.echo(held if gone.articles or gone.leads else f"nothing was held of {what}; it will not be fetched", err=True)


@main.command()
@click.option("--format", "form", type=click.Choice(get_args(Format)), default="jsonl", show_default=True)
@click.option("--output", type=NamedPath(dir_okay=False), help="A file; standard output otherwise.")
@with_db
def export(form: Format, output: Path | None, db: Path) -> None:
    """Write the coverage, a row per article."""
    with open_to_read(db) as corpus:
        if output is not None:
            refuse_own(corpus.path, output)
        with open_to_fill(output) as out:
            export_coverage(corpus, form, out)
