"""Rows for tests that need a corpus and no crawl: articles put in as the path would, with every text invented."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.corpus.store import Corpus
from crawler.model import stamp
from crawler.text.diff import changes

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)


class Rows:
    """Writes rows into `corpus`, one article a minute unless told when.

    Attributes:
        corpus: an open, new corpus of the topic `test`, seeded on 2025-12-17.
    """

    def __init__(self, path: Path) -> None:
        self.corpus = Corpus(path, create=True)
        self.corpus.claim_topic("test", "2025-12-17")
        self._run = self._insert("runs", started_at=stamp(START), by="person", ending="done")
        self._count = 0

    def source(self, name: str, outlet: str = "例报", **columns: Any) -> str:
        """Add a source and return its id."""
        self._insert(
            "sources",
            id=name,
            kind="feed",
            url=f"https://{name}.test/rss",
            topic_url=f"https://{name}.test/rss",
            outlet=outlet,
            lang="zh",
            timezone="Asia/Shanghai",
            host=f"{name}.test",
            enabled=1,
            **columns,
        )
        return name

    def article(
        self,
        title: str,
        body: str = "",
        *,
        url: str | None = None,
        outlet: str = "例报",
        lang: str = "zh",
        story: int | None = None,
        copies: int | None = None,
        published: datetime | None = None,
        seen: datetime | None = None,
        relevant: bool = True,
        terms: list[dict[str, Any]] | None = None,
        page: bytes | None = None,
        source: str | None = None,
        kind: str = "reprint",
        credited: str | None = None,
    ) -> int:
        """Add an article with its first text and all that the path writes beside it; return its id.

        Args:
            title: of its first text.
            body: likewise.
            url: canonical; invented when None.
            outlet: its outlet.
            lang: its language.
            story: stories.id, made when there is none.
            copies: articles.id of what it copies.
            published: None for a page without a date.
            seen: when we fetched it.
            relevant: its verdict.
            terms: the verdict's hits.
            page: raw bytes.
            source: the source that led to it.
            kind: of the match with what it copies.
            credited: 来源.
        """
        self._count += 1
        seen = seen or START + timedelta(minutes=self._count)
        url = url or f"https://news.test/{self._count}"
        host = url.split("/")[2]
        with self.corpus.transaction():
            parent = self.corpus.rows("SELECT * FROM articles WHERE id = ?", (copies,))[0] if copies else None
            article = self._insert(
                "articles",
                url=url,
                outlet=outlet,
                lang=lang,
                story_id=story,
                parent_id=copies,
                depth=parent["depth"] + 1 if parent else 0,
                first_seen_at=stamp(seen),
                published_at=stamp(published) if published else None,
                relevant=relevant,
            )
            root = parent["root_id"] if parent else article
            self.corpus.conn.execute("UPDATE articles SET root_id = ? WHERE id = ?", (root, article))
            key = self.corpus.pages.put(page) if page is not None else None
            lead = None
            if source:
                lead = self._insert(
                    "leads", url=url, fetch_url=url, host=host, source_id=source, title=title, found_at=stamp(seen),
                    ending="stored", article_id=article,
                )  # fmt: skip
                self._insert("sightings", lead_id=lead, source_id=source, url=url, title=title, seen_at=stamp(seen))
            visit = self._insert(
                "visits", run_id=self._run, lead_id=lead, url=url, at=stamp(seen), status=200, ending="stored",
                reason="new", article_id=article, page_sha256=key,
            )  # fmt: skip
            self._insert(
                "verdicts", visit_id=visit, article_id=article, url=url, page_sha256=key, at=stamp(seen),
                topic_digest="0", relevant=relevant, score=1.0, rule="strong",
                terms=json.dumps(terms or [], ensure_ascii=False),
            )  # fmt: skip
            revision = self._revision(article, 1, title, body, seen, published=published, page=key, credited=credited)
            if parent:
                self._insert(
                    "matches", revision_id=revision, to_revision_id=parent["latest_id"], article_id=article,
                    to_article_id=copies, kind=kind, score=0.97, method="containment", features='{"containment": 0.97}',
                )  # fmt: skip
            if story is not None:
                self._tell(story, title, article, stamp(published or seen))
            self.corpus.index(article, title, body)
        return article

    def revise(self, article: int, title: str, body: str, *, seen: datetime | None = None) -> int:
        """Add a text to an article and return the revision's id."""
        self._count += 1
        with self.corpus.transaction():
            (held,) = self.corpus.rows(
                "SELECT r.* FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = ?", (article,)
            )
            self.corpus.unindex(article, held["title"], held["body"])
            removed, added = changes(f"{held['title']}\n{held['body']}", f"{title}\n{body}")
            revision = self._revision(
                article, held["rev"] + 1, title, body, seen or START + timedelta(minutes=self._count),
                removed=removed, added=added,
            )  # fmt: skip
            self.corpus.index(article, title, body)
        return revision

    def claim(self, name: str, value: float | None = None, unit: str | None = None, **columns: Any) -> str:
        """Add a claim and return its id, which is its name in lower case."""
        place = self.corpus.value("SELECT count(*) FROM claims")
        identity = name.lower().replace(" ", "_")
        self._insert("claims", id=identity, place=place, name=name, value=value, unit=unit, **columns)
        return identity

    def states(
        self, article: int, claim: str, sentence: str, raw: str, value: float | None, *, relation: str = "repeats",
        rev: int = 1, unit: str | None = None, **columns: Any,
    ) -> None:  # fmt: skip
        """Say that a text of an article states a claim, in a sentence of its body that holds the number `raw`."""
        (text,) = self.corpus.rows("SELECT id, body FROM revisions WHERE article_id = ? AND rev = ?", (article, rev))
        said = {
            "claim_id": claim, "revision_id": text["id"], "field": "body", "start": text["body"].index(sentence),
            "sentence": sentence, "raw": raw, "raw_start": sentence.index(raw), "value": value, "unit": unit,
            "comparator": "=", "negated": 0, "relation": relation, "rule": "test",
        }  # fmt: skip
        self._insert("claim_sightings", **(said | columns))

    def poll(self, source: str, at: datetime, *, items: int = 0, status: int = 200, error: str | None = None) -> None:
        """Add a poll of a source."""
        self._insert(
            "polls", run_id=self._run, source_id=source, at=stamp(at), status=status, items=items, new_items=items,
            error=error,
        )  # fmt: skip

    def visit(
        self, source: str, ending: str, reason: str = "", *, page: bytes | None = None, at: datetime = START
    ) -> str:
        """Add a lead of a source whose one visit ended so, and return its URL."""
        self._count += 1
        url = f"https://{source}.test/{self._count}"
        key = self.corpus.pages.put(page) if page is not None else None
        lead = self._insert(
            "leads", url=url, fetch_url=url, host=f"{source}.test", source_id=source, title=f"线索{self._count}",
            found_at=stamp(at), ending=ending,
        )  # fmt: skip
        visit = self._insert(
            "visits", run_id=self._run, lead_id=lead, url=url, at=stamp(at), status=200, ending=ending, reason=reason,
            page_sha256=key,
        )  # fmt: skip
        if ending == "off_topic":
            self._insert(
                "verdicts", visit_id=visit, url=url, page_sha256=key, at=stamp(at), topic_digest="0", relevant=0,
                score=0.0, rule="none", terms="[]",
            )  # fmt: skip
        return url

    def _revision(
        self, article: int, rev: int, title: str, body: str, seen: datetime, *, published: datetime | None = None,
        page: str | None = None, removed: str | None = None, added: str | None = None, credited: str | None = None,
    ) -> int:  # fmt: skip
        digest = hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
        revision = self._insert(
            "revisions", article_id=article, rev=rev, seen_at=stamp(seen), title=title, body=body, authors="[]",
            credited_source=credited, published_at=stamp(published) if published else None, evidence="{}",
            sha256=digest, bare_sha256=digest, page_sha256=page, removed=removed, added=added,
        )  # fmt: skip
        self.corpus.conn.execute("UPDATE articles SET latest_id = ? WHERE id = ?", (revision, article))
        return revision

    def _tell(self, story: int, title: str, article: int, at: str) -> None:
        """Make the story, or count this article in."""
        self.corpus.conn.execute(
            "INSERT INTO stories (id, headline, root_id, first_at, last_at, articles, outlets, voices) "
            "VALUES (?, ?, ?, ?, ?, 1, 1, 1) ON CONFLICT (id) DO UPDATE SET "
            "last_at = max(last_at, excluded.last_at), "
            "articles = (SELECT count(*) FROM articles WHERE story_id = excluded.id), "
            "outlets = (SELECT count(DISTINCT outlet) FROM articles WHERE story_id = excluded.id), "
            "voices = (SELECT count(DISTINCT root_id) FROM articles WHERE story_id = excluded.id)",
            (story, title, article, at, at),
        )

    def _insert(self, table: str, **columns: Any) -> int:
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        cursor = self.corpus.conn.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",
            tuple(columns.values()),
        )
        return int(cursor.lastrowid or 0)
