"""What health is judged by: each source's recent polls, visits and arrivals, and what was said of it before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from crawler.corpus.connection import Base
from crawler.model import instant, stamp
from crawler.sources.health import WORSE, Health, Past, Polled, State, Visited, judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crawler.model import Source

POLLS, VISITS, ARRIVALS = 60, 60, 120
"""How far back a habit reaches: two days of polls at 48 a day, some weeks of a slow source."""

_UNREAD = {"unreadable", "blocked", "gone"}


class Pasts(Base):
    """Reads `polls`, `visits` and `leads`; writes the health of `sources`."""

    def judge_health(self, sources: Iterable[Source], now: datetime) -> list[tuple[str, Health]]:
        """Judge these sources and write what changed, in one transaction.

        Returns:
            Those that were well, or were never judged, and now are not: source id and health. A source polled once is
            never among them, nor one that was frozen before we came.
        """
        worse = []
        with self.transaction():
            held = {row["id"]: row for row in self.rows("SELECT id, health, health_since, health_why FROM sources")}
            for source in sources:
                past = self._past(source)
                before = _said(held[source.id])
                health = judge(past, before, now)
                if before == health:
                    continue
                self.conn.execute(
                    "UPDATE sources SET health = ?, health_since = ?, health_why = ? WHERE id = ?",
                    (health.state, stamp(health.since), health.why, source.id),
                )
                was_well = before is None or before.state not in WORSE
                found_so = health.state == "frozen" and (before is None or before.state == "new")  # nothing changed
                if health.state in WORSE and was_well and not found_so and len(past.polls) > 1:
                    worse.append((source.id, health))
        return worse

    def health_rows(self) -> list[dict[str, Any]]:
        """Return every source with its health and its next check."""
        return self.rows("SELECT id, enabled, health, health_since, health_why, next_check_at FROM sources ORDER BY id")

    def arrivals_since(self, when: datetime) -> dict[str, list[datetime]]:
        """Return when the items found since `when` came, by the source that showed them first."""
        came: dict[str, list[datetime]] = {}
        for row in self.rows(
            "SELECT source_id, min(coalesce(published_at, found_at), found_at) AS at FROM leads WHERE found_at >= ?",
            (stamp(when),),
        ):
            came.setdefault(row["source_id"], []).append(instant(row["at"]))
        return came

    def _past(self, source: Source) -> Past:
        polls = self.rows(
            "SELECT at, status, items, new_items, ms, error FROM polls WHERE source_id = ? ORDER BY at DESC, id DESC "
            "LIMIT ?",
            (source.id, POLLS),
        )
        visits = self.rows(
            "SELECT v.at, v.ending FROM visits v JOIN leads l ON l.id = v.lead_id WHERE l.source_id = ? "
            "AND v.ending <> 'deferred' ORDER BY l.id DESC, v.id DESC LIMIT ?",
            (source.id, VISITS),
        )
        arrivals = self.rows(
            "SELECT min(coalesce(published_at, found_at), found_at) AS at FROM leads WHERE source_id = ? "
            "ORDER BY id DESC LIMIT ?",
            (source.id, ARRIVALS),
        )
        return Past(
            polls=[
                Polled(
                    at=instant(row["at"]),
                    status=row["status"],
                    items=row["items"] or None,
                    new=row["new_items"],
                    ms=row["ms"],
                    fault=row["error"],
                )
                for row in reversed(polls)
            ],
            visits=[
                Visited(at=instant(row["at"]), read=row["ending"] not in _UNREAD, blocked=row["ending"] == "blocked")
                for row in reversed(visits)
            ],
            arrivals=[instant(row["at"]) for row in arrivals],
            expect_silence=source.expect_silence,
        )


def _said(row: dict[str, Any]) -> Health | None:
    if row["health_since"] is None or row["health"] == "new":
        return None
    return Health(state=cast("State", row["health"]), since=instant(row["health_since"]), why=row["health_why"] or "")
