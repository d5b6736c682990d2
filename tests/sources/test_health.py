from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.sources.health import Health, Past, Polled, Visited, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def polls(count: int = 20, **last: Any) -> tuple[Polled, ...]:
    """Return hourly good polls up to now; the last three as told."""
    good = [Polled(at=NOW - (count - number) * HOUR, status=200, items=20, new=1, ms=300) for number in range(count)]
    return (*good[:-3], *(replace(poll, **last) for poll in good[-3:]))


def visits(*shares: tuple[int, float], blocked: bool = False) -> tuple[Visited, ...]:
    """Return visits: so many, of which such a share was read, then so many more."""
    said = []
    for count, share in shares:
        for number in range(count):
            read = number < count * share
            said.append(Visited(at=NOW, read=read, blocked=blocked and not read))
    return tuple(said)


def every(gap: timedelta, *, until: timedelta = timedelta(0), count: int = 30) -> tuple[datetime, ...]:
    """Return arrivals a gap apart, the newest so long ago."""
    return tuple(NOW - until - number * gap for number in range(count, -1, -1))


def state(past: Past, before: Health | None = None) -> str:
    """Return only the state."""
    return judge(past, before, NOW).state


def test_a_source_never_polled_is_new() -> None:
    """Without a poll nothing is known."""
    assert state(Past()) == "new"


@pytest.mark.parametrize("count", [1, 2])
def test_a_source_that_never_answered_is_new(count: int) -> None:
    """Until it has failed often enough for a state of its own it is not called healthy; the reason is its fault."""
    refused = [Polled(at=NOW - number * HOUR, status=403, items=None, new=0, fault="HTTP 403") for number in range(3)]
    health = judge(Past(polls=refused[:count]), None, NOW)
    assert (health.state, health.why) == ("new", "not read yet; its last poll failed: HTTP 403")
    assert state(Past(polls=refused), health) == "blocked"
    apart = [replace(refused[0], at=NOW - 60 * DAY), refused[0]]
    assert state(Past(polls=apart)) == "new"


def test_a_source_that_does_as_it_used_to_is_healthy() -> None:
    """News at the usual pace, pages read, answers in time."""
    health = judge(Past(polls=polls(), visits=visits((30, 1.0)), arrivals=every(HOUR)), None, NOW)
    assert health.state == "healthy"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, "blocked"),
        (429, "blocked"),
        (404, "gone"),
        (410, "gone"),
        (500, "slow"),
        (None, "slow"),
        (200, "layout changed"),
    ],
)
def test_three_faults_in_a_row_are_a_state(status: int | None, expected: str) -> None:
    """The third fault of a kind decides; the evidence says how long the row is, and the last fault."""
    past = Past(polls=polls(status=status, fault="it said no", items=None), arrivals=every(HOUR))
    health = judge(past, None, NOW)
    assert (health.state, health.since) == (expected, NOW)
    assert health.why == "3 polls in a row failed within 3 h, the last: it said no"


def test_two_faults_are_weather() -> None:
    """Fewer than three faults, or three with a good answer after them, change nothing; the reason names the last."""
    failing = polls(status=403, fault="HTTP 403")
    health = judge(Past(polls=failing[:-1], arrivals=every(HOUR)), None, NOW)
    assert health.state == "healthy"
    assert health.why == "its last poll failed: HTTP 403; newest item is 0 min old, 60 min is usual"
    assert state(Past(polls=failing[:-1])) == "healthy"
    good = Polled(at=NOW, status=304, items=None, new=0)
    assert state(Past(polls=(*failing, good), arrivals=every(HOUR))) == "healthy"


def test_pages_that_can_no_longer_be_read_are_a_changed_layout() -> None:
    """Where nearly every page gave an article and now hardly one does, the layout changed; the fall is the evidence."""
    past = Past(polls=polls(), visits=visits((40, 0.975), (8, 0.0)), arrivals=every(HOUR))
    health = judge(past, None, NOW)
    assert health.state == "layout changed"
    assert "from 0.97 of visits to 0.00" in health.why


def test_walls_are_a_block() -> None:
    """The same fall, with pages that refuse us, is a block."""
    fallen = visits((40, 1.0), (8, 0.1), blocked=True)
    assert state(Past(polls=polls(), visits=fallen, arrivals=every(HOUR))) == "blocked"


def test_a_source_that_was_never_read_well_has_not_changed() -> None:
    """Half the pages unread is a habit when it always was so."""
    assert state(Past(polls=polls(), visits=visits((40, 0.4), (8, 0.1)), arrivals=every(HOUR))) == "healthy"


def test_a_list_that_shrank_is_a_changed_layout() -> None:
    """Twenty items, then one or none in three polls running: the selectors lost the list."""
    health = judge(Past(polls=polls(items=1), arrivals=every(HOUR)), None, NOW)
    assert (health.state, health.why) == ("layout changed", "it showed 20 items, now 1")


def test_slow_is_against_its_own_habit() -> None:
    """Nine seconds are slow for a source of 0.3, and usual for one of nine."""
    assert state(Past(polls=polls(ms=9000), arrivals=every(HOUR))) == "slow"
    always = tuple(replace(poll, ms=9000) for poll in polls())
    assert state(Past(polls=always, arrivals=every(HOUR))) == "healthy"


def test_quiet_then_frozen() -> None:
    """No news for far longer than ever is first quiet, later frozen, and says how long."""
    assert state(Past(polls=polls(), arrivals=every(4 * HOUR, until=6 * HOUR))) == "healthy"
    assert state(Past(polls=polls(), arrivals=every(4 * HOUR, until=30 * HOUR))) == "quiet"
    health = judge(Past(polls=polls(), arrivals=every(4 * HOUR, until=160 * HOUR)), None, NOW)
    assert health.state == "frozen"
    assert health.why == "newest item is 7 d old, 40x the usual gap of 4 h"


def test_a_weekly_column_is_not_dead() -> None:
    """Ten days of silence are healthy for a weekly source and frozen for an hourly one."""
    assert state(Past(polls=polls(), arrivals=every(7 * DAY, until=10 * DAY))) == "healthy"
    assert state(Past(polls=polls(), arrivals=every(HOUR, until=10 * DAY))) == "frozen"


def test_nights_are_a_habit() -> None:
    """A source that writes ten items each morning is not quiet in the evening."""
    mornings = tuple(
        NOW - 28 * HOUR - day * DAY + number * timedelta(minutes=6) for day in range(20) for number in range(10)
    )
    assert state(Past(polls=polls(), arrivals=mornings)) == "healthy"


def test_a_feed_frozen_before_we_came_is_frozen() -> None:
    """A feed whose newest item is years old is frozen at the first poll."""
    old = tuple(datetime(2018, 6, day, tzinfo=UTC) for day in range(1, 21))
    assert state(Past(polls=polls()[-1:], arrivals=old)) == "frozen"


def test_a_silence_that_a_person_expects_is_no_state() -> None:
    """`expect_silence` outweighs the habit."""
    arrivals = every(HOUR, until=4 * DAY)
    assert state(Past(polls=polls(), arrivals=arrivals)) == "frozen"
    assert state(Past(polls=polls(), arrivals=arrivals, expect_silence=5 * DAY)) == "healthy"


def test_since_stays_while_the_state_does() -> None:
    """A state that lasts keeps when it was first said, and gets fresh evidence; another is said anew."""
    before = Health(state="frozen", since=NOW - 3 * DAY, why="older evidence")
    health = judge(Past(polls=polls(), arrivals=every(HOUR, until=10 * DAY)), before, NOW)
    assert (health.state, health.since) == ("frozen", NOW - 3 * DAY)
    assert health.why != before.why
    assert judge(Past(polls=polls(), arrivals=every(HOUR)), before, NOW).since == NOW


@pytest.mark.parametrize(
    "past",
    [
        Past(polls=polls(), arrivals=every(HOUR, until=10 * DAY)),
        Past(polls=polls(), arrivals=every(HOUR, count=1, until=40 * DAY)),
        Past(polls=[replace(poll, at=NOW - (2 - number) * DAY, status=410, fault="HTTP 410")
                    for number, poll in enumerate(polls(3))]),
        Past(polls=polls(), visits=[replace(visit, at=NOW - 3 * DAY) for visit in visits((40, 1.0), (8, 0.0))],
             arrivals=every(HOUR)),
        Past(polls=[replace(poll, at=NOW - 24 * (NOW - poll.at)) for poll in polls(items=1)], arrivals=every(HOUR)),
    ],
    ids=["frozen", "frozen before we came", "gone", "layout changed", "a list that shrank"],
)  # fmt: skip
def test_a_state_is_since_it_was_said(past: Past) -> None:
    """However long before it began: a digest of the last day would never tell what began before that."""
    assert judge(past, None, NOW).since == NOW
