"""Run the benchmarks and print their tables."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from tests.bench import BENCHMARKS
from tests.bench.tables import Skipped, machine

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, each benchmark in a process of its own; return how many failed."""
    names = "\n".join(f"  {name:<12} {asks}" for name, asks in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=f"{__doc__}\n\nBenchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help="this one; repeatable")
    parser.add_argument("--quick", action="store_true", help="small sizes: a look, not a figure to quote")
    asked = parser.parse_args(arguments)
    say(f"{datetime.now(UTC):%Y-%m-%d}, {'quick, ' if asked.quick else ''}{machine()}\n")
    failed = 0
    for name in asked.only or BENCHMARKS:
        process = multiprocessing.get_context("spawn").Process(target=one, args=(name, asked.quick))
        process.start()
        process.join()
        failed += process.exitcode != 0
    return failed


def one(name: str, quick: bool) -> None:
    """Run one benchmark and print its tables as they come."""
    say(f"## {name}: {BENCHMARKS[name]}\n")
    began = time.process_time()
    try:
        for table in import_module(f"tests.bench.{name}").run(quick):
            say(str(table))
    except Skipped as why:
        say(f"skipped: {why}\n")
    say(f"({name}: {time.process_time() - began:.0f} CPU-seconds)\n")


def say(text: str) -> None:
    """Print at once: a full run takes hours."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
