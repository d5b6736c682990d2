"""How much work something is: functions called, steps taken, the same on every machine however busy."""

from __future__ import annotations

import sys
from difflib import Match, SequenceMatcher
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


def calls(work: Callable[[], object]) -> int:
    """Return how many functions, of Python's and of C's, a piece of work calls."""
    called = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal called
        called += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called


def steps(work: Callable[[], object]) -> int:
    """Return how often a piece of work comes through the innermost loop of difflib."""
    taken, plain = 0, SequenceMatcher.find_longest_match

    def counted(self: Any, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        nonlocal taken
        taken += sum(len(self.b2j.get(each, ())) for each in self.a[alo:ahi])
        return plain(self, alo, ahi, blo, bhi)

    with patch.object(SequenceMatcher, "find_longest_match", counted):
        work()
    return taken


def sql_steps(conn: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Return how many hundreds of instructions SQLite takes for a piece of work on this connection."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    conn.set_progress_handler(count, 100)
    try:
        work()
    finally:
        conn.set_progress_handler(None, 0)
    return taken
