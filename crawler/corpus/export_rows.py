"""What leaves the corpus: all of the coverage, row by row, and what is new since an instant."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base, explained
from crawler.model import instant, stamp
from crawler.report.digest import Digest
from crawler.stories.bursts import DAY, HOUR, PAST, Burst, Scope
from crawler.stories.bursts import bursts as those_of

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

_EDITED_NUMBERS = """
SELECT 'edited' AS kind, seen_at AS at, claim_id, (SELECT name FROM claims c WHERE c.id = claim_id) AS name,
       raw_before AS before, raw_after AS said, sentence_after AS sentence, outlet, url, article_id, story_id
FROM edited_numbers WHERE seen_at >= :since
"""

_MUTATIONS = """
SELECT 'new value' AS kind, m.at, m.claim_id, c.name, NULL AS before, s.raw AS said, m.sentence, m.outlet, m.url,
       m.article_id, m.story_id, m.relation, m.copied_from
FROM mutations m JOIN claims c ON c.id = m.claim_id JOIN articles a ON a.id = m.article_id
     JOIN claim_timeline s ON s.article_id = m.article_id AND s.claim_id = m.claim_id AND s.sentence = m.sentence
       AND s.value IS m.value AND s.at = m.at
WHERE max(m.at, a.first_seen_at) >= :since GROUP BY m.claim_id, m.value, m.unit, m.relation ORDER BY m.at
"""

_CONTRADICTIONS = """
SELECT 'contradicts' AS kind, t.at, t.claim_id, c.name, NULL AS before, t.raw AS said, t.sentence, t.outlet, t.url,
       t.article_id, t.story_id, t.relation, NULL AS copied_from
FROM claim_timeline t JOIN claims c ON c.id = t.claim_id JOIN articles a ON a.id = t.article_id
WHERE t.relation = 'contradicts' AND NOT t.copy AND t.latest AND max(t.at, a.first_seen_at) >= :since
  AND (t.claim_id, t.article_id) NOT IN (SELECT claim_id, article_id FROM mutations)
GROUP BY t.claim_id, t.article_id ORDER BY t.at
"""

_GONE = "SELECT since, last_had_at, outlet, title, url, story_id FROM gone WHERE since >= :since"

_SOURCES = """
SELECT id, outlet, url, health, health_why, health_since FROM sources
WHERE health NOT IN ('new', 'healthy', 'quiet') AND health_since >= :since
  AND (enabled OR gone_times >= 3)  -- one that 410 switched off is among those to be looked after
ORDER BY health, id
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
            bursts=tuple(self.bursts(since, now)),
            new=tuple(row for row in stories if row["is_new"]),
            grown=tuple(row for row in stories if not row["is_new"]),
            numbers=tuple(
                row for sql in (_EDITED_NUMBERS, _MUTATIONS, _CONTRADICTIONS) for row in self.rows(sql, asked)
            ),
            edits=tuple(self.rows(_EDITS, asked)),
            gone=tuple(self.rows(_GONE, asked)),
            sources=tuple(self.rows(_SOURCES, asked)),
        )

    def bursts(self, since: datetime, now: datetime) -> list[dict[str, Any]]:
        """Return what burst between two instants, the least likely first.

        Returns:
            A dict of `scope` (topic, story, claim), `id`, `name` (of the claim, the headline of the story, or that of
            the story most was said of), `story_id` and `url` of a story, `start`, `hours`, `texts`, `usual`, `chance`.
        """
        began = self.value("SELECT min(started_at) FROM runs")
        if began is None:
            return []
        arrivals: dict[tuple[Scope, int | str | None], list[datetime]] = {("topic", None): []}
        reach = {"reach": stamp(since - (PAST + 2) * DAY)}
        for row in self.rows(
            "SELECT story_id, min(coalesce(published_at, first_seen_at), first_seen_at) AS at FROM articles "
            "WHERE id = root_id AND relevant AND coalesce(published_at, first_seen_at) >= :reach",
            reach,
        ):
            at = instant(row["at"])
            arrivals["topic", None].append(at)
            arrivals.setdefault(("story", row["story_id"]), []).append(at)
        for row in self.rows(
            "SELECT claim_id, min(at) AS at FROM claim_timeline WHERE at >= :reach GROUP BY claim_id, root_id", reach
        ):
            arrivals.setdefault(("claim", row["claim_id"]), []).append(instant(row["at"]))
        held = {key: times for key, times in arrivals.items() if times}
        return [self._told(burst) for burst in those_of(held, since, now, instant(began))]

    def _told(self, burst: Burst) -> dict[str, Any]:
        """Return a burst as a row, with what it is about."""
        said = {**asdict(burst), "start": stamp(burst.start), "name": None, "story_id": None, "url": None}
        if burst.scope == "claim":
            return said | {"name": self.value("SELECT name FROM claims WHERE id = ?", (burst.id,))}
        end = stamp(burst.start + burst.hours * HOUR)
        about = self.rows(
            "SELECT s.headline AS name, s.id AS story_id, a.url FROM articles t JOIN stories s ON s.id = t.story_id "
            "JOIN articles a ON a.id = s.root_id WHERE t.id = t.root_id AND t.relevant "
            "AND coalesce(t.published_at, t.first_seen_at) >= ? AND coalesce(t.published_at, t.first_seen_at) < ? "
            "AND (? IS NULL OR s.id = ?) GROUP BY s.id ORDER BY count(*) DESC, s.id LIMIT 1",
            (said["start"], end, burst.id, burst.id),
        )
        return said | (about[0] if about else {})
