"""A page that breaks a stage is kept with its error, ends unreadable, stops nothing, and is taken again after a fix."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler import dedupe, relevance
from crawler import path as the_path
from crawler.archives.rescan import rescan
from crawler.cli import main
from crawler.corpus.maintenance import prune
from crawler.corpus.store import Corpus
from crawler.errors import Unreadable
from crawler.model import Ending
from tests.faults.work import NOON, page_of, problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.model import Page, Topic

BROKEN: list[Exception] = [
    KeyError("figure"), RecursionError("too deep"), MemoryError(), ValueError("5000 digits \0 \ud800"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), Unreadable("extract", "no prose"),
]  # fmt: skip


def break_on(monkeypatch: pytest.MonkeyPatch, stage: str, wanted: Callable[[Any], bool], error: Exception) -> None:
    """Let a stage of the path raise for what it is given."""
    module, name = {"extract": (the_path, "extract"), "judge": (relevance, "judge"),
                    "match": (dedupe, "match")}[stage]  # fmt: skip
    works = getattr(module, name)

    def breaks(*arguments: Any) -> Any:
        if any(wanted(each) for each in arguments):
            raise error
        return works(*arguments)

    monkeypatch.setattr(module, name, breaks)


def take(corpus: Corpus, topic: Topic, page: Page) -> Ending:
    """Take a page along the path."""
    run_id = corpus.start_run("person", NOON)
    return the_path.append(corpus, topic, the_path.prepare(topic, page), run_id).ending


@pytest.mark.parametrize("stage", ["extract", "judge", "match"])
@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_a_page_that_breaks_a_stage_ends_unreadable(
    stage: str, error: Exception, corpus: Corpus, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises: one visit with the error as its reason and the page's hash, no half of an article."""
    page = page_of("https://bao.test/0", 0, 0, NOON)
    with monkeypatch.context() as broken:
        break_on(broken, stage, lambda each: "bao.test/0" in str(getattr(each, "url", "")), error)
        assert take(corpus, topic, page) is Ending.UNREADABLE
    (visit,) = corpus.rows("SELECT * FROM visits")
    assert visit["page_sha256"] == hashlib.sha256(page.body).hexdigest()
    assert corpus.pages.get(visit["page_sha256"]) == page.body
    assert type(error).__name__ in visit["reason"] or "no prose" in visit["reason"]
    for table in ("articles", "revisions", "mentions", "matches", "unsettled"):
        assert corpus.value(f"SELECT count(*) FROM {table}") == 0
    assert problems(corpus) == []


def test_after_a_fix_the_quarantine_is_taken_again(
    corpus: Corpus, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is mended becomes an article, what is off topic ends so, what still breaks stays; once is enough."""
    with monkeypatch.context() as broken:
        break_on(broken, "extract", lambda each: hasattr(each, "body"), KeyError("layout"))
        for number in (0, 6, 1):  # 6 is off topic but for its headline
            assert take(corpus, topic, page_of(f"https://bao.test/{number}", number, 0, NOON)) is Ending.UNREADABLE
    break_on(monkeypatch, "extract", lambda each: getattr(each, "url", "") == "https://bao.test/1", KeyError("layout"))
    later = NOON + timedelta(days=1)
    flips = rescan(corpus, topic, later, pages="unreadable")
    assert {flip.url: flip.now for flip in flips} == {
        "https://bao.test/0": Ending.STORED,
        "https://bao.test/6": Ending.OFF_TOPIC,
    }
    assert corpus.value("SELECT first_seen_at FROM articles") == "2026-03-01T12:00:00Z"
    assert rescan(corpus, topic, later, pages="unreadable") == []
    monkeypatch.undo()
    assert [flip.url for flip in rescan(corpus, topic, later, pages="unreadable")] == ["https://bao.test/1"]
    assert problems(corpus) == []


def test_a_pruned_page_is_passed_over(corpus: Corpus, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept as long as an off-topic page, then there is nothing to take again, and no error."""
    with monkeypatch.context() as broken:
        break_on(broken, "extract", lambda each: hasattr(each, "body"), KeyError("layout"))
        take(corpus, topic, page_of("https://bao.test/0", 0, 0, NOON))
    assert prune(corpus, timedelta(days=45), NOON + timedelta(days=44)) == 0
    assert prune(corpus, timedelta(days=45), NOON + timedelta(days=46)) == 1
    assert rescan(corpus, topic, NOON + timedelta(days=47), pages="unreadable") == []


def test_a_crawl_goes_on_and_the_command_mends(
    crawl: Callable[..., int], topic: Topic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End to end: a stage breaks on one host's pages, the run ends well, and the command brings them in."""
    whole = tmp_path / "whole.db"
    crawl(db=whole)
    with Corpus(whole, read_only=True) as corpus:
        wanted = {row["url"] for row in corpus.rows("SELECT url FROM coverage")}
    host = next(iter(sorted(wanted))).split("/")[2]
    with monkeypatch.context() as broken:
        break_on(broken, "extract", lambda each: host in str(getattr(each, "url", "")), KeyError("layout"))
        assert crawl() == 0
    db = tmp_path / "corpus.db"
    with Corpus(db, read_only=True) as corpus:
        lost = wanted - {row["url"] for row in corpus.rows("SELECT url FROM coverage")}
        (told,) = corpus.rows("SELECT DISTINCT reason FROM visits WHERE ending = 'unreadable' AND reason LIKE 'Key%'")
    assert lost
    assert told["reason"] == "KeyError: 'layout'"
    monkeypatch.setattr("crawler.cli.keeping.topics.load", lambda _file: topic)
    done = CliRunner().invoke(main, ["rescan", "--quarantined", "--db", str(db)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "stored" in done.output
    with Corpus(db, create=True) as corpus:
        assert {row["url"] for row in corpus.rows("SELECT url FROM coverage")} >= wanted
        assert problems(corpus) == []
