"""What one poll changes: the source's state after it, faults included.

A poll ends in one of three ways. *Answered*: a list of leads, a 304, or the body we already hold; the cadence says when
to come back. *Faulty*: anything else; the source backs off and keeps its validators, so that a good answer picks up
where the last one stood. *Gone*: 410 three times; the source is switched off, and still asked once a month.

No fault is for ever, and none reaches the cadence: rates are learned from answers only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.text.folding import fraction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.model import NextCheck, Poll, SourceState

MOVED_SIGHTINGS = 3
"""Lasting redirects to one target, in a row, before we believe them: a captive portal sends 301 too."""

GONE_SIGHTINGS = 3
GONE_WINDOW = timedelta(days=3)
GONE_GAP = timedelta(days=1)
GONE_RETRY = timedelta(days=30)

FULL_EVERY = timedelta(days=1)
"""How often a poll is sent without validators: some servers answer 304 for ever (Media Cloud's fetcher met enough of
them to leave conditional requests off by default)."""

RETRY_AFTER_CAP = timedelta(hours=24)
MISSING_BASE, MISSING_CAP = timedelta(minutes=30), timedelta(hours=24)
BACKOFF_BASE, BACKOFF_FLOOR, BACKOFF_CAP = timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=12)
REFUSED_BASE = timedelta(minutes=30)
"""First wait after a 429, or a 403 that repeats, when the server names none."""

FORBIDDEN_BURST = 3
"""403s in a row that count for the whole host. One may be about this URL only."""

_HOST_WIDE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a poll leaves behind.

    Attributes:
        state: the source's new row of the due table.
        fault: what was wrong, in a few plain words; None when the source answered.
        host_retry_at: when the whole host may be asked again; None when the poll says nothing of the host.
    """

    state: SourceState
    fault: str | None = None
    host_retry_at: datetime | None = None


def after(
    state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime, next_check: NextCheck
) -> Outcome:
    """Return the source's state after a poll.

    When no host at all could be reached it is our own network: do not call this, the source stays due as it was.

    Args:
        state: the source before the poll.
        poll: what came back.
        arrivals: the instants of the items that this poll showed first, oldest first, none after `now`.
        now: the instant of the answer.
        next_check: asked when the source answered, never after a fault.
    """
    wrong = fault(state, poll)
    state = replace(state, checked_at=now)
    if wrong is None:
        return Outcome(state=_answered(state, poll, arrivals, now, next_check))
    state = replace(state, errors=state.errors + 1)
    if poll.status == HTTPStatus.GONE:
        return Outcome(state=_gone(state, now), fault=wrong)
    wait, host_wide = _wait(state, poll)
    until = now + wait
    return Outcome(state=replace(state, next_check_at=until), fault=wrong, host_retry_at=until if host_wide else None)


def fault(state: SourceState, poll: Poll) -> str | None:
    """Return what is wrong with a poll's answer, or None: it is a list of leads, a 304, or the body we hold.

    A list without an entry is a fault of every kind but a search, which may find nothing.
    """
    if poll.error is not None:
        return poll.error
    if poll.status is None:
        return "no answer"
    if unchanged(state, poll):
        return None
    if poll.status != HTTPStatus.OK:
        return f"HTTP {poll.status}"
    if not poll.leads and state.source.kind != "search":
        return "empty: no entry in it"
    return None


def unchanged(state: SourceState, poll: Poll) -> bool:
    """Return whether the answer is what the last good one was: a 304, or the same bytes."""
    if poll.status == HTTPStatus.NOT_MODIFIED:
        return True
    return poll.status == HTTPStatus.OK and poll.body_sha256 is not None and poll.body_sha256 == state.body_sha256


def wants_full(state: SourceState, now: datetime) -> bool:
    """Return whether the next poll must go without validators: there is none, or the last such was a day ago.

    A last full answer in the future (the clock was set back) counts as none.
    """
    return state.full_at is None or not timedelta(0) <= now - state.full_at < FULL_EVERY


def _answered(
    state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime, next_check: NextCheck
) -> SourceState:
    state = _moved(state, poll)
    if poll.status == HTTPStatus.OK:
        state = replace(state, etag=poll.etag, last_modified=poll.last_modified, body_sha256=poll.body_sha256)
        if not poll.conditional:
            state = replace(state, full_at=now)
    state = replace(
        state,
        # A source that came back after we switched it off; what a person switched off stays off.
        enabled=state.enabled or (state.gone_times >= GONE_SIGHTINGS and state.source.enabled),
        ok_at=now,
        errors=0,
        gone_times=0,
        gone_since=None,
    )
    check = next_check(state, poll, arrivals, now)
    return replace(state, next_check_at=check.at, rates=check.rates)


def _moved(state: SourceState, poll: Poll) -> SourceState:
    """Follow a lasting redirect once it was seen often enough, unless it leads from https to http."""
    target = poll.moved_to
    if target is None or target == state.url or (state.url.startswith("https:") and target.startswith("http:")):
        return replace(state, moved_to=None, moved_times=0)
    times = state.moved_times + 1 if target == state.moved_to else 1
    if times < MOVED_SIGHTINGS:
        return replace(state, moved_to=target, moved_times=times)
    return replace(state, url=target, moved_to=None, moved_times=0)


def _gone(state: SourceState, now: datetime) -> SourceState:
    """Count a 410; the third within the window switches the source off, and from then on it is asked once a month."""
    since, times = state.gone_since, state.gone_times + 1
    if state.gone_times < GONE_SIGHTINGS and (since is None or not timedelta(0) <= now - since <= GONE_WINDOW):
        since, times = now, 1
    off = times >= GONE_SIGHTINGS
    return replace(
        state,
        enabled=state.enabled and not off,
        gone_times=times,
        gone_since=since,
        next_check_at=now + (GONE_RETRY if off else GONE_GAP),
    )


def _wait(state: SourceState, poll: Poll) -> tuple[timedelta, bool]:
    """Return how long to stay away, and whether from the whole host."""
    asked = poll.signals.retry_after
    key = f"{state.source.id} {state.errors}"
    if asked is not None and poll.status is not None:
        # A little later than asked, each source by its own jitter: the others of this host were told the same.
        jitter = timedelta(seconds=60) * fraction(key)
        return min(max(asked, BACKOFF_FLOOR), RETRY_AFTER_CAP) + jitter, poll.status in _HOST_WIDE
    if poll.status == HTTPStatus.TOO_MANY_REQUESTS or (
        poll.status == HTTPStatus.FORBIDDEN and state.errors >= FORBIDDEN_BURST
    ):
        return _doubled(REFUSED_BASE, state.errors, RETRY_AFTER_CAP) * (0.5 + 0.5 * fraction(key)), True
    if poll.status is not None and HTTPStatus.BAD_REQUEST <= poll.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _doubled(MISSING_BASE, state.errors, MISSING_CAP), False
    full = _doubled(BACKOFF_BASE, state.errors, BACKOFF_CAP)
    return max(BACKOFF_FLOOR, full * fraction(key)), False


def _doubled(base: timedelta, times: int, cap: timedelta) -> timedelta:
    return min(base * (1 << min(times - 1, 20)), cap)
