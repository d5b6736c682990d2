"""Health of a source, learned from its own past: what it does now against what it used to do.

Rules with fixed thresholds call a weekly column dead and a dead feed quiet. Here every threshold is a multiple of the
source's own habit: its usual gap between news, its usual share of pages that could be read, its usual answer time.

    new             not polled yet, or no poll could be read yet
    healthy         answers, and brings news as it used to
    quiet           answers, changes, and brings no news for longer than its habit: nothing to report
    frozen          answers the same for far longer than it ever did: a feed that nobody fills any more
    blocked         refuses us: 401, 403, 429, 451, or pages that are walls
    layout changed  answers, and what used to be found in it is no longer there
    gone            404 or 410, several times in a row
    slow            answers several times later than it used to, or fails to, several times in a row
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

State = Literal["new", "healthy", "quiet", "frozen", "blocked", "layout changed", "gone", "slow"]

WORSE: frozenset[str] = frozenset({"frozen", "blocked", "layout changed", "gone", "slow"})
"""States that a person should hear of once."""

IN_A_ROW = 3
"""Polls that must agree before a fault is a state: one 403 in a night is weather."""

QUIET_GAPS, FROZEN_GAPS = 5.0, 10.0
"""Usual gaps without news."""

QUIET_LONGEST, FROZEN_LONGEST = 1.5, 3.0
"""And times the longest silence it ever kept: its nights, weekends and holidays are habits too."""

FROZEN_LEAST = timedelta(days=2)
NEVER_NEWS = timedelta(days=30)
"""A source first met with items older than this, and none since, was frozen before we came."""

FEWEST_GAPS = 3

COVERAGE_FALL = 0.35
COVERAGE_HABIT = 0.6
COVERAGE_VISITS = 8
LISTED_FALL = 0.1

SLOW_TIMES, SLOW_LEAST_MS = 5.0, 5000
REFUSALS = frozenset({401, 403, 407, 429, 451})
MISSING = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One poll, as health sees it. `fault` is in plain words, None for an answer; `items` is None on a 304."""

    at: datetime
    status: int | None
    items: int | None
    new: int
    ms: int = 0
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """One visit to a page of the source. `read`: an article came out; `blocked`: a wall or a refusal came."""

    at: datetime
    read: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a source, oldest first.

    Attributes:
        polls: the recent ones, some weeks of them.
        visits: to pages that this source showed first, deferred ones left out.
        arrivals: when its items came, as they are dated.
        expect_silence: a silence that a person called normal.
    """

    polls: Sequence[Polled] = ()
    visits: Sequence[Visited] = ()
    arrivals: Sequence[datetime] = ()
    expect_silence: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A state, when it was first said, and the evidence in plain words.

    Not when it began: a frozen feed began so days before anybody could know, and who asks what is new since yesterday
    would never hear of it. How long it has lasted is in the evidence.
    """

    state: State
    since: datetime
    why: str


def judge(past: Past, before: Health | None, now: datetime) -> Health:
    """Return a source's health; where the state is what it was, `since` stays.

    Args:
        past: what is known of the source.
        before: what was said last time; None for a source never judged.
        now: the instant of judging.
    """
    if not past.polls:
        return before or Health(state="new", since=now, why="not polled yet")
    state, why = _faults(past, now) or _pages(past) or _slow(past) or _news(past, now)
    since = before.since if before is not None and before.state == state else now
    return Health(state=state, since=since, why=why)


_Said = tuple[State, str]


def _faults(past: Past, now: datetime) -> _Said | None:
    """Judge a row of faults at the end; fewer than three say nothing."""
    row: list[Polled] = []
    for poll in reversed(past.polls):
        if poll.fault is None:
            break
        row.append(poll)
    if len(row) < IN_A_ROW:
        return None
    statuses = {poll.status for poll in row[:IN_A_ROW]}
    state: State = "slow"  # no answer in time, or a server that fails: others, later, may find it well
    if statuses <= REFUSALS:
        state = "blocked"
    elif statuses <= MISSING:
        state = "gone"
    elif statuses == {HTTPStatus.OK}:  # an answer, and no list of leads in it
        state = "layout changed"
    return state, f"{len(row)} polls in a row failed within {_days(now - row[-1].at)}, the last: {row[0].fault}"


def _pages(past: Past) -> _Said | None:
    """Judge by what visits and lists still hold, against their own habit."""
    recent, older = past.visits[-COVERAGE_VISITS:], past.visits[:-COVERAGE_VISITS]
    if len(recent) == COVERAGE_VISITS and len(older) >= COVERAGE_VISITS:
        was, share = _share(older), _share(recent)
        if was >= COVERAGE_HABIT and share <= was * COVERAGE_FALL:
            walls = sum(visit.blocked for visit in recent) / len(recent)
            told = f"articles read from its pages fell from {was:.2f} of visits to {share:.2f}"
            if walls > 0.5:  # noqa: PLR2004 most
                return "blocked", f"{told}; {walls:.2f} were refused"
            return "layout changed", told
    listed = [poll for poll in past.polls if poll.items is not None and poll.fault is None]
    if len(listed) >= 2 * IN_A_ROW:
        usual = median(poll.items or 0 for poll in listed[:-IN_A_ROW])
        last = listed[-IN_A_ROW:]
        if usual >= 10 and all((poll.items or 0) <= usual * LISTED_FALL for poll in last):  # noqa: PLR2004 few say nothing
            return "layout changed", f"it showed {usual:.0f} items, now {last[-1].items}"
    return None


def _slow(past: Past) -> _Said | None:
    answered = [poll for poll in past.polls if poll.fault is None and poll.ms > 0]
    if len(answered) < 3 * IN_A_ROW:
        return None
    usual, last = median(poll.ms for poll in answered[:-IN_A_ROW]), answered[-IN_A_ROW:]
    if all(poll.ms >= max(SLOW_LEAST_MS, usual * SLOW_TIMES) for poll in last):
        return "slow", f"answers take {last[-1].ms / 1000:.1f} s, {usual / 1000:.1f} s is usual"
    return None


def _news(past: Past, now: datetime) -> _Said:
    """Judge the silence since the newest item against the source's usual gap."""
    came = sorted(past.arrivals)
    first, fault = past.polls[0].at, past.polls[-1].fault
    answers = "answers" if fault is None else f"its last poll failed: {fault}"
    if not came:
        if all(poll.fault is not None for poll in past.polls):
            return "new", f"not read yet; {answers}"
        if now - first >= NEVER_NEWS:
            return "frozen", f"no item in {_days(now - first)} of polls"
        return "healthy", f"{answers}; no dated item yet"
    silence = now - came[-1]
    gaps = [late - early for early, late in pairwise(sorted(set(came)))]
    if len(gaps) < FEWEST_GAPS:
        if silence >= NEVER_NEWS:
            return "frozen", f"the newest item is {_days(silence)} old"
        return "healthy", f"{answers}; too few items to know its habit"
    # The mean gap, not the median: a source that writes ten items each morning has a median gap of minutes.
    usual, longest = max(sum(gaps, timedelta(0)) / len(gaps), timedelta(minutes=1)), max(gaps)
    told = f"newest item is {_days(silence)} old, {silence / usual:.0f}x the usual gap of {_days(usual)}"
    allowed = past.expect_silence or timedelta(0)
    if silence >= max(usual * FROZEN_GAPS, longest * FROZEN_LONGEST, FROZEN_LEAST, allowed):
        return "frozen", told
    if silence >= max(usual * QUIET_GAPS, longest * QUIET_LONGEST, allowed):
        return "quiet", told
    return "healthy", f"{answers}; newest item is {_days(silence)} old, {_days(usual)} is usual"


def _share(visits: Sequence[Visited]) -> float:
    return sum(visit.read for visit in visits) / len(visits)


def _days(span: timedelta) -> str:
    """Return a span in the unit that suits it: 3 d, 5 h, 12 min."""
    minutes = span / timedelta(minutes=1)
    if minutes >= 2 * 1440:
        return f"{minutes / 1440:.0f} d"
    return f"{minutes / 60:.0f} h" if minutes >= 120 else f"{minutes:.0f} min"  # noqa: PLR2004 two hours
