"""Claims of the topic and where texts state them."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.model import Claim, ClaimSighting, Topic

_COLUMNS = (
    "claim_id, field, start, sentence, raw, raw_start, value, high, unit, comparator, negated, subject, baseline, "
    "scope, quoted, hedge, relation, rule"
)
"""As ClaimSighting has them."""


class Claims(Base):
    """The tables `claims` and `claim_sightings`, both derived, and the views on them."""

    def add_claim_sightings(self, topic: Topic, revision_id: int, sightings: Sequence[ClaimSighting]) -> None:
        """Append what a text states of the topic's claims, inside a transaction of the caller."""
        first = self.value("SELECT 1 FROM revisions WHERE id < ? LIMIT 1", (revision_id,)) is None
        if first:
            self.set_meta("claims_digest", topic.claims_digest)
        if first or sightings:
            self._know(topic)
            self.conn.executemany(
                f"INSERT INTO claim_sightings (revision_id, {_COLUMNS}) VALUES (?{', ?' * 18})",
                [(revision_id, *astuple(sighting)) for sighting in sightings],
            )

    def claims_are_stale(self, topic: Topic) -> bool:
        """Say whether texts were read with other claims than the topic's: `houxu rescan` reads them again."""
        return (self.meta("claims_digest") or "") != topic.claims_digest

    def forget_claims(self, topic: Topic) -> None:
        """Empty both tables and write the claims down, before all texts are read again; inside a transaction."""
        self.conn.execute("DELETE FROM claim_sightings")
        self.conn.execute("DELETE FROM claims")
        self._know(topic)
        self.set_meta("claims_digest", topic.claims_digest)

    def revision_texts(self) -> Iterator[tuple[int, str, str]]:
        """Yield (revisions.id, title, body) of every text ever seen."""
        last = 0
        while rows := self.rows("SELECT id, title, body FROM revisions WHERE id > ? ORDER BY id LIMIT 100", (last,)):
            yield from ((row["id"], row["title"], row["body"]) for row in rows)
            last = rows[-1]["id"]

    def ledger(self, claim_id: str | None = None) -> list[dict[str, Any]]:
        """Return the ledger's rows, of one claim or of all, in the order of the topic file."""
        return self.rows("SELECT * FROM ledger WHERE :claim IS NULL OR claim_id = :claim", {"claim": claim_id})

    def claim_rows(self) -> list[dict[str, Any]]:
        """Return the claims, in the order of the topic file."""
        return self.rows("SELECT * FROM claims ORDER BY place")

    def independent_texts(self) -> Iterator[dict[str, Any]]:
        """Yield the latest text of every covered article that is no copy, with its copies counted, oldest first.

        One at a time: a corpus need not fit into memory.
        """
        order = self.rows(
            "SELECT id FROM articles WHERE relevant = 1 AND depth = 0 "
            "ORDER BY coalesce(published_at, first_seen_at), url"
        )
        for each in order:
            yield from self.rows(
                "SELECT c.id, c.title, c.body, c.url, c.outlet, coalesce(c.published_at, c.first_seen_at) AS at, "
                "(SELECT count(*) FROM articles x WHERE x.root_id = c.id AND x.id <> c.id AND x.relevant) AS copies, "
                "a.latest_id AS revision_id FROM coverage c JOIN articles a ON a.id = c.id WHERE c.id = :id",
                each,
            )

    def known_numbers(self, revision_id: int) -> set[tuple[str, int]]:
        """Return (field, offset) of every number of a text that a claim knows the value of."""
        return {
            (row["field"], row["at"])
            for row in self.rows(
                "SELECT field, start + raw_start AS at FROM claim_sightings "
                "WHERE revision_id = ? AND relation IN ('repeats', 'rounds')",
                (revision_id,),
            )
        }

    def _know(self, topic: Topic) -> None:
        """Write the topic's claims down where they are not, or are others."""
        for place, claim in enumerate(topic.claims):
            self.conn.execute(
                "INSERT INTO claims (id, place, name, value, high, unit, baseline, scope, said_on) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET place = excluded.place, "
                "name = excluded.name, value = excluded.value, high = excluded.high, unit = excluded.unit, "
                "baseline = excluded.baseline, scope = excluded.scope, said_on = excluded.said_on",
                _row(place, claim),
            )


def _row(place: int, claim: Claim) -> tuple[Any, ...]:
    return (
        claim.id,
        place,
        claim.name,
        claim.value,
        claim.high,
        claim.unit,
        claim.baseline[0] if claim.baseline else None,
        claim.scope[0] if claim.scope else None,
        claim.said_on.isoformat() if claim.said_on else None,
    )
