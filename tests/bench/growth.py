"""What an extraction costs when a page grows: pages made to be slow, at sizes that are four times one another.

A cost in proportion to the size grows fourfold at each step. Nothing here times the download, nor the rest of the path.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from crawler.errors import Unreadable
from crawler.extract import extract
from crawler.model import Page
from tests.bench.tables import Table
from tests.support.layouts.hostile import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTOR = 4
MOST = 10.0
"""How much the cost may grow where the size does fourfold: twice over what is linear, and some noise."""

_TINY = 0.02
"""CPU-seconds below which a ratio is noise."""


def run(quick: bool) -> Iterator[Table]:
    """Extract each shape at growing sizes and yield one table."""
    sizes = [1000 * FACTOR**step for step in range(2 if quick else 4)]
    rows: list[tuple[str | float, ...]] = []
    slow: list[str] = []
    for name, shape in SHAPES.items():
        pages = [Page(url="https://a.example/1.html", body=shape(size).encode(), fetched_at=NOW) for size in sizes]
        seconds = [_cost(page) for page in pages]
        growth = max(after / max(_TINY, before) for before, after in pairwise(seconds))
        rows.append((name, len(pages[-1].body) / 1e6, *(1000 * one for one in seconds), growth))
        slow += [name] if growth > MOST else []
    yield Table(
        "pages made to be slow: CPU milliseconds at growing sizes",
        ("shape", "largest, MB", *(f"{size:,}" for size in sizes), "worst growth of a step"),
        rows,
        (f"Target: none grows more than {MOST:.0f} where the size does {FACTOR}; do: {', '.join(slow) or 'none'}.",),
    )


def _cost(page: Page) -> float:
    """Return the lesser of two runs' CPU seconds."""
    seconds = []
    for _ in range(2):
        began = time.process_time()
        with suppress(Unreadable):
            extract(page)
        seconds.append(time.process_time() - began)
    return min(seconds)
