from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archives.merge import merge
from crawler.archives.replay import replay
from crawler.archives.rescan import rescan
from crawler.corpus.maintenance import backup, publish
from crawler.corpus.merging.texts import Merging
from crawler.corpus.runs import RunEnding
from crawler.corpus.store import Corpus
from crawler.model import stamp
from crawler.report.status import by_hour, source_lines, sparkline, summary, until
from tests.archives.test_merge import MANY, write

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(name: str, health: str = "healthy", due: timedelta = HOUR, **fields: Any) -> dict[str, Any]:
    """Return a source's row."""
    said = {"id": name, "enabled": 1, "health": health, "health_since": None, "health_why": None}
    return {**said, "next_check_at": stamp(NOW + due), **fields}


def test_a_sparkline_shows_heights() -> None:
    """The highest count is a full bar, one is more than none, none is a dot."""
    assert sparkline([0, 1, 4, 8]) == "·▁▄█"
    assert sparkline([3, 3]) == "██"
    assert sparkline([0, 0]) == "··"
    assert sparkline([]) == ""


@given(st.lists(st.integers(0, 10**9), max_size=50))
def test_a_sparkline_is_as_long_as_its_counts(counts: list[int]) -> None:
    """One character a count, a dot exactly for none, higher never shown lower."""
    line = sparkline(counts)
    assert len(line) == len(counts)
    assert [character == "·" for character in line] == [count == 0 for count in counts]
    pairs = sorted(zip(counts, line, strict=True))
    assert [bar for _count, bar in pairs] == sorted(line)


def test_arrivals_are_counted_by_the_hour() -> None:
    """The last hour is the last count; what is older than the hours asked, or in the future, is left out."""
    came = [NOW, NOW - timedelta(minutes=59), NOW - HOUR, NOW - 3 * HOUR, NOW - 9 * HOUR, NOW + HOUR]
    assert by_hour(came, NOW, hours=4) == [1, 0, 1, 2]


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (None, "never"),
        (NOW, "now"),
        (NOW + timedelta(minutes=12), "in 12 min"),
        (NOW + 3 * HOUR, "in 3 h"),
        (NOW + 72 * HOUR, "in 3 d"),
        (NOW - timedelta(minutes=5), "overdue 5 min"),
    ],
)
def test_when_a_check_is_due(due: datetime | None, said: str) -> None:
    """In the unit that suits the span."""
    assert until(due, NOW) == said


def test_trouble_comes_first_with_its_evidence() -> None:
    """A source in trouble heads the list and says since when and why; the others follow by what is due first."""
    rows = [
        row("late", due=2 * HOUR),
        row("soon"),
        row("ill", "frozen", health_since="2026-02-27T00:00:00Z", health_why="newest item is 9 d old"),
        row("off", "gone", enabled=0, health_why="HTTP 410"),
    ]
    lines = list(source_lines(rows, {"soon": [NOW]}, NOW))
    assert lines[0].startswith("ill ")
    assert "since 2026-02-27T00:00:00Z: newest item is 9 d old" in lines[1]
    assert [line.split()[0] for line in lines if not line.startswith("  ")] == ["ill", "off", "soon", "late"]
    assert lines[4] == f"soon  {'·' * 23}█  healthy         in 60 min"
    assert lines[2].endswith("never")


def test_the_summary_counts_states() -> None:
    """Trouble first, then the rest, then those switched off."""
    rows = [row("a"), row("b"), row("c", "blocked"), row("d", "quiet"), row("e", "gone", enabled=0)]
    assert summary(rows) == "1 blocked, 2 healthy, 1 quiet, 1 off"
    assert summary([]) == "no sources"


def test_the_last_success_is_of_a_crawl(tmp_path: Path, topic: Topic) -> None:
    """A merge, a replay and a rescan keep runs too; a crawl that notes a fault of a source named rescan is a crawl."""
    with Merging(tmp_path / "c.db", create=True) as corpus:
        corpus.claim_topic(topic.id, str(topic.seed))
        assert corpus.status()["last_success"] is None
        crawl = corpus.start_run("cron", NOW)
        with corpus.transaction():
            corpus.count(crawl, sources=2)
        corpus.end_run(crawl, RunEnding.DONE, NOW, "rescan: HTTP 404")
        for number, other in enumerate(("merged", "replay", "rescan"), 1):
            if other == "merged":
                merge(corpus, topic, [write(tmp_path / "s.db", MANY)])
            elif other == "replay":
                replay(corpus, topic, [])
            else:
                rescan(corpus, topic, NOW)
            status = corpus.status()
            assert status["last_success"]["id"] == crawl
            assert (status["last_run"]["id"], other in status["last_run"]["note"]) == (crawl + number, True)
        leads_only = corpus.start_run("daemon", NOW + HOUR)
        corpus.end_run(leads_only, RunEnding.DONE, NOW + HOUR)
        assert corpus.status()["last_success"]["id"] == leads_only


@pytest.mark.parametrize("name", ["b.db", "news.sqlite", "news", "[b]*.db"])
def test_disk_use_is_that_of_the_corpus_alone(tmp_path: Path, name: str) -> None:
    """Its pages, its published copy and their WALs are counted, whatever its name; its neighbours are not."""
    (tmp_path / "here").mkdir()
    with Corpus(write(tmp_path / "made.db", MANY), read_only=True) as made:
        backup(made, tmp_path / "here" / name)
        with Corpus(tmp_path / "here" / name, create=True) as corpus:
            assert corpus.pages.path.is_file()
            publish(corpus)
            with corpus.transaction():
                corpus.set_meta("cadence", "{}")
            held = sum(file.stat().st_size for file in (tmp_path / "here").iterdir())
            for other in ("bbc.db", "bb*.db", "newspaper.db"):
                backup(made, tmp_path / "here" / other)
            assert held > 100_000
            assert corpus.status()["bytes"] == held
