"""Stories in the corpus: a text is a story of its own until the run is over, then `settle` says what it belongs to."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler import stories
from crawler.corpus.vectors import TIME, Vectors
from crawler.model import Article, instant, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


class Stories(Vectors):
    """The part of the corpus that stories need."""

    def place(
        self,
        article_id: int,
        article: Article,
        *,
        same: Sequence[Sequence[str]],
        moved: Iterable[int] = (),
    ) -> None:
        """Give an article its story until `settle`, inside the caller's transaction.

        Call it after the article's row, its text and its reprint tree are written, for a new article and for a revised
        one. A copy goes to its root's story, a new text is a story of its own; where a tree has got another root,
        vectors and stories follow. To look for near texts here too, so that readers see a text in its story some
        seconds earlier, was 2 ms of a page's 16, and `settle` decides anew.

        Args:
            article_id: its row in `articles`.
            article: its latest text.
            same: the topic's spellings of one name.
            moved: articles whose place in the tree changed (`replant`).
        """
        emptied: set[int] = set()
        for root_id in self._roots({article_id, *moved}):
            text = (article.title, article.body) if root_id == article_id else None
            self._keep_one_vector(root_id, text, same)
            emptied |= self._follow_root(root_id)
        self._count(emptied)

    def settle(self, now: datetime, days: int | None = 7) -> int:
        """Recompute the stories of the last `days` and those touched since, inside the caller's transaction.

        The same pages in any order give the same stories: exactly where all of them were touched or lie in the window,
        as a run's own pages do. `days=None` recomputes every story there is.

        Returns:
            How many stories were recomputed; 0 when nothing was touched.
        """
        if days is not None and self.value("SELECT 1 FROM unsettled LIMIT 1") is None:
            return 0
        self._mark_region(None if days is None else now - timedelta(days=days))
        settled = 0
        region = self._items("v.article_id IN (SELECT id FROM temp.region)")
        for members in stories.settle(region, self._idf().__getitem__):
            self._assign(members)
            settled += 1
        self._count(
            row[0]
            for row in self.conn.execute("SELECT story_id FROM temp.before UNION SELECT story_id FROM temp.after")
        )
        self.conn.execute("DELETE FROM unsettled")
        return settled

    def touch_story(self, article_ids: Iterable[int]) -> None:
        """Mark articles whose stories `settle` must look at again, inside the caller's transaction."""
        self.conn.executemany(
            "INSERT OR IGNORE INTO unsettled (article_id) VALUES (?)", ((each,) for each in article_ids)
        )

    def unplace(self, *article_ids: int) -> None:
        """Take articles out of their stories, before their rows are deleted or when they are no longer on topic.

        What the tree makes of their copies is the caller's to write; call `place` for the new roots afterwards.
        """
        left: set[int] = set()
        for article_id in article_ids:
            self._drop_vector(article_id)
            self.conn.execute("DELETE FROM unsettled WHERE article_id = ?", (article_id,))
            story_id = self.value("SELECT story_id FROM articles WHERE id = ?", (article_id,))
            self.conn.execute("UPDATE articles SET story_id = NULL WHERE id = ?", (article_id,))
            if story_id is not None:
                left.add(int(story_id))
        self._count(left)  # once: of 1,000 articles of one story each took 0.3 s

    # Vectors: one for each root, none for a copy.

    def _roots(self, article_ids: Iterable[int]) -> list[int]:
        marks = json.dumps(sorted(article_ids))
        return [
            row["root_id"]
            for row in self.rows(
                "SELECT DISTINCT root_id FROM articles WHERE id IN (SELECT value FROM json_each(?)) ORDER BY root_id",
                (marks,),
            )
        ]

    def _keep_one_vector(self, root_id: int, text: tuple[str, str] | None, same: Sequence[Sequence[str]]) -> None:
        """See that of a reprint tree the root alone has a vector: of `text` where that is new, else of what we hold."""
        for row in self.rows(
            "SELECT v.article_id FROM articles a JOIN vectors v ON v.article_id = a.id"
            " WHERE a.root_id = ? AND a.id <> ?",
            (root_id, root_id),
        ):
            self._drop_vector(row["article_id"])
        if text is not None:
            self._drop_vector(root_id)
        if self.value("SELECT 1 FROM vectors WHERE article_id = ?", (root_id,)) is None:
            if text is None:
                row = self.rows(
                    "SELECT r.title, r.body FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = ?",
                    (root_id,),
                )[0]
                text = (row["title"], row["body"])
            self._add_vector(root_id, stories.features(*text, same))
        self.touch_story([root_id])

    def _follow_root(self, root_id: int) -> set[int]:
        """Put a root and its copies into one story; return the stories that gained or lost one."""
        held = self.value(  # the root's, or else that of the root before it, now a copy
            "SELECT story_id FROM articles WHERE root_id = ? AND story_id IS NOT NULL ORDER BY id <> root_id, story_id",
            (root_id,),
        )
        story_id = int(held) if held is not None else self._new_story(root_id)
        rows = self.rows(
            "SELECT id, story_id FROM articles WHERE root_id = ? AND story_id IS NOT ?", (root_id, story_id)
        )
        self.conn.executemany("UPDATE articles SET story_id = ? WHERE id = ?", ((story_id, row["id"]) for row in rows))
        return {story_id, *(row["story_id"] for row in rows if row["story_id"] is not None)}

    def _new_story(self, root_id: int) -> int:
        cursor = self.conn.execute(
            "INSERT INTO stories (headline, root_id, first_at, last_at, articles, outlets, voices)"
            f" SELECT r.title, a.id, {TIME}, {TIME}, 0, 0, 0"
            " FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = ?",
            (root_id,),
        )
        return int(cursor.lastrowid or 0)

    # Settling. What is recomputed is written down in temporary tables: a whole corpus need not fit into memory.

    def _mark_region(self, since: datetime | None) -> None:
        """Write down the texts to recompute: whole stories, those near in time to what was touched or since `since`."""
        for table, columns in (
            ("region", "id INTEGER PRIMARY KEY"),
            ("before", "root_id INTEGER PRIMARY KEY, story_id INTEGER NOT NULL"),
            ("after", "story_id INTEGER PRIMARY KEY"),
        ):
            self.conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({columns})")
            self.conn.execute(f"DELETE FROM temp.{table}")
        if since is None:
            self.conn.execute("INSERT INTO temp.region SELECT article_id FROM vectors")
        for span in () if since is None else [*self._touched(), (stamp(since), "~")]:
            self.conn.execute(
                "INSERT OR IGNORE INTO temp.region SELECT v.article_id"
                " FROM articles a JOIN vectors v ON v.article_id = a.id"
                " WHERE a.story_id IN (SELECT near.story_id FROM vectors v JOIN articles near ON near.id = v.article_id"
                " WHERE v.at BETWEEN ? AND ?)",
                span,
            )
        self.conn.execute(
            "INSERT OR IGNORE INTO temp.before SELECT s.root_id, s.id FROM stories s"
            " WHERE s.root_id IN (SELECT id FROM temp.region)"
        )

    def _touched(self) -> list[tuple[str, str]]:
        """Return the spans of time within reach of what was touched, overlapping ones as one."""
        spans: list[tuple[datetime, datetime]] = []
        for row in self.conn.execute(
            "SELECT DISTINCT v.at FROM unsettled u JOIN vectors v USING (article_id) ORDER BY 1"
        ):
            start, end = instant(row[0]) - stories.REACH, instant(row[0]) + stories.REACH
            if spans and start <= spans[-1][1]:
                start = spans.pop()[0]
            spans.append((start, end))
        return [(stamp(start), stamp(end)) for start, end in spans]

    def _assign(self, members: list[int]) -> None:
        """Write that these roots and their copies are one story, under the id that was given first."""
        asked = json.dumps(members)
        held = {
            row["root_id"]: row["story_id"]
            for row in self.rows(
                "SELECT root_id, story_id FROM temp.before WHERE root_id IN (SELECT value FROM json_each(?))", (asked,)
            )
        }
        story_id = min(held.values(), default=None) or self._new_story(members[0])
        self.conn.execute(
            "UPDATE articles SET story_id = :story WHERE root_id IN (SELECT value FROM json_each(:roots))"
            " AND story_id IS NOT :story",
            {"story": story_id, "roots": asked},
        )
        self.conn.execute("INSERT OR IGNORE INTO temp.after VALUES (?)", (story_id,))

    def _count(self, story_ids: Iterable[int]) -> None:
        """Write headline, times and counts of stories; delete those that have no relevant article left."""
        for story_id in sorted(story_ids):
            self.conn.execute(
                f"""
                UPDATE stories SET (first_at, last_at, articles, outlets, voices, root_id, headline) = (
                  SELECT min({TIME}), max({TIME}), count(*), count(DISTINCT a.outlet), count(DISTINCT a.root_id),
                         first.id, first.title
                  FROM articles a, (
                    SELECT a.id, r.title FROM articles a JOIN revisions r ON r.id = a.latest_id
                    WHERE a.story_id = stories.id AND a.relevant = 1
                    ORDER BY a.id <> a.root_id, {TIME}, a.url LIMIT 1
                  ) first
                  WHERE a.story_id = stories.id AND a.relevant = 1
                ) WHERE id = ? AND EXISTS (SELECT 1 FROM articles a WHERE a.story_id = stories.id AND a.relevant = 1)
                """,
                (story_id,),
            )
            self.conn.execute(
                "DELETE FROM stories WHERE id = ?"
                " AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.story_id = stories.id AND a.relevant = 1)",
                (story_id,),
            )
