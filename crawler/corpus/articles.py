"""Articles, their revisions, the verdicts on them and the terms they mention."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base
from crawler.dedupe import bare_sha256
from crawler.model import Article, Verdict, instant, stamp
from crawler.text import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)


def text_sha256(title: str, body: str) -> str:
    """Return the sha256 that tells two revisions apart: of title and body, as stored."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()


class Articles(Base):
    """The tables `articles`, `revisions`, `verdicts` and `mentions`."""

    def article_at(self, url: str) -> dict[str, Any] | None:
        """Return the row of the article under a canonical URL, with its latest text, or None."""
        rows = self.rows(
            "SELECT a.*, r.rev, r.title, r.body, r.sha256, r.seen_at, r.evidence FROM articles a "
            "JOIN revisions r ON r.id = a.latest_id WHERE a.url = ?",
            (url,),
        )
        return rows[0] if rows else None

    def has_text(self, article_id: int, sha256: str, seen_at: datetime) -> bool:
        """Say whether this text adds nothing: it is the latest, or one we held before and it was fetched no later.

        The second half makes replaying an old archive twice the same as once, while a publisher who takes an edit
        back still gets a new revision.
        """
        return (
            self.value(
                "SELECT 1 FROM revisions r JOIN articles a ON a.id = r.article_id WHERE a.id = ? AND r.sha256 = ? "
                "AND (r.id = a.latest_id OR ? <= (SELECT seen_at FROM revisions WHERE id = a.latest_id))",
                (article_id, sha256, stamp(seen_at)),
            )
            is not None
        )

    def add_article(self, article: Article, seen_at: datetime) -> int:
        """Append an article without a text yet and return its id, inside a transaction of the caller.

        Where the page says only a day, the article counts as published at the day's last second, or when it was seen
        if that is earlier: midnight would make it first before everyone who says the hour.
        """
        cursor = self.conn.execute(
            "INSERT INTO articles (url, outlet, lang, first_seen_at, published_at, dated_by, relevant) "
            "VALUES (?, ?, ?, ?, ?, ?, 1)",
            (article.url, article.outlet, article.lang, stamp(seen_at), *_dated(article, seen_at)),
        )
        article_id = int(cursor.lastrowid or 0)
        self.conn.execute("UPDATE articles SET root_id = id WHERE id = ?", (article_id,))
        return article_id

    def is_fetched(self, article_id: int) -> bool:
        """Say whether this corpus fetched a text of an article itself, rather than had it of an archive or a corpus."""
        asked = "SELECT 1 FROM revisions WHERE article_id = ? AND origin IS NULL"
        return self.value(asked, (article_id,)) is not None

    def take_over(self, article_id: int, article: Article, seen_at: datetime) -> None:
        """Let an article have the date, outlet and language of a page that was fetched now, and be no more doubtful.

        For one of which an archive or, under an earlier houxu, another site's source said them. Replant it afterwards.
        Inside a transaction of the caller.
        """
        self.conn.execute(
            "UPDATE articles SET outlet = ?, lang = coalesce(?, lang), published_at = ?, dated_by = ?, doubtful = NULL "
            "WHERE id = ?",
            (article.outlet, article.lang, *_dated(article, seen_at), article_id),
        )

    def add_revision(
        self,
        article_id: int,
        article: Article,
        seen_at: datetime,
        *,
        page_url: str | None = None,
        page_sha256: str | None = None,
        removed: str | None = None,
        added: str | None = None,
        origin: str | None = None,
    ) -> int:
        """Append a text to an article and return the revision's id, inside a transaction of the caller."""
        rev = 1 + int(self.value("SELECT count(*) FROM revisions WHERE article_id = ?", (article_id,)))
        cursor = self.conn.execute(
            "INSERT INTO revisions (article_id, rev, seen_at, title, body, authors, credited_source, published_at, "
            "published_raw, published_tz, modified_at, lang, image, evidence, sha256, bare_sha256, page_url, "
            "page_sha256, removed, added, origin) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                article_id,
                rev,
                stamp(seen_at),
                article.title,
                article.body,
                json.dumps(article.authors, ensure_ascii=False),
                article.credited_source,
                None if article.published_at is None else stamp(article.published_at),
                article.published_raw,
                article.published_tz,
                None if article.modified_at is None else stamp(article.modified_at),
                article.lang,
                article.image,
                json.dumps(dict(article.evidence), ensure_ascii=False, sort_keys=True),
                text_sha256(article.title, article.body),
                bare_sha256(article.body),
                page_url,
                page_sha256,
                removed,
                added,
                origin,
            ),
        )
        revision_id = int(cursor.lastrowid or 0)
        self.conn.execute("UPDATE articles SET latest_id = ? WHERE id = ?", (revision_id, article_id))
        return revision_id

    def add_verdict(
        self,
        verdict: Verdict,
        url: str,
        now: datetime,
        *,
        visit_id: int | None = None,
        article_id: int | None = None,
        page_sha256: str | None = None,
    ) -> None:
        """Append a judgement, and let its article know; inside a transaction of the caller."""
        self.conn.execute(
            "INSERT INTO verdicts (visit_id, article_id, url, page_sha256, at, topic_digest, relevant, score, rule, "
            "terms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                visit_id,
                article_id,
                url,
                page_sha256,
                stamp(now),
                verdict.topic_digest,
                verdict.relevant,
                verdict.score,
                verdict.rule,
                json.dumps([asdict(hit) for hit in sanitize.hits(verdict.hits)], ensure_ascii=False),
            ),
        )
        if article_id is not None:
            self.conn.execute("UPDATE articles SET relevant = ? WHERE id = ?", (verdict.relevant, article_id))

    def add_mentions(self, revision_id: int, verdict: Verdict) -> None:
        """Append every term a text mentions, with its place; inside a transaction of the caller."""
        self.conn.executemany(
            "INSERT OR IGNORE INTO mentions (term, revision_id, field, start) VALUES (?, ?, ?, ?)",
            [(hit.term, revision_id, hit.field, hit.start) for hit in sanitize.hits(verdict.hits)],
        )

    def judged_otherwise(self, topic_digest: str) -> Iterator[tuple[int, bool, Article]]:
        """Give (id, relevant, article) of every article whose latest verdict is not by the rules of this digest.

        One text at a time; which they are is read first.
        """
        for each in self.rows(
            "SELECT id FROM articles a WHERE latest_id IS NOT NULL AND (SELECT topic_digest FROM verdicts v "
            "WHERE v.article_id = a.id ORDER BY v.id DESC LIMIT 1) IS NOT ? ORDER BY id",
            (topic_digest,),
        ):
            (row,) = self.rows(
                "SELECT a.url, a.relevant, a.outlet, r.title, r.body, r.credited_source, r.published_at, r.lang "
                "FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = :id",
                each,
            )
            article = Article(
                url=row["url"],
                title=row["title"],
                body=row["body"],
                outlet=row["outlet"],
                credited_source=row["credited_source"],
                published_at=None if row["published_at"] is None else instant(row["published_at"]),
                lang=row["lang"],
            )
            yield each["id"], bool(row["relevant"]), article


def _dated(article: Article, seen_at: datetime) -> tuple[str | None, str | None]:
    """Return when an article counts as published, and who says so: its page or a source."""
    published = article.published_at
    if published is None:
        return None, None
    if article.day_only:
        published = max(published, min(published + LAST_SECOND, seen_at))
    return stamp(published), "source" if article.evidence.get("published_at", "").startswith("lead") else "page"
