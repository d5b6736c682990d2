"""What the commands share: options, how a corpus is opened, and how answers are printed."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from crawler.corpus.store import Corpus
from crawler.errors import CorpusMissing
from crawler.report import terminal
from crawler.sources.shards import shard_of
from crawler.text.plural import counted
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.model import Topic

_CREDENTIALS = re.compile(r"://[^\s/?#]*@")
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""To a terminal: control characters but for tab and newline, and what turns the direction of writing."""


class NamedPath(click.Path):
    """A path, given as a `Path`. An empty one is refused: it would be the current folder, which nobody named.

    So is one that begins with the home of a user who is not there: a corpus's path may begin with `~`.
    """

    def __init__(self, **asked: Any) -> None:
        super().__init__(path_type=Path, **asked)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what was typed as a path."""
        if not os.fspath(value):
            self.fail("it is empty, and should be a path", param, ctx)
        try:
            Path(value).expanduser()
        except RuntimeError:
            self.fail(f"there is no home of such a user; a file of that name is ./{value}", param, ctx)
        return super().convert(value, param, ctx)


def with_db(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --db."""
    return click.option(
        "--db",
        type=NamedPath(dir_okay=False, readable=False),  # else it is called a wrong usage, exit 2
        default=Path("corpus.db"),
        envvar="HOUXU_DB",
        show_default=True,
        show_envvar=True,
        help="The corpus.",
    )(command)


def with_json(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def with_topic(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --topic."""
    return click.option(
        "--topic",
        "topic_file",
        type=NamedPath(dir_okay=False),
        help="What to follow, a TOML file; the packaged Xiaomi AI otherwise.",
    )(command)


def host_in(url: str) -> str | None:
    """Return the host of a URL, None where it has none or is no URL at all, as `//[` is."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _bare_hosts(_context: click.Context, _option: click.Parameter, hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is no host: a URL or a port would match nothing, without a word."""
    for host in hosts:
        if host_in(f"//{host}") != host.lower().strip("[]") or host.count(":") == 1:
            raise click.BadParameter(f"{host!r} is no host: give a name or an address alone, without scheme and port")
    return tuple(host.strip("[]") for host in hosts)


def with_crawl(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of commands that fetch."""
    for option in (
        click.option("-v", "--verbose", count=True, help="Log to standard error; twice: every request."),
        click.option("-s", "overrides", multiple=True, metavar="NAME=VALUE", help="A Scrapy setting."),
        click.option(
            "--allow-host",
            multiple=True,
            metavar="HOST",
            callback=_bare_hosts,
            help="Let the guard pass a private host.",
        ),
    ):
        command = option(command)
    return with_topic(with_db(command))


def _shard(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int]:
    try:
        return (1, 1) if text is None else shard_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def with_shard(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --shard."""
    return click.option(
        "--shard",
        callback=_shard,
        metavar="N/M",
        help="Only the sites of this machine, the Nth of M that crawl one topic; `houxu merge` joins what they find.",
    )(command)


def instant_since(text: str, now: datetime) -> datetime:
    """Return the instant that --since names: a span before `now` (24h, 7d, 30m) or a day.

    Raises:
        click.BadParameter: it is neither, or a day before 1970.
    """
    if found := re.fullmatch(r"(\d{1,5})([mhd])", text):
        return now - timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        said = f"{text!r} is no span like 24h or 7d, and no day like 2026-03-19"
        raise click.BadParameter(said, param_hint="'--since'") from None
    if day < datetime.fromtimestamp(0, UTC):  # bursts look weeks back from it: year 1 has none
        said = f"{text!r} is too early: give 1970-01-01 for all there is, or a later day"
        raise click.BadParameter(said, param_hint="'--since'")
    return day


@contextmanager
def open_to_read(db: Path) -> Iterator[Corpus]:
    """Open a corpus to read."""
    corpus = Corpus(db, read_only=True)
    try:
        yield corpus
    finally:
        corpus.close()


@contextmanager
def locked(db: Path) -> Iterator[None]:
    """Hold the lock of a corpus that is there already."""
    if not db.is_file():
        raise CorpusMissing(db.absolute())
    with run_lock(db.absolute()):
        yield


@contextmanager
def open_to_write(db: Path, topic: Topic | None = None, *, create: bool = False) -> Iterator[Corpus]:
    """Open a corpus to write, tied to a topic where one is given; only with `create` is one made."""
    corpus = Corpus(db, create=create, migrate=True)
    try:
        if topic is not None:
            corpus.claim_topic(topic.id, topic.seed.isoformat() if topic.seed else None)
        yield corpus
    finally:
        corpus.close(checkpoint=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int], object]]:
    """Give a counter that shows on a terminal, and nothing when there is none."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    done, started = 0, time.monotonic()

    def step(count: int) -> None:
        nonlocal done
        done += count
        rate = done / max(time.monotonic() - started, 1e-9)
        click.echo(f"\r{label}: {counted(done, 'answer')}, {rate:.1f} a second ", nl=False, err=True)

    try:
        yield step
    finally:
        click.echo("\r\033[K", nl=False, err=True)


def show_rows(lines: Iterable[str], value: Any, *, as_json: bool) -> None:
    """Print lines for people, or the value as JSON."""
    if as_json:
        click.echo(terminal.as_json(value))
    else:
        for line in lines:
            click.echo(line)


def terminal_width() -> int:
    """Return how wide the terminal is; 100 columns where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


class Discreet(logging.Formatter):
    """Writes what a server said so that it neither tells a secret nor commands the terminal.

    `https://***@host/` stands where a message or a traceback holds a URL with a user and a password: our own requests
    carry none, but Scrapy logs a redirect's Location as it came, before a middleware sees it. What moves the cursor or
    turns the writing is left out: Scrapy logs an unknown Content-Encoding as it came.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, without credentials; further lines are those of a traceback."""
        return _CREDENTIALS.sub("://***@", _COMMANDS.sub("", super().format(record)))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 logging's name
        """Return the message on one line, whatever it holds: a second could pass for a record of its own."""
        return super().formatMessage(record).replace("\n", " ")


def log_to_stderr(verbose: int) -> None:
    """Log errors, with -v the run, with -vv every request."""
    level = (logging.ERROR, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("scrapy").setLevel(logging.CRITICAL if not verbose else level)
    logging.getLogger("twisted").setLevel(logging.CRITICAL if not verbose else level)
