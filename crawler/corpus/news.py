"""What leaves the corpus: all of the coverage, row by row, and what is new since an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.corpus.base import Base, explained
from crawler.digest import Digest
from crawler.model import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

COVERED = (
    "id", "url", "outlet", "lang", "title", "body", "authors", "credited_source", "published_at", "first_seen_at",
    "story_id", "root_id", "depth", "revisions", "background", "page_url",
)  # fmt: skip
"""Columns of an exported article: those of `coverage`, with the authors (JSON) and the credited source."""

_COVERED = f"""
SELECT {", ".join(("r" if name in {"authors", "credited_source"} else "c") + f".{name}" for name in COVERED)}
FROM coverage c JOIN articles a ON a.id = c.id JOIN revisions r ON r.id = a.latest_id ORDER BY c.id
"""

_STORIES = """
WITH fresh AS (
  SELECT story_id, count(*) AS articles, sum(root_id = id) AS voices FROM articles
  WHERE first_seen_at >= :since AND relevant = 1 AND story_id IS NOT NULL GROUP BY story_id
)
SELECT f.story_id, f.headline, f.outlet AS first_outlet, f.url AS first_url, f.at AS first_at, f.hours_ahead,
       f.dated_by, s.articles, s.voices, s.outlets, s.last_at, fresh.articles AS new_articles,
       fresh.voices AS new_voices,
       NOT EXISTS (SELECT 1 FROM articles o WHERE o.story_id = s.id AND o.first_seen_at < :since) AS is_new
FROM fresh JOIN stories s ON s.id = fresh.story_id JOIN first_report f ON f.story_id = s.id
WHERE s.last_at >= (SELECT value FROM meta WHERE key = 'seed')
ORDER BY s.voices DESC, s.articles DESC, s.id
"""

_EDITS = """
SELECT seen_at, outlet, title, title_before, removed, added, hours_after, url, story_id FROM edits
WHERE seen_at >= :since
"""

_SOURCES = """
SELECT id, outlet, url, health, health_why, health_since FROM sources
WHERE enabled AND health NOT IN ('new', 'healthy', 'quiet') AND health_since >= :since ORDER BY health, id
"""


class News(Base):
    """Read-only."""

    def covered(self) -> Iterator[dict[str, Any]]:
        """Give every covered article under the names of `COVERED`, one at a time: a corpus need not fit into memory.

        Raises:
            CorpusError: the file cannot be read.
        """
        with explained(self.path):
            for row in self.conn.execute(_COVERED):
                yield dict(row)

    def news(self, since: datetime, now: datetime) -> Digest:
        """Return what is new since an instant: by when we saw it, so that nothing falls between two digests.

        Raises:
            CorpusError: the file cannot be read.
        """
        asked = {"since": stamp(since)}
        stories = self.rows(_STORIES, asked)
        return Digest(
            topic=self.meta("topic_id") or "",
            since=since,
            until=now,
            new=tuple(row for row in stories if row["is_new"]),
            grown=tuple(row for row in stories if not row["is_new"]),
            edits=tuple(self.rows(_EDITS, asked)),
            sources=tuple(self.rows(_SOURCES, asked)),
        )
