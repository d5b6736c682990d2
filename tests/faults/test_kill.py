"""kill -9 at any moment, then a rerun: the corpus of an undisturbed run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from crawler.corpus.store import Corpus
from crawler.sample.server import SampleWeb

if TYPE_CHECKING:
    from pathlib import Path

DRIVER = """
import json, sys
from pathlib import Path
from crawler.job import CrawlRequest
from crawler.sample.demo import sample_topic
from scheduler.run import crawl_once
crawl_once(Path(sys.argv[1]), CrawlRequest(topic=sample_topic(), everything=True,
           overrides={"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": json.loads(sys.argv[2])}),
           **json.loads(sys.argv[3]))
"""


def start(db: Path, web: SampleWeb, **how: object) -> subprocess.Popen[bytes]:
    """Start a crawl in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", DRIVER, str(db), json.dumps(web.connect_to), json.dumps(how)])


def crawl(db: Path, web: SampleWeb, kill_when: int | None = None) -> int:
    """Crawl in a process of its own; kill it -9 once the corpus holds `kill_when` visits (0: at the first poll)."""
    process = start(db, web)
    deadline = time.monotonic() + 120
    while kill_when is not None and process.poll() is None and time.monotonic() < deadline:
        if visits(db, kill_when):
            process.kill()
        time.sleep(0.005)
    return process.wait(120)


def visits(db: Path, wanted: int) -> bool:
    """Say whether so many visits (or, for 0, a first poll) are committed."""
    try:
        corpus = Corpus(db, read_only=True)
    except Exception:  # noqa: BLE001 the file is just being made
        return False
    try:
        table = "visits" if wanted else "polls"
        return bool(corpus.value(f"SELECT count(*) FROM {table}") >= max(wanted, 1))
    finally:
        corpus.close()


def picture(db: Path) -> dict[str, Any]:
    """Return all that must not depend on when a run died."""
    corpus = Corpus(db, read_only=True)
    texts = corpus.rows(
        "SELECT a.url, r.rev, r.sha256, a.relevant, o.url AS root FROM articles a "
        "JOIN revisions r ON r.article_id = a.id JOIN articles o ON o.id = a.root_id"
    )
    verdicts = corpus.rows("SELECT DISTINCT url, relevant, rule FROM verdicts")
    seen = corpus.rows("SELECT l.url, s.source_id, s.title FROM sightings s JOIN leads l ON l.id = s.lead_id")
    stories: dict[int, set[str]] = {}
    for row in corpus.rows("SELECT url, story_id FROM articles"):
        stories.setdefault(row["story_id"], set()).add(row["url"])
    corpus.close()
    rows = {"texts": texts, "verdicts": verdicts, "sightings": seen}
    return {name: {tuple(row.values()) for row in value} for name, value in rows.items()} | {
        "stories": {frozenset(urls) for urls in stories.values()}
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the picture of a run, and its rerun, that nobody killed."""
    db = tmp_path_factory.mktemp("undisturbed") / "c.db"
    with SampleWeb() as web:
        crawl(db, web)
        crawl(db, web)
    return picture(db)


@pytest.mark.parametrize("when", [0, 1, random.Random(7).randrange(2, 20), random.Random(8).randrange(20, 45)])
def test_killed_and_rerun_equals_undisturbed(when: int, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    """Killed between a poll's commit and its first page, or after some visits, a rerun ends with the same corpus."""
    db = tmp_path / "c.db"
    with SampleWeb() as web:
        assert crawl(db, web, kill_when=when) == -9
        crawl(db, web)
        crawl(db, web)
    assert picture(db) == undisturbed


def test_crawls_started_at_once_are_one_after_the_other(undisturbed: dict[str, Any], tmp_path: Path) -> None:
    """Of four at once two wait and two leave with code 0: no page is stored twice, and the corpus is the same."""
    db = tmp_path / "c.db"
    with SampleWeb() as web:
        waiting = [start(db, web, wait=120) for _ in range(2)]
        leaving = [start(db, web, skip_locked=True) for _ in range(2)]
        assert [process.wait(120) for process in (*waiting, *leaving)] == [0] * 4
    assert picture(db) == undisturbed
    with Corpus(db, read_only=True) as corpus:
        assert corpus.value("SELECT count(*) FROM runs") >= len(waiting)
        twice = "SELECT lead_id FROM visits WHERE ending = 'stored' GROUP BY lead_id HAVING count(*) > 1"
        assert corpus.rows(twice) == []
