"""Commands that read the corpus: search, stories, timeline, edits, why, status, sources, topic."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_args

import click

from crawler.cli.group import main
from crawler.cli.options import (
    NamedPath,
    instant_since,
    log_to_stderr,
    open_to_read,
    progress_bar,
    show_rows,
    terminal_width,
    with_crawl,
    with_db,
    with_json,
)
from crawler.cli.overrides import scrapy_settings
from crawler.report import status as glance
from crawler.report import terminal
from crawler.report.digest import Form, tell
from crawler.text.plural import counted
from crawler.text.web_addresses import is_web_url
from crawler.topic import reader as topics

if TYPE_CHECKING:
    from pathlib import Path

UNCUT = 10_000
"""Columns of a table that goes to a file or a program."""


def uncut_width() -> int:
    """Return how wide the terminal is, or that nothing is cut on its way to a file or a program."""
    return terminal_width() if sys.stdout.isatty() or "COLUMNS" in os.environ else UNCUT


@main.command()
@click.argument("query", nargs=-1, required=True)
@with_db
@with_json
@click.option("--outlet", help="Only this outlet.")
@click.option("--lang", help="Only this language: zh, en.")
@click.option("--story", "story_id", type=click.IntRange(1, 2**63 - 1), help="Only this story.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Published on that day (UTC) or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Published before that day (UTC).")
@click.option("--newest", is_flag=True, help="Newest first; otherwise those with the words in the headline.")
@click.option("--limit", type=click.IntRange(1, 10**9), default=20, show_default=True)
def search(
    query: tuple[str, ...],
    db: Path,
    outlet: str | None,
    lang: str | None,
    story_id: int | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    *,
    as_json: bool,
    newest: bool,
) -> None:
    """Find articles: QUERY is anything a person types, in either script."""
    with open_to_read(db) as corpus:
        found = corpus.search(
            " ".join(query),
            outlet=outlet,
            lang=lang,
            story=story_id,
            since=since.replace(tzinfo=UTC) if since else None,
            until=until.replace(tzinfo=UTC) if until else None,
            newest=newest,
            limit=limit,
        )
    show_rows(terminal.found(found, terminal_width()), [asdict(each) for each in found], as_json=as_json)


@main.command()
@with_db
@with_json
@click.option("--limit", type=click.IntRange(1, 10**9), default=20, show_default=True)
def stories(db: Path, limit: int, *, as_json: bool) -> None:
    """List the stories, the most recently told first."""
    with open_to_read(db) as corpus:
        rows = corpus.story_rows(limit=limit)
    columns = ("id", "last_at", "articles", "voices", "first_outlet", "headline")
    show_rows(terminal.table(rows, columns, terminal_width()), rows, as_json=as_json)


@main.command()
@click.argument("story_id", type=click.IntRange(1, 2**63 - 1), metavar="ID")
@with_db
@with_json
def story(story_id: int, db: Path, *, as_json: bool) -> None:
    """Show a story: its articles in time order, copies beneath what they copy."""
    with open_to_read(db) as corpus:
        answer = corpus.story(story_id)
    if answer is None:
        raise click.ClickException(f"no story {story_id}; `houxu stories` lists them")
    show_rows(terminal.story(answer, terminal_width()), answer, as_json=as_json)


@main.command()
@with_db
@with_json
@click.option("--story", "story_id", type=click.IntRange(1, 2**63 - 1), help="Only this story.")
@click.option("--limit", type=click.IntRange(1, 10**9), default=50, show_default=True)
def timeline(db: Path, story_id: int | None, limit: int, *, as_json: bool) -> None:
    """List the coverage in time order, the newest last."""
    with open_to_read(db) as corpus:
        rows = corpus.timeline(story_id, limit=limit)
    columns = ("at", "outlet", "lang", "copies", "story_id", "title")
    show_rows(terminal.table(rows, columns, terminal_width()), rows, as_json=as_json)


@main.command()
@with_db
@with_json
@click.option("--limit", type=click.IntRange(1, 10**9), default=20, show_default=True)
def edits(db: Path, limit: int, *, as_json: bool) -> None:
    """List what publishers changed after the fact, the newest first."""
    with open_to_read(db) as corpus:
        rows = corpus.edit_rows(limit=limit)
    show_rows(terminal.edits(rows, terminal_width()), rows, as_json=as_json)


def _web_url(_context: click.Context, _argument: click.Parameter, url: str) -> str:
    """Refuse what is no URL: that it was never seen would be true of anything."""
    if not is_web_url(url.strip()):
        raise click.BadParameter(f"{url!r} is no URL of a web page, like https://example.org/news/1.html")
    return url.strip()


@main.command()
@click.argument("url", callback=_web_url)
@with_db
@with_json
def why(url: str, db: Path, *, as_json: bool) -> None:
    """Say what became of URL, and what decided it."""
    from crawler.dedupe import canonical_url

    key = canonical_url(url)
    with open_to_read(db) as corpus:
        answer = corpus.why(key) or corpus.why(url)
        forgotten = corpus.is_forgotten(key) or corpus.is_forgotten(url)
    if answer is None and forgotten:
        raise click.ClickException(f"{url} was forgotten, by itself or with its host: it is not fetched again")
    if answer is None:
        raise click.ClickException(f"{url} was never seen: no source showed it and no visit ended there")
    show_rows(terminal.why(answer, uncut_width()), answer, as_json=as_json)


@main.command()
@with_db
@with_json
def status(db: Path, *, as_json: bool) -> None:
    """Say how the corpus is: backlog, last success, disk use, how each source does."""
    now = datetime.now(UTC)
    with open_to_read(db) as corpus:
        answer = corpus.status()
        rows = corpus.health_rows()
        arrivals = corpus.arrivals_since(now - timedelta(days=1))
    lines = [*terminal.status(answer), f"health: {glance.summary(rows)}", *glance.source_lines(rows, arrivals, now)]
    show_rows(terminal.within(lines, uncut_width()), {**answer, "health": rows}, as_json=as_json)


@main.command()
@with_crawl
@with_json
@click.option("--check", is_flag=True, help="Ask every source once, now, and say what is wrong. Writes nothing.")
def sources(
    db: Path,
    topic_file: Path | None,
    overrides: tuple[str, ...],
    allow_host: tuple[str, ...],
    verbose: int,
    *,
    as_json: bool,
    check: bool,
) -> None:
    """List the sources and how they do."""
    if check:
        from crawler.source_check import check_sources

        log_to_stderr(verbose)
        with progress_bar("asking") as progress:
            rows = check_sources(topics.load(topic_file), scrapy_settings(overrides), allow_host, progress=progress)
        columns = ("id", "status", "items", "newest", "charset", "robots", "wrong")
        live = sum(row["wrong"] is None for row in rows)
        click.echo(f"{live} of {counted(len(rows), 'source')} live", err=True)
    else:
        with open_to_read(db) as corpus:
            rows = corpus.source_rows()
        columns = ("id", "kind", "health", "next_check_at", "leads", "articles", "error")
    show_rows(terminal.table(rows, columns, uncut_width()), rows, as_json=as_json)
    if check and rows and all(row["status"] is None for row in rows):
        sys.exit(1)


@main.command()
@click.argument("file", required=False, type=NamedPath(dir_okay=False))
@click.option("--check", is_flag=True, help="Only say whether it is sound.")
@with_json
def topic(file: Path | None, *, check: bool, as_json: bool) -> None:
    """Show what FILE follows, or the packaged topic; every mistake in it is named."""
    read = topics.load(file)
    summary = {
        "id": read.id,
        "name": read.name,
        "seed": read.seed,
        "sources": len(read.sources),
        "enabled": sum(source.enabled for source in read.sources),
        "digest": read.digest,
    }
    lines = [f"{name}: {value}" for name, value in summary.items()]
    if read.contact is None:
        click.echo("warning: [crawl] contact is not set: publishers cannot tell who you are", err=True)
    show_rows([f"{file or 'the packaged topic'} is sound"] if check else lines, summary, as_json=as_json)


@main.command()
@with_db
@click.option(
    "--since", default="24h", show_default=True, metavar="SPAN|DATE", help="A span (24h, 7d), or a day (UTC)."
)
@click.option("--format", "form", type=click.Choice(get_args(Form)), default="markdown", show_default=True)
def digest(db: Path, since: str, form: Form) -> None:
    """Tell what is new: stories, edits, sources to look after. Prints nothing when there is nothing."""
    now = datetime.now(UTC)
    begin = instant_since(since, now)
    with open_to_read(db) as corpus:
        text = tell(corpus.news(begin, now), form)
    if text:
        click.echo(text.rstrip())


@main.command()
@with_db
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; others than you see it elsewhere."
)
def browse(db: Path, port: int, host: str) -> None:
    """Look at the corpus in a browser, read-only, until Ctrl-C."""
    from crawler.browse import serve

    if not host:
        raise click.BadParameter("it is empty, and should be a name or an address", param_hint="'--host'")
    with open_to_read(db) as corpus:
        path = corpus.path
    serve(path, port=port, host=host, told=lambda url: click.echo(f"{url} shows {path}; Ctrl-C ends it", err=True))
