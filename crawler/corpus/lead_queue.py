"""Leads that wait: which hosts have one to visit, and which comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.corpus.connection import Base
from crawler.model import stamp

if TYPE_CHECKING:
    from datetime import datetime

_DUE = "next_visit_at IS NOT NULL AND (next_visit_at <= :now OR (:every AND rung = 0))"


class Waiting(Base):
    """What the frontier asks of the table `leads`."""

    def due_hosts(self, now: datetime, *, every: bool = False, again: bool = True) -> list[str]:
        """Return the hosts with a lead to visit by `now`, those with one never visited first, then by their oldest.

        Args:
            now: the instant of asking.
            every: those too that wait after a failure.
            again: those too that only have articles to visit again.
        """
        return [
            row["host"]
            for row in self.rows(
                "SELECT host, min(rung > 0) AS again, min(id) AS oldest FROM leads "
                f"WHERE {_DUE} AND (:again OR rung = 0) GROUP BY host ORDER BY again, oldest",
                {"now": stamp(now), "every": every, "again": again},
            )
        ]

    def new_leads(self, host: str, now: datetime, most: int) -> list[int]:
        """Return the leads of `host` to visit by `now` that gave no page yet, at most so many: its sources in turns.

        Each source's oldest lead first, then each one's second: one that names a thousand pages of somebody else's host
        holds up no other's. A lead that several sources showed comes when the first of them has its turn.
        """
        return [
            row["id"]
            for row in self.rows(
                "SELECT id, min(turn) AS turn FROM (SELECT leads.id, "
                "row_number() OVER (PARTITION BY s.source_id ORDER BY leads.id) AS turn "
                f"FROM leads LEFT JOIN sightings s ON s.lead_id = leads.id WHERE host = :host AND rung = 0 AND {_DUE}) "
                "GROUP BY id ORDER BY turn, id LIMIT :most",
                {"host": host, "now": stamp(now), "every": False, "most": most},
            )
        ]

    def due_lead(self, lead_id: int, now: datetime) -> dict[str, Any] | None:
        """Return a lead that gave no page yet, None if it is not to be visited by `now`."""
        rows = self.rows(
            f"SELECT leads.*, s.lang, s.timezone FROM leads JOIN sources s ON s.id = source_id "
            f"WHERE leads.id = :id AND rung = 0 AND {_DUE}",
            {"id": lead_id, "now": stamp(now), "every": False},
        )
        return rows[0] if rows else None

    def next_lead(
        self, host: str, now: datetime, after: tuple[int, int] = (0, 0), *, every: bool = False, again: bool = False
    ) -> dict[str, Any] | None:
        """Return the next lead of `host` to visit by `now`, or None.

        Args:
            host: whose.
            now: the instant of asking; an article that waits to be visited again is never early.
            after: (rung, id) of the last one given: those in front of it are passed over.
            every: leads too that wait after a failure.
            again: an article to be visited again, the lowest rung first; otherwise a lead that gave no page yet, the
                oldest first.
        """
        new = "rung = 0 AND leads.id > :id"  # as the index leads_new has it
        old = "rung > 0 AND (rung, leads.id) > (:rung, :id)"
        rows = self.rows(
            "SELECT leads.*, s.lang, s.timezone FROM leads JOIN sources s ON s.id = source_id "
            f"WHERE leads.host = :host AND {old if again else new} AND {_DUE} "
            f"ORDER BY {'rung, ' if again else ''}leads.id LIMIT 1",
            {"host": host, "rung": after[0], "id": after[1], "now": stamp(now), "every": every},
        )
        return rows[0] if rows else None
