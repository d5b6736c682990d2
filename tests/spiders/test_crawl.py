"""One crawl of the sample web, end to end, over sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.errors import AllFailed, NetworkDown, RunLocked, WrongTopic
from crawler.sample.server import SampleWeb
from scheduler.lock import run_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.model import Topic

Crawl = "Callable[..., Any]"


def held(tmp_path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what a query gives on the corpus that `crawl` wrote."""
    corpus = Corpus(tmp_path / "corpus.db", read_only=True)
    try:
        return [tuple(row.values()) for row in corpus.rows(sql)]
    finally:
        corpus.close()


def test_every_lead_ends_once(crawl: Callable[..., int], web: SampleWeb, tmp_path: Path) -> None:
    """Each lead is visited once and has exactly one ending; each page is fetched once, however many sources show it."""
    assert crawl() == 0
    visits = held(tmp_path, "SELECT lead_id, count(*) FROM visits WHERE ending <> 'deferred' GROUP BY lead_id")
    assert visits
    assert {count for _lead, count in visits} == {1}
    asked = Counter((request.host, request.path) for request in web.requests if request.status == 200)
    moved_to = {
        url
        for (url,) in held(
            tmp_path, "SELECT v.url FROM visits v JOIN leads l ON l.id = lead_id WHERE v.url <> fetch_url"
        )
    }
    assert {count for (host, path), count in asked.items() if f"http://{host}{path}" not in moved_to} == {1}


def test_two_sources_give_one_article(crawl: Callable[..., int], tmp_path: Path) -> None:
    """A lead that several sources show is one lead with several sightings."""
    crawl()
    shown = held(tmp_path, "SELECT lead_id FROM sightings GROUP BY lead_id HAVING count(*) > 1")
    assert shown
    assert held(tmp_path, "SELECT url FROM articles GROUP BY url HAVING count(*) > 1") == []


def test_a_second_run_stores_nothing_new(crawl: Callable[..., int], web: SampleWeb, tmp_path: Path) -> None:
    """Twice equals once: only what a busy host put off is new, and every conditional poll is a 304."""
    crawl()
    before = held(tmp_path, "SELECT article_id, rev, sha256 FROM revisions ORDER BY id")
    waiting = held(tmp_path, "SELECT id FROM leads WHERE ending = 'deferred'")
    first = len(web.requests)
    crawl()
    after = held(tmp_path, "SELECT article_id, rev, sha256 FROM revisions ORDER BY id")
    assert after[: len(before)] == before
    visited = held(tmp_path, "SELECT lead_id FROM visits WHERE run_id = 2")
    assert set(visited) <= set(waiting)
    statuses = held(
        tmp_path, "SELECT status FROM polls p JOIN sources s ON s.id = source_id WHERE run_id = 2 AND etag IS NOT NULL"
    )
    assert statuses
    assert {status for (status,) in statuses} == {304}
    assert len(web.requests) - first < first


def test_an_edit_becomes_a_revision(crawl: Callable[..., int], web: SampleWeb, tmp_path: Path) -> None:
    """Visited again within half an hour, the edited article has a second revision that says what changed."""
    crawl()
    web.round = 2
    crawl(clock=lambda: datetime.now(UTC) + timedelta(minutes=30))
    edited = held(
        tmp_path, "SELECT a.url, removed, added FROM revisions r JOIN articles a ON a.id = r.article_id WHERE rev = 2"
    )
    assert len(edited) == 1
    assert all(edited[0])


def test_the_verdict_is_kept_for_every_page(crawl: Callable[..., int], tmp_path: Path) -> None:
    """Off-topic pages too: with rule, score and the terms that were seen."""
    crawl()
    rows = held(tmp_path, "SELECT relevant, rule, terms FROM verdicts")
    assert {relevant for relevant, _rule, _terms in rows} == {0, 1}
    assert all(rule for _relevant, rule, _terms in rows)
    assert all(json.loads(terms) for relevant, _rule, terms in rows if relevant)


def test_no_network_changes_nothing(topic: Topic, crawl: Callable[..., int], tmp_path: Path) -> None:
    """When no host can be reached it is our network: one error, no source's state touched, no poll written."""
    with SampleWeb() as web:
        nowhere = {"*.test": web.connect_to["down.test"]}
        crawl(overrides={"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": web.connect_to})
        before = held(tmp_path, "SELECT * FROM sources ORDER BY id")
        leads = held(tmp_path, "SELECT * FROM leads ORDER BY id")
        with pytest.raises(NetworkDown) as caught:
            crawl(overrides={"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": nowhere})
    assert caught.value.hosts > 1
    assert caught.value.exit_code == 1
    assert held(tmp_path, "SELECT * FROM sources ORDER BY id") == before
    assert held(tmp_path, "SELECT * FROM leads ORDER BY id") == leads
    assert held(tmp_path, "SELECT ending FROM runs ORDER BY id DESC LIMIT 1") == [("network",)]


def test_one_dead_host_is_its_own_fault(crawl: Callable[..., int], tmp_path: Path) -> None:
    """While other hosts answer, a source that does not backs off, and the run is done."""
    assert crawl() == 0
    faults = held(tmp_path, "SELECT source_id, error FROM polls WHERE status IS NULL")
    assert faults
    assert held(tmp_path, "SELECT errors FROM sources WHERE host = 'down.test'") == [(1,)]


def test_all_failed_is_an_error(crawl: Callable[..., int]) -> None:
    """A run all of whose sources failed, though the network is there, exits 1."""
    crawl()
    with pytest.raises((AllFailed, NetworkDown)):
        crawl(only=("down",), everything=False)


def test_the_loop_is_closed_when_the_process_ends() -> None:
    """Else its sockets are reported as left open, by whoever asks for such warnings."""
    program = (
        "import asyncio, atexit\n"
        "from crawler.crawl import run\n"
        "async def loop(): return asyncio.get_running_loop()\n"
        "atexit.register(lambda: print(seen[0].is_closed()))\n"
        "seen = [run(loop()), run(loop())]\n"
        "assert seen[0] is seen[1] and not seen[0].is_closed()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.stdout, ended.stderr) == ("True\n", "")


def test_the_lock_keeps_a_second_run_out(crawl: Callable[..., int], tmp_path: Path) -> None:
    """Another run means exit 75, or 0 where that was asked for; nothing is fetched."""
    with run_lock(tmp_path / "corpus.db"):
        with pytest.raises(RunLocked) as caught:
            crawl()
        assert caught.value.exit_code == 75
        assert crawl(skip_locked=True) == 0


def test_a_corpus_follows_one_topic(crawl: Callable[..., int], topic: Topic) -> None:
    """Another topic on the same file is refused, and says which is held."""
    from dataclasses import replace

    crawl(only=(topic.sources[0].id,), everything=False)
    with pytest.raises(WrongTopic) as caught:
        crawl(topic=replace(topic, id="other"))
    assert caught.value.exit_code == 2


def test_robots_forbids(crawl: Callable[..., int], web: SampleWeb, tmp_path: Path) -> None:
    """What robots.txt disallows is never asked for, and its leads end blocked with that reason."""
    crawl()
    blocked = held(tmp_path, "SELECT url, reason FROM visits WHERE ending = 'blocked'")
    assert blocked
    assert {reason for _url, reason in blocked} == {"robots.txt forbids it"}
    asked = {f"http://{request.host}{request.path}" for request in web.requests}
    assert not asked & {url for url, _reason in blocked}


def test_a_busy_host_is_left_alone(crawl: Callable[..., int], tmp_path: Path) -> None:
    """A 429 defers the lead until Retry-After, and the host is not asked before."""
    crawl()
    rows = held(
        tmp_path,
        "SELECT l.next_visit_at, h.retry_at FROM visits v JOIN leads l ON l.id = v.lead_id "
        "JOIN hosts h ON h.host = l.host WHERE v.status = 429",
    )
    assert rows
    assert all(visit_at == retry_at for visit_at, retry_at in rows)
