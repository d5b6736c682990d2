"""Commands that crawl by the clock: daemon, crontab, systemd."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import click

import crawler
from crawler.cli.group import main
from crawler.cli.options import NamedPath, log_to_stderr, with_crawl, with_db, with_shard, with_topic
from crawler.cli.overrides import scrapy_settings
from crawler.sources.shards import share
from crawler.text.web_addresses import is_web_url
from crawler.topic import reader as topics


def _ping(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    """Refuse what no request can be made of: the daemon would only log, at every run, that nobody was told."""
    if url is None or (re.fullmatch("[!-~]+", url) and is_web_url(url)):
        return url
    raise click.BadParameter(f"{url!r} is no URL with http or https")


@main.command()
@with_crawl
@with_shard
@click.option(
    "--ping", metavar="URL", callback=_ping, help="A health check to tell: URL/start, then URL/ and the exit code."
)
def daemon(
    db: Path,
    topic_file: Path | None,
    overrides: tuple[str, ...],
    allow_host: tuple[str, ...],
    verbose: int,
    shard: tuple[int, int],
    ping: str | None,
) -> None:
    """Crawl what is due, for ever. SIGTERM ends it cleanly, SIGHUP reads the topic file again."""
    from scheduler.daemon import Daemon

    log_to_stderr(verbose)
    following = Daemon(
        db,
        lambda: share(topics.load(topic_file), shard),
        overrides=scrapy_settings(overrides),
        allow_hosts=allow_host,
        ping_url=ping,
    )
    sys.exit(following.serve())


@main.command()
@with_topic
@with_db
def crontab(topic_file: Path | None, db: Path) -> None:
    """Print a crontab that crawls every five minutes and backs up nightly."""
    from scheduler.cron import crontab as lines

    click.echo(lines(_command(), _absolute(db), _topic(topic_file)), nl=False)


@main.command()
@with_topic
@click.option("--into", type=NamedPath(file_okay=False), help="Write the units into this directory.")
def systemd(topic_file: Path | None, into: Path | None) -> None:
    """Print hardened systemd units: a timer with its service, and the daemon."""
    from scheduler.cron import systemd as units

    command, topic = _command(), _topic(topic_file)
    for name, text in units(command, topic, _reads(command, topic)).items():
        if into is None:
            click.echo(f"# /etc/systemd/system/{name}\n{text}")
        else:
            into.mkdir(parents=True, exist_ok=True)
            (into / name).write_text(text, encoding="utf-8")


def _command() -> Path:
    """Return the installed console script, absolute: the one running, or the one on PATH."""
    running = Path(sys.argv[0])
    if running.name == "houxu" and running.is_file():
        return _absolute(running)
    return _absolute(Path(shutil.which("houxu") or Path(sys.executable).parent / "houxu"))


def _topic(file: Path | None) -> Path | None:
    """Return a sound topic file, absolute.

    Raises:
        TopicError: it cannot be read, or has mistakes: what is printed would fail at every run.
    """
    if file is None:
        return None
    path = _absolute(file)
    topics.load(path)
    return path


def _reads(command: Path, topic: Path | None) -> list[Path]:
    """Return what a service reads, and what it is by its true name: a virtual environment's Python is a link."""
    installed = [Path(sys.prefix), Path(sys.base_prefix), Path(crawler.__file__).parent]
    named = [command, *([] if topic is None else [topic]), *installed]
    return [*named, *(Path(os.path.realpath(path)) for path in named)]


def _absolute(file: Path) -> Path:
    """Return a path that a crontab or a unit can name, which are UTF-8."""
    path = file.expanduser().absolute()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise click.BadParameter(
            f"{str(path)!r} is no UTF-8, and what is printed here is: rename it, or name a link to it"
        ) from None
    return path
