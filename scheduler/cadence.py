"""When to poll a source next: where what waits unseen is about to cost more than a poll.

Sources compete for a budget of polls. For each, `rates` forecasts the items of the coming minutes from the dates of
those seen; `price` finds the cost of a poll, in minutes of waiting, at which all sources together keep the budget;
`plan` places the next poll so that waiting and polls together cost least. This module puts the three together, and
keeps to what servers and people ask: shortest and longest gaps.

In simulation (60 sources, 1 item a week to 200 a day, 42 days, equal numbers of polls) the mean time until an item is
found is about half of that of Miniflux's entry frequency and 0.8 of the square-root rule's; `tests/bench/polling.py`
measures it.

Sources: Sia, Cho, Cho, "Efficient monitoring algorithm for fast news alerts", TKDE 2007 (square root, periodic rates);
Azar et al., "Tractable near-optimal policies for crawling", PNAS 2018 (price and index); Cho, Garcia-Molina,
"Estimating frequency of change", TOIT 2003; Upadhyay et al., "Learning to crawl", AAAI 2020 (unknown rates).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from crawler.model import Check
from crawler.text.folding import fraction
from scheduler.plan import GAPS, next_gap
from scheduler.price import SLACK, Market, polls_a_day
from scheduler.rates import DAY, GROUP_SHARE, HALF_HOURS, Forecast, Rates, forecast, half_hours, learn

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crawler.model import Poll, Signals, Source, SourceState
    from scheduler.rates import Vector

LEAST_GAP = timedelta(minutes=3)
MOST_GAP = timedelta(hours=24)
"""Miniflux's too. 12 hours put 3.5% on the mean delay at a poll every four hours, and 5% on its 95th percentile."""

SIGNAL_CAP = timedelta(minutes=60)
"""How far ttl, max-age and update period are believed: an RSS ttl of 60 is written by habit, one of 1440 by mistake."""

RETRY_AFTER_CAP = timedelta(hours=24)

FULL_SHARE = 0.6
"""Part of the entries a source shows that may be new by the next poll: the rest is room for a burst, so that none drops
out unseen. At 0.6, 0.07% were lost where fixed polling at the same budget (4 h) lost 22%."""

HORIZON = 3 * DAY
"""Minutes forecast at most; what is planned beyond takes them as repeating."""

MINUTE = timedelta(minutes=1)
HOURS, DAYS = 24, 7


class Cadence:
    """A `NextCheck` over all sources of a topic; what it knows beyond one source goes through `dump` and `load`."""

    def __init__(
        self,
        polls_per_day: float,
        alive: Collection[str],
        *,
        said: str = "",
    ) -> None:
        """Take up where the last run left off.

        Args:
            polls_per_day: the request budget of all sources together.
            alive: ids of the sources that share it: enabled, and not failing.
            said: what `dump` returned; anything else, "" included, starts afresh.
        """
        self._polls_per_day = max(polls_per_day, 1.0)
        self._sources = len(alive)
        known = _parsed(said)
        self._market = Market.load(known.get("market", {}))
        self._market.keep(alive)
        self._groups = {group: np.array(day) for group, day in known.get("groups", {}).items()}

    def dump(self) -> str:
        """Return the price's and the groups' state as JSON, for the corpus key `cadence`."""
        groups = {group: day.round(2).tolist() for group, day in self._groups.items()}
        return json.dumps({"market": self._market.dump(), "groups": groups}, sort_keys=True)

    def __call__(self, state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime) -> Check:
        """Return when to poll the source next; see `model.NextCheck`."""
        source, minute = state.source, _minutes(now)
        known = dict(state.rates)
        planned, foretold = known.pop("gap", 0.0), known.pop("foretold", 0.0)
        before = Rates.load(known)
        if before.last is not None and planned:
            elapsed = min(max(0.0, minute - before.last), planned + SLACK)
            self._market.record(foretold * elapsed / planned, self._polls_per_day)
        offset = _offset(source, now)
        items = np.array([_minutes(arrival) for arrival in arrivals])
        rates, dated = learn(before, items, len(poll.leads), minute, offset)
        group = self._group(source.lang, dated + offset)

        least, most = bounds(source, poll.signals)
        coming = forecast(rates, group, minute, offset, max(most, min(2 * GAPS * most, HORIZON)))
        most = max(least, min(most, _before_full(rates, coming)))
        gap, foretold = self._gap(source, coming, least, most)
        at = _kept(source, poll.signals, now, gap)
        if before.last is None:
            at -= (at - now) * (fraction(source.id) / 2)  # sources polled together first are not again
        return Check(at=at, rates={**rates.dump(), "gap": gap, "foretold": foretold})

    def _group(self, lang: str, local: Vector) -> Vector:
        group = self._groups.setdefault(lang, np.zeros(HALF_HOURS))
        if len(local):
            group += half_hours(local) * min(1.0, GROUP_SHARE / len(local))
        return group

    def _gap(self, source: Source, coming: Forecast, least: int, most: int) -> tuple[int, float]:
        """Return the minutes to the next poll, and how many polls the price foretells for that time."""
        demand = coming.root * source.weight**0.5
        self._market.demand[source.id] = (demand, float(least), float(most))
        price_root = self._market.root(self._polls_per_day, self._sources)
        gap = next_gap(coming.expected, price_root**2 / 2 / source.weight, least, most)
        season = float(np.sqrt(coming.regular[:gap]).sum()) / coming.root
        return gap, polls_a_day(demand, price_root, least, most) / DAY * season


def first_check(source_id: str, now: datetime, spread: timedelta) -> datetime:
    """Return when to poll a new source first: within `spread` from now, by its hash, so that not all start at once."""
    return now + spread * fraction(source_id)


def bounds(source: Source, signals: Signals) -> tuple[int, int]:
    """Return the least and the longest gap in whole minutes: the server's wishes, capped, never beyond the person's."""
    most = source.max_gap or MOST_GAP
    wished = [wish for wish in (signals.ttl, signals.update_period, signals.max_age) if wish is not None]
    least = max(LEAST_GAP, min(max(wished, default=LEAST_GAP), SIGNAL_CAP))
    return max(1, min(least, most) // MINUTE), max(1, most // MINUTE)


def _before_full(rates: Rates, coming: Forecast) -> int:
    """Return the minutes until so much is new that entries may drop out of the source unseen."""
    if not rates.window:
        return len(coming.expected)
    return int(np.searchsorted(np.cumsum(coming.expected), FULL_SHARE * rates.window)) + 1


def _kept(source: Source, signals: Signals, now: datetime, gap: int) -> datetime:
    """Return when to poll, given hours and days that the feed excludes, Retry-After, and a longest gap below a minute.

    RSS 2.0 counts both in UTC. A feed that excludes all hours, or all days, says nothing by it.
    """
    latest = now + (source.max_gap or MOST_GAP)
    at = min(now + gap * MINUTE, latest).astimezone(UTC)
    hours = signals.skip_hours if len(signals.skip_hours) < HOURS else frozenset()
    days = signals.skip_days if len(signals.skip_days) < DAYS else frozenset()
    while at < latest and (at.hour in hours or at.weekday() in days):
        at = min(at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1), latest)
    if signals.retry_after is not None:
        at = max(at, now + min(signals.retry_after, RETRY_AFTER_CAP))
    return at


def _offset(source: Source, now: datetime) -> float:
    """Return the minutes by which the source's local time is ahead of UTC."""
    ahead = ZoneInfo(source.timezone).utcoffset(now.astimezone(ZoneInfo(source.timezone)))
    return 0.0 if ahead is None else ahead / MINUTE


def _minutes(when: datetime) -> float:
    return when.timestamp() / 60


def _parsed(said: str) -> dict[str, Any]:
    try:
        known = json.loads(said or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
