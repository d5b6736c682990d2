"""When an article is visited again: soon after it appeared, then ever less often.

The ladder is NewsDiffs' (15 min, 1 h, 3 h, 3 d, 30 d) with a day put in: most edits come within hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LADDER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=30),
)
"""Gaps between two visits to one article, in order."""


def next_visit(rung: int, now: datetime) -> datetime | None:
    """Return when an article that was visited again `rung` times is next; None when the ladder is climbed."""
    return now + LADDER[rung] if rung < len(LADDER) else None
