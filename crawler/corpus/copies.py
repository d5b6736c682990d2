"""Texts that resemble each other: the sketch index, matches and look-alikes, the reprint tree.

Only the latest revision of an article takes part: `remove_sketch` takes the older one out. The index is an FTS5 table
without content (why: schema.sql). It holds no text: what went in must be given again to be taken out, so the version
of the sketch is in `meta`, and a writer of another version sketches everything anew first.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base, explained
from crawler.dedupe import Edge, Node, plant, sketch, sketch_version
from crawler.dedupe.reprint_tree import EDGE_KINDS
from crawler.limits import CANDIDATES
from crawler.model import Held, instant

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from crawler.model import Match

SHARED = 4
"""Fingerprints that a candidate shares, at least."""

COMMON = 0.002
"""A fingerprint that more than this share of all texts have, and more than `CANDIDATES`, is boilerplate: 责任编辑."""

_HOLDERS = "SELECT rowid FROM sketches WHERE sketches MATCH ? ORDER BY rowid DESC LIMIT ?"
_ONE_AFTER = "SELECT 1 FROM sketches WHERE sketches MATCH ? LIMIT 1 OFFSET ?"

_FROM = """
SELECT article_id, to_article_id, score FROM matches
WHERE article_id IN (SELECT value FROM json_each(?)) AND kind IN (SELECT value FROM json_each(?))
"""
_TO = """
SELECT DISTINCT article_id FROM matches
WHERE to_article_id IN (SELECT value FROM json_each(?)) AND kind IN (SELECT value FROM json_each(?))
"""


class Copies(Base):
    """What the corpus knows of copies."""

    def add_sketch(self, revision_id: int, hashes: Iterable[int]) -> None:
        """Put the fingerprints of a revision into the index, inside a transaction of the caller.

        Only an article's latest revision is in it: `remove_sketch` takes out the one before, first.
        """
        with explained(self.path):
            self._renew_sketches()
            if not self._has_sketch(revision_id):
                self._put_sketch(revision_id, hashes)

    def remove_sketch(self, revision_id: int) -> set[int]:
        """Take a revision out of the index, with its matches and look-alikes, inside a transaction of the caller.

        Returns:
            The articles that it was matched with: replant them, they may have lost a neighbour.
        """
        touched: set[int] = set()
        with explained(self.path):
            self._renew_sketches()
            if self._has_sketch(revision_id):
                body = self.conn.execute("SELECT body FROM revisions WHERE id = ?", (revision_id,)).fetchone()["body"]
                self.conn.execute(
                    "INSERT INTO sketches (sketches, rowid, hashes) VALUES ('delete', ?, ?)",
                    (revision_id, _tokens(sketch(body))),
                )
            for table in ("matches", "lookalikes"):
                for side in ("revision_id", "to_revision_id"):
                    gone = self.conn.execute(
                        f"DELETE FROM {table} WHERE {side} = ? RETURNING article_id, to_article_id", (revision_id,)
                    )
                    touched.update(*(map(tuple, gone)))
        return touched

    def candidates(self, hashes: Sequence[int], bare_sha256: str, article_id: int | None) -> list[Held]:
        """Return the texts that may resemble a new one: its exact copies, and those that share fingerprints.

        Inside a transaction of the caller: an index of another version is made anew first.

        Args:
            hashes: the sketch of the new text.
            bare_sha256: the hash of its folded body, as `revisions` holds it.
            article_id: its article, whose own texts are left out; None for one not yet stored.

        Returns:
            The latest text of at most `CANDIDATES` articles: exact copies first, then those that share most.
        """
        if not hashes:
            return []
        with explained(self.path):
            self._renew_sketches()
            shared = self._shared(hashes)
            ids = sorted((one for one in shared if shared[one] >= SHARED), key=lambda one: (-shared[one], -one))
            exact = self.conn.execute(
                "SELECT id FROM revisions WHERE bare_sha256 = ? ORDER BY id DESC LIMIT ?", (bare_sha256, CANDIDATES)
            )
            ids = list(dict.fromkeys((*(row["id"] for row in exact), *ids)))
            rows = self.conn.execute(
                """SELECT a.id AS article_id, r.id AS revision_id, a.url, r.title, r.body, r.published_at,
                          a.first_seen_at, a.outlet, r.credited_source
                   FROM json_each(?) AS j JOIN revisions r ON r.id = j.value
                   JOIN articles a ON a.id = r.article_id AND a.latest_id = r.id
                   WHERE a.id IS NOT ? ORDER BY j.key LIMIT ?""",
                (json.dumps(ids), article_id, CANDIDATES),
            ).fetchall()
        return [_held(row) for row in rows]

    def _put_sketch(self, revision_id: int, hashes: Iterable[int]) -> None:
        if tokens := _tokens(hashes):
            self.conn.execute("INSERT INTO sketches (rowid, hashes) VALUES (?, ?)", (revision_id, tokens))

    def _has_sketch(self, revision_id: int) -> bool:
        return self.conn.execute("SELECT 1 FROM sketches WHERE rowid = ?", (revision_id,)).fetchone() is not None

    def _renew_sketches(self) -> None:
        """Sketch every latest text anew where the index is of another version, or empty and new."""
        if self.meta("sketch_version") == sketch_version():
            return
        self.conn.execute("INSERT INTO sketches (sketches) VALUES ('delete-all')")
        self.set_meta("sketch_version", sketch_version())
        for row in self.conn.execute(
            "SELECT r.id, r.body FROM articles a JOIN revisions r ON r.id = a.latest_id ORDER BY r.id"
        ):
            self._put_sketch(row["id"], sketch(row["body"]))

    def _shared(self, hashes: Sequence[int]) -> Counter[int]:
        """How many fingerprints each of the newest holders shares with a sketch.

        Common fingerprints are boilerplate and are passed over; where they are the greater part of a text they are the
        text itself, in its hundredth copy.
        """
        texts = int(self.conn.execute("SELECT coalesce(max(id), 0) FROM articles").fetchone()[0])
        few = max(CANDIDATES, int(COMMON * texts))
        rare: Counter[int] = Counter()
        common: Counter[int] = Counter()
        commons = 0
        for value in hashes:
            token = _token(value)
            holders = [row[0] for row in self.conn.execute(_HOLDERS, (token, CANDIDATES))]
            if len(holders) == CANDIDATES and self.conn.execute(_ONE_AFTER, (token, few)).fetchone():
                commons += 1
                common.update(holders)
            else:
                rare.update(holders)
        return rare + common if 2 * commons > len(hashes) else rare

    def add_matches(self, article_id: int, revision_id: int, matches: Iterable[Match]) -> None:
        """Store what a revision resembles, look-alikes (kind None) apart, inside a transaction of the caller."""
        with explained(self.path):
            for one in matches:
                row: dict[str, Any] = {
                    "revision_id": revision_id,
                    "to_revision_id": one.revision_id,
                    "article_id": article_id,
                    "to_article_id": one.article_id,
                    "kind": one.kind,
                    "score": one.score,
                    "method": one.method,
                    "features": json.dumps(dict(one.features), ensure_ascii=False, sort_keys=True),
                }
                if one.kind is None:
                    del row["kind"]
                self.conn.execute(
                    f"INSERT OR REPLACE INTO {'lookalikes' if one.kind is None else 'matches'} ({', '.join(row)}) "
                    f"VALUES ({', '.join(f':{name}' for name in row)})",
                    row,
                )

    def replant(self, article_ids: Iterable[int]) -> set[int]:
        """Recompute the reprint trees that these articles are in, inside the transaction that changed an edge.

        Returns:
            The articles whose root, parent or depth changed.
        """
        changed: set[int] = set()
        with explained(self.path):
            edges = self._edges(article_ids)
            nodes = {
                int(row["id"]): row
                for row in self._nodes(
                    {*article_ids, *(e.article_id for e in edges), *(e.to_article_id for e in edges)}
                )
            }
            places = plant(map(_node, nodes.values()), edges)
            for article_id, place in places.items():
                row = nodes[article_id]
                if (row["root_id"], row["parent_id"], row["depth"]) != (place.root_id, place.parent_id, place.depth):
                    self.conn.execute(
                        "UPDATE articles SET root_id = ?, parent_id = ?, depth = ? WHERE id = ?",
                        (place.root_id, place.parent_id, place.depth, article_id),
                    )
                    changed.add(article_id)
        return changed

    def _edges(self, article_ids: Iterable[int]) -> list[Edge]:
        """Every edge of the components that these articles are in."""
        seen: set[int] = set()
        edges: list[Edge] = []
        todo = set(article_ids)
        while todo:
            seen |= todo
            asked = json.dumps(sorted(todo))
            read = [Edge(article_id=row[0], to_article_id=row[1], score=row[2]) for row in self._matched(_FROM, asked)]
            edges += read  # each once, by the article that it is of; those it is to are asked for names alone
            todo = {edge.to_article_id for edge in read}
            todo.update(row[0] for row in self._matched(_TO, asked))
            todo -= seen
        return edges

    def _matched(self, query: str, asked: str) -> sqlite3.Cursor:
        return self.conn.execute(query, (asked, json.dumps(sorted(EDGE_KINDS))))

    def _nodes(self, article_ids: set[int]) -> list[sqlite3.Row]:
        return self.conn.execute(
            """SELECT a.id, a.url, a.published_at, a.first_seen_at, a.outlet, a.root_id, a.parent_id, a.depth,
                      r.credited_source
               FROM json_each(?) AS j JOIN articles a ON a.id = j.value LEFT JOIN revisions r ON r.id = a.latest_id""",
            (json.dumps(sorted(article_ids)),),
        ).fetchall()


def _token(value: int) -> str:
    """A fingerprint as FTS5 holds it, in hexadecimal: without a minus, and near ones share a prefix."""
    return f"{value & 0xFFFFFFFF:x}"


def _tokens(hashes: Iterable[int]) -> str:
    return " ".join(map(_token, hashes))


def _held(row: sqlite3.Row) -> Held:
    values = dict(row)
    values["published_at"] = instant(row["published_at"]) if row["published_at"] else None
    values["first_seen_at"] = instant(row["first_seen_at"])
    return Held(**values)


def _node(row: sqlite3.Row) -> Node:
    return Node(
        article_id=row["id"],
        url=row["url"],
        published_at=instant(row["published_at"]) if row["published_at"] else None,
        first_seen_at=instant(row["first_seen_at"]),
        outlet=row["outlet"],
        credited_source=row["credited_source"],
    )
