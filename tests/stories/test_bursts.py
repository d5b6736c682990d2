from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.stories.bursts import ALARM, DAY, HOUR, LEAST, PAST, Scope, bursts, chance, expected, unusual
from tests.conftest import NOON
from tests.support.work import calls

PASTS = st.lists(st.integers(0, 30), min_size=3, max_size=42)
LONG_AGO = NOON - 90 * DAY


def daily(texts: int, days: int = 30) -> list[datetime]:
    """Return so many arrivals a day, at any hour, until yesterday's noon."""
    return [NOON - DAY * (day + 1) - HOUR * (7 * i % 24) for day in range(days) for i in range(texts)]


def test_chance_is_the_tail_of_a_negative_binomial() -> None:
    """Against a count of draws from the same distribution, and against its own sum."""
    past = [1, 4, 2, 0, 3, 7, 2, 1, 0, 5, 2, 2, 3, 1]
    mean, variance = expected(past)
    size = mean * mean / (variance - mean)
    drawn = np.random.default_rng(1).negative_binomial(size, mean / variance, 400_000)
    for texts in (1, 3, 6, 9, 12):
        assert chance(texts, past) == pytest.approx((drawn >= texts).mean(), rel=0.1)
    assert chance(0, past) == 1


@given(past=PASTS, texts=st.integers(0, 60))
def test_more_is_never_likelier(past: list[int], texts: int) -> None:
    """Chance is a probability, falls with the count, and a livelier past makes the same count likelier."""
    assert 0 <= chance(texts + 1, past) <= chance(texts, past) <= 1
    mean, variance = expected(past)
    assert 0 < mean < variance
    assert expected([more + 1 for more in past])[0] > mean


def test_a_steady_topic_seldom_bursts() -> None:
    """A day against fourteen like it: the stated alarm holds for Poisson arrivals, thrice it for twice as dispersed."""
    dice = np.random.default_rng(2)
    for mean in (0.3, 2.0, 8.0):
        for dispersion in (1.0, 2.0):
            rates = mean if dispersion == 1 else dice.gamma(mean / (dispersion - 1), dispersion - 1, (4000, PAST + 1))
            days = dice.poisson(rates, (4000, PAST + 1))
            alarms = sum(day[0] >= LEAST and chance(int(day[0]), [*map(int, day[1:])]) < ALARM for day in days)
            assert alarms / 4000 <= ALARM * (1 if dispersion == 1 else 3), (mean, dispersion)


def test_a_day_that_bursts_is_found_with_its_hour() -> None:
    """Two texts a day for a month, then twenty in a day, twelve of them in one hour."""
    today = [NOON - HOUR * 5 + timedelta(minutes=4 * i) for i in range(12)] + [NOON - HOUR * (9 + i) for i in range(8)]
    found = bursts({("topic", None): [*daily(2), *today]}, NOON - DAY, NOON, LONG_AGO)
    assert [(each.hours, each.start, each.texts) for each in found] == [
        (24, NOON - DAY, 21),
        (1, NOON - HOUR * 5, 12),
    ]
    assert found[0].usual == pytest.approx(2, abs=0.2)
    assert found[1].chance < 1e-5


def test_a_morning_is_no_burst_because_the_night_was_quiet() -> None:
    """Three texts at every nine o'clock and none at night: the next nine o'clock with three is like the others."""
    mornings = [NOON - DAY * day - HOUR * 3 + timedelta(minutes=9 * i) for day in range(20) for i in range(3)]
    assert bursts({("topic", None): mornings}, NOON - DAY, NOON, LONG_AGO) == []


def test_what_began_yesterday_is_not_unusual() -> None:
    """Before a topic was looked at nothing is known; fewer than three days are no past."""
    crowd = [NOON - HOUR * i / 2 for i in range(40)]
    assert bursts({("topic", None): crowd}, NOON - DAY, NOON, NOON - 2 * DAY) == []
    assert bursts({("topic", None): crowd}, NOON - DAY, NOON, NOON - 20 * DAY)


def test_more_that_is_asked_needs_more_to_burst() -> None:
    """The alarm is shared among all that is judged together: one burst among a thousand steady stories is none."""
    burst = [*daily(1), *(NOON - HOUR * i for i in range(1, 10))]
    alone = bursts({("story", 1): burst}, NOON - DAY, NOON, LONG_AGO)
    crowd: dict[tuple[Scope, int | str | None], list[datetime]] = {("story", i): daily(1) for i in range(2, 30_000)}
    assert [each.id for each in alone] == [1]
    assert bursts({("story", 1): burst, **crowd}, NOON - DAY, NOON, LONG_AGO) == []


def test_days_of_a_series() -> None:
    """Each day against those before it; the first three are never unusual, nor is the rest of a burst."""
    assert unusual([2, 1, 0, 2, 1, 0, 1, 14, 3, 1]) == [False] * 7 + [True, False, False]
    assert unusual([]) == []
    assert not math.isnan(chance(10_000, [0] * 14))


def test_a_long_time_costs_what_happened_in_it() -> None:
    """Of 1,000 days and 24,000 hours those are looked at in which something came: all of each story took 2.6 s."""
    arrivals: dict[tuple[Scope, int | str | None], list[datetime]] = {("story", 1): daily(2), ("story", 2): daily(1)}
    bursts(arrivals, NOON - DAY, NOON, LONG_AGO)
    month = calls(lambda: bursts(arrivals, NOON - 31 * DAY, NOON, LONG_AGO))
    assert calls(lambda: bursts(arrivals, NOON - 1000 * DAY, NOON, LONG_AGO)) < 1.1 * month
