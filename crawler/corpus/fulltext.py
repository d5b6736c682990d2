"""The full-text index: written beside each text, in the transaction that writes it.

`articles_fts` holds grams (grams.py) under rowid = articles.id, and no text: what went in must be given again, gram for
gram, to be taken out, or FTS5 reports the file malformed. So the version of the grams is in `meta`, and a writer of
another version indexes everything anew first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.corpus.connection import Base
from crawler.text.grams import VERSION, gram_text

if TYPE_CHECKING:
    from collections.abc import Callable

CHARACTERS_A_PAGE = 1250
"""Characters of grams for which an article merges one page of the index, in its own transaction.

Left to itself FTS5 merges in gulps: one insert in twenty costs fifteen times the median. So its own merging is off
(schema.py), and each article pays its share: 48 pages of 4 kB for one of 700 characters. On 10,000 invented articles
of 700 characters, a transaction each, CPU ms with FTS5's defaults and with this: mean 5.1 and 4.5, p95 30 and 8.4, p99
39 and 10, worst 45 and 14. After 1,404 real texts the index is 5.27 times the text, whether they came one by one or 50
at once; 'merge' with a negative number at the end of each run, meant to tidy, left 1,471 segments and 7.0 times.
"""


class Index(Base):
    """The full-text index of a corpus, as it is written."""

    def index(self, article_id: int, title: str, body: str) -> None:
        """Put an article's text into the index, inside the transaction that writes it.

        An article has one text there, its latest: `unindex` the one before first.
        """
        self._indexed_by_us(article_id)
        self._put(article_id, title, body)

    def unindex(self, article_id: int, title: str, body: str) -> None:
        """Take an article's text out of the index, inside the transaction that replaces it.

        Args:
            article_id: the article.
            title: of the text that was indexed, as it was.
            body: likewise. Another text would leave the index malformed.
        """
        if self._indexed_by_us(article_id):
            self.conn.execute(
                "INSERT INTO articles_fts (articles_fts, rowid, grams) VALUES ('delete', ?, ?)",
                (article_id, _grams(title, body)),
            )

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make the index anew from the latest texts, in one transaction, and return how many there are.

        Args:
            progress: called with (done, all) after each.

        Raises:
            CorpusError: SQLite refused; the index is as it was.
        """
        with self.transaction():
            count = self._reindex(progress)
            self.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
        return count

    def _put(self, article_id: int, title: str, body: str) -> None:
        text = _grams(title, body)
        self.conn.execute("INSERT INTO articles_fts (rowid, grams) VALUES (?, ?)", (article_id, text))
        self.conn.execute(_MERGE, (1 + len(text) // CHARACTERS_A_PAGE,))

    def _indexed_by_us(self, article_id: int) -> bool:
        """Return whether the index holds our grams; if not, make it anew, but for the article about to change."""
        if self.meta("gram_version") == VERSION:
            return True
        self._reindex(None, but_for=article_id)
        return False

    def _reindex(self, progress: Callable[[int, int], None] | None, but_for: int | None = None) -> int:
        self.conn.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
        self.set_meta("gram_version", VERSION)
        every = [row["id"] for row in self.rows(_INDEXED, {"but_for": but_for})]
        for done, article_id in enumerate(every, 1):
            (text,) = self.rows(_LATEST, (article_id,))
            self._put(article_id, text["title"], text["body"])
            if progress:
                progress(done, len(every))
        return len(every)


def _grams(title: str, body: str) -> str:
    return gram_text(f"{title}\n{body}")


_MERGE = "INSERT INTO articles_fts (articles_fts, rank) VALUES ('merge', ?)"
"""Of so many pages, where there is something to merge."""

_INDEXED = "SELECT id FROM articles WHERE latest_id IS NOT NULL AND id IS NOT :but_for ORDER BY id"

_LATEST = "SELECT r.title, r.body FROM articles a JOIN revisions r ON r.id = a.latest_id WHERE a.id = ?"
