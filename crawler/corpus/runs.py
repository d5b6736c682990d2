"""Runs: one crawl each, with a count per word of the sentence and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from crawler.corpus.connection import Base
from crawler.model import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

By = Literal["cron", "daemon", "person"]

COUNTS = ("sources", "leads", "visits", "pages", "articles", "verdicts", "matches", "stories")
"""The words of the sentence that a run counts; each is a column of `runs`."""

Kind = Literal["crawl", "replay", "rescan", "merge", "backfill"]
"""The command that a run is of."""


class RunEnding(StrEnum):
    """How a run ended."""

    DONE = "done"
    STOPPED = "stopped"
    NETWORK = "network"
    FAILED = "failed"
    KILLED = "killed"


_MADE = "SELECT article_id FROM visits WHERE run_id = :id AND ending IN ('stored', 'revised', 'paywalled')"


class Runs(Base):
    """The table `runs`."""

    def start_run(self, by: By, now: datetime, *, kind: Kind = "crawl", note: str | None = None) -> int:
        """Append a run and return its id; runs that never ended were killed, and now say so."""
        with self.transaction():
            self.conn.execute(
                "UPDATE runs SET ending = ? WHERE ended_at IS NULL AND ending IS NULL", (RunEnding.KILLED,)
            )
            cursor = self.conn.execute(
                "INSERT INTO runs (started_at, by, kind, note) VALUES (?, ?, ?, ?)", (stamp(now), by, kind, note)
            )
        return int(cursor.lastrowid or 0)

    def runs_without_network(self) -> int:
        """Return how many runs in a row, up to the last that ended, could reach no host."""
        return int(
            self.value(
                "SELECT count(*) FROM runs WHERE ending = 'network' AND id > coalesce("
                "(SELECT max(id) FROM runs WHERE ending <> 'network'), 0)"
            )
        )

    def count(self, run_id: int, **counts: int) -> None:
        """Add to a run's counts, inside a transaction of the caller."""
        columns = ", ".join(f"{name} = {name} + :{name}" for name in counts)
        self.conn.execute(f"UPDATE runs SET {columns} WHERE id = :id", {"id": run_id, **counts})

    def end_run(self, run_id: int, ending: RunEnding, now: datetime, note: str | None = None) -> None:
        """Close a run, and count the matches and stories that its articles made."""
        with self.transaction():
            self.conn.execute(
                "UPDATE runs SET ended_at = :now, ending = :ending, note = :note, "
                f"matches = (SELECT count(*) FROM matches WHERE article_id IN ({_MADE})), "
                f"stories = (SELECT count(*) FROM stories WHERE root_id IN ({_MADE})) WHERE id = :id",
                {"id": run_id, "now": stamp(now), "ending": ending, "note": note},
            )

    def visits_since(self, when: datetime) -> int:
        """Return how many pages were asked for by runs that started after `when`."""
        return int(self.value("SELECT coalesce(sum(visits), 0) FROM runs WHERE started_at > ?", (stamp(when),)))

    def run(self, run_id: int) -> Mapping[str, int | str | None]:
        """Return a run's row."""
        return self.rows("SELECT * FROM runs WHERE id = ?", (run_id,))[0]
