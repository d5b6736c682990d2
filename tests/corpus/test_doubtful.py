"""Articles that an earlier version filled from another site's source: marked, counted, visited again, never deleted."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from crawler.corpus.store import Corpus
from crawler.model import Ending
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.faults.test_migrations import old_corpus
from tests.test_path import BODY, NOON, page

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = (
    "INSERT INTO sources (id, kind, url, topic_url, outlet, lang, timezone, host, enabled) "
    "VALUES ('s', 'feed', ?, ?, 'S', 'zh', 'UTC', ?, 1)"
)
REVISION = (
    "INSERT INTO revisions (id, article_id, rev, seen_at, title, body, authors, evidence, sha256, bare_sha256) "
    "VALUES (9, 9, 1, '2026-03-01T12:00:00Z', '旧题', '小米罗福莉说的，别家这样写。', '[]', ?, 'a', 'b')"
)


def filled(path: Path, monkeypatch: pytest.MonkeyPatch, host: str, evidence: str) -> Corpus:
    """Make a corpus in which an earlier version filled an article from a source of this host, and open it."""
    old_corpus(path, "m008_run_kind", monkeypatch)
    conn = sqlite3.connect(path)
    conn.execute(SOURCE, (f"https://{host}/rss", f"https://{host}/rss", host))
    conn.execute(
        "INSERT INTO articles (id, url, root_id, first_seen_at, published_at, outlet, relevant) "
        "VALUES (9, 'https://bao.test/1.html', 9, '2026-03-01T12:00:00Z', '2003-03-03T03:03:03Z', 'S', 1)"
    )
    conn.execute(REVISION, (evidence,))
    conn.execute("UPDATE articles SET latest_id = 9 WHERE id = 9")
    conn.execute(
        "INSERT INTO leads (id, url, fetch_url, host, source_id, title, found_at, rung, ending, article_id) VALUES "
        "(9, 'https://bao.test/1.html', 'https://bao.test/1.html', 'bao.test', 's', '旧题', '2026-03-01T12:00:00Z', "
        "1, 'stored', 9)"
    )
    conn.execute(
        "INSERT INTO sightings VALUES (9, 's', 'https://bao.test/1.html', '旧题', NULL, '2026-03-01T12:00:00Z')"
    )
    conn.commit()
    conn.close()
    corpus = Corpus(path, create=True)
    corpus.reindex()
    return corpus


@pytest.mark.parametrize(
    ("host", "evidence", "doubtful"),
    [
        ("evil.test", '{"body": "lead", "published_at": "lead"}', "body published_at"),
        ("evil.test", '{"body": "text", "published_at": "meta, its time from the lead"}', "published_at"),
        ("evil.test", '{"body": "text", "published_at": "meta"}', None),
        ("www.bao.test", '{"body": "lead", "published_at": "lead"}', None),
    ],
)
def test_what_another_site_may_have_filled_is_doubtful(
    host: str, evidence: str, doubtful: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is marked with what was filled, counted, and due; what its own site said is not."""
    with filled(tmp_path / "c.db", monkeypatch, host, evidence) as corpus:
        assert corpus.value("SELECT doubtful FROM articles WHERE id = 9") == doubtful
        assert corpus.status()["doubtful"] == (doubtful is not None)
        assert (corpus.value("SELECT next_visit_at FROM leads WHERE id = 9") is not None) is (doubtful is not None)


@pytest.mark.parametrize("body", ["lead", "text"])
def test_a_visit_settles_it(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's own date and outlet count then; that a feed's text gives way to the page's is no edit of the page."""
    topic, path = sample_topic(), tmp_path / "c.db"
    with filled(path, monkeypatch, "evil.test", f'{{"body": "{body}", "published_at": "lead"}}') as corpus:
        run = corpus.start_run("person", NOON)
        visit = append(corpus, topic, prepare(topic, page(BODY, at=NOON + timedelta(days=99))), run, lead_id=9)
        assert visit.ending is Ending.REVISED
        (row,) = corpus.rows("SELECT published_at, outlet, doubtful, dated_by FROM articles WHERE id = 9")
        assert row == {
            "published_at": "2025-12-17T10:30:00Z", "outlet": None, "doubtful": None, "dated_by": "page"
        }  # fmt: skip
        assert len(corpus.rows("SELECT 1 FROM revisions WHERE article_id = 9")) == 2
        assert len(corpus.rows("SELECT 1 FROM edits WHERE article_id = 9")) == (body == "text")
        assert corpus.status()["doubtful"] == 0
