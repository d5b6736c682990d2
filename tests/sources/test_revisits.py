from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.corpus.schedule import at_once
from crawler.model import Ending, Lead, Visit, stamp
from crawler.sources.revisits import (
    FASTEST,
    GONE_GAP,
    LADDER,
    SHARE,
    allowance,
    conditional,
    gone_since,
    heat,
    next_visit,
    pace,
)
from crawler.spiders.frontier import Frontier
from tests.conftest import NOON
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.corpus.store import Corpus
    from crawler.model import Topic

HOUR = timedelta(hours=1)
AGES = st.lists(st.timedeltas(timedelta(0), timedelta(days=40)), max_size=40)


def test_an_article_alone_climbs_the_ladder_as_it_stands() -> None:
    """15 min, 1 h, 3 h, 1 d, 3 d, 30 d, and then no more."""
    alone = heat([NOON], [], NOON)
    assert [next_visit(rung, NOON, heat=alone) for rung in range(7)] == [*(NOON + gap for gap in LADDER), None]


def test_a_hot_story_is_visited_sooner_and_a_cold_one_later() -> None:
    """Eight voices in an hour about halve the gap; a story that is a week old stretches it by 1.41 at most."""
    hot = heat([NOON - timedelta(minutes=5 * i) for i in range(8)], [], NOON)
    cold = heat([NOON - timedelta(days=7)], [], NOON)
    assert pace(hot) == pytest.approx(2.1, abs=0.1)
    assert 0.70 < pace(cold) < 0.72
    assert heat([], [NOON - 24 * HOUR], NOON) == 1  # an edit weighs 2, halved in a day


@given(ages=AGES, edits=AGES, rung=st.integers(0, 5))
def test_heat_only_hurries_and_is_bounded(ages: list[timedelta], edits: list[timedelta], rung: int) -> None:
    """Another text or edit never makes the next visit later; no gap is below a quarter or above 1.42 of its rung."""
    texts = [NOON - age for age in ages]
    seen = [NOON - age for age in edits]
    now, more = heat(texts, seen, NOON), heat([*texts, NOON], seen, NOON)
    gap, less = (next_visit(rung, NOON, heat=each) for each in (now, more))
    assert gap
    assert less
    assert less <= gap
    assert LADDER[rung] / FASTEST <= less - NOON <= gap - NOON <= LADDER[rung] * 1.42


def test_a_page_that_is_gone_is_looked_for_a_day_later() -> None:
    """Never within hours, and no longer than the ladder is."""
    assert [next_visit(rung, NOON, gone=True) for rung in range(7)] == [
        *(NOON + max(gap, GONE_GAP) for gap in LADDER),
        None,
    ]


def test_a_late_visit_goes_without_validators() -> None:
    """A server that answers 304 for ever is found out on the fourth visit."""
    assert [conditional(rung) for rung in range(8)] == [True] * 4 + [False] * 4


def test_what_is_known_never_takes_more_than_its_share() -> None:
    """A quarter of the day's requests, less what was visited again already."""
    assert allowance(5000, 0) == 5000 * SHARE
    assert allowance(5000, 1240) == 10
    assert allowance(5000, 9000) == 0


def test_gone_is_said_since_it_was_found_so() -> None:
    """A page that came back is not gone, and one that could not be asked for still is."""
    assert gone_since([]) is None
    assert gone_since([("stored", "1"), ("gone", "2"), ("deferred", "3"), ("gone", "4"), ("blocked", "5")]) == "2"
    assert gone_since([("gone", "1"), ("unchanged", "2")]) is None
    assert gone_since([("gone", "1"), ("revised", "2"), ("gone", "3")]) == "3"


def lead(corpus: Corpus, url: str, *, ending: Ending | None = None, now: datetime = NOON) -> None:
    """Add a lead of the first source, and end a visit of it."""
    source = corpus.rows("SELECT id FROM sources ORDER BY id")[0]["id"]
    with corpus.transaction():
        corpus.add_lead(1, source, url, Lead(url=url), now)
        lead_id = corpus.value("SELECT id FROM leads WHERE url = ?", (url,))
        if ending:
            visit = Visit(url=url, ending=ending, reason="test")
            corpus.add_visit(1, lead_id, visit, now)
            corpus.end_lead(lead_id, visit, now)


@pytest.fixture
def waiting(corpus: Corpus, topic: Topic) -> Corpus:
    """Give a corpus where a.test has an article to visit again and, found after it, two leads that gave no page yet."""
    corpus.sync_sources(topic, NOON, at_once)
    corpus.start_run("person", NOON)
    lead(corpus, "http://a.test/known", ending=Ending.STORED)
    lead(corpus, "http://b.test/known", ending=Ending.STORED)
    for name in "12":
        lead(corpus, f"http://a.test/new{name}")
    return corpus


def drained(corpus: Corpus, revisits: int, found: Callable[[int], object] = lambda _count: None) -> list[str]:
    """Return the URLs that a frontier hands out an hour later, one host's next only after its last."""
    frontier = Frontier(corpus, [], clock=lambda: NOON + HOUR, ended=lambda: False, revisits=revisits)
    queue = list(frontier.tasks())
    urls: list[Any] = []
    while queue:
        task = queue.pop(0)
        urls.append(task.lead["url"] if task.lead else None)
        found(len(urls))
        queue.extend(frontier.next_of(task.host))
    return urls


def test_new_leads_win(waiting: Corpus) -> None:
    """Hosts with something new come first, and on each host what is new comes before what is known."""
    assert drained(waiting, 9) == [
        "http://a.test/new1",
        "http://b.test/known",
        "http://a.test/new2",
        "http://a.test/known",
    ]


def test_a_lead_found_meanwhile_wins_too(waiting: Corpus) -> None:
    """One that a poll brings after its host's known articles began is next, and everything is given once."""
    lead(waiting, "http://a.test/again", ending=Ending.STORED)

    def find(count: int) -> None:
        if count == 4:
            lead(waiting, "http://a.test/late")

    urls = drained(waiting, 9, find)
    assert urls[3:] == ["http://a.test/known", "http://a.test/late", "http://a.test/again"]
    assert len(urls) == len(set(urls)) == 6


def test_without_allowance_only_what_is_new_is_visited(waiting: Corpus) -> None:
    """One visit again is one visit again, and none is none."""
    assert drained(waiting, 0) == ["http://a.test/new1", "http://a.test/new2"]
    assert len(drained(waiting, 1)) == 3
    assert waiting.due_hosts(NOON + HOUR, again=False) == ["a.test"]


def test_visits_again_are_counted(waiting: Corpus) -> None:
    """First visits cost the allowance nothing, and a deferred try is no first visit."""
    assert waiting.revisits_left(100, NOON) == 25
    for ending in (Ending.DEFERRED, Ending.STORED, Ending.UNCHANGED):
        lead(waiting, "http://a.test/new1", ending=ending)
    assert waiting.revisits_left(100, NOON) == 24
    assert waiting.revisits_left(100, NOON + 48 * HOUR) == 25


@pytest.fixture
def article(tmp_path: Path) -> Corpus:
    """Give a corpus with one article, its lead on the ladder."""
    rows = Rows(tmp_path / "one.db")
    rows.source("a")
    rows.article("小米", "正文。", story=1, published=NOON, seen=NOON, source="a", url="http://a.test/1")
    with rows.corpus.transaction():
        ended(rows.corpus, Ending.STORED, NOON)
    return rows.corpus


def ended(corpus: Corpus, ending: Ending, now: datetime) -> tuple[int, timedelta | None]:
    """End a visit of the only lead; return its rung, and how long it waits."""
    visit = Visit(url="http://a.test/1", ending=ending, reason="test", article_id=None)
    corpus.end_lead(1, visit, now)
    row = corpus.rows("SELECT rung, next_visit_at FROM leads")[0]
    return row["rung"], row["next_visit_at"] and datetime.fromisoformat(row["next_visit_at"]) - now


def test_what_stands_in_an_article_s_place_does_not_end_its_ladder(article: Corpus) -> None:
    """Gone, blocked, off topic or unreadable: it is visited again, and a page that came back repeats a rung."""
    with article.transaction():
        assert ended(article, Ending.GONE, NOON) == (2, GONE_GAP)
        rung, gap = ended(article, Ending.UNCHANGED, NOON)
        assert rung == 2
        assert gap == LADDER[1]
        for rung, ending in enumerate((Ending.OFF_TOPIC, Ending.UNREADABLE, Ending.BLOCKED), 3):
            assert ended(article, ending, NOON)[0] == rung
            assert article.value("SELECT next_visit_at FROM leads") is not None
        assert ended(article, Ending.GONE, NOON) == (6, LADDER[5])
        assert ended(article, Ending.GONE, NOON) == (7, None)


def test_a_page_that_comes_and_goes_is_given_up(article: Corpus) -> None:
    """Repeating a rung does not keep one that flaps on the ladder for ever."""
    with article.transaction():
        endings = (Ending.GONE, Ending.UNCHANGED) * 20
        waits = [ended(article, ending, NOON)[1] for ending in endings]
    assert waits[-1] is None
    assert sum(wait is not None for wait in waits) <= 2 * len(LADDER)


def test_the_heat_of_the_story_decides(article: Corpus) -> None:
    """Voices that came since shorten the gap; copies, other stories and what is off topic do not."""

    def wait(**changes: Any) -> timedelta | None:
        with article.transaction():
            for number in range(7):
                columns = {"story_id": 1, "relevant": 1, "root_id": None} | changes
                article.conn.execute(
                    "INSERT INTO articles (url, first_seen_at, story_id, relevant) VALUES (?, ?, ?, ?)",
                    (f"http://b.test/{changes}{number}", stamp(NOON), columns["story_id"], columns["relevant"]),
                )
                article.conn.execute(
                    "UPDATE articles SET root_id = coalesce(?, id) WHERE id = last_insert_rowid()",
                    (columns["root_id"],),
                )
            article.conn.execute("UPDATE leads SET rung = 1")
            return ended(article, Ending.UNCHANGED, NOON)[1]

    assert wait(root_id=1) == wait(story_id=2) == wait(relevant=0) == HOUR
    faster = wait()
    assert faster
    assert HOUR * 0.46 < faster < HOUR * 0.48


def test_a_new_article_of_a_hot_story_is_visited_again_sooner(waiting: Corpus) -> None:
    """Planned by the gap of the ladder when it is stored, and by the heat of its story when that is settled."""
    story = [f"http://{host}.test/known" for host in "ab"]
    with waiting.transaction():
        for url in [*story, *(f"http://c.test/{number}" for number in range(7))]:
            waiting.conn.execute(
                "INSERT INTO articles (url, first_seen_at, story_id, relevant) VALUES (?, ?, 1, 1)", (url, stamp(NOON))
            )
        waiting.conn.execute("UPDATE articles SET root_id = id")
    for url in story:
        with waiting.transaction():
            article_id = waiting.value("SELECT id FROM articles WHERE url = ?", (url,))
            visit = Visit(url=url, ending=Ending.STORED, reason="new", article_id=article_id)
            lead_id = waiting.value("SELECT id FROM leads WHERE url = ?", (url,))
            waiting.conn.execute("UPDATE leads SET rung = 0 WHERE id = ?", (lead_id,))
            waiting.add_visit(1, lead_id, visit, NOON)
            waiting.end_lead(lead_id, visit, NOON)
    with waiting.transaction():
        ended_again = Visit(url=story[1], ending=Ending.UNCHANGED, reason="test")
        waiting.end_lead(waiting.value("SELECT id FROM leads WHERE url = ?", (story[1],)), ended_again, NOON)
    planned = "SELECT next_visit_at FROM leads WHERE url = ?"
    assert waiting.value(planned, (story[0],)) == stamp(NOON + LADDER[0])
    later = waiting.value(planned, (story[1],))
    with waiting.transaction():
        waiting.plan_visits(1)
    assert waiting.value(planned, (story[0],)) == stamp(NOON + LADDER[0] / pace(9))
    assert waiting.value(planned, (story[1],)) == later


def test_the_docs_tell_the_ladder_and_the_share() -> None:
    """What it says of visits again is what the code does."""
    text = " ".join((Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8").split())
    said = [f"{gap.days} d" if gap.days else _short(gap) for gap in LADDER]
    assert f"visited again after {', '.join(said[:-1])} and {said[-1]}" in text
    assert "sqrt((1 + heat) / 2), by 4 at most" in text
    assert (FASTEST, SHARE) == (4, 0.25)
    assert "at most a quarter of `requests_per_day`" in text


def _short(gap: timedelta) -> str:
    return f"{gap // HOUR} h" if gap >= HOUR else f"{gap // timedelta(minutes=1)} min"
