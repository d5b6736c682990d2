from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.corpus.schedule import at_once
from crawler.job import fixed_gap
from crawler.model import Lead, Poll
from crawler.sources.polling import after

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus
    from crawler.model import Topic

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEAD = Lead(url="https://news.example/1", published_at=NOW - HOUR)


def poll(corpus: Corpus, topic: Topic, at: datetime, status: int) -> list[str]:
    """Write one poll of the topic's first source, and return who is told to be worse."""
    source = topic.sources[0]
    corpus.sync_sources(topic, at, at_once)
    run_id = corpus.start_run("cron", at)
    state = corpus.states(topic, (source.id,))[0]
    said = Poll(source_id=source.id, at=at, status=status, leads=(LEAD,) if status == 200 else ())
    with corpus.transaction():
        outcome = after(state, said, (), at, fixed_gap)
        corpus.write_poll(run_id, said, outcome.state, 0, outcome.fault)
    return [f"{name}: {health.state}" for name, health in corpus.judge_health([source], at)]


def test_a_change_for_the_worse_is_told_once(corpus: Corpus, topic: Topic) -> None:
    """Good, then refused three times: told at the third, never again, and again only after it was well."""
    name = topic.sources[0].id
    answers = [200, 200, 403, 403, 403, 403, 200, 403, 403, 403]
    told = [poll(corpus, topic, NOW + number * HOUR, status) for number, status in enumerate(answers)]
    worse = [f"{name}: blocked"]
    assert told == [[], [], [], [], worse, [], [], [], [], worse]


def test_health_is_kept_with_its_beginning(corpus: Corpus, topic: Topic) -> None:
    """The row says when it was first said and why; the state survives later polls and sources being read again."""
    for number, status in enumerate([200, 404, 404, 404, 404]):
        poll(corpus, topic, NOW + number * HOUR, status)
    row = corpus.health_rows()
    held = next(each for each in row if each["id"] == topic.sources[0].id)
    assert (held["health"], held["health_since"]) == ("gone", "2026-03-01T15:00:00Z")
    assert held["health_why"] == "4 polls in a row failed within 3 h, the last: HTTP 404"
    assert corpus.states(topic, (topic.sources[0].id,))[0].health == "gone"


def test_the_morning_after_tells_what_froze_or_went(corpus: Corpus, topic: Topic) -> None:
    """A digest of a day has it once: the feed whose newest item was days old by then, and three 410 a day apart."""
    day, told = timedelta(days=1), []
    for number, status in enumerate([*[200] * 33, *[410] * 4]):
        now = NOW + number * day
        poll(corpus, topic, now, status)
        told += [(number, row["id"], row["health"]) for row in corpus.news(now - day + HOUR, now + HOUR).sources]
    name = topic.sources[0].id
    assert told == [(30, name, "frozen"), (35, name, "gone")]


def test_a_first_run_never_tells(corpus: Corpus, topic: Topic) -> None:
    """One poll, however bad, is no change of health; nor is it called healthy before it was read once."""
    assert poll(corpus, topic, NOW, 410) == []
    assert poll(corpus, topic, NOW + HOUR, 404) == []
    row = next(each for each in corpus.health_rows() if each["id"] == topic.sources[0].id)
    assert (row["health"], row["health_why"]) == ("new", "not read yet; its last poll failed: HTTP 404")


def test_arrivals_are_told_by_source(corpus: Corpus, topic: Topic) -> None:
    """Items are dated as their source says, never later than they were found."""
    corpus.sync_sources(topic, NOW, at_once)
    run_id, source = corpus.start_run("cron", NOW), topic.sources[0].id
    ahead = Lead(url="https://news.example/2", published_at=NOW + HOUR)
    with corpus.transaction():
        for lead in (LEAD, ahead):
            corpus.add_lead(run_id, source, lead.url, lead, NOW)
    assert corpus.arrivals_since(NOW - HOUR) == {source: [NOW - HOUR, NOW]}
    assert corpus.arrivals_since(NOW + HOUR) == {}
