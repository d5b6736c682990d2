"""A corpus by its natural keys: what two of them must agree on to be one, whatever their ids.

Left out is what a machine has of its own: runs, milliseconds, the schedule (when to poll and visit next), ids inside
the words of a reason.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.corpus.store import Corpus

QUERIES = {
    "articles": """
        SELECT a.url, a.outlet, a.lang, a.first_seen_at, a.published_at, a.relevant, a.depth, r.url AS root,
               p.url AS parent, l.rev, l.sha256
        FROM articles a LEFT JOIN articles r ON r.id = a.root_id LEFT JOIN articles p ON p.id = a.parent_id
             LEFT JOIN revisions l ON l.id = a.latest_id""",
    "revisions": """
        SELECT a.url, r.rev, r.seen_at, r.title, r.body, r.authors, r.credited_source, r.published_at, r.published_raw,
               r.evidence, r.sha256, r.page_url, r.page_sha256, r.removed, r.added
        FROM revisions r JOIN articles a ON a.id = r.article_id""",
    "visits": """
        SELECT DISTINCT v.url, v.at, v.status, v.ending, v.page_sha256, l.url AS lead, a.url AS article
        FROM visits v LEFT JOIN leads l ON l.id = v.lead_id LEFT JOIN articles a ON a.id = v.article_id""",
    "verdicts": """
        SELECT DISTINCT d.url, d.at, d.relevant, d.score, d.rule, d.terms, d.page_sha256, a.url AS article,
               v.at AS visit
        FROM verdicts d LEFT JOIN articles a ON a.id = d.article_id LEFT JOIN visits v ON v.id = d.visit_id""",
    "leads": """
        SELECT l.url, l.fetch_url, l.host, l.source_id, l.title, l.outlet, l.published_at, l.published_raw, l.found_at,
               a.url AS article
        FROM leads l LEFT JOIN articles a ON a.id = l.article_id""",
    "sightings": """
        SELECT l.url AS lead, s.source_id, s.url, s.title, s.seen_at
        FROM sightings s JOIN leads l ON l.id = s.lead_id""",
    "polls": "SELECT source_id, at, status, items, error FROM polls",
    "sources": "SELECT id, kind, topic_url FROM sources",
    "matches": """
        SELECT a.url, r.rev, b.url AS to_url, t.rev AS to_rev, m.kind, m.score, m.method, m.features
        FROM matches m JOIN articles a ON a.id = m.article_id JOIN articles b ON b.id = m.to_article_id
             JOIN revisions r ON r.id = m.revision_id JOIN revisions t ON t.id = m.to_revision_id""",
    "lookalikes": """
        SELECT a.url, b.url AS to_url, m.score, m.features FROM lookalikes m
        JOIN articles a ON a.id = m.article_id JOIN articles b ON b.id = m.to_article_id""",
    "mentions": """
        SELECT a.url, r.rev, m.term, m.field, m.start FROM mentions m
        JOIN revisions r ON r.id = m.revision_id JOIN articles a ON a.id = r.article_id""",
    "claim_sightings": """
        SELECT a.url, r.rev, c.claim_id, c.field, c.start, c.raw FROM claim_sightings c
        JOIN revisions r ON r.id = c.revision_id JOIN articles a ON a.id = r.article_id""",
    "stories": """
        SELECT s.headline, r.url AS root, s.first_at, s.last_at, s.articles, s.outlets, s.voices,
               (SELECT json_group_array(url) FROM (SELECT url FROM articles WHERE story_id = s.id ORDER BY url)) AS told
        FROM stories s JOIN articles r ON r.id = s.root_id""",
    "vectors": "SELECT a.url, v.at, v.terms FROM vectors v JOIN articles a ON a.id = v.article_id",
    "terms": "SELECT term, articles FROM terms WHERE articles > 0",
    "tombstones": "SELECT what FROM tombstones",
}


def canonical(corpus: Corpus) -> dict[str, Any]:
    """Return all rows of a corpus by natural keys, sorted, with what both indexes hold."""
    rows = {name: sorted(map(_plain, corpus.rows(sql))) for name, sql in QUERIES.items()}
    rows["indexed"] = sorted(
        corpus.value("SELECT url FROM articles WHERE id = ?", (row["rowid"],)) or f"stray {row['rowid']}"
        for row in corpus.rows("SELECT rowid FROM articles_fts")
    )
    rows["sketched"] = sorted(
        corpus.value("SELECT a.url FROM articles a WHERE latest_id = ?", (row["rowid"],)) or f"stray {row['rowid']}"
        for row in corpus.rows("SELECT rowid FROM sketches")
    )
    return rows


def sound(corpus: Corpus) -> bool:
    """Say whether a file is whole: its pages, references, both indexes, and that it is append-only again."""
    for index in ("articles_fts", "sketches"):
        corpus.conn.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
    return (
        corpus.value("PRAGMA integrity_check") == "ok"
        and not corpus.rows("PRAGMA foreign_key_check")
        and corpus.meta("forgetting") is None
    )


def _plain(row: dict[str, Any]) -> str:
    return json.dumps(list(row.values()), ensure_ascii=False, sort_keys=True)
