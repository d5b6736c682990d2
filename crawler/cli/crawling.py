"""Commands that bring pages: crawl, demo, replay."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from crawler.cli.group import main
from crawler.cli.options import (
    NamedPath,
    log_to_stderr,
    open_to_read,
    open_to_write,
    progress_bar,
    terminal_width,
    with_crawl,
    with_db,
    with_shard,
    with_topic,
)
from crawler.cli.overrides import scrapy_settings
from crawler.corpus import maintenance
from crawler.sources.shards import share
from crawler.topic import reader as topics
from scheduler.lock import run_lock


@main.command()
@click.argument("sources", nargs=-1)
@with_crawl
@with_shard
@click.option("--all", "everything", is_flag=True, help="Every source, and every lead until none is left.")
@click.option("--max-runtime", type=click.FloatRange(min=1), metavar="SECONDS", help="Start nothing after that.")
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait for another run.")
@click.option("--skip-locked", is_flag=True, help="Exit 0, not 75, when another run holds the lock.")
@click.option("--publish", is_flag=True, help="Then leave NAME.read.db, a copy that anyone may open.")
def crawl(
    sources: tuple[str, ...],
    db: Path,
    topic_file: Path | None,
    overrides: tuple[str, ...],
    allow_host: tuple[str, ...],
    verbose: int,
    max_runtime: float | None,
    wait: float,
    *,
    shard: tuple[int, int],
    everything: bool,
    skip_locked: bool,
    publish: bool,
) -> None:
    """Poll the sources that are due (or SOURCES), and visit their leads."""
    from crawler.job import CrawlRequest
    from scheduler.run import crawl_once

    topic = topics.load(topic_file)
    if unknown := set(sources) - {source.id for source in topic.sources}:
        raise click.BadParameter(f"the topic has no source {', '.join(sorted(unknown))}", param_hint="SOURCES")
    log_to_stderr(verbose)
    with progress_bar("crawling") as progress:
        request = CrawlRequest(
            topic=share(topic, shard),
            by="person" if sys.stderr.isatty() else "cron",
            only=sources,
            everything=everything,
            overrides=scrapy_settings(overrides),
            allow_hosts=allow_host,
            deadline=None if max_runtime is None else time.monotonic() + max_runtime,
            progress=progress,
        )
        code = crawl_once(db, request, wait=wait, skip_locked=skip_locked)
    if publish:
        with open_to_read(db) as corpus:
            maintenance.publish(corpus)
    sys.exit(code)


@main.command()
@click.option(
    "--db",
    type=NamedPath(dir_okay=False, readable=False),
    default=Path("demo.db"),
    show_default=True,
)
@click.option("-v", "--verbose", count=True, help="Log to standard error.")
def demo(db: Path, verbose: int) -> None:
    """Crawl the invented sample web twice, and show what a user comes for."""
    from crawler.sample.demo import demo as tour
    from scheduler.run import crawl_once

    log_to_stderr(verbose)
    for line in tour(db, crawl_once, terminal=terminal_width()):
        click.echo(line)


@main.command()
@click.argument("files", nargs=-1, required=True, type=NamedPath(exists=True, dir_okay=False))
@with_topic
@with_db
def replay(files: tuple[Path, ...], topic_file: Path | None, db: Path) -> None:
    """Take the pages of WARC files along the path, as if they were fetched at their WARC-Date."""
    from crawler.archives.replay import replay as replay_files

    topic = topics.load(topic_file)
    with (
        run_lock(db.absolute()),
        open_to_write(db, topic, create=True) as corpus,
        progress_bar("replaying") as progress,
    ):
        endings = replay_files(corpus, topic, files, progress=progress)
    click.echo(", ".join(f"{ending} {count}" for ending, count in sorted(endings.items())) or "no pages", err=True)
