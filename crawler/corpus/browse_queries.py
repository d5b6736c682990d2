"""What the pages of `houxu browse` show. Read-only."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from crawler.limits import SQL_VALUE_BYTES

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus

DAYS = 90
"""Days of the front page's chart, up to the newest coverage."""


def bound(conn: sqlite3.Connection) -> None:
    """Bound what one value may take on a connection that answers a person's SQL."""
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SQL_VALUE_BYTES)


def front(corpus: Corpus) -> dict[str, Any]:
    """Return what a person wants first: `days`, `stories`, `edits`, `sources`, `articles` and `voices` in all."""
    days = corpus.rows(
        "WITH newest AS (SELECT max(coalesce(published_at, first_seen_at)) AS at FROM articles WHERE relevant = 1) "
        "SELECT substr(at, 1, 10) AS day, count(*) AS articles, sum(NOT copy) AS voices FROM timeline "
        "WHERE at >= (SELECT date(at, :back) FROM newest) GROUP BY day ORDER BY day",
        {"back": f"-{DAYS - 1} days"},
    )
    stories = corpus.rows(
        "SELECT s.id, s.headline, s.articles, s.voices, s.outlets, s.first_at, s.last_at, f.outlet AS first_outlet, "
        "f.hours_ahead, f.dated_by, c.lang FROM stories s JOIN first_report f ON f.story_id = s.id "
        "JOIN articles c ON c.id = s.root_id ORDER BY s.last_at DESC, s.id LIMIT 12"
    )
    return {
        "days": days,
        "stories": stories,
        "edits": corpus.rows("SELECT e.*, a.lang FROM edits e JOIN articles a ON a.id = e.article_id LIMIT 6"),
        "sources": attention(corpus),
        "totals": corpus.rows(
            "SELECT count(*) AS articles, count(DISTINCT root_id) AS voices, count(DISTINCT story_id) AS stories, "
            "count(DISTINCT outlet) AS outlets FROM articles WHERE relevant = 1"
        )[0],
    }


def attention(corpus: Corpus) -> list[dict[str, Any]]:
    """Return the sources that need attention: `source_id`, `outlet`, `url` and `why`."""
    failing = corpus.rows(
        """
        SELECT s.id AS source_id, s.outlet, s.url,
               CASE WHEN s.health IN ('new', 'healthy', 'quiet') THEN s.errors || ' errors in a row' || coalesce(': ' ||
                    (SELECT error FROM polls p WHERE p.source_id = s.id ORDER BY p.id DESC LIMIT 1), '')
               ELSE s.health || coalesce(': ' || s.health_why, '') END AS why
        FROM sources s
        WHERE s.enabled AND (s.health NOT IN ('new', 'healthy', 'quiet') OR s.errors > 0)
        ORDER BY s.errors DESC, s.id
        """
    )
    known = {row["source_id"] for row in failing}
    quiet = corpus.rows("SELECT source_id, outlet, url, days_quiet, usual_days FROM quiet_sources")
    for row in quiet:
        if row["source_id"] not in known:
            usual = f", usually {row['usual_days']:g}" if row["usual_days"] is not None else ""
            failing.append({**row, "why": f"nothing new for {row['days_quiet']:g} days{usual}"})
    return failing


def story(corpus: Corpus, story_id: int) -> dict[str, Any] | None:
    """Return a story with its articles in time order and, per article, what its copies hang from; None if none is."""
    found = corpus.rows("SELECT * FROM stories WHERE id = ?", (story_id,))
    if not found:
        return None
    articles = corpus.rows(
        "SELECT c.id, c.url, c.outlet, c.lang, c.title, coalesce(c.published_at, c.first_seen_at) AS at, "
        "c.published_at IS NULL AS undated, c.revisions, a.parent_id, c.depth "
        "FROM coverage c JOIN articles a ON a.id = c.id WHERE c.story_id = ? ORDER BY at, c.url",
        (story_id,),
    )
    copies = {
        row["article_id"]: {"kind": row["kind"], "score": row["score"]}
        for row in corpus.rows("SELECT article_id, kind, score FROM reprint_tree WHERE story_id = ?", (story_id,))
    }
    articles = [{**row, **copies.get(row["id"], {"kind": None, "score": None})} for row in articles]
    return {**found[0], "coverage": articles}


def claims(corpus: Corpus) -> list[dict[str, Any]]:
    """Return the claims in the order of the topic file, each with its `ledger` and its `sightings` in time order.

    A sentence that stays through several revisions is given once, as it was first seen.
    """
    said: dict[str, list[dict[str, Any]]] = {}
    for row in corpus.rows(
        "SELECT * FROM claim_timeline GROUP BY claim_id, article_id, value, high, unit, relation, scope, baseline, "
        "sentence HAVING rev = min(rev) ORDER BY at, url, sighting_id"
    ):
        said.setdefault(row["claim_id"], []).append(row)
    return [
        {**claim, "ledger": corpus.ledger(claim["id"]), "sightings": said.get(claim["id"], [])}
        for claim in corpus.claim_rows()
    ]


def article(corpus: Corpus, article_id: int) -> dict[str, Any] | None:
    """Return an article with all its texts, its verdict's terms, what it copies and what copies it; None if none is."""
    url = corpus.value("SELECT url FROM articles WHERE id = ?", (article_id,))
    known = corpus.why(url) if url else None
    if known is None:
        return None
    texts = corpus.rows(
        "SELECT rev, seen_at, title, body, removed, added FROM revisions WHERE article_id = ? ORDER BY rev",
        (article_id,),
    )
    copies = corpus.rows(  # of the same tree, which an index finds, as it does no parent
        "SELECT a.id, a.outlet, a.url, r.title, a.lang FROM articles a JOIN revisions r ON r.id = a.latest_id "
        "WHERE a.root_id = (SELECT root_id FROM articles WHERE id = :id) AND a.parent_id = :id AND a.relevant = 1 "
        "ORDER BY coalesce(a.published_at, a.first_seen_at)",
        {"id": article_id},
    )
    parent = corpus.rows(
        "SELECT p.id, p.outlet, p.url, r.title, p.lang FROM articles a "
        "JOIN articles p ON p.id = a.parent_id JOIN revisions r ON r.id = p.latest_id WHERE a.id = ?",
        (article_id,),
    )
    # apart: joined, the whole view would be made first
    copied = corpus.rows("SELECT kind, score FROM reprint_tree WHERE article_id = ?", (article_id,))
    sightings = corpus.rows(
        "SELECT t.*, c.name FROM claim_timeline t JOIN claims c ON c.id = t.claim_id "
        "WHERE t.article_id = ? AND t.latest ORDER BY c.place, t.field DESC, t.start, t.raw_start",
        (article_id,),
    )
    original = {"kind": None, "score": None, **(copied[0] if copied else {}), **parent[0]} if parent else None
    return {**known, "claims": sightings, "texts": texts, "copies": copies, "parent": original}


def outlets(corpus: Corpus) -> list[str]:
    """Return the outlets of the coverage, those with most articles first."""
    rows = corpus.rows(
        "SELECT outlet FROM articles WHERE relevant = 1 AND outlet IS NOT NULL GROUP BY outlet "
        "ORDER BY count(*) DESC, outlet LIMIT 200"
    )
    return [row["outlet"] for row in rows]
