"""houxu's commands: each is one call into the library, and prints what came back."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crawler import __version__, show
from crawler import topic as topics
from crawler.corpus.store import Corpus
from crawler.errors import HouxuError
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.model import Topic

EXITS = {
    0: "done; also when nothing was due, nothing was new, or `--max-runtime` ended it",
    1: "every source failed, the network is down, or the corpus could not be read or written",
    2: "usage, or a topic file with mistakes",
    3: "done, but some source's health changed for the worse since the last run (told once; never on the first run)",
    75: "another run holds the lock (after `--wait`, 0 s by default)",
    130: "stopped cleanly by Ctrl-C (SIGINT)",
    143: "stopped cleanly by SIGTERM",
}
"""What the exit codes mean: the README's table is made of this."""


class Commands(click.Group):
    """Our group: every HouxuError ends in one line on standard error and its own exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except HouxuError as error:
            click.echo(f"houxu: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` closed it: nothing more to say
            ctx.exit(0)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Return the commands in the order they are written here, which is the order of use."""
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="houxu")
def main() -> None:
    """Follow a news story: poll sources, visit leads, keep what is on topic in one SQLite file."""


def with_db(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --db."""
    return click.option(
        "--db",
        type=click.Path(dir_okay=False, path_type=Path),
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
        type=click.Path(dir_okay=False, path_type=Path),
        help="What to follow, a TOML file; the packaged Xiaomi AI otherwise.",
    )(command)


def with_crawl(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of commands that fetch."""
    for option in (
        click.option("-v", "--verbose", count=True, help="Log to standard error; twice: every request."),
        click.option("-s", "overrides", multiple=True, metavar="NAME=VALUE", help="A Scrapy setting."),
        click.option("--allow-host", multiple=True, metavar="HOST", help="Let the guard pass a private host."),
    ):
        command = option(command)
    return with_topic(with_db(command))


@main.command()
@click.argument("sources", nargs=-1)
@with_crawl
@click.option("--all", "everything", is_flag=True, help="Every source, and every lead until none is left.")
@click.option("--max-runtime", type=click.FloatRange(min=1), metavar="SECONDS", help="Start nothing after that.")
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait for another run.")
@click.option("--skip-locked", is_flag=True, help="Exit 0, not 75, when another run holds the lock.")
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
    everything: bool,
    skip_locked: bool,
) -> None:
    """Poll the sources that are due (or SOURCES), and visit their leads."""
    from scheduler.run import crawl_once

    topic = topics.load(topic_file)
    if unknown := set(sources) - {source.id for source in topic.sources}:
        raise click.BadParameter(f"the topic has no source {', '.join(sorted(unknown))}", param_hint="SOURCES")
    _log(verbose)
    with _bar("crawling") as progress:
        sys.exit(
            crawl_once(
                db,
                topic,
                only=sources,
                everything=everything,
                overrides=_settings(overrides),
                allow_hosts=allow_host,
                deadline=None if max_runtime is None else time.monotonic() + max_runtime,
                wait=wait,
                skip_locked=skip_locked,
                by="person" if sys.stderr.isatty() else "cron",
                progress=progress,
            )
        )


@main.command()
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), default=Path("demo.db"), show_default=True)
@click.option("-v", "--verbose", count=True, help="Log to standard error.")
def demo(db: Path, verbose: int) -> None:
    """Crawl the invented sample web twice, and show what a user comes for."""
    from crawler.sample.demo import demo as tour
    from scheduler.run import crawl_once

    _log(verbose)
    for line in tour(db, crawl_once, terminal=_terminal()):
        click.echo(line)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_topic
@with_db
def replay(files: tuple[Path, ...], topic_file: Path | None, db: Path) -> None:
    """Take the pages of WARC files along the path, as if they were fetched at their WARC-Date."""
    from crawler.replay import replay as replay_files

    topic = topics.load(topic_file)
    with run_lock(db.absolute()), _writable(db, topic) as corpus, _bar("replaying") as progress:
        endings = replay_files(corpus, topic, files, progress=progress)
    click.echo(", ".join(f"{ending} {count}" for ending, count in sorted(endings.items())) or "no pages", err=True)


@main.command()
@click.argument("url")
@with_db
@with_json
def why(url: str, db: Path, *, as_json: bool) -> None:
    """Say what became of URL, and what decided it."""
    from crawler.dedupe import canonical_url

    with _readable(db) as corpus:
        answer = corpus.why(canonical_url(url)) or corpus.why(url)
    if answer is None:
        raise click.ClickException(f"{url} was never seen: no source showed it and no visit ended there")
    _print(show.why(answer), answer, as_json=as_json)


@main.command()
@with_db
@with_json
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
def stories(db: Path, limit: int, *, as_json: bool) -> None:
    """List the stories, the most recently told first."""
    with _readable(db) as corpus:
        rows = corpus.story_rows(limit=limit)
    columns = ("id", "last_at", "articles", "voices", "first_outlet", "headline")
    _print(show.table(rows, columns, _terminal()), rows, as_json=as_json)


@main.command()
@click.argument("story_id", type=int, metavar="ID")
@with_db
@with_json
def story(story_id: int, db: Path, *, as_json: bool) -> None:
    """Show a story: its articles in time order, copies beneath what they copy."""
    with _readable(db) as corpus:
        answer = corpus.story(story_id)
    if answer is None:
        raise click.ClickException(f"no story {story_id}; `houxu stories` lists them")
    _print(show.story(answer, _terminal()), answer, as_json=as_json)


@main.command()
@with_db
@with_json
@click.option("--story", "story_id", type=int, help="Only this story.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
def timeline(db: Path, story_id: int | None, limit: int, *, as_json: bool) -> None:
    """List the coverage in time order, the newest last."""
    with _readable(db) as corpus:
        rows = corpus.timeline(story_id, limit=limit)
    columns = ("at", "outlet", "lang", "copies", "story_id", "title")
    _print(show.table(rows, columns, _terminal()), rows, as_json=as_json)


@main.command()
@with_db
@with_json
def status(db: Path, *, as_json: bool) -> None:
    """Say how the corpus is: backlog, last success, disk use, what fails."""
    with _readable(db) as corpus:
        answer = corpus.status()
    _print(show.status(answer), answer, as_json=as_json)


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
        from crawler.check import check_sources

        _log(verbose)
        with _bar("asking") as progress:
            rows = check_sources(topics.load(topic_file), _settings(overrides), allow_host, progress=progress)
        columns = ("id", "status", "items", "newest", "charset", "robots", "wrong")
    else:
        with _readable(db) as corpus:
            rows = corpus.source_rows()
        columns = ("id", "kind", "health", "next_check_at", "leads", "articles", "error")
    _print(show.table(rows, columns, _terminal()), rows, as_json=as_json)


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
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
        lines.append("warning: [crawl] contact is not set: publishers cannot tell who you are")
    _print([f"{file or 'the packaged topic'} is sound"] if check else lines, summary, as_json=as_json)


@contextmanager
def _readable(db: Path) -> Iterator[Corpus]:
    corpus = Corpus(db, read_only=True)
    try:
        yield corpus
    finally:
        corpus.close()


@contextmanager
def _writable(db: Path, topic: Topic | None = None) -> Iterator[Corpus]:
    """Open for writing; only with a topic is a missing file made."""
    corpus = Corpus(db, create=topic is not None or db.is_file())
    try:
        if topic is not None:
            corpus.claim_topic(topic.id, topic.seed.isoformat() if topic.seed else None)
        yield corpus
    finally:
        corpus.close(checkpoint=True)


@contextmanager
def _bar(label: str) -> Iterator[Callable[[int], object]]:
    """Give a counter that shows on a terminal, and nothing when there is none."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    done, started = 0, time.monotonic()

    def step(count: int) -> None:
        nonlocal done
        done += count
        rate = done / max(time.monotonic() - started, 1e-9)
        click.echo(f"\r{label}: {done} answers, {rate:.1f} a second ", nl=False, err=True)

    try:
        yield step
    finally:
        click.echo("\r\033[K", nl=False, err=True)


def _print(lines: Iterable[str], value: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(show.as_json(value))
    else:
        for line in lines:
            click.echo(line)


def _settings(overrides: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in overrides]
    for name, equals, _value in pairs:
        if not equals or not name.isupper():
            raise click.BadParameter(f"{name!r} is not NAME=VALUE with an upper-case name", param_hint="-s")
    return {name: value for name, _equals, value in pairs}


def _terminal() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _log(verbose: int) -> None:
    level = (logging.ERROR, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("scrapy").setLevel(logging.CRITICAL if not verbose else level)
    logging.getLogger("twisted").setLevel(logging.CRITICAL if not verbose else level)
