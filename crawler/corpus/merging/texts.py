"""Texts in a merge of corpora: who read which, when, and how an article is emptied to be told anew in that order.

What is told is in crawler/archives/merge.py; all other rows are in union.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.corpus.store import Corpus
from crawler.dedupe import article_url, served_url
from crawler.errors import PageLost
from crawler.model import Article, Hit, Verdict, instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from crawler.model import Page

_TELLINGS = """
SELECT v.id AS visit_id, v.url, v.at, v.status, v.ending, v.reason, v.page_sha256, v.ms, v.article_id,
       l.url AS lead, d.id AS verdict_id, d.url AS declared, d.at AS judged_at, d.topic_digest, d.relevant, d.score,
       d.rule, d.terms, a.url AS held_at, u.kind = 'merge' AS merged,
       coalesce(v.origin,
                CASE WHEN u.kind IN ('replay', 'merge', 'backfill') THEN coalesce(u.note, u.kind) END) AS origin
FROM verdicts d JOIN visits v ON v.id = d.visit_id JOIN runs u ON u.id = v.run_id
     JOIN articles a ON a.id = d.article_id LEFT JOIN leads l ON l.id = v.lead_id
"""

_REVISIONS = """
SELECT id, rev, seen_at, page_sha256, (SELECT min(v.id) FROM visits v WHERE v.article_id = r.article_id
         AND v.at = r.seen_at AND v.ending IN ('stored', 'revised', 'paywalled')) AS told_by
FROM revisions r WHERE article_id = ?
"""

_TEXT = """
SELECT r.title, r.body, r.authors, r.credited_source, r.published_at, r.published_raw, r.published_tz, r.modified_at,
       r.lang, r.image, r.evidence, a.outlet, a.published_at AS counted_from, r.rev
FROM revisions r JOIN articles a ON a.id = r.article_id WHERE r.id = ?
"""


@dataclass(frozen=True, slots=True)
class Telling:
    """One visit that read a text: the row of its visit with its verdict, in the corpus that holds it."""

    corpus: Corpus
    row: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two of them the same, whoever holds them; they are told in this order."""
        return self.row["at"], self.row["url"], self.row["page_sha256"] or "", self.row["lead"] or ""

    def origin(self, corpus: Corpus) -> str | None:
        """Return where a corpus has its text from; None for a page which that fetched itself."""
        said: str | None = self.row["origin"]
        return said if self.corpus is corpus else said or f"merge of {self.corpus.path.name}"

    @property
    def urls(self) -> set[str]:
        """The URLs under which its text may be an article: its own, and the one its page declares."""
        return {self.row["declared"], self.row["held_at"], served_url(self.row["url"])}

    def verdict(self) -> Verdict:
        """Return its verdict."""
        row = self.row
        return Verdict(
            relevant=bool(row["relevant"]),
            score=row["score"],
            rule=row["rule"],
            hits=tuple(Hit(**hit) for hit in json.loads(row["terms"])),
            topic_digest=row["topic_digest"],
        )

    def article(self) -> Article:
        """Return the text it read, under the URL that its page declares, if that is of the page's own site.

        A visit that found nothing new names no revision: see `revision_of`. What only its page said (where it declares
        its URL, who wrote it) is in `page` alone.
        """
        revisions = self.corpus.rows(_REVISIONS, (self.row["article_id"],))
        (text,) = self.corpus.rows(_TEXT, (revision_of(self.row, revisions),))
        published = text["published_at"] and instant(text["published_at"])
        return Article(
            url=article_url(self.row["url"], self.row["declared"]),
            title=text["title"],
            body=text["body"],
            authors=tuple(json.loads(text["authors"])),
            outlet=text["outlet"],
            credited_source=text["credited_source"],
            published_at=published,
            published_raw=text["published_raw"],
            published_tz=text["published_tz"],
            day_only=text["rev"] == 1 and text["counted_from"] != text["published_at"],
            modified_at=text["modified_at"] and instant(text["modified_at"]),
            lang=text["lang"],
            image=text["image"],
            paywalled=self.row["ending"] == "paywalled",
            evidence=json.loads(text["evidence"]),
        )

    def page(self) -> Page | None:
        """Return its page where no revision was read from that, or None: there is one, or the page is not kept."""
        sha256 = self.row["page_sha256"]
        held = "SELECT 1 FROM revisions WHERE article_id = ? AND page_sha256 IS ?"
        if sha256 is None or self.corpus.value(held, (self.row["article_id"], sha256)) is not None:
            return None
        try:
            return self.corpus.page_of(self.row["visit_id"], self.corpus.pages.get(sha256))
        except PageLost:  # pruned, or in a shard that came without
            return None


def revision_of(visit: Mapping[str, Any], revisions: Sequence[Mapping[str, Any]]) -> int:
    """Return the id of the revision whose text a visit read.

    Visits that came in order of time, as those of a crawl and of a merge do, read the latest there was. One that came
    late, as those of a backfill do, may have found a text of a later time; then the page tells which. The same page
    may have been read as two texts, by leads of two titles, so that it tells less than the order does.

    Args:
        visit: `visit_id`, `at`, `page_sha256`, and `merged`: a merge told it.
        revisions: those of its article, at least one: `id`, `rev`, `seen_at`, `page_sha256`, and `told_by`: the visit
            that brought it, None where there is none.
    """
    at = visit["at"]
    with_its_page = [each for each in revisions if each["page_sha256"] == visit["page_sha256"]]
    own = [each for each in with_its_page if each["seen_at"] == at]
    late = [
        each
        for each in with_its_page
        if each["seen_at"] > at and not visit["merged"] and (each["told_by"] or 0) < visit["visit_id"]
    ]
    before = [each for each in revisions if each["seen_at"] <= at]
    if own or (before and not late):
        best = max(own or before, key=lambda each: (each["seen_at"], each["rev"]))
    else:
        best = min(late or revisions, key=lambda each: (each["seen_at"], each["rev"]))
    return int(best["id"])


def tellings(corpus: Corpus) -> list[Telling]:
    """Return every telling of a corpus, in order of time, the texts unread."""
    return [Telling(corpus, row) for row in corpus.rows(f"{_TELLINGS} ORDER BY v.at, v.id")]


def tellings_at(corpus: Corpus, url: str) -> list[Telling]:
    """Return the tellings of the article at a URL, and of those that declare it."""
    return [
        Telling(corpus, row)
        for row in corpus.rows(
            f"{_TELLINGS} WHERE d.url = :url OR d.article_id = (SELECT id FROM articles WHERE url = :url)", {"url": url}
        )
    ]


class Merging(Corpus):
    """A corpus into which others are merged: articles can be emptied, and told anew under the ids they had."""

    def add_article(self, article: Article, seen_at: datetime) -> int:
        """Append an article; one that was emptied gets its row back."""
        emptied = self.value("SELECT id FROM articles WHERE url = ? AND latest_id IS NULL", (article.url,))
        if emptied is None:
            return super().add_article(article, seen_at)
        self.conn.execute("UPDATE articles SET url = '' WHERE id = ?", (emptied,))
        told = super().add_article(article, seen_at)
        self.conn.execute(
            "UPDATE articles SET (outlet, lang, first_seen_at, published_at, dated_by, relevant) = (SELECT outlet, "
            "lang, first_seen_at, published_at, dated_by, relevant FROM articles WHERE id = :new), "
            "root_id = id, parent_id = NULL, depth = 0 WHERE id = :old",
            {"old": emptied, "new": told},
        )
        self.conn.execute("DELETE FROM articles WHERE id = ?", (told,))
        self.conn.execute("UPDATE articles SET url = ? WHERE id = ?", (article.url, emptied))
        return int(emptied)

    def articles(self) -> int:
        """Return how many articles there are."""
        return int(self.value("SELECT count(*) FROM articles"))

    def is_unsettled(self) -> bool:
        """Say whether a text came or changed since the stories were settled."""
        return self.value("SELECT 1 FROM unsettled LIMIT 1") is not None

    def id_at(self, table: str, url: str | None) -> int | None:
        """Return the id of the row of this URL in `leads` or `articles`."""
        found: int | None = self.value(f"SELECT id FROM {table} WHERE url = ?", (url,))
        return found

    def hold_open(self) -> None:
        """Let this transaction replace rows of append-only tables; `close_again` before it ends."""
        self.conn.execute("PRAGMA defer_foreign_keys = ON")
        self.set_meta("forgetting", "merge")

    def close_again(self) -> None:
        """Append only, again."""
        self.conn.execute("DELETE FROM meta WHERE key = 'forgetting'")

    def empty(self, article_ids: Iterable[int]) -> set[int]:
        """Take the texts out of articles and of all that is derived from them; the rows of the articles stay.

        Returns:
            Articles that were matched with them: replant these.
        """
        touched: set[int] = set()
        for article_id in article_ids:
            (held,) = self.rows(
                "SELECT a.latest_id, r.title, r.body FROM articles a LEFT JOIN revisions r ON r.id = a.latest_id "
                "WHERE a.id = ?",
                (article_id,),
            )
            if held["latest_id"] is None:
                continue
            self.unindex(article_id, held["title"], held["body"])
            touched |= self.remove_sketch(held["latest_id"])
            self.unplace(article_id)
            for table in ("mentions", "claim_sightings"):
                self.conn.execute(
                    f"DELETE FROM {table} WHERE revision_id IN (SELECT id FROM revisions WHERE article_id = ?)",
                    (article_id,),
                )
            self.conn.execute(  # alone: else it would follow the root it had into a story, without a text
                "UPDATE articles SET latest_id = NULL, root_id = id, parent_id = NULL, depth = 0 WHERE id = ?",
                (article_id,),
            )
            self.conn.execute("DELETE FROM revisions WHERE article_id = ?", (article_id,))
        return touched

    def drop_emptied(self, article_ids: Iterable[int]) -> None:
        """Delete articles whose texts were all told under another URL."""
        for article_id in article_ids:
            if self.value("SELECT latest_id FROM articles WHERE id = ?", (article_id,)) is None:
                self.conn.execute("UPDATE leads SET article_id = NULL WHERE article_id = ?", (article_id,))
                for table in ("visits", "verdicts"):
                    for row in self.rows(f"SELECT id FROM {table} WHERE article_id = ?", (article_id,)):
                        self.replace_row(table, row["id"], article_id=None)
                self.conn.execute("DELETE FROM articles WHERE id = ?", (article_id,))

    def point_back(self, article_ids: Iterable[int]) -> None:
        """Let each match of these articles be a row of the text that was seen later, as when texts come in order."""
        asked = json.dumps(sorted(article_ids))
        for table in ("matches", "lookalikes"):
            rows = self.rows(
                f"""SELECT m.* FROM {table} m
                    JOIN revisions r ON r.id = m.revision_id JOIN articles a ON a.id = m.article_id
                    JOIN revisions t ON t.id = m.to_revision_id JOIN articles b ON b.id = m.to_article_id
                    WHERE (m.article_id IN (SELECT value FROM json_each(:ids))
                           OR m.to_article_id IN (SELECT value FROM json_each(:ids)))
                      AND (r.seen_at, a.url) < (t.seen_at, b.url)""",
                {"ids": asked},
            )
            for row in rows:
                self.conn.execute(
                    f"DELETE FROM {table} WHERE revision_id = ? AND to_revision_id = ?",
                    (row["revision_id"], row["to_revision_id"]),
                )
                row["revision_id"], row["to_revision_id"] = row["to_revision_id"], row["revision_id"]
                row["article_id"], row["to_article_id"] = row["to_article_id"], row["article_id"]
                self.insert(table, row, "OR REPLACE")

    def columns(self, table: str) -> list[str]:
        """Return the names of a table's columns, in their order."""
        return [row["name"] for row in self.rows("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,))]

    def row(self, table: str, **key: Any) -> dict[str, Any] | None:
        """Return the row of this key, or None."""
        test = " AND ".join(f"{name} = :{name}" for name in key)
        rows = self.rows(f"SELECT * FROM {table} WHERE {test}", key)
        return rows[0] if rows else None

    def update(self, table: str, key: str, row: dict[str, Any]) -> None:
        """Write a row, all its columns named, over the one of its key."""
        columns = ", ".join(f"{name} = :{name}" for name in row if name != key)
        self.conn.execute(f"UPDATE {table} SET {columns} WHERE {key} = :{key}", row)

    def insert(self, table: str, row: dict[str, Any], otherwise: str = "") -> int:
        """Insert a row, its columns named; return its id."""
        marks = ", ".join(f":{name}" for name in row)
        cursor = self.conn.execute(f"INSERT {otherwise} INTO {table} ({', '.join(row)}) VALUES ({marks})", row)
        return int(cursor.lastrowid or 0)

    def replace_row(self, table: str, row_id: int, **changed: Any) -> None:
        """Write a row of an append-only table anew under its id, where something of it changed."""
        (held,) = self.rows(f"SELECT * FROM {table} WHERE id = ?", (row_id,))
        if held != held | changed:
            self.conn.execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))
            self.insert(table, held | changed)

    def judge_last(self, article_id: int) -> bool:
        """Let an article be on topic or not as its last verdict says, that of a rescan after that of a visit."""
        relevant = self.value(
            "SELECT relevant FROM verdicts WHERE article_id = ? ORDER BY at DESC, visit_id IS NULL DESC, id DESC",
            (article_id,),
        )
        self.conn.execute("UPDATE articles SET relevant = ? WHERE id = ?", (relevant, article_id))
        return bool(relevant)

    def take_pages(self, other: Corpus, keys: Iterable[str | None]) -> None:
        """Take over raw pages, packed as they are; one that cannot be had (pruned, damaged) is passed over."""
        rows = []
        for key in keys:
            if key is not None and key not in self.pages:
                with suppress(PageLost):
                    rows.append(other.pages.packed(key))
        with self.pages.transaction():
            self.pages.conn.executemany("INSERT OR IGNORE INTO pages VALUES (?, ?, ?)", rows)


def by_url(every: Iterable[Telling]) -> dict[str, list[Telling]]:
    """Return tellings by each of the URLs under which their texts may be articles."""
    found: dict[str, list[Telling]] = defaultdict(list)
    for one in every:
        for url in one.urls:
            found[url].append(one)
    return found
