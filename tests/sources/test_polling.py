from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Check, Lead, Poll, Signals, Source, SourceState
from crawler.sources.polling import Outcome, after, fault, unchanged, wants_full

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://news.example/rss"
SOURCE = Source(id="example", kind="feed", url=URL, outlet="Example")
LEADS = (Lead(url="https://news.example/1"),)


def in_an_hour(state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime) -> Check:
    """Stand in for the cadence: an hour's gap, and the number of arrivals learned."""
    return Check(at=now + HOUR, rates={"seen": state.rates.get("seen", 0) + len(arrivals)})


def never(state: SourceState, poll: Poll, arrivals: Sequence[datetime], now: datetime) -> Check:
    """Stand in for a cadence that must not be asked."""
    raise AssertionError("a fault reached the cadence")


def held(**fields: Any) -> SourceState:
    """Return a source that answered an hour ago."""
    start = SourceState(
        source=SOURCE, url=URL, etag='"a"', body_sha256="aa", ok_at=NOW - HOUR, full_at=NOW - HOUR, next_check_at=NOW
    )
    return replace(start, **fields)


def answer(status: int | None = 200, **fields: Any) -> Poll:
    """Return a poll; a good one with one lead unless told otherwise."""
    if status == 200:
        fields = {"leads": LEADS, "body_sha256": "bb", "etag": '"b"', **fields}
    return Poll(source_id="example", at=NOW, status=status, **fields)


def repeat(state: SourceState, poll: Poll, times: int, gap: timedelta | None = None) -> list[Outcome]:
    """Poll at each due time (or every `gap`) and return every outcome."""
    outcomes, now = [], NOW
    for _ in range(times):
        outcomes.append(after(state, poll, (), now, in_an_hour))
        state = outcomes[-1].state
        assert state.next_check_at is not None
        now = state.next_check_at if gap is None else now + gap
    return outcomes


def wait(outcome: Outcome, now: datetime = NOW) -> timedelta:
    """Return how long the source is left alone."""
    assert outcome.state.next_check_at is not None
    return outcome.state.next_check_at - now


def test_an_answer_takes_over_validators_and_asks_the_cadence() -> None:
    """A list of leads stores its validators, clears the errors, and is due when the cadence says."""
    outcome = after(held(errors=4), answer(), (NOW - HOUR,), NOW, in_an_hour)
    assert (outcome.fault, outcome.host_retry_at) == (None, None)
    state = outcome.state
    assert (state.etag, state.body_sha256, state.errors) == ('"b"', "bb", 0)
    assert (state.checked_at, state.ok_at, state.full_at) == (NOW, NOW, NOW)
    assert (state.next_check_at, state.rates) == (NOW + HOUR, {"seen": 1})


def test_304_keeps_what_is_held() -> None:
    """A 304 is an answer: validators and the last full poll stay, the source is alive."""
    state = after(held(errors=2), answer(304, conditional=True), (), NOW, in_an_hour).state
    assert (state.etag, state.body_sha256, state.errors, state.ok_at) == ('"a"', "aa", 0, NOW)
    assert state.full_at == NOW - HOUR


def test_the_same_bytes_are_unchanged() -> None:
    """An answer of 200 with the body we hold is unchanged, even when its leads were not read again."""
    poll = answer(body_sha256="aa", leads=())
    assert unchanged(held(), poll)
    assert fault(held(), poll) is None
    assert not unchanged(held(body_sha256=None), answer(body_sha256=None))


def test_a_conditional_200_is_not_a_full_poll() -> None:
    """Only a poll sent without validators resets the daily full one."""
    assert after(held(), answer(conditional=True), (), NOW, in_an_hour).state.full_at == NOW - HOUR


@pytest.mark.parametrize(
    ("full_at", "wanted"),
    [(None, True), (NOW - HOUR, False), (NOW - DAY, True), (NOW, False), (NOW + DAY, True)],
)
def test_a_full_poll_once_a_day(full_at: datetime | None, wanted: bool) -> None:
    """Validators are left out once a day, and when the clock was set back behind the last time."""
    assert wants_full(held(full_at=full_at), NOW) is wanted


@pytest.mark.parametrize(
    "poll",
    [
        answer(404),
        answer(410),
        answer(500),
        answer(429),
        answer(403),
        answer(302),
        answer(None, error="timeout"),
        answer(None, error="DNS lookup failed", network=True),
        answer(None),
        answer(200, leads=(), body_sha256="new"),
        answer(200, error="not a feed: text/html"),
    ],
)
def test_a_fault_keeps_validators_and_never_reaches_the_cadence(poll: Poll) -> None:
    """Every fault backs off, counts, is named, and leaves what was held and learned as it was."""
    state = held(rates={"seen": 7})
    outcome = after(state, poll, (), NOW, never)
    assert outcome.fault
    assert wait(outcome) >= timedelta(minutes=5)
    kept = replace(outcome.state, checked_at=None, next_check_at=NOW, errors=0, gone_since=None, gone_times=0)
    assert kept == state
    assert outcome.state.errors == 1
    assert outcome.state.enabled


def test_a_search_may_find_nothing() -> None:
    """An empty answer is no fault of a search, and is one of every other kind."""
    empty = answer(leads=(), body_sha256="new")
    search = held(source=replace(SOURCE, kind="search"))
    assert fault(search, empty) is None
    for kind in ("feed", "sitemap", "listing"):
        assert fault(held(source=replace(SOURCE, kind=kind)), empty) == "empty: no entry in it"


def test_three_sightings_of_a_lasting_redirect_change_the_url() -> None:
    """The URL changes at the third 301 to one target in a row."""
    moved = "https://feeds.example/rss"
    states = [outcome.state for outcome in repeat(held(), answer(moved_to=moved), 3)]
    assert [state.url for state in states] == [URL, URL, moved]
    assert (states[2].moved_to, states[2].moved_times) == (None, 0)


@pytest.mark.parametrize("between", [answer(), answer(moved_to="https://other.example/rss")])
def test_a_redirect_that_wavers_changes_nothing(between: Poll) -> None:
    """An answer without the redirect, or one to elsewhere, starts the count again."""
    moved = answer(moved_to="https://feeds.example/rss")
    state = held()
    for poll in (moved, moved, between, moved, moved):
        state = after(state, poll, (), NOW, in_an_hour).state
    assert state.url == URL


def test_a_redirect_to_something_else_than_leads_does_not_count() -> None:
    """A 301 to a page without leads (a portal, a home page) is a fault and moves nothing."""
    portal = answer(moved_to="https://portal.example/", leads=(), error="not a feed: text/html")
    assert repeat(held(), portal, 4)[-1].state.url == URL


def test_a_redirect_from_https_to_http_is_never_lasting() -> None:
    """Nobody moves us from https to http for good."""
    assert repeat(held(), answer(moved_to="http://news.example/rss"), 4)[-1].state.url == URL


def test_404_doubles_to_a_day_and_never_ends() -> None:
    """A missing feed is asked ever more rarely, once a day in the end, and stays enabled."""
    outcomes = repeat(held(), answer(404), 10)
    dues = [NOW, *(outcome.state.next_check_at or NOW for outcome in outcomes)]
    waits = [late - early for early, late in pairwise(dues)]
    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (30, 60, 120, 240)]
    assert waits[-1] == DAY
    assert outcomes[-1].state.enabled


def test_410_three_times_in_three_days_switches_off() -> None:
    """The third 410 switches the source off; it is still asked once a month."""
    outcomes = repeat(held(), answer(410), 4)
    assert [outcome.state.enabled for outcome in outcomes] == [True, True, False, False]
    dues = [outcome.state.next_check_at or NOW for outcome in outcomes]
    assert dues[1] - dues[0] == DAY
    assert dues[3] - dues[2] == timedelta(days=30)


def test_410s_far_apart_switch_nothing_off() -> None:
    """410s that are more than three days apart never make three in three days."""
    assert repeat(held(), answer(410), 6, gap=timedelta(days=4))[-1].state.enabled


def test_a_source_that_comes_back_is_switched_on() -> None:
    """An answer after 410s enables the source again, unless a person had disabled it."""
    off = repeat(held(), answer(410), 3)[-1].state
    back = after(off, answer(), (), NOW, in_an_hour).state
    assert (back.enabled, back.gone_times, back.gone_since) == (True, 0, None)
    by_hand = replace(off, source=replace(SOURCE, enabled=False))
    assert not after(by_hand, answer(), (), NOW, in_an_hour).state.enabled


@pytest.mark.parametrize("status", [429, 503, 403])
def test_retry_after_holds_the_host(status: int) -> None:
    """Retry-After of a 429, 503 or 403 is kept for the whole host, a day at most, and not undercut."""
    hour = after(held(), answer(status, signals=Signals(retry_after=HOUR)), (), NOW, never)
    assert hour.host_retry_at == hour.state.next_check_at
    assert HOUR <= wait(hour) <= HOUR + timedelta(minutes=1)
    month = after(held(), answer(status, signals=Signals(retry_after=timedelta(days=30))), (), NOW, never)
    assert DAY <= wait(month) <= DAY + timedelta(minutes=1)


def test_429_without_retry_after_holds_the_host_ever_longer() -> None:
    """A bare 429 backs the host off by half an hour at first, and by at most a day."""
    outcomes = repeat(held(), answer(429), 8)
    assert timedelta(minutes=15) <= wait(outcomes[0]) <= timedelta(minutes=30)
    assert all(outcome.host_retry_at for outcome in outcomes)
    dues = [outcome.state.next_check_at or NOW for outcome in outcomes]
    assert 12 * HOUR <= dues[-1] - dues[-2] <= DAY


def test_a_burst_of_403_holds_the_host() -> None:
    """One 403 may be about one URL; the third in a row is taken for the host."""
    assert [outcome.host_retry_at is not None for outcome in repeat(held(), answer(403), 4)] == [
        False,
        False,
        True,
        True,
    ]


def test_errors_of_the_server_never_hold_the_host() -> None:
    """A 500 or a timeout is the source's own."""
    for poll in (answer(500), answer(None, error="timeout")):
        assert all(outcome.host_retry_at is None for outcome in repeat(held(), poll, 5))


def test_jitter_spreads_sources_and_repeats_itself() -> None:
    """Sources that fail together come back apart, each at the same time in a rerun."""
    states = [held(source=replace(SOURCE, id=f"s{number}"), errors=6) for number in range(50)]
    waits = [wait(after(state, answer(500), (), NOW, never)) for state in states]
    assert waits == [wait(after(state, answer(500), (), NOW, never)) for state in states]
    assert len({gap // timedelta(minutes=15) for gap in waits}) > 20
    assert max(waits) <= 12 * HOUR


statuses = st.sampled_from([200, 301, 304, 400, 401, 403, 404, 410, 429, 500, 503, None])


@given(st.lists(st.tuples(statuses, st.booleans(), st.none() | st.timedeltas()), max_size=30))
def test_nothing_is_given_up_for_ever(answers: list[tuple[int | None, bool, timedelta | None]]) -> None:
    """Whatever comes back, the next poll is in the future and at most a month off; only 410 switches a source off."""
    state, now, gone = held(), NOW, 0
    for status, empty, retry_after in answers:
        fields = {"leads": (), "body_sha256": "x"} if status == 200 and empty else {}
        poll = answer(status, signals=Signals(retry_after=retry_after), **fields)
        outcome = after(state, poll, (), now, in_an_hour)
        state = outcome.state
        gone += status == 410
        assert timedelta(minutes=5) <= wait(outcome, now) <= timedelta(days=30)
        assert state.enabled or gone >= 3
        assert (outcome.fault is None) == (state.errors == 0)
        now += wait(outcome, now)
