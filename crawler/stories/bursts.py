"""When coverage bursts: a day or an hour with more independent texts than its own last 14 days make likely.

The rate of a window is taken to be drawn from a gamma distribution, and what arrives in it to be Poisson of that rate:
arrivals of news are overdispersed, a plain Poisson would call every lively day a burst. The two together are a negative
binomial, whose mean and dispersion are estimated from the windows before (a conjugate prior keeps a quiet past from
meaning that nothing can come), and whose variance is widened by what the past leaves unknown of the mean (the gamma-
Poisson predictive; Gelman et al., Bayesian Data Analysis, 3rd ed., sections 2.6 and 17.2).

A window is a burst when so many or more would come in fewer than `ALARM` of such windows, divided by the number of
windows that are judged together (Bonferroni): of answers about a steady topic, one in a hundred holds a burst, whatever
they cover. tests/stories/test_bursts.py simulates that. Copies do not count: a press release in forty papers is one
text. Pure.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

PAST = 14
"""Days that a day or an hour is judged against."""

LEAST_PAST = 3
"""Days that must be known before anything is unusual."""

LEAST = 3
"""Texts below which nothing is a burst, however quiet it was."""

ALARM = 0.01
"""Share of answers about what is steady that may hold a burst."""

SHAPE, RATE = 0.5, 1.0
"""The prior of the mean: half a text in one window."""

DISPERSION, WEIGHT = 3.0, 10.0
"""The prior of variance to mean, and how many texts it weighs: few texts tell little of it. With these, simulated
answers of 25 windows (a day and its hours) at 0.1 to 20 texts a day hold a false burst in at most 0.6 % of cases where
the true dispersion is 1 or 1.5, 1.4 % at 2, 3 % at 3; a day of 8 texts grown to four times as many is found in 96 %."""

Scope = Literal["topic", "story", "claim"]


@dataclass(frozen=True, slots=True)
class Burst:
    """A window with more texts than its past makes likely.

    Attributes:
        scope: what burst; `id` says which story or claim.
        id: stories.id or claims.id; None for the whole topic.
        start: of the window.
        hours: 24 or 1.
        texts: independent texts in it.
        usual: how many such a window was expected to have.
        chance: probability of so many or more, had nothing changed.
    """

    scope: Scope
    id: int | str | None
    start: datetime
    hours: int
    texts: int
    usual: float
    chance: float


def bursts(
    arrivals: Mapping[tuple[Scope, int | str | None], Iterable[datetime]],
    since: datetime,
    now: datetime,
    began: datetime,
) -> list[Burst]:
    """Return what burst between `since` and `now`, the least likely first, at most one day and one hour for each.

    Days are the 24 hours that end at `now`, at `now` less a day, and so on; hours likewise. A day is judged against the
    days before it; an hour against the same hour, the one before and the one after, of each of the days before: who
    sleeps at night makes the morning no burst.

    Args:
        arrivals: when the independent texts of each topic, story and claim appeared, in any order; 15 days before
            `since` and all since.
        since: the first instant that is asked about.
        now: the last.
        began: when the topic was first looked at: what lies before is unknown, not empty.
    """
    spans = {span: max(1, math.ceil((now - since) / span)) for span in (DAY, HOUR)}
    judged = [
        Burst(scope, name, start, span // HOUR, texts, expected(past)[0], chance(texts, past))
        for (scope, name), times in arrivals.items()
        for ordered in [sorted(times)]
        for span, count in spans.items()
        for start in _starts(ordered, span, now, count)
        if (texts := _between(ordered, start, start + span)) >= LEAST
        and (past := _past(ordered, start, span, max(began, ordered[0] - DAY * PAST)))
    ]
    tests = sum(spans.values()) * max(1, len(arrivals))
    found: dict[tuple[Scope, int | str | None, int], Burst] = {}
    for burst in sorted(judged, key=lambda burst: (burst.chance, burst.start)):
        if burst.chance < ALARM / tests:
            found.setdefault((burst.scope, burst.id, burst.hours), burst)
    return list(found.values())


def unusual(counts: Sequence[int]) -> list[bool]:
    """Say of each day of a series whether it burst against the days before it, at most 14; the first never do.

    The alarm is shared among 14 days, not among all of a long series.
    """
    said = []
    for i, count in enumerate(counts):
        past = counts[max(0, i - PAST) : i]
        known = len(past) >= LEAST_PAST and count >= LEAST
        said.append(known and chance(count, past) < ALARM / PAST)
    return said


def chance(texts: int, past: Sequence[int]) -> float:
    """Return the probability that a window like the past ones has so many texts or more."""
    mean, variance = expected(past)
    size = mean * mean / (variance - mean)
    odds = math.log(mean / variance), math.log1p(-mean / variance)
    less = math.fsum(
        math.exp(math.lgamma(size + k) - math.lgamma(size) - math.lgamma(k + 1) + size * odds[0] + k * odds[1])
        for k in range(texts)
    )
    return max(0.0, 1.0 - less)


def expected(past: Sequence[int]) -> tuple[float, float]:
    """Return mean and variance of the next window's texts, after windows with these."""
    mean = (SHAPE + sum(past)) / (RATE + len(past))
    spread = sum((texts - mean) ** 2 for texts in past)
    dispersion = max(1.05, (WEIGHT * DISPERSION + spread) / (WEIGHT + mean * len(past)))
    return mean, mean * (dispersion + 1 / (RATE + len(past)))


def _starts(ordered: Sequence[datetime], span: timedelta, now: datetime, count: int) -> list[datetime]:
    """Return when those of the last windows began that hold an arrival, the latest first."""
    held = {-((at - now) // span) for at in ordered}
    return [now - span * back for back in sorted(held) if 0 < back <= count]


def _past(ordered: Sequence[datetime], start: datetime, span: timedelta, began: datetime) -> list[int]:
    """Return the counts of the windows before one that it is judged by; none where too little is known."""
    days = min(PAST, (start - began) // DAY)
    if days < LEAST_PAST:
        return []
    shifts = (timedelta(0),) if span == DAY else (-HOUR, timedelta(0), HOUR)
    befores = [start - DAY * day + shift for day in range(1, days + 1) for shift in shifts]
    return [_between(ordered, before, before + span) for before in befores]


def _between(ordered: Sequence[datetime], start: datetime, end: datetime) -> int:
    return bisect_left(ordered, end) - bisect_left(ordered, start)
