"""Run the benchmarks and print their tables."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.bench import BENCHMARKS
from tests.bench.one import print_tables, say
from tests.bench.tables import machine

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
        process = multiprocessing.get_context("spawn").Process(target=print_tables, args=(name, asked.quick))
        process.start()
        process.join()
        failed += process.exitcode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
