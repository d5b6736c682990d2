"""Vectors in the corpus: the terms of each root's latest text, how many hold a term, and rare ones to find it by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler import stories
from crawler.corpus.base import Base
from crawler.model import instant
from crawler.stories import Item

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

SIGNATURE = 16
"""Rare terms under which a text is found again, half of them bridges where it has as many."""

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

    def read(self, *vectors: Mapping[str, float]) -> None:
        """Read the terms of texts that are not held yet, all in one query."""
        asked = {word for vector in vectors for word in map(stories.word, vector)} - self.keys()
        counts = dict.fromkeys(asked, 0)
        rows = self._conn.execute(
            "SELECT term, articles FROM terms WHERE term IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(asked), ensure_ascii=False),),
        )
        counts.update(map(tuple, rows))
        self.update((term, stories.idf(count, self._texts)) for term, count in counts.items())


class Vectors(Base):
    """The tables vectors, terms and signatures."""

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
        self.conn.executemany(
            "INSERT INTO signatures (term, at, article_id) VALUES (?, ?, ?)",
            ((term, at, article_id) for term in self._signature(terms, self._idf(terms))),
        )

    def _drop_vector(self, article_id: int) -> None:
        for row in self.rows("SELECT at, terms FROM vectors WHERE article_id = ?", (article_id,)):
            words = {stories.word(term) for term in json.loads(row["terms"])}
            self.conn.executemany("UPDATE terms SET articles = articles - 1 WHERE term = ?", ((w,) for w in words))
            self.conn.executemany(
                "DELETE FROM signatures WHERE term = ? AND at = ? AND article_id = ?",
                ((w, row["at"], article_id) for w in words),
            )
            self.conn.execute("DELETE FROM vectors WHERE article_id = ?", (article_id,))
            self._texts(-1)

    def _texts(self, more: int = 0) -> int:
        """Return how many vectors there are, after adding `more`; counting a million rows would take a second."""
        texts = int(self.meta("texts") or 0) + more
        if more:
            self.set_meta("texts", str(texts))
        return texts

    def _idf(self, *vectors: Mapping[str, float]) -> Idf:
        """Return the idf of terms as of now; those of `vectors` are read at once: they were 2,000 queries a page."""
        idf = Idf(self.conn, self._texts())
        idf.read(*vectors)
        return idf

    def _signature(self, terms: Mapping[str, float], idf: Idf) -> list[str]:
        weights = sorted((-count * idf[stories.word(term)], term) for term, count in terms.items())
        ranked = [term for _, term in weights]
        bridges = [term for term in ranked if stories.bridging(term)][: SIGNATURE // 2]
        others = [term for term in ranked if term not in bridges]
        return sorted({stories.word(term) for term in (*bridges, *others[: SIGNATURE - len(bridges)])})

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
