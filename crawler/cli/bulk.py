"""Commands past one machine: backfill, merge."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from crawler.cli.group import main
from crawler.cli.options import NamedPath, progress_bar, terminal_width, with_db, with_topic
from crawler.report import terminal
from crawler.text.plural import counted
from crawler.topic import reader as topics
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.archives.backfill import Progress, Summary

DAY = click.DateTime(["%Y-%m-%d"])

_SCHEMES = {"", "tcp", "tls", "ws", "wss", "ucx"}
"""How a Dask scheduler may be reached, by tcp where its address does not say."""


def _scheduler(_context: click.Context, _option: click.Parameter, address: str | None) -> str | None:
    """Refuse what cannot be the address of a Dask scheduler: Dask says so only when all is begun, in a traceback."""
    if address is None:
        return None
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        if parts.scheme in _SCHEMES and parts.hostname and parts.port and not parts.path.strip("/"):
            return address
    except ValueError:  # a port that is none
        pass
    raise click.BadParameter(f"{address!r} is no address with a port, as tcp://scheduler:8786 is")


@main.command()
@click.argument("paths", metavar="FILE|FOLDER|LISTING...", nargs=-1, required=True, type=NamedPath())
@with_topic
@click.option(
    "--shards",
    type=NamedPath(file_okay=False),
    default=Path("shards"),
    show_default=True,
    help="The folder of the shards, one for each file.",
)
@click.option("--from", "since", type=DAY, help="Pages fetched on that day (UTC) or later.")
@click.option("--to", "until", type=DAY, help="Pages fetched before that day (UTC).")
@click.option("--host", "hosts", multiple=True, metavar="HOST", help="Only this host, exactly; else every host.")
@click.option(
    "--mirror",
    type=NamedPath(exists=True, file_okay=False),
    help="The folder that a listing's paths start from; its own folder otherwise.",
)
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes; one for each core otherwise.")
@click.option(
    "--dask",
    "scheduler",
    metavar="ADDRESS",
    callback=_scheduler,
    help="Run on a Dask cluster, as in tcp://scheduler:8786.",
)
def backfill(
    paths: tuple[Path, ...],
    topic_file: Path | None,
    shards: Path,
    since: datetime | None,
    until: datetime | None,
    hosts: tuple[str, ...],
    *,
    mirror: Path | None,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Take the pages of archived WARC files along the path, each file into a corpus of its own, to be merged."""
    from crawler.archives import backfill as archive
    from crawler.archives.warc import Wanted

    topic = topics.load(topic_file)
    wanted = Wanted(
        hosts=frozenset(host.lower().removeprefix("www.") for host in hosts),
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    if missing := [path for path in paths if not path.exists()]:
        raise click.BadParameter(f"{missing[0]} is not there", param_hint="FILE|FOLDER|LISTING")
    files = [file.absolute() for file in archive.files_of(paths, mirror)]
    tasks = archive.tasks_of(files, shards.absolute(), topic, wanted, run_lock)
    with _progress() as progress:
        summary = archive.backfill(tasks, workers=workers, scheduler=scheduler, progress=progress)
    for line in _told(summary, outside=len(files) - len(tasks)):
        click.echo(line)
    for error in summary.errors:
        click.echo(f"houxu: {error}", err=True)
    sys.exit(1 if summary.errors else 0)


def _told(summary: Summary, outside: int) -> Iterator[str]:
    """Say what was read and why it was dropped."""
    from crawler.archives.warc import DROPPED

    why = {**DROPPED, "repeated": "the same page of the same second again"}
    answers = counted(summary.records, "page or other answer", "pages and other answers")
    said = [f"{counted(summary.files, 'file')}, {answers}"]
    said += [f"{counted(outside, 'file')} passed over: outside --from and --to by name"] if outside else []
    yield "; ".join(said)
    rows = [
        *({"answers": count, "what became of them": why[key]} for key, count in summary.dropped.most_common()),
        *({"answers": count, "what became of them": f"visit {key}"} for key, count in summary.endings.most_common()),
    ]
    yield from terminal.table(rows, ("answers", "what became of them"), terminal_width()) if rows else ()


@contextmanager
def _progress() -> Iterator[Callable[[Progress], object]]:
    """Give a progress line with a rate and an end time on a terminal, and nothing when there is none."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    started, begun = time.monotonic(), None

    def line(now: Progress) -> None:
        nonlocal begun
        begun = now if begun is None else begun  # what an earlier run read took none of our time
        seconds = max(time.monotonic() - started, 1e-9)
        read = now.read - begun.read
        end = datetime.now().astimezone() + timedelta(seconds=seconds * (now.size - now.read) / read) if read else None
        click.echo(
            f"\r{now.files} of {counted(now.all_files, 'file')}, {now.read / 1e9:.2f} of {now.size / 1e9:.2f} GB, "
            f"{(now.records - begun.records) / seconds:,.0f} answers a second"
            + (f", done at {end:%d %b %H:%M}\033[K" if end else "\033[K"),
            nl=False,
            err=True,
        )

    try:
        yield line
    finally:
        click.echo("\r\033[K", nl=False, err=True)


@main.command()
@click.argument("shards", metavar="SHARD...", nargs=-1, required=True, type=NamedPath(exists=True))
@with_topic
@with_db
def merge(shards: tuple[Path, ...], topic_file: Path | None, db: Path) -> None:
    """Merge corpora (files, or folders of them) into one, as if one machine had written them all."""
    from crawler.archives.merge import merge as merge_all
    from crawler.corpus.merging.texts import Merging

    topic = topics.load(topic_file)
    files = [file for shard in shards for file in (_corpora(shard) if shard.is_dir() else [shard])]
    with run_lock(db.absolute()), progress_bar("merging") as progress:
        corpus = Merging(db, create=True)
        try:
            corpus.claim_topic(topic.id, topic.seed.isoformat() if topic.seed else None)
            brought = merge_all(corpus, topic, files, progress=progress)
        finally:
            corpus.close(checkpoint=True)
    for one in brought:
        if one.forgot_articles or one.forgot_leads:
            gone = f"{counted(one.forgot_articles, 'article')} and {counted(one.forgot_leads, 'lead')}"
            click.echo(f"{one.shard}: had forgotten what was here: {gone} of this corpus are gone", err=True)
    articles, visits = sum(one.articles for one in brought), sum(one.tellings + one.visits for one in brought)
    new = f"{counted(articles, 'new article')}, {counted(visits, 'new visit')}"
    click.echo(f"{counted(len(brought), 'shard')}: {new}", err=True)


def _corpora(folder: Path) -> list[Path]:
    """Return the corpora in a folder, the files of their pages left out."""
    return sorted(file for file in folder.glob("*.db") if not file.name.endswith((".pages.db", ".read.db")))
