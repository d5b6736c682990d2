"""When an article is visited again: soon after it appeared, then ever less often, and sooner while its story is hot.

The ladder is NewsDiffs' (15 min, 1 h, 3 h, 3 d, 30 d) with a day put in: most edits come within hours. A story's heat
shortens or stretches its gaps: an article alone in its first hour has a heat of 1 and climbs the ladder as it stands;
as its story cools the gaps grow to 1.41 times, and many voices and edits bring them down to a quarter. Pure.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LADDER = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=30),
)
"""Gaps between two visits to one article, in order."""

HALF_LIFE = timedelta(days=1)
"""After which what happened in a story weighs half."""

MEMORY = 10 * HALF_LIFE
"""After which it weighs nothing: a thousandth."""

EDIT = 2.0
"""What an edit weighs against an independent text: edits are what these visits are for."""

FASTEST = 4.0
"""By how much heat shortens a gap at most, from a heat of 31: 15 minutes to just under 4."""

GONE_GAP = timedelta(days=1)
"""The least gap after a 404 or 410: the page may come back, and asking again within hours would only annoy."""

FULL_FROM = timedelta(days=1)
"""A visit after a gap this long goes without validators: some servers answer 304 for ever."""

SHARE = 0.25
"""Part of the day's requests that visits again may take: what is new is never crowded out by what is known."""


def heat(texts: Iterable[datetime], edits: Iterable[datetime], now: datetime) -> float:
    """Return how hot a story is: what happened in it, each text as 1 and each edit as 2, halved with every day since.

    Args:
        texts: when its independent texts appeared, the article's own among them; copies do not count.
        edits: when its articles were seen edited.
        now: the instant of asking; what lies after it counts as just happened.
    """

    def weight(at: datetime) -> float:
        age = max(now - at, timedelta(0))
        return 0.5 ** (age / HALF_LIFE) if age < MEMORY else 0.0

    return sum(map(weight, texts)) + EDIT * sum(map(weight, edits))


def pace(heat: float) -> float:
    """Return by what a gap is divided: sqrt((1 + heat) / 2), at most `FASTEST`.

    The root is what a budget is best spent by: where edits come at a rate r, the delay until they are seen, summed over
    all articles for a fixed number of visits, is least with gaps in proportion to 1 / sqrt(r). The 1 is the rate that
    is assumed of a story nothing is known of.
    """
    return min(math.sqrt((1 + heat) / 2), FASTEST)


def next_visit(rung: int, now: datetime, *, heat: float = 1.0, gone: bool = False) -> datetime | None:
    """Return when an article is next visited; None when the ladder is climbed.

    Args:
        rung: how often it was visited again so far.
        now: the instant of the last visit.
        heat: of its story.
        gone: the page was not there: it is looked for on the same ladder, a day later at the earliest.
    """
    if rung >= len(LADDER):
        return None
    gap = LADDER[max(rung, 0)] / pace(heat)
    return now + (max(gap, GONE_GAP) if gone else gap)


def conditional(rung: int) -> bool:
    """Say whether the visit that follows rung `rung` may send the page's validators."""
    return rung == 0 or LADDER[min(rung, len(LADDER)) - 1] < FULL_FROM


def allowance(requests_per_day: int, revisits: int) -> int:
    """Return how many articles may be visited again now.

    Args:
        requests_per_day: the topic's budget.
        revisits: visits of the last day that were not a lead's first.
    """
    return max(0, int(requests_per_day * SHARE) - revisits)


def gone_since(visits: Iterable[tuple[str, str]]) -> str | None:
    """Return when a page was first found gone that still is; None when the last visit that says anything found it.

    Args:
        visits: (ending, at) of every visit, in order. One that was deferred or blocked says nothing of the page.
    """
    since = None
    for ending, at in visits:
        if ending not in {"deferred", "blocked"}:
            since = (since or at) if ending == "gone" else None
    return since
