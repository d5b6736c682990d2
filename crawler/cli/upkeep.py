"""Commands that keep the corpus: rescan, reindex."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from crawler import show
from crawler import topic as topics
from crawler.cli.options import (
    main,
    open_to_write,
    progress_bar,
    show_rows,
    terminal_width,
    with_db,
    with_json,
    with_topic,
)
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from pathlib import Path


@main.command()
@with_topic
@with_db
@with_json
@click.option("--quarantined", is_flag=True, help="Only pages that a stage failed on.")
def rescan(topic_file: Path | None, db: Path, *, as_json: bool, quarantined: bool) -> None:
    """Judge stored pages again after the topic file changed, and say what flipped."""
    from crawler.rescan import rescan as judge_again

    read = topics.load(topic_file)
    pages: Literal["off_topic", "unreadable"] = "unreadable" if quarantined else "off_topic"
    with run_lock(db.absolute()), open_to_write(db, read) as corpus, progress_bar("judging") as progress:
        flips = judge_again(corpus, read, datetime.now(UTC), pages=pages, progress=progress)
    rows = [asdict(flip) for flip in flips]
    show_rows(
        [*show.table(rows, ("now", "title", "url"), terminal_width())] if rows else ["nothing flipped"],
        rows,
        as_json=as_json,
    )


@main.command()
@with_db
def reindex(db: Path) -> None:
    """Make the full-text index anew from the stored texts."""
    with run_lock(db.absolute()), open_to_write(db) as corpus, progress_bar("indexing") as progress:

        def step(_done: int, _all: int) -> None:
            progress(1)

        count = corpus.reindex(step)
    click.echo(f"{count} articles indexed", err=True)
