"""One benchmark in this process; a module of its own, because a spawned process cannot import `__main__`."""

from __future__ import annotations

import sys
import time
from importlib import import_module

from tests.bench import BENCHMARKS
from tests.bench.tables import Skipped


def print_tables(name: str, quick: bool) -> None:
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
