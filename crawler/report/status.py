"""How the sources do, at a glance: text for `houxu status`, from rows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crawler.model import instant
from crawler.sources.health import WORSE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
HOURS = 24

HOUR = timedelta(hours=1)


def sparkline(counts: Sequence[int]) -> str:
    """Return one character a count: its height against the highest; a dot for none at all."""
    highest = max(counts, default=0)
    return "".join(BARS[-(-count * len(BARS) // highest) - 1] if count else NOTHING for count in counts)


def by_hour(arrivals: Sequence[datetime], now: datetime, hours: int = HOURS) -> list[int]:
    """Return how many arrivals fell into each of the last hours, the oldest first; those after `now` are left out."""
    ages = Counter((now - arrival) // HOUR for arrival in arrivals if arrival <= now)
    return [ages[age] for age in range(hours - 1, -1, -1)]


def until(due: datetime | None, now: datetime) -> str:
    """Return when a check is due: `now`, `in 12 min`, `in 3 h`, `overdue 5 min`, or `never`."""
    if due is None:
        return "never"
    if abs(due - now) < timedelta(minutes=1):
        return "now"
    return f"in {_span(due - now)}" if due > now else f"overdue {_span(now - due)}"


def source_lines(
    rows: Sequence[Mapping[str, Any]], arrivals: Mapping[str, Sequence[datetime]], now: datetime
) -> Iterator[str]:
    """Give a line a source, those in trouble first, then the soonest due; beneath trouble, its evidence.

    Args:
        rows: `id`, `enabled`, `health`, `health_since`, `health_why`, `next_check_at`, as `sources` holds them.
        arrivals: source id -> when its items came, in the last day at least.
        now: the instant to tell ages from.
    """
    width = max((len(row["id"]) for row in rows), default=0)
    for row in sorted(
        rows, key=lambda row: (row["health"] not in WORSE, not row["enabled"], row["next_check_at"] or "")
    ):
        line = sparkline(by_hour(arrivals.get(row["id"], ()), now))
        due = instant(row["next_check_at"]) if row["next_check_at"] and row["enabled"] else None
        yield f"{row['id']:<{width}}  {line}  {row['health']:<14}  {until(due, now)}"
        if row["health"] in WORSE and row["health_why"]:
            since = f"since {row['health_since']}: " if row["health_since"] else ""
            yield f"{'':<{width}}  {since}{row['health_why']}"


def summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one line: how many sources are in which health, trouble first, and how many are off."""
    states = Counter(row["health"] for row in rows if row["enabled"])
    parts = [
        f"{count} {state}" for state, count in sorted(states.items(), key=lambda each: (each[0] not in WORSE, each))
    ]
    off = sum(not row["enabled"] for row in rows)
    return ", ".join([*parts, *([f"{off} off"] if off else [])]) or "no sources"


def _span(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2 * 1440 else f"{minutes // 1440} d"
