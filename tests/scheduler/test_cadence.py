from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Lead, Poll, Signals, Source, SourceState
from scheduler.cadence import Cadence, bounds, first_check
from scheduler.plan import next_gap
from scheduler.rates import Rates, forecast, learn

if TYPE_CHECKING:
    from collections.abc import Sequence

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEAD = Lead(url="https://news.example/1")
NIGHT = np.zeros(48)


def source(name: str = "a", **fields: Any) -> SourceState:
    """Return a source never polled."""
    said = {"kind": "feed", "url": "https://news.example/", "outlet": "", "timezone": "UTC", **fields}
    return SourceState(source=Source(id=name, **said), url="https://news.example/")


def shown(count: int = 20, **signals: Any) -> Poll:
    """Return a poll that showed so many items."""
    return Poll(source_id="a", at=MONDAY, status=200, leads=(LEAD,) * count, signals=Signals(**signals))


def simulate(
    arrivals: Sequence[Sequence[float]], days: int, polls_per_day: float, states: Sequence[SourceState] | None = None
) -> list[list[float]]:
    """Return when each source is polled, in minutes, when its items come at these minutes."""
    states = list(states or [source(f"s{number}") for number in range(len(arrivals))])
    cadence = Cadence(polls_per_day, [state.source.id for state in states])
    due = [(first_check(state.source.id, MONDAY, HOUR), number) for number, state in enumerate(states)]
    heapify(due)
    times: list[list[float]] = [[] for _ in states]
    seen = [0] * len(states)
    while due[0][0] < MONDAY + days * DAY:
        now, number = due[0]
        minute = (now - MONDAY) / MINUTE
        came = int(np.searchsorted(arrivals[number], minute, side="right"))
        new = [MONDAY + float(at) * MINUTE for at in arrivals[number][max(seen[number], came - 20) : came]]
        seen[number] = came
        check = cadence(states[number], shown(min(came, 20)), new, now)
        states[number] = replace(states[number], rates=check.rates)
        times[number].append(minute)
        heapreplace(due, (check.at, number))
    return times


def by_chance(gap: float, days: int) -> list[float]:
    """Return arrivals `gap` minutes apart on average, at no hour and no minute of their own."""
    chance = np.random.default_rng(7)
    return [float(minute) for minute in np.sort(chance.uniform(0, days * 1440, int(days * 1440 / gap)))]


def test_at_a_constant_rate_the_gap_is_the_square_root() -> None:
    """The plan is sqrt(2 price / rate) where nothing varies, to a minute or two in a hundred."""
    for rate, price in ((0.1, 20.0), (0.01, 50.0), (1.0, 8.0)):
        best = (2 * price / rate) ** 0.5
        assert next_gap(np.full(1440, rate), price, 3, 1440) == pytest.approx(best, rel=0.02, abs=1)


def test_the_plan_takes_in_an_evening_before_a_quiet_night() -> None:
    """Where items stop for the night the poll comes soon after the last, though little has waited."""
    day = np.concatenate((np.full(300, 0.02), np.zeros(700), np.full(440, 0.02)))
    plain = int(np.searchsorted(np.cumsum(np.cumsum(day)), 2000))
    planned = next_gap(day, 2000.0, 3, 1440)
    assert plain > 450
    assert 300 <= planned < 330


@given(
    st.lists(st.floats(0, 5), min_size=10, max_size=200),
    st.floats(0.001, 1e5),
    st.integers(1, 60),
    st.integers(60, 1440),
)
def test_the_plan_keeps_its_bounds(rates: list[float], price: float, least: int, most: int) -> None:
    """Whatever is expected, the gap lies between the least and the longest allowed."""
    assert least <= next_gap(np.array(rates * 10), price, least, most) <= most


def test_busy_sources_are_polled_more_by_the_square_root() -> None:
    """Sixteen times the items mean about four times the polls."""
    times = simulate([by_chance(20, 20), by_chance(320, 20)], 20, 60)
    busy, quiet = (sum(minute > 10 * 1440 for minute in each) for each in times)
    assert 3 < busy / quiet < 5.5


@pytest.mark.parametrize("polls_per_day", [30, 120])
def test_the_budget_is_kept(polls_per_day: int) -> None:
    """After some days the sources together make as many polls as the budget says, at any budget."""
    chance = np.random.default_rng(5)
    arrivals = [np.sort(chance.uniform(0, 15 * 1440, count)).tolist() for count in (3, 20, 100, 400, 1500)]
    times = simulate(arrivals, 15, polls_per_day)
    made = sum(minute > 5 * 1440 for each in times for minute in each) / 10
    assert made == pytest.approx(polls_per_day, rel=0.06)


def test_the_hours_of_the_day_are_learned() -> None:
    """A source that publishes from 8 to 12 gets most of its polls from 8 to 13."""
    arrivals = [day * 1440 + minute for day in range(28) for minute in range(480, 720, 12)]
    times = simulate([arrivals], 28, 24)[0]
    late = [minute % 1440 for minute in times if minute > 14 * 1440]
    assert sum(480 <= minute <= 780 for minute in late) / len(late) > 0.5


def test_the_minute_of_a_timer_is_learned() -> None:
    """A source that publishes at ten past is polled soon after ten past."""
    arrivals = [hour * 60 + 10 + offset for hour in range(24 * 14) for offset in (0.1, 0.5, 0.9)]
    times = simulate([arrivals], 14, 24)[0]
    waits = [(minute - 10) % 60 for minute in times if minute > 7 * 1440]
    assert np.median(waits) < 8


def test_a_burst_brings_the_next_poll_forward() -> None:
    """Five items within the last minutes shorten the gap against the same source when they are hours old."""
    rates = simulate_rates([by_chance(120, 14)])
    now = MONDAY + 14 * DAY + HOUR
    fresh = [now - minutes * MINUTE for minutes in (5, 4, 3, 2, 1)]
    gaps = []
    for arrivals in ([at - 50 * MINUTE for at in fresh], fresh):
        cadence = Cadence(40, ["a", "b"])
        check = cadence(replace(source(), rates=rates), shown(), arrivals, now)
        gaps.append(check.at - now)
    assert gaps[1] < gaps[0]


def simulate_rates(arrivals: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return what one source's rates are after fourteen days of hourly polls."""
    rates = Rates()
    for hour in range(14 * 24):
        now = MONDAY.timestamp() / 60 + hour * 60
        new = np.array([MONDAY.timestamp() / 60 + at for at in arrivals[0] if (hour - 1) * 60 < at <= hour * 60])
        rates, _ = learn(rates, new, 20, now, 0.0)
    return rates.dump()


def test_the_first_poll_learns_from_the_dates_it_shows() -> None:
    """Twenty items of the last two hours and twenty of the last two weeks give very different gaps."""
    cadence = Cadence(40, ["a", "b"])
    gaps = {}
    for name, step in [("a", 16 * HOUR), ("b", 6 * MINUTE), ("a", 16 * HOUR)]:
        arrivals = [MONDAY - number * step for number in range(20, 0, -1)]
        gaps[name] = cadence(source(name), shown(), arrivals, MONDAY).at - MONDAY
    assert gaps["b"] * 3 < gaps["a"]


def test_undated_items_count_without_an_hour() -> None:
    """Items dated now, or before the last poll, count for the base and teach no hour, no minute, no burst."""
    now = MONDAY.timestamp() / 60
    before, _ = learn(Rates(), np.array([]), 20, now - 60, 0.0)
    rates, dated = learn(before, np.array([now - 600, now, now]), 20, now, 0.0)
    assert len(dated) == 0
    assert rates.arrivals == pytest.approx(before.arrivals + 3)
    assert (rates.day.sum(), rates.hour.sum(), rates.burst) == (0, 0, 0)


def test_when_everything_shown_is_new_time_counts_from_the_oldest() -> None:
    """Twenty new of twenty shown, after a day: older ones dropped out unseen, the rate is that of what was seen."""
    now = MONDAY.timestamp() / 60
    before, _ = learn(Rates(), np.array([]), 20, now - 1440, 0.0)
    overrun, _ = learn(before, np.linspace(now - 60, now - 1, 20), 20, now, 0.0)
    assert overrun.watched == pytest.approx(60)


def test_nothing_drops_out_of_a_small_window() -> None:
    """A source that shows ten items and gets four an hour is polled before ten are new, at any price."""
    states = [source("small"), source("big")]
    cadence = Cadence(1, ["small", "big"])
    state, now, gaps = states[0], MONDAY, []
    for _ in range(30):
        new = [now - minutes * MINUTE for minutes in (40, 25, 10)]
        check = cadence(state, shown(10), new, now)
        gaps.append(check.at - now)
        state, now = replace(state, rates=check.rates), now + 45 * MINUTE
    assert max(gaps[5:]) <= 2.5 * HOUR


def test_longest_gap_of_a_person_wins() -> None:
    """`max_gap` bounds the gap for a source that publishes nothing, whatever the server wishes."""
    state = source(max_gap=timedelta(minutes=20))
    now = MONDAY
    cadence = Cadence(1, ["a"])
    for signals in ({}, {"ttl": DAY}, {"skip_hours": frozenset(range(23))}):
        assert cadence(state, shown(**signals), [], now).at - now <= 20 * MINUTE
    short = source(max_gap=timedelta(seconds=30))
    assert cadence(short, shown(), [], now).at - now <= timedelta(seconds=30)


@pytest.mark.parametrize("name", ["ttl", "update_period", "max_age"])
def test_a_servers_wish_is_a_lower_bound_with_a_cap(name: str) -> None:
    """A server's period is kept to, up to an hour."""
    plain = source().source
    assert bounds(plain, Signals()) == (3, 1440)
    for wish, least in ((30 * MINUTE, 30), (30 * DAY, 60)):
        signals: dict[str, Any] = {name: wish}
        assert bounds(plain, Signals(**signals)) == (least, 1440)


def test_retry_after_is_kept_to_up_to_a_day() -> None:
    """Retry-After on a good answer holds even beyond the longest gap, a day at most."""
    cadence = Cadence(1000, ["a"])
    state = replace(source(max_gap=HOUR), rates=cadence(source(), shown(), [], MONDAY - DAY).rates)
    assert cadence(state, shown(retry_after=5 * HOUR), [], MONDAY).at == MONDAY + 5 * HOUR
    assert cadence(state, shown(retry_after=30 * DAY), [], MONDAY).at == MONDAY + DAY


def test_skipped_hours_are_skipped() -> None:
    """No check falls into an hour the feed excludes, unless it excludes all."""
    night = frozenset(range(24)) - {9}
    state = source()
    state = replace(state, rates=Cadence(1000, ["a"])(state, shown(), [], MONDAY - DAY).rates)
    assert Cadence(1000, ["a"])(state, shown(skip_hours=night), [], MONDAY).at.hour == 9
    every = frozenset(range(24))
    assert Cadence(1000, ["a"])(state, shown(skip_hours=every), [], MONDAY).at < MONDAY + HOUR


def test_skipped_days_are_skipped() -> None:
    """No check falls on a day the feed excludes, within the longest gap, unless it excludes all; both count in UTC."""
    state = source(timezone="Asia/Shanghai")
    state = replace(state, rates=Cadence(1000, ["a"])(state, shown(), [], MONDAY - DAY).rates)
    patient = replace(state, source=replace(state.source, max_gap=5 * DAY))

    def at(state: SourceState, **signals: Any) -> datetime:
        return Cadence(1000, ["a"])(state, shown(**signals), [], MONDAY).at

    assert MONDAY.weekday() == 0
    assert at(patient, skip_days=frozenset({0, 1})) == (MONDAY + 2 * DAY).replace(hour=0, minute=0)
    both = at(patient, skip_days=frozenset({0}), skip_hours=frozenset(range(7)))
    assert both == (MONDAY + DAY).replace(hour=7, minute=0)
    assert at(state, skip_days=frozenset({0, 1})) == MONDAY + DAY
    assert at(patient, skip_days=frozenset(range(7))) == at(patient)


def test_weight_buys_polls() -> None:
    """A source whose items count four times as much is polled about twice as often."""
    rates = simulate_rates([by_chance(60, 14)])
    now = MONDAY + 14 * DAY
    gaps = []
    for weight in (1.0, 4.0):
        cadence = Cadence(48, ["a", "b"])
        for _ in range(3):  # the other source asks too, at weight 1
            cadence(replace(source("b"), rates=rates), shown(), [], now)
            check = cadence(replace(source(weight=weight), rates=rates), shown(), [], now)
        gaps.append((check.at - now) / MINUTE)
    assert 1.2 < gaps[0] / gaps[1] < 2.5


def test_state_survives_the_process() -> None:
    """A cadence made from what another one dumped decides as that one would; rates are JSON values."""
    one = Cadence(50, ["a", "b"])
    state = source()
    for hour in range(5):
        check = one(state, shown(), [MONDAY + hour * HOUR - 7 * MINUTE], MONDAY + hour * HOUR)
        state = replace(state, rates=json.loads(json.dumps(check.rates)))
    other = Cadence(50, ["a", "b"], said=one.dump())
    now = MONDAY + 6 * HOUR
    assert other(state, shown(), [], now).at == one(state, shown(), [], now).at


@pytest.mark.parametrize("said", ["", "{}", "[1]", "null", "{broken"])
def test_a_state_that_cannot_be_read_starts_afresh(said: str) -> None:
    """What is not a state of ours is no reason to fail."""
    assert Cadence(50, ["a"], said=said)(source(), shown(), [], MONDAY).at > MONDAY


def test_sources_that_are_gone_leave_their_share() -> None:
    """Without one of two equal sources the other gets its polls."""
    rates = simulate_rates([by_chance(60, 14)])
    now = MONDAY + 14 * DAY
    both = Cadence(24, ["a", "b"])
    for name in ("a", "b"):
        shared = both(replace(source(name), rates=rates), shown(), [], now).at - now
    alone = Cadence(24, ["b"], said=both.dump())(replace(source("b"), rates=rates), shown(), [], now).at - now
    assert 1.6 < shared / alone < 2.5


def test_a_night_asleep_is_no_thrift() -> None:
    """A machine that slept two days polls at the same price afterwards, and no source loses its rate."""
    rates = simulate_rates([by_chance(60, 14)])
    now = MONDAY + 14 * DAY
    cadence = Cadence(24, ["a"])
    first = cadence(replace(source(), rates=rates), shown(), [], now)
    slept = cadence(replace(source(), rates=first.rates), shown(), [], now + 2 * DAY)
    assert 0.7 < (slept.at - now - 2 * DAY) / (first.at - now) < 1.6


def test_a_clock_set_back_is_survived() -> None:
    """After the clock went back a day the next check is in the future, and no further than the longest gap."""
    cadence = Cadence(24, ["a"])
    check = cadence(source(), shown(), [], MONDAY)
    again = cadence(replace(source(), rates=check.rates), shown(), [MONDAY - DAY - HOUR], MONDAY - DAY)
    assert MONDAY - DAY < again.at <= MONDAY
    assert np.isfinite(again.rates["arrivals"])


def test_summer_time_moves_the_hours_with_the_clock_on_the_wall() -> None:
    """The profile of the day is the source's local one: in summer the same desk is busy an hour earlier in UTC."""
    state = source(timezone="Europe/London")
    cadence = Cadence(1000, ["a"])
    bins = []
    for morning in (datetime(2026, 1, 12, 9, 10, tzinfo=UTC), datetime(2026, 7, 6, 8, 10, tzinfo=UTC)):
        before = cadence(state, shown(), [], morning - HOUR).rates
        rates = cadence(replace(state, rates=before), shown(), [morning], morning + 20 * MINUTE).rates
        bins.append(int(np.argmax(rates["day"])))
    assert bins == [18, 18]


def test_first_checks_spread_and_repeat() -> None:
    """A hundred new sources start all over the hour, each at its own time whenever it is asked."""
    checks = [first_check(f"s{number}", MONDAY, HOUR) for number in range(100)]
    assert checks == [first_check(f"s{number}", MONDAY, HOUR) for number in range(100)]
    assert len({(check - MONDAY) // (5 * MINUTE) for check in checks}) == 12
    assert all(MONDAY <= check < MONDAY + HOUR for check in checks)


def test_a_forecast_sums_to_what_was_learned() -> None:
    """Over a week the regular forecast has as many items as the base rate says."""
    rates = Rates.load(simulate_rates([by_chance(60, 14)]))
    week = forecast(rates, NIGHT, MONDAY.timestamp() / 60, 0.0, 7 * 1440).regular.sum()
    assert week == pytest.approx(7 * 24, rel=0.1)
