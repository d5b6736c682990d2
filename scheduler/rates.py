"""What a source's arrivals teach: how many items to expect in each coming minute.

    rate(t) = base  day(half hour)  week(weekend or not)  hour(minute)  +  burst(t)

* base, items a minute: a gamma posterior mean, arrivals over minutes watched, both fading with a memory of 14 days.
* day, by half hours of the source's local time, so that a change to summer time moves nothing: its own histogram,
  shrunk to that of its language group by 24 pseudo-arrivals. Worth 12% of the mean delay in simulation.
* week, weekends against weekdays, likewise shrunk.
* hour, by minutes, only where twelve bins of five differ from even by a chi-squared above 45 (11 degrees of freedom,
  p below 1e-5): publishers on a timer. Worth 4 to 7% where polls are an hour apart or less.
* burst, the source's own: each arrival calls forth 0.18 more, fading over 40 minutes (Hawkes 1971). Worth 10 to 23% on
  bursty series, commit times of public repositories. A burst shared by all sources made things worse.

Cho and Garcia-Molina (2003) estimate rates from "changed or not"; feeds date their items, so arrivals are counted. A
date outside (last poll, now) is not believed, the item came in between, at a time unknown: it counts for the base only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import exp
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float64]"

DAY = 1440
HALF_HOURS = 48

BASE_MEMORY = 14.0 * DAY
PROFILE_MEMORY = 60.0 * DAY
PRIOR_ARRIVALS, PRIOR_MINUTES = 0.1, 0.1 * DAY
"""One item a day, until a few hours of watching say otherwise."""

SHRINK = 24.0
QUIETEST = 0.08
"""Least factor of a half hour: a night without an item so far is not a night without items."""

GROUP_SHARE = 3.0
"""Most that one poll adds to its group's profile: a source that publishes 200 a day is one voice among others."""

GROUP_PRIOR = 4.0
PROFILE_FROM, PROFILE_FULL = 1.0 * DAY, 3.0 * DAY
"""Minutes watched from which a source's own day counts, and counts in full: in the first day, hours not yet watched
would pass for quiet ones."""

WEEKEND = 2 / 7
WEEKEND_AFTER = 7.0 * DAY
WEEKEND_ARRIVALS = 7.0
WEEKEND_RANGE = 0.15, 1.6

CHI_SQUARED, FEWEST_TIMED = 45.0, 15
MINUTE_KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9
MINUTE_FLOOR = 0.6

BRANCHING, BURST_MINUTES = 0.18, 40.0

EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday, Monday is 0
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What is known of one source. Times are minutes since the epoch.

    Attributes:
        last: the last poll that answered; None before the first.
        arrivals: fading sum of items.
        watched: fading sum of minutes in which they came.
        day: arrivals by half hour of the local day.
        hour: arrivals by minute of the hour.
        week: arrivals on weekdays, on weekends.
        burst: sum of exp(-age / 40 minutes) over arrivals, as of `last`.
        window: entries that the source shows at once; 0 if unknown.
    """

    last: float | None = None
    arrivals: float = 0.0
    watched: float = 0.0
    day: Vector = field(default_factory=lambda: np.zeros(HALF_HOURS))
    hour: Vector = field(default_factory=lambda: np.zeros(60))
    week: Vector = field(default_factory=lambda: np.zeros(2))
    burst: float = 0.0
    window: int = 0

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Rates:
        """Return what `dump` wrote; an empty mapping, like one of another shape, is a source never polled."""
        blank = cls()
        vectors = {name: np.array(said[name], dtype=np.float64) for name in ("day", "hour", "week") if name in said}
        known = {each.name for each in fields(cls)}
        if said.keys() - known or any(vectors[name].shape != getattr(blank, name).shape for name in vectors):
            return blank
        return replace(blank, **{**said, **vectors})

    def dump(self) -> dict[str, Any]:
        """Return JSON values, sums rounded to what they are good for."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value.round(2).tolist() if isinstance(value, np.ndarray) else value for name, value in values}


def learn(rates: Rates, items: Vector, shown: int, now: float, offset: float) -> tuple[Rates, Vector]:
    """Return the rates after a poll, and the items whose dates are believed.

    The first poll is not a blank: the dates of the items that the source shows say how fast they come. Where every
    item shown is new, older ones may have dropped out unseen, and time counts from the oldest one only.

    Args:
        rates: what was known before.
        items: when the items first seen by this poll came, in minutes since the epoch, ascending.
        shown: how many items the source showed; 0 when it said that nothing changed.
        now: the poll, in minutes since the epoch.
        offset: minutes by which the source's local time is ahead of UTC.
    """
    first = rates.last is None
    since = now - BASE_MEMORY if rates.last is None else min(rates.last, now)
    if len(items) and len(items) >= shown:
        since = max(since, float(items[0]))
    elif first:
        since = now
    dated = items[(items > since) & (items < now)]
    faded, elapsed = 1.0 if rates.last is None else max(0.0, now - rates.last), now - since
    base, profile = exp(-faded / BASE_MEMORY), exp(-faded / PROFILE_MEMORY)
    local = dated + offset
    on_weekends = float(is_weekend(local).sum())
    after = Rates(
        last=now,
        arrivals=rates.arrivals * base + (len(dated) if first else len(items)),
        watched=rates.watched * base + elapsed,
        day=rates.day * profile + half_hours(local),
        hour=rates.hour * profile + np.bincount((local % 60).astype(np.int64), minlength=60),
        week=rates.week * profile + (len(dated) - on_weekends, on_weekends),
        burst=rates.burst * exp(-faded / BURST_MINUTES) + float(np.exp((dated - now) / BURST_MINUTES).sum()),
        window=shown or rates.window,
    )
    return after, dated


def half_hours(local: Vector) -> Vector:
    """Return how many of these local times fall into each half hour of the day."""
    return np.bincount((local % DAY // 30).astype(np.int64), minlength=HALF_HOURS).astype(np.float64)


def is_weekend(local: Vector | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of these local times, in minutes since the epoch, fall on a Saturday or a Sunday."""
    return (local // DAY + EPOCH_WEEKDAY) % 7 >= SATURDAY


@dataclass(frozen=True, slots=True)
class Forecast:
    """What to expect of a source.

    Attributes:
        expected: items in each coming minute.
        regular: the same without the minute of the hour and the burst.
        root: the week's mean of sqrt(regular), the source's demand for polls at a price of 1/2.
    """

    expected: Vector
    regular: Vector
    root: float


def forecast(rates: Rates, group: Vector, now: float, offset: float, minutes: int) -> Forecast:
    """Return what to expect from `now` on, for so many minutes; `group` is the language group's profile of the day."""
    base = (rates.arrivals + PRIOR_ARRIVALS) / (rates.watched + PRIOR_MINUTES)
    trust = float(np.clip((rates.watched - PROFILE_FROM) / (PROFILE_FULL - PROFILE_FROM), 0.0, 1.0))
    day = base * _day(rates.day * trust, group)
    weekend = _weekend(rates)
    coming = np.arange(minutes)
    local = int(now + offset) + coming
    regular = day[local % DAY // 30] * np.where(is_weekend(local), weekend, 1.0)
    expected = regular
    hour = _hour(rates.hour)
    if hour is not None:
        expected = expected * hour[local % 60]
    if rates.burst > 0.001:  # noqa: PLR2004 nothing: half a day after the last item
        expected = expected + BRANCHING * rates.burst / BURST_MINUTES * np.exp(-coming / BURST_MINUTES)
    root = float(np.sqrt(day).mean()) * (5 + 2 * weekend**0.5) / 7
    return Forecast(expected, regular, root)


def _weekend(rates: Rates) -> float:
    """Return the factor of weekend days; 1 until a weekend was surely watched."""
    if rates.watched < WEEKEND_AFTER:
        return 1.0
    share = (rates.week[1] + WEEKEND * WEEKEND_ARRIVALS) / (rates.week.sum() + WEEKEND_ARRIVALS)
    return float(np.clip(share / WEEKEND, *WEEKEND_RANGE))


def _day(own: Vector, group: Vector) -> Vector:
    """Return the profile of the day, mean 1: the source's histogram and its group's, each smoothed over 90 minutes."""
    prior = _smooth(group + GROUP_PRIOR)
    profile = _smooth(own) + SHRINK * prior / prior.sum()
    profile = np.maximum(profile / profile.mean(), QUIETEST)
    result: Vector = profile / profile.mean()
    return result


def _smooth(circle: Vector) -> Vector:
    result: Vector = (circle + np.roll(circle, 1) + np.roll(circle, -1)) / 3
    return result


def _hour(own: Vector) -> Vector | None:
    """Return the profile of the hour, mean 1, or None where it may as well be even."""
    total = own.sum()
    if total < FEWEST_TIMED:
        return None
    bins, even = own.reshape(12, 5).sum(axis=1), total / 12
    if float(((bins - even) ** 2).sum() / even) < CHI_SQUARED:
        return None
    circle = np.concatenate((own[-2:], own, own[:2]))
    profile = np.convolve(circle, MINUTE_KERNEL, mode="valid") + MINUTE_FLOOR
    result: Vector = profile / profile.mean()
    return result
