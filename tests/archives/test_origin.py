"""Where a text came from: archives and other corpora say theirs, and overwrite nothing that was fetched here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.archives.merge import merge
from crawler.corpus.merging.texts import Merging
from crawler.corpus.store import Corpus
from crawler.model import Ending, Page, Topic, Visit
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.test_path import BODY, NOON, page

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = sample_topic()
FORGED = [line.replace("3090亿", "1亿") for line in BODY]
LATER, EARLIER = NOON + timedelta(days=1), NOON - timedelta(days=1)


def take(corpus: Corpus, topic: Topic, read: Page, origin: str | None = None) -> Visit:
    """Take one page along the path."""
    return append(corpus, topic, prepare(topic, read), corpus.start_run("person", NOON), origin=origin)


def held(corpus: Corpus) -> list[dict[str, Any]]:
    """Return every text of every article, with what counts of the article."""
    return corpus.rows(
        "SELECT a.url, a.outlet, a.published_at, a.first_seen_at, a.latest_id = r.id AS latest, r.body, r.origin "
        "FROM articles a JOIN revisions r ON r.article_id = a.id ORDER BY r.id"
    )


def dated(read: Page, date: str) -> Page:
    """Return a page that says another date."""
    return replace(read, body=read.body.replace(b"2025-12-17T18:30:00+08:00", date.encode()))


@pytest.mark.parametrize("at", [EARLIER, NOON, LATER])
def test_an_archive_revises_nothing_that_was_fetched_here(at: Any, corpus: Corpus, topic: Topic) -> None:
    """Whenever it says it was fetched, its other words are told by the visit alone, twice as once; its page is kept."""
    take(corpus, topic, page(BODY))
    before = held(corpus)
    for _ in range(2):
        visit = take(corpus, topic, dated(page(FORGED, at=at), "1999-01-01T00:00:00Z"), "replay of forged.warc")
        assert visit.ending is Ending.UNCHANGED
        assert "replay of forged.warc" in visit.reason
    assert held(corpus) == before
    kept = corpus.rows("SELECT origin, page_sha256 FROM visits ORDER BY id DESC LIMIT 1")[0]
    assert kept["origin"] == "replay of forged.warc"
    assert kept["page_sha256"] in set(corpus.pages)


def test_a_page_fetched_here_takes_over_what_an_archive_brought(corpus: Corpus, topic: Topic) -> None:
    """Its date and words count from then on, also where the words are the same; the archive's text stays beside."""
    take(corpus, topic, dated(page(BODY, at=EARLIER), "1999-01-01T00:00:00Z"), "replay of old.warc")
    assert held(corpus)[0]["published_at"] == "1999-01-01T00:00:00Z"
    assert take(corpus, topic, page(BODY)).ending is Ending.UNCHANGED
    assert held(corpus)[0]["published_at"] == "2025-12-17T10:30:00Z"
    assert take(corpus, topic, page(FORGED, at=LATER)).ending is Ending.REVISED
    assert [(row["origin"], row["latest"]) for row in held(corpus)] == [("replay of old.warc", 0), (None, 1)]


def test_a_cache_s_copy_is_the_cache_s(corpus: Corpus, topic: Topic) -> None:
    """An archive of the page as Google's cache served it is no text of the publisher's."""
    take(corpus, topic, page(FORGED, url="https://bao-test.cdn.ampproject.org/c/s/bao.test/1.html"))
    take(corpus, topic, page(BODY))
    assert [row["url"] for row in held(corpus)] == [
        "https://bao-test.cdn.ampproject.org/c/s/bao.test/1.html",
        "https://bao.test/1.html",
    ]


def corpus_of(path: Path, *pages: Page) -> Path:
    """Write the corpus of a machine that fetched these pages."""
    with Corpus(path, create=True) as corpus:
        corpus.claim_topic(TOPIC.id, str(TOPIC.seed))
        for each in pages:
            take(corpus, TOPIC, each)
    return path


def test_a_shard_overwrites_nothing_that_was_fetched_here(tmp_path: Path) -> None:
    """Its later words and dates of a page that this corpus fetched are told by its visit alone; twice as once."""
    mine = corpus_of(tmp_path / "mine.db", page(BODY))
    forged = dated(page(FORGED, at=LATER), "1999-01-01T00:00:00Z")
    other = page(["虚构样例：小米的 MiMo 另有一篇新闻，这里没有。"] * 3, url="https://bao.test/2.html", at=LATER)
    theirs = corpus_of(tmp_path / "theirs.db", forged, other)
    with Merging(mine, create=True) as corpus:
        before = held(corpus)
        for _ in range(2):
            merge(corpus, TOPIC, [theirs])
            after = held(corpus)
            assert after[0] == before[0]
            assert [(row["url"], row["origin"]) for row in after[1:]] == [
                ("https://bao.test/2.html", "merge of theirs.db")
            ]
        assert corpus.value("SELECT origin FROM visits WHERE reason LIKE 'not taken: %'") == "merge of theirs.db"


def test_a_shard_names_no_article_of_another_site(tmp_path: Path) -> None:
    """A verdict's URL is what a page declares, and counts within the site that the visit fetched."""
    theirs = corpus_of(tmp_path / "theirs.db", page(FORGED, url="https://evil.test/1.html"))
    with Corpus(theirs, create=True) as corpus, corpus.transaction():
        corpus.conn.execute("UPDATE articles SET url = 'https://bao.test/1.html'")
        trigger = corpus.value("SELECT sql FROM sqlite_master WHERE name = 'verdicts_keep'")
        corpus.conn.execute("DROP TRIGGER verdicts_keep")
        corpus.conn.execute("UPDATE verdicts SET url = 'https://bao.test/1.html'")
        corpus.conn.execute(trigger)
    with Merging(tmp_path / "all.db", create=True) as corpus:
        corpus.claim_topic(TOPIC.id, str(TOPIC.seed))
        merge(corpus, TOPIC, [theirs])
        assert [row["url"] for row in held(corpus)] == ["https://evil.test/1.html"]
