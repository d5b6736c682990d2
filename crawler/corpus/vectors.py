"""Vectors in the corpus: the terms of each root's latest text, and how many hold a term."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler import stories
from crawler.corpus.connection import Base
from crawler.model import instant
from crawler.stories import Item

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

TIME = "coalesce(a.published_at, a.first_seen_at)"
"""When an article counts as told; SQL over `articles a`."""


class Idf(dict[str, float]):
    """The idf of terms as of one instant, by `stories.word`; a term that is not held yet is read when asked for."""

    def __init__(self, conn: sqlite3.Connection, texts: int) -> None:
        super().__init__()
        self._conn = conn
        self._texts = texts

    def __missing__(self, term: str) -> float:
        row = self._conn.execute("SELECT articles FROM terms WHERE term = ?", (term,)).fetchone()
        self[term] = value = stories.idf(row[0] if row else 0, self._texts)
        return value


class Vectors(Base):
    """The tables vectors and terms."""

    def _add_vector(self, article_id: int, terms: dict[str, float]) -> None:
        at = self.value(f"SELECT {TIME} FROM articles a WHERE a.id = ?", (article_id,))
        self.conn.execute(
            "INSERT INTO vectors (article_id, at, terms) VALUES (?, ?, ?)",
            (article_id, at, json.dumps(terms, ensure_ascii=False, separators=(",", ":"))),
        )
        words = sorted({stories.word(term) for term in terms})
        self.conn.executemany(
            "INSERT INTO terms (term, articles) VALUES (?, 1) ON CONFLICT (term) DO UPDATE SET articles = articles + 1",
            ((term,) for term in words),
        )
        self._texts(+1)

    def _drop_vector(self, article_id: int) -> None:
        for row in self.rows("SELECT terms FROM vectors WHERE article_id = ?", (article_id,)):
            words = {stories.word(term) for term in json.loads(row["terms"])}
            self.conn.executemany("UPDATE terms SET articles = articles - 1 WHERE term = ?", ((w,) for w in words))
            self.conn.execute("DELETE FROM vectors WHERE article_id = ?", (article_id,))
            self._texts(-1)

    def _texts(self, more: int = 0) -> int:
        """Return how many vectors there are, after adding `more`; counting a million rows would take a second."""
        texts = int(self.meta("texts") or 0) + more
        if more:
            self.set_meta("texts", str(texts))
        return texts

    def _idf(self) -> Idf:
        """Return the idf of terms as of now."""
        return Idf(self.conn, self._texts())

    def _items(self, where: str, values: Sequence[object] = ()) -> Iterator[Item]:
        """Give texts in the order of their rank."""
        for row in self.conn.execute(
            "SELECT v.article_id, v.at, a.url, a.published_at, v.terms"
            " FROM vectors v JOIN articles a ON a.id = v.article_id"
            f" WHERE {where} ORDER BY v.at, a.url",
            tuple(values),
        ):
            yield Item(
                id=row["article_id"],
                at=instant(row["at"]),
                url=row["url"],
                terms=json.loads(row["terms"]),
                dated=row["published_at"] is not None,
            )
