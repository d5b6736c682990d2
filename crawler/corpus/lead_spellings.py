"""The addresses under which sources show one lead: each is tried, the site's own first, before the lead ends.

The key of a lead is normalized, what is asked is an address as a source wrote it. A source of another site may write
one that is dead, hangs, or leads elsewhere; that must not cost the page that the site itself shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.corpus.lead_queue import Waiting
from crawler.limits import OTHER_SPELLINGS_PER_LEAD, OWN_SPELLINGS_PER_LEAD, SPELLINGS_PER_OTHER_SOURCE
from crawler.model import Ending, stamp
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.model import Visit

_DEAD = frozenset({Ending.GONE, Ending.UNREADABLE})
"""Endings after which every spelling is tried; after others that gave not the lead's own article, the site's own."""


class Spellings(Waiting):
    """The table `spellings`, and the columns `fetch_url` and `fetch_own` of `leads`."""

    def add_spelling(self, lead: dict[str, Any], source_id: str, url: str, *, own: bool, now: datetime) -> None:
        """Note how a source writes a lead that is known, inside a transaction of the caller.

        One of the site's own is asked in place of another's; a lead that ended without its article is opened again.

        Args:
            lead: its row.
            source_id: who shows it.
            url: as the source writes it.
            own: whether the source speaks for the lead's site.
            now: when.
        """
        if self._has_own_article(lead):
            return
        if url == lead["fetch_url"]:
            if own and not lead["fetch_own"]:
                self.conn.execute("UPDATE leads SET fetch_own = 1 WHERE id = ?", (lead["id"],))
            if lead["next_visit_at"] is None and lead["rung"] == 0 and lead["ending"] == Ending.DEFERRED:
                self.open_again(lead["id"], now)  # a source that shows no page of it came first
            return
        known = self.value("SELECT tried FROM spellings WHERE lead_id = ? AND url = ?", (lead["id"], url))
        if known is None and not self._has_room(lead["id"], source_id, own=own):
            return
        self.conn.execute(
            "INSERT INTO spellings (lead_id, url, source_id, own, tried) VALUES (?, ?, ?, ?, 0) "
            "ON CONFLICT (lead_id, url) DO UPDATE SET own = max(own, excluded.own)",
            (lead["id"], url, source_id, own),
        )
        if known:
            return
        visited = lead["next_visit_at"] is None or lead["rung"] > 0
        better = own and not lead["fetch_own"]
        if better or (lead["next_visit_at"] is None and lead["ending"] in {*_DEAD, Ending.DEFERRED}):
            self.spell(lead, url, tried=visited)
            if visited:
                self.open_again(lead["id"], now)

    def other_spelling(self, lead: dict[str, Any], visit: Visit) -> str | None:
        """Return the spelling that is asked next, after a visit that did not give the lead's own article, or None."""
        if lead["article_id"] is not None and self._has_own_article(lead):
            return None
        if visit.article_id is not None and self._is_at(visit.article_id, lead["url"]):
            return None
        if visit.ending is Ending.DEFERRED and lead["fetch_own"]:
            return None
        every = visit.ending in _DEAD or visit.ending is Ending.DEFERRED
        if not every and lead["fetch_own"]:
            return None
        other: str | None = self.value(
            "SELECT url FROM spellings WHERE lead_id = ? AND tried = 0 AND (own OR ?) "
            "ORDER BY own DESC, length(url), url LIMIT 1",
            (lead["id"], every),
        )
        return other

    def spell(self, lead: dict[str, Any], url: str, *, tried: bool) -> None:
        """Ask a lead under another of its spellings from now on, inside a transaction of the caller.

        Args:
            lead: its row.
            url: one that `spellings` has.
            tried: whether the one it had is not to be tried again.
        """
        self.conn.execute(
            "INSERT INTO spellings (lead_id, url, source_id, own, tried) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (lead_id, url) DO UPDATE SET tried = excluded.tried",
            (lead["id"], lead["fetch_url"], lead["source_id"], lead["fetch_own"], tried),
        )
        self.conn.execute(
            "UPDATE leads SET (fetch_url, fetch_own) = (SELECT url, own FROM spellings WHERE lead_id = :id AND "
            "url = :url), host = :host, etag = NULL, last_modified = NULL WHERE id = :id",
            {"id": lead["id"], "url": url, "host": netloc_of(url)},
        )
        self.conn.execute("DELETE FROM spellings WHERE lead_id = ? AND url = ?", (lead["id"], url))

    def open_again(self, lead_id: int, now: datetime) -> None:
        """Visit a lead that ended as one that gave no page yet, inside a transaction of the caller."""
        self.conn.execute("UPDATE leads SET next_visit_at = ?, rung = 0, tries = 0 WHERE id = ?", (stamp(now), lead_id))

    def _has_own_article(self, lead: dict[str, Any]) -> bool:
        return lead["article_id"] is not None and self._is_at(lead["article_id"], lead["url"])

    def _is_at(self, article_id: int, url: str) -> bool:
        return self.value("SELECT 1 FROM articles WHERE id = ? AND url = ?", (article_id, url)) is not None

    def _has_room(self, lead_id: int, source_id: str, *, own: bool) -> bool:
        (row,) = self.rows(
            "SELECT count(*) AS every, coalesce(sum(source_id = ?), 0) AS his FROM spellings "
            "WHERE lead_id = ? AND own = ?",
            (source_id, lead_id, own),
        )
        if own:
            return int(row["every"]) < OWN_SPELLINGS_PER_LEAD
        return int(row["every"]) < OTHER_SPELLINGS_PER_LEAD and int(row["his"]) < SPELLINGS_PER_OTHER_SOURCE
