"""What people ask of the corpus by command: why a page ended as it did, what runs and sources are up to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base
from crawler.corpus.files import beside
from crawler.corpus.pages import pages_path
from crawler.sources.revisits import gone_since

if TYPE_CHECKING:
    from pathlib import Path

_ARTICLE = """
SELECT a.*, r.title, r.body, o.url AS root_url, p.url AS parent_url
FROM articles a JOIN revisions r ON r.id = a.latest_id
LEFT JOIN articles o ON o.id = a.root_id LEFT JOIN articles p ON p.id = a.parent_id
"""


class Reads(Base):
    """Read-only questions; every answer is plain values, ready for JSON."""

    def why(self, url: str) -> dict[str, Any] | None:
        """Return all that is known of a canonical URL, or of one a source or a visit gave; None if nothing is.

        Returns:
            A dict of `lead`, `sightings`, `visits`, `gone_since`, `verdict` (with its terms), `article`, `revisions`,
            `matches`, `lookalikes` and `story`; what there is not is None or empty.
        """
        leads = self.rows(
            "SELECT * FROM leads WHERE url = :url OR fetch_url = :url "
            "OR id IN (SELECT lead_id FROM visits WHERE url = :url) OR id IN "
            "(SELECT lead_id FROM sightings WHERE url = :url) ORDER BY id LIMIT 1",
            {"url": url},
        )
        lead = leads[0] if leads else None
        article = self._article_of(url, lead)
        visits = self.rows(
            "SELECT * FROM visits WHERE lead_id = ? OR url = ? ORDER BY id", (lead["id"] if lead else None, url)
        )
        if lead is None and article is None and not visits:
            return None
        article_id = article["id"] if article else None
        return {
            "url": article["url"] if article else lead["url"] if lead else url,
            "lead": None if lead is None else {key: lead[key] for key in lead if key != "body"},
            "sightings": self.rows("SELECT * FROM sightings WHERE lead_id = ?", (lead["id"] if lead else None,)),
            "visits": visits,
            "gone_since": gone_since((visit["ending"], visit["at"]) for visit in visits),
            "verdict": self._verdict(article_id, [visit["id"] for visit in visits]),
            "article": article,
            "revisions": self.rows(
                "SELECT id, rev, seen_at, title, published_at, published_raw, published_tz, credited_source, authors, "
                "evidence, removed, added, origin FROM revisions WHERE article_id = ? ORDER BY rev",
                (article_id,),
            ),
            "matches": self._resembles("matches", article_id),
            "lookalikes": self._resembles("lookalikes", article_id),
            "story": self._one("SELECT * FROM stories WHERE id = ?", article["story_id"] if article else None),
        }

    def _one(self, sql: str, value: Any) -> dict[str, Any] | None:
        rows = self.rows(sql, (value,))
        return rows[0] if rows else None

    def _article_of(self, url: str, lead: dict[str, Any] | None) -> dict[str, Any] | None:
        at_url = self._one(f"{_ARTICLE} WHERE a.url = ?", url)
        return at_url or (self._one(f"{_ARTICLE} WHERE a.id = ?", lead["article_id"]) if lead else None)

    def _verdict(self, article_id: int | None, visit_ids: list[int]) -> dict[str, Any] | None:
        rows = self.rows(
            "SELECT * FROM verdicts WHERE article_id = ? OR visit_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY id DESC LIMIT 1",
            (article_id, json.dumps(visit_ids)),
        )
        return {**rows[0], "terms": json.loads(rows[0]["terms"])} if rows else None

    def _resembles(self, table: str, article_id: int | None) -> list[dict[str, Any]]:
        rows = self.rows(
            f"SELECT m.*, a.url AS url, b.url AS to_url FROM {table} m JOIN articles a ON a.id = m.article_id "
            "JOIN articles b ON b.id = m.to_article_id WHERE m.article_id = :id OR m.to_article_id = :id "
            "ORDER BY m.score DESC",
            {"id": article_id},
        )
        return [{**row, "features": json.loads(row["features"])} for row in rows]

    def story_rows(self, *, since: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """Return stories, the most recently told first, with who was first."""
        return self.rows(
            "SELECT s.*, a.outlet AS first_outlet, a.url AS first_url FROM stories s "
            "JOIN articles a ON a.id = s.root_id WHERE :since IS NULL OR s.last_at >= :since "
            "ORDER BY s.last_at DESC, s.id LIMIT :limit",
            {"since": since, "limit": limit},
        )

    def story(self, story_id: int) -> dict[str, Any] | None:
        """Return a story with its articles in time order, copies beneath what they copy; None if there is none."""
        story = self._one("SELECT * FROM stories WHERE id = ?", story_id)
        if story is None:
            return None
        articles = self.rows(
            "SELECT id, url, outlet, lang, title, published_at, first_seen_at, root_id, depth, revisions "
            "FROM coverage WHERE story_id = ? ORDER BY coalesce(published_at, first_seen_at), url",
            (story_id,),
        )
        return {**story, "coverage": articles}

    def timeline(self, story_id: int | None = None, *, limit: int = 50) -> list[dict[str, Any]]:
        """Return the newest coverage in time order, the newest last; `copies` counts the articles that copy each."""
        return self.rows(
            "SELECT * FROM (SELECT c.id, coalesce(c.published_at, c.first_seen_at) AS at, c.outlet, c.lang, c.url, "
            "c.title, c.story_id, c.depth, (SELECT count(*) FROM articles x WHERE x.root_id = c.id AND x.id <> c.id) "
            "AS copies FROM coverage c WHERE :story IS NULL OR c.story_id = :story "
            "ORDER BY at DESC, c.url DESC LIMIT :limit) ORDER BY at, url",
            {"story": story_id, "limit": limit},
        )

    def edit_rows(self, *, limit: int = 20) -> list[dict[str, Any]]:
        """Return the newest revisions after the first, with the words removed and added."""
        return self.rows(
            "SELECT a.id, a.url, a.outlet, r.title, r.rev, r.seen_at, r.removed, r.added FROM revisions r "
            "JOIN articles a ON a.id = r.article_id WHERE r.rev > 1 AND r.removed IS NOT NULL AND a.relevant "
            "ORDER BY r.seen_at DESC, r.id DESC LIMIT ?",
            (limit,),
        )

    def status(self) -> dict[str, Any]:
        """Return the state of the corpus: runs, backlog, endings, sources that need attention.

        Returns:
            `last_run` is of any command that keeps a run, `last_success` of a crawl; `bytes` are those of the corpus,
            its pages and its published copy.
        """
        last = self.rows("SELECT * FROM runs ORDER BY id DESC LIMIT 1")
        success = self.rows("SELECT * FROM runs WHERE ending = 'done' AND kind = 'crawl' ORDER BY id DESC LIMIT 1")
        return {
            "path": str(self.path),
            "topic": self.meta("topic_id"),
            "articles": self.value("SELECT count(*) FROM articles"),
            "revisions": self.value("SELECT count(*) FROM revisions"),
            "stories": self.value("SELECT count(*) FROM stories"),
            "backlog": self.value("SELECT count(*) FROM leads WHERE next_visit_at IS NOT NULL AND rung = 0"),
            "oldest_lead": self.value("SELECT min(found_at) FROM leads WHERE next_visit_at IS NOT NULL AND rung = 0"),
            "doubtful": self.value("SELECT count(*) FROM articles WHERE doubtful IS NOT NULL"),
            "next_check_at": self.value("SELECT min(next_check_at) FROM sources WHERE enabled"),
            "last_run": last[0] if last else None,
            "last_success": success[0] if success else None,
            "endings": {
                row["ending"]: row["visits"]
                for row in self.rows("SELECT ending, count(*) AS visits FROM visits GROUP BY ending ORDER BY 2 DESC")
            },
            "failing": self.rows(
                "SELECT id, errors, (SELECT error FROM polls p WHERE p.source_id = s.id ORDER BY p.id DESC LIMIT 1) "
                "AS error FROM sources s WHERE errors > 0 AND enabled ORDER BY errors DESC"
            ),
            "bytes": sum(
                _size(file.with_name(f"{file.name}{end}"))
                for file in (self.path, pages_path(self.path), beside(self.path, "read"))
                for end in ("", "-wal", "-shm")
            ),
        }

    def source_rows(self) -> list[dict[str, Any]]:
        """Return every source with its state, its last poll and how many leads and articles it brought."""
        return self.rows(
            "SELECT s.id, s.kind, s.url, s.outlet, s.enabled, s.health, s.health_why, s.next_check_at, s.checked_at, "
            "s.ok_at, s.errors, p.status, p.items, p.error, coalesce(g.leads, 0) AS leads, "
            "coalesce(l.articles, 0) AS articles "
            "FROM sources s LEFT JOIN polls p ON p.id = (SELECT max(id) FROM polls q WHERE q.source_id = s.id) "
            "LEFT JOIN (SELECT source_id, count(*) AS leads FROM sightings GROUP BY source_id) g "
            "ON g.source_id = s.id "
            "LEFT JOIN (SELECT source_id, count(*) AS articles FROM leads WHERE article_id IS NOT NULL "
            "GROUP BY source_id) l ON l.source_id = s.id "
            "ORDER BY s.id"
        )


def _size(file: Path) -> int:
    """Return the bytes of a file, 0 where it is not, or went just now, as a WAL does."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
