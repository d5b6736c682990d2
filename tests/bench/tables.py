"""What a benchmark gives: tables, and the few things that all of them measure with."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

Cell = str | int | float | None


class Skipped(Exception):
    """There is nothing to measure on; the message says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """One printed table.

    Attributes:
        title: what was measured, on what.
        columns: the headings, the first that of the row's name.
        rows: cells; floats are shown with three digits that count, None as a dash.
        notes: lines below: targets beside what was measured, what to beware of.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the table in Markdown."""
        lines = [[*map(str, self.columns)], *([_shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]
        head, *body = (
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines
        )
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        return "\n".join([f"### {self.title}", "", head, rule, *body, *(f"\n{note}" for note in self.notes), ""])


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return "-"
        case float():
            return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
        case int():
            return f"{cell:,}"
    return cell


def machine() -> str:
    """Return the machine and the versions that a figure is worth nothing without."""
    cpu = platform.processor() or platform.machine()
    if (said := Path("/proc/cpuinfo")).is_file():
        cpu = next((line.split(":")[1].strip() for line in said.read_text().splitlines() if "model name" in line), cpu)
    return (
        f"{cpu}, {os.cpu_count()} cores; {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def installed(*names: str) -> dict[str, str]:
    """Return the version of each of these distributions that is here."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def importable(*modules: str) -> list[str]:
    """Return those of these modules that can be found."""
    return [name for name in modules if find_spec(name)]


def best(call: Callable[[], T], times: int = 5) -> tuple[float, T]:
    """Return the least CPU seconds of a call, and what it gave last."""
    least = float("inf")
    for _ in range(times):
        began = time.process_time()
        answer = call()
        least = min(least, time.process_time() - began)
    return least, answer


def quantiles(seconds: Sequence[float]) -> list[float]:
    """Return p50, p95, p99 and the worst of some times, in milliseconds."""
    ordered = sorted(seconds)
    return [1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99, 1)]


def peak_rss() -> int:
    """Return the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rss() -> float:
    """Return the memory this process has now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
