"""The command `houxu`: which commands there are, in the order of use, and how each ends.

A command's module is imported when the command is called: a search does not wait for what a crawl needs.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from crawler import __version__
from crawler.cli.streams import escape_what_does_not_fit, open_closed_streams
from crawler.errors import SIGNALED, HouxuError

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = {
    "Try it": {"demo": "crawling"},
    "Follow a story": {
        "topic": "reading",
        "sources": "reading",
        "crawl": "crawling",
        "daemon": "scheduling",
        "crontab": "scheduling",
        "systemd": "scheduling",
    },
    "Read what came": {
        "digest": "reading",
        "search": "reading",
        "stories": "reading",
        "story": "reading",
        "timeline": "reading",
        "edits": "reading",
        "claims": "ledgers",
        "why": "reading",
        "browse": "reading",
        "export": "keeping",
    },
    "Look after the corpus": {
        "status": "reading",
        "backup": "keeping",
        "prune": "keeping",
        "forget": "keeping",
        "rescan": "keeping",
        "reindex": "keeping",
    },
    "Archives and several machines": {"replay": "crawling", "backfill": "bulk", "merge": "bulk"},
}
"""Heading -> command -> the module of `crawler.cli` that has it."""

_MODULES = {name: module for commands in COMMANDS.values() for name, module in commands.items()}

EXITS = {
    0: "done; also when nothing was due, nothing was new, or `--max-runtime` ended it",
    1: "every source asked failed (on 3 hosts or more where standard error is no terminal, as under cron), no network, "
    "the corpus cannot be used, or what was asked for is not in it: a story, a claim, a URL",
    2: "usage, a topic file with mistakes, a corpus of another topic, or an extra that is not installed",
    3: "done, but some source's health changed for the worse since the last run (told once; never on the first run)",
    75: "another run holds the lock (after `--wait`, 0 s by default)",
    130: "stopped cleanly by Ctrl-C (SIGINT)",
    143: "stopped cleanly by SIGTERM",
}
"""What the exit codes mean: the README's table is made of this."""


@contextmanager
def _ended_well() -> Iterator[None]:
    """End what goes wrong in one line on standard error and an exit code."""
    try:
        yield
    except HouxuError as error:
        click.echo(f"houxu: {error}", err=True)
        code = error.exit_code
    except KeyboardInterrupt:
        click.echo("houxu: stopped", err=True)
        code = SIGNALED + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `| head` closed it: nothing more to say
        code = 0
    except (OSError, OverflowError) as error:  # a folder that is not there, a number no file can hold
        click.echo(f"houxu: {error}", err=True)
        code = 1
    else:
        return
    raise click.exceptions.Exit(code)


class Commands(click.Group):
    """Our group: every HouxuError ends in one line on standard error and its own exit code."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line."""
        open_closed_streams()
        escape_what_does_not_fit()
        return super().main(*args, **kwargs)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line; `--help` and `--version` are answered here."""
        with _ended_well():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with _ended_well():
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module."""
        if cmd_name in _MODULES:
            import_module(f"crawler.cli.{_MODULES[cmd_name]}")
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Return the commands in the order of use."""
        return list(_MODULES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under their headings, each with its whole first line."""
        for heading, names in COMMANDS.items():
            with formatter.section(heading):
                found = ((name, self.get_command(ctx, name)) for name in names)
                formatter.write_dl([(name, each.get_short_help_str(limit=1000)) for name, each in found if each])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="houxu")
def main() -> None:
    """Follow a news story: poll sources, visit leads, keep what is on topic in one SQLite file."""


def every_command() -> dict[str, click.Command]:
    """Return every command by its name, in the order of use."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}
